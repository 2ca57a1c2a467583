"""From a question to the passages that may answer it."""

import re
import threading
import time
from pathlib import Path

import structlog

from home_energy.errors import IndexUnavailable
from home_energy.evidence.instructions import instructs
from home_energy.evidence.passage import Passage, SentenceSpan
from home_energy.knowledge import index, probe, ranking
from home_energy.knowledge.allowed import Filtering
from home_energy.knowledge.documents import Document
from home_energy.knowledge.embedding import EmbeddingModel, Vectors
from home_energy.knowledge.filters import GENERAL, Filters, primary
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
        self._filtering = Filtering(self._store)

    @classmethod
    def open(cls, data_dir: Path, embedder: EmbeddingModel) -> "Knowledge":
        """Open the version that serves; raises IndexUnavailable with what to do about it."""
        version = index.current(data_dir)
        index.check_model(version, model_id=embedder.model_id)
        probe.ensure(version)
        return cls(version, embedder)

    def search(
        self,
        query: str,
        *,
        limit: int = 6,
        region: str | None = None,
        language: str | None = None,
        filters: Filters | None = None,
        options: SearchOptions | None = None,
    ) -> list[Passage]:
        """Return the passages that fit `query` best, best first; none for an empty query.

        With a `region` or `language`, passages of another one lose some score: they come last
        among equals, but a clearly better one still comes first. What `filters` do not allow
        is never found.
        """
        if limit < 1 or not any(character.isalnum() for character in query):
            return []
        options = options or SearchOptions()
        vector = self._embedder.embed_query(query)
        candidates = self._candidates(
            query, vector, max(options.candidates, limit), filters, options
        )
        found = self._store.chunks([candidate.id for candidate in candidates])
        chunks = {chunk.id: chunk for chunk in found}
        headers = self._store.headers(chunk.document_id for chunk in found)
        ranking.measure(candidates, found, vector, options)
        for candidate in candidates:
            header = headers[chunks[candidate.id].document_id]
            penalty = _penalty(header, region, language, options)
            candidate.score -= penalty
            candidate.found_by |= {"penalty": penalty} if penalty else {}
            candidate.found_by["final"] = round(candidate.score, 4)
        candidates.sort(key=lambda candidate: (-candidate.score, candidate.id))
        if options.diversify:
            ranked = [(candidate, chunks[candidate.id]) for candidate in candidates]
            candidates = ranking.diversify(ranked, limit, options)
        return [
            _passage(chunk, headers[chunk.document_id], candidate)
            for candidate in candidates[:limit]
            for chunk in [chunks[candidate.id]]
        ]

    def _candidates(
        self,
        query: str,
        vector: Vectors,
        wanted: int,
        filters: Filters | None,
        options: SearchOptions,
    ) -> list[Candidate]:
        """Return what the searches by meaning and by words propose, fused."""
        allowed = self._filtering.allowed(filters) if filters else None
        dense: list[tuple[int, float]] = []
        if options.dense and allowed is not None:
            dense = allowed.nearest(vector, wanted, self._vectors)
        elif options.dense:
            dense = self._vectors.search(vector, wanted)
        mask = allowed.mask if allowed is not None else None
        lexical = self._store.search_words(query, wanted, mask) if options.lexical else []
        return ranking.fuse(dense, lexical, options)

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


def _penalty(
    header: Header, region: str | None, language: str | None, options: SearchOptions
) -> float:
    """Return what a document of another region or language than asked for loses."""
    elsewhere = region is not None and header.region not in (region, GENERAL)
    # What does not say its language is taken for what is asked for.
    foreign = bool(language and header.language) and primary(header.language) != primary(
        language or ""
    )
    return options.region_penalty * elsewhere + options.language_penalty * foreign


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
            SentenceSpan(
                start, end, cosine, instructs(chunk.text[start - chunk.start : end - chunk.start])
            )
            for (start, end), cosine in zip(chunk.sentences.tolist(), cosines, strict=True)
        ),
        found_by=found.found_by,
    )
