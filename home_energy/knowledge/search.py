"""From a question to the passages that may answer it."""

import re
import threading
import time
from pathlib import Path

import structlog

from home_energy.errors import IndexUnavailable
from home_energy.evidence.passage import Passage, SentenceSpan
from home_energy.knowledge import index, ranking
from home_energy.knowledge.documents import Document
from home_energy.knowledge.embedding import EmbeddingModel
from home_energy.knowledge.ranking import Candidate, SearchOptions
from home_energy.knowledge.store import FILE, Header, Store, StoredChunk
from home_energy.knowledge.vectors import VectorSearch, hashes

log = structlog.get_logger(__name__)

_PASSAGE_ID = re.compile(r"(?P<document>.+)@(?P<sha>[0-9a-f]{8})#(?P<start>\d+)-(?P<end>\d+)", re.S)


class Knowledge:
    """One version of the index, opened for reading by any number of threads."""

    def __init__(self, version: index.Version, embedder: EmbeddingModel) -> None:
        """Open a version; raises IndexUnavailable when it is damaged or of another model."""
        index.check_model(version, model_id=embedder.model_id)
        manifest = version.manifest
        self.version = version.folder.name
        """The version's name; passages of one version belong together."""
        self.fingerprint = manifest.fingerprint
        """Equal for equal documents, whenever and wherever they were ingested."""
        self._embedder = embedder
        _check_files(version)
        self._store = Store(version.folder, dimensions=manifest.dimensions)
        self._vectors = VectorSearch(version.folder, expected=manifest.chunks)

    @classmethod
    def open(cls, data_dir: Path, embedder: EmbeddingModel) -> "Knowledge":
        """Open the version that serves; raises IndexUnavailable with what to do about it."""
        return cls(index.current(data_dir), embedder)

    def search(
        self,
        query: str,
        *,
        limit: int = 6,
        region: str | None = None,
        options: SearchOptions | None = None,
    ) -> list[Passage]:
        """Return the passages that fit `query` best, best first; none for an empty query.

        With a `region`, passages of another region (not `general` ones) lose some score:
        they come last among equals, but a clearly better one still comes first.
        """
        if limit < 1 or not any(character.isalnum() for character in query):
            return []
        options = options or SearchOptions()
        wanted = max(options.candidates, limit)
        vector = self._embedder.embed_query(query)
        candidates = ranking.fuse(
            self._vectors.search(vector, wanted) if options.dense else [],
            self._store.search_words(query, wanted) if options.lexical else [],
            options,
        )
        found = self._store.chunks([candidate.id for candidate in candidates])
        chunks = {chunk.id: chunk for chunk in found}
        headers = self._store.headers(chunk.document_id for chunk in chunks.values())
        ranking.measure(candidates, found, vector, options)
        for candidate in candidates:
            other = headers[chunks[candidate.id].document_id].region not in (region, "general")
            candidate.score -= options.region_penalty * (region is not None and other)
        candidates.sort(key=lambda candidate: (-candidate.score, candidate.id))
        if options.diversify:
            ranked = [(candidate, chunks[candidate.id]) for candidate in candidates]
            candidates = ranking.diversify(ranked, limit, options)
        return [
            _passage(chunk, headers[chunk.document_id], candidate)
            for candidate in candidates[:limit]
            for chunk in [chunks[candidate.id]]
        ]

    def document(self, document_id: str) -> Document | None:
        """Return the document of that id."""
        return self._store.document(document_id)

    def documents(self) -> list[Document]:
        """Return every document, by id."""
        return [kept.document for kept in self._store.documents()]

    def passage(self, passage_id: str) -> Passage | None:
        """Return the passage of that `Passage.id`; None when its document changed or went."""
        match = _PASSAGE_ID.fullmatch(passage_id)
        if match is None:
            return None
        header = self._store.headers([match["document"]]).get(match["document"])
        if header is None or not header.sha256.startswith(match["sha"]):
            return None
        span = int(match["start"]), int(match["end"])
        for chunk in self._store.chunks_of(match["document"]):
            if (chunk.start, chunk.end) == span:
                return _passage(chunk, header, Candidate(chunk.id))
        return None


class KnowledgeHandle:
    """The version that serves, whichever that is now, for a process that runs for long."""

    def __init__(self, data_dir: Path, embedder: EmbeddingModel) -> None:
        self._data_dir = data_dir
        self._embedder = embedder
        self._opening = threading.Lock()
        self._knowledge: Knowledge | None = None
        self._seen: tuple[int, int] | None = None
        self._looked = 0.0

    def get(self) -> Knowledge:
        """Return the version that serves, at most a second late; keep it for one turn.

        Raises IndexUnavailable when there is none; a version that cannot be opened leaves
        the one before it serving.
        """
        known = self._knowledge
        if known is not None and time.monotonic() - self._looked < 1.0:
            return known
        # While one thread opens the new version, the others go on with the old one.
        if not self._opening.acquire(blocking=known is None) and known is not None:
            return known
        try:
            return self._renewed()
        finally:
            self._opening.release()

    def _renewed(self) -> Knowledge:
        self._looked, seen = time.monotonic(), self._stamp()
        if self._knowledge is None or seen != self._seen:
            try:
                self._knowledge = Knowledge.open(self._data_dir, self._embedder)
                self._seen = seen
            except IndexUnavailable as exc:
                if self._knowledge is None:
                    raise
                log.warning("index_not_reopened", error=str(exc))
            else:
                log.info("index_opened", version=self._knowledge.version)
        return self._knowledge

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = index.pointer(self._data_dir).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino


def _check_files(version: index.Version) -> None:
    """Raise IndexUnavailable when files are not as they were when the version was made."""
    try:
        whole = (version.folder / FILE).stat().st_size == version.manifest.database_bytes
        if whole and hashes(version.folder) == version.manifest.vector_files:
            return
    except OSError as exc:
        raise IndexUnavailable(index.DAMAGED) from exc
    raise IndexUnavailable(index.DAMAGED)


def _passage(chunk: StoredChunk, header: Header, found: Candidate) -> Passage:
    cosines = found.sentence_cosines.tolist() or [0.0] * len(chunk.sentences)
    return Passage(
        document_id=chunk.document_id,
        title=header.title,
        source=header.source,
        text=chunk.text,
        start=chunk.start,
        end=chunk.end,
        sha256=header.sha256,
        page=chunk.page,
        heading=chunk.heading,
        as_of=header.as_of,
        region=header.region,
        language=header.language,
        score=found.score,
        cosine=found.cosine,
        sentences=tuple(
            SentenceSpan(start, end, cosine)
            for (start, end), cosine in zip(chunk.sentences.tolist(), cosines, strict=True)
        ),
        found_by=found.found_by,
    )
