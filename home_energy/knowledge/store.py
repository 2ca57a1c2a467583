"""The part of an index that SQLite keeps: documents, chunks, sentences, words."""

import json
import sqlite3
import weakref
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from home_energy.errors import IndexUnavailable
from home_energy.knowledge import index, lexical
from home_energy.knowledge.documents import Document, Page, Source

FILE = "knowledge.sqlite"

_SCHEMA = (
    """
CREATE TABLE documents(
    id TEXT PRIMARY KEY, sha256 TEXT NOT NULL, fingerprint TEXT NOT NULL,
    root TEXT NOT NULL, origin TEXT NOT NULL, bytes_sha256 TEXT NOT NULL,
    title TEXT NOT NULL, source TEXT NOT NULL, region TEXT NOT NULL, as_of TEXT,
    language TEXT NOT NULL, notices TEXT NOT NULL, sources TEXT NOT NULL,
    pages TEXT NOT NULL, text TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE chunks(
    id INTEGER PRIMARY KEY, document_id TEXT NOT NULL REFERENCES documents(id),
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, page INTEGER, heading TEXT NOT NULL,
    text TEXT NOT NULL,
    embedded_sha256 TEXT NOT NULL, vector BLOB NOT NULL, heading_vector BLOB NOT NULL,
    sentences BLOB NOT NULL, sentence_vectors BLOB NOT NULL
);
CREATE INDEX chunks_by_document ON chunks(document_id);
"""
    + lexical.SCHEMA
)
_CHUNK_COLUMNS = (
    'id, document_id, start, "end", page, heading, text, embedded_sha256, vector,'
    " heading_vector, sentences, sentence_vectors"
)
_HEADERS = "SELECT id, title, source, sha256, region, as_of, language FROM documents"

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Kept:
    """A document as the index keeps it, with what tells whether it changed."""

    document: Document
    fingerprint: str
    """Of text and metadata."""
    root: str
    """The folder it was ingested from; empty when it came from no file."""
    origin: str
    """Its file's path below `root`."""
    bytes_sha256: str
    """Of the file: while it stays the same, the file need not be read again."""


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk with its vectors."""

    id: int
    document_id: str
    start: int
    end: int
    page: int | None
    heading: str
    text: str
    embedded_sha256: str
    """Of what was embedded for it."""
    vector: Vectors
    heading_vector: NDArray[np.float16]
    """Of the heading right above, or the title."""
    sentences: NDArray[np.int32]
    """(n, 2) start and end in document offsets."""
    sentence_vectors: NDArray[np.float16]
    """(n, dimensions)."""


@dataclass(frozen=True, slots=True)
class Header:
    """A document without its text, which may be long."""

    title: str
    source: str
    sha256: str
    region: str
    as_of: str | None
    language: str


class Writer:
    """Fills a new database in one transaction; use it in a `with`."""

    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(folder / FILE, isolation_level=None)

    def __enter__(self) -> "Writer":
        # A half-made version is thrown away, so that it needs no journal.
        self._database.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _SCHEMA)
        self._database.execute("BEGIN")
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        if failed is None:
            self._database.execute("INSERT INTO words(words) VALUES ('optimize')")
            self._database.execute("COMMIT")
        self._database.close()

    def add(self, kept: Kept, chunks: Sequence[StoredChunk]) -> None:
        """Add one document with its chunks."""
        document = kept.document
        self._database.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document.id,
                document.sha256,
                kept.fingerprint,
                kept.root,
                kept.origin,
                kept.bytes_sha256,
                document.title,
                document.source,
                document.region,
                document.as_of,
                document.language,
                json.dumps(document.notices),
                json.dumps([asdict(source) for source in document.sources]),
                json.dumps([[page.number, page.start, page.end] for page in document.pages]),
                document.text,
            ),
        )
        self._database.executemany(
            f"INSERT INTO chunks({_CHUNK_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            [
                (
                    chunk.id,
                    chunk.document_id,
                    chunk.start,
                    chunk.end,
                    chunk.page,
                    chunk.heading,
                    chunk.text,
                    chunk.embedded_sha256,
                    chunk.vector.astype("<f4").tobytes(),
                    chunk.heading_vector.astype("<f2").tobytes(),
                    chunk.sentences.astype("<i4").tobytes(),
                    chunk.sentence_vectors.astype("<f2").tobytes(),
                )
                for chunk in chunks
            ],
        )
        lexical.add(
            self._database,
            [(chunk.id, document.title, chunk.heading, chunk.text) for chunk in chunks],
        )


class Store:
    """A finished database, opened for reading by any number of threads."""

    def __init__(self, folder: Path, *, dimensions: int) -> None:
        """Open the database in `folder`; raises IndexUnavailable when it is damaged."""
        # Nobody writes to a finished version: no locks are needed, nor a journal looked for.
        self._address = f"file:{quote(str(folder / FILE))}?mode=ro&immutable=1"
        self._dimensions = dimensions
        self._idle: deque[sqlite3.Connection] = deque()
        weakref.finalize(self, _close_all, self._idle)
        self.chunk_count()

    def documents(self) -> list[Kept]:
        """Return every document, by id."""
        with self._connection() as database:
            return [_kept(row) for row in database.execute("SELECT * FROM documents ORDER BY id")]

    def document(self, document_id: str) -> Document | None:
        """Return the document of that id."""
        with self._connection() as database:
            row = database.execute(
                "SELECT * FROM documents WHERE id = ?", (document_id,)
            ).fetchone()
        return _kept(row).document if row else None

    def chunk_count(self) -> int:
        """Return how many chunks there are."""
        with self._connection() as database:
            return int(database.execute("SELECT count(*) FROM chunks").fetchone()[0])

    def chunks(self, ids: Sequence[int]) -> list[StoredChunk]:
        """Return the chunks of those ids, in their order."""
        with self._connection() as database:
            rows = database.execute(
                f"SELECT {_CHUNK_COLUMNS} FROM chunks"  # noqa: S608
                " WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(ids)),),
            ).fetchall()
        found = {row["id"]: self._chunk(row) for row in rows}
        return [found[chunk] for chunk in ids]

    def chunks_of(self, document_id: str) -> list[StoredChunk]:
        """Return the chunks of a document, in order."""
        with self._connection() as database:
            rows = database.execute(
                f"SELECT {_CHUNK_COLUMNS} FROM chunks WHERE document_id = ? ORDER BY id",  # noqa: S608
                (document_id,),
            ).fetchall()
        return [self._chunk(row) for row in rows]

    def headers(self, document_ids: Iterable[str]) -> dict[str, Header]:
        """Return what identifies the documents of those ids."""
        with self._connection() as database:
            rows = database.execute(
                f"{_HEADERS} WHERE id IN (SELECT value FROM json_each(?))",  # noqa: S608 - a constant
                (json.dumps(sorted(set(document_ids))),),
            ).fetchall()
        return {document_id: Header(*rest) for document_id, *rest in rows}

    def all_headers(self) -> dict[str, Header]:
        """Return what identifies every document, by id."""
        with self._connection() as database:
            rows = database.execute(_HEADERS).fetchall()
        return {document_id: Header(*rest) for document_id, *rest in rows}

    def chunk_ids(self) -> list[tuple[int, str]]:
        """Return (chunk id, document id) of every chunk."""
        with self._connection() as database:
            rows = database.execute("SELECT id, document_id FROM chunks").fetchall()
        return [(row[0], row[1]) for row in rows]

    def vectors_of(self, ids: Sequence[int]) -> Vectors:
        """Return (len(ids), dimensions): the vectors of chunks whose ids come in order."""
        with self._connection() as database:
            rows = database.execute(
                "SELECT vector FROM chunks WHERE id IN (SELECT value FROM json_each(?))"
                " ORDER BY id",
                (json.dumps(list(ids)),),
            )
            return _floats(b"".join(row[0] for row in rows), "<f4", self._dimensions)

    def vectors(self, batch: int = 2_000) -> Iterator[tuple[list[int], Vectors]]:
        """Yield the ids and vectors of all chunks."""
        with self._connection() as database:
            rows = database.execute("SELECT id, vector FROM chunks ORDER BY id")
            while some := rows.fetchmany(batch):
                blob = b"".join(row[1] for row in some)
                yield [row[0] for row in some], _floats(blob, "<f4", self._dimensions)

    def search_words(
        self, query: str, limit: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[tuple[int, float]]:
        """Return (chunk id, BM25 score), best first; `allowed` says which ids may be found."""
        with self._connection() as database:
            return lexical.search(database, query, limit, allowed)

    def check(self) -> None:
        """Read the whole database; raises IndexUnavailable when a part of it is damaged."""
        with self._connection() as database:
            if database.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise IndexUnavailable(index.DAMAGED)

    def _chunk(self, row: sqlite3.Row) -> StoredChunk:
        return StoredChunk(
            id=row["id"],
            document_id=row["document_id"],
            start=row["start"],
            end=row["end"],
            page=row["page"],
            heading=row["heading"],
            text=row["text"],
            embedded_sha256=row["embedded_sha256"],
            vector=_floats(row["vector"], "<f4", self._dimensions)[0],
            heading_vector=_floats(row["heading_vector"], "<f2", self._dimensions)[0],
            sentences=np.frombuffer(row["sentences"], "<i4").reshape(-1, 2),
            sentence_vectors=_floats(row["sentence_vectors"], "<f2", self._dimensions),
        )

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection to one thread at a time."""
        try:
            database = self._idle.pop()
        except IndexError:
            database = None
        try:
            if database is None:
                database = sqlite3.connect(self._address, uri=True, check_same_thread=False)
                database.row_factory = sqlite3.Row
            yield database
        except sqlite3.DatabaseError as exc:
            raise IndexUnavailable(index.DAMAGED) from exc
        finally:
            if database is not None:
                self._idle.append(database)


def document_of(row: sqlite3.Row) -> Document:
    """Read a row of `documents`; raises ValueError, TypeError or KeyError when it is torn."""
    known = set(row.keys())
    return Document(
        id=row["id"],
        title=row["title"],
        text=row["text"],
        source=row["source"],
        region=row["region"],
        as_of=row["as_of"],
        sources=tuple(Source(**source) for source in json.loads(row["sources"])),
        pages=tuple(Page(*page) for page in json.loads(row["pages"])),
        language=row["language"] if "language" in known else "",
        notices=tuple(json.loads(row["notices"])) if "notices" in known else (),
    )


def _kept(row: sqlite3.Row) -> Kept:
    origin, sha256 = row["origin"], row["bytes_sha256"]
    return Kept(document_of(row), row["fingerprint"], row["root"], origin, sha256)


def _floats(blob: bytes, kind: str, dimensions: int) -> NDArray[Any]:
    return np.frombuffer(blob, kind).reshape(-1, dimensions)


def _close_all(connections: deque[sqlite3.Connection]) -> None:
    with suppress(IndexError):
        while True:
            connections.pop().close()
