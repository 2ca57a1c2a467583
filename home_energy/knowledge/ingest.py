"""From files to a new version of the index; what did not change keeps its vectors."""

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path

import structlog

from home_energy.errors import UnreadableDocument
from home_energy.knowledge import index, load
from home_energy.knowledge.build import OldIndex, Progress, build, sha256
from home_energy.knowledge.documents import Document
from home_energy.knowledge.embedding import EmbeddingModel
from home_energy.knowledge.store import Kept

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class IngestReport:
    """What an ingest did, or with `dry_run` would do; documents by id."""

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    """File name and reason of each file that was not read."""
    chunks: int = 0
    """In the index, afterwards."""
    embedded: int = 0
    """Chunks whose vectors were not known yet."""
    seconds: float = 0.0

    @property
    def changed(self) -> bool:
        """Whether the index must change."""
        return bool(self.added or self.updated or self.removed)


def ingest(
    sources: Sequence[Path],
    *,
    data_dir: Path,
    embedder: EmbeddingModel,
    prune: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> IngestReport:
    """Bring the index up to date with files and folders; the old one serves until the end.

    Documents of earlier ingests stay, unless `prune`. Raises IndexBusy while another
    ingest runs; files that cannot be read are in the report.
    """
    started = time.monotonic()
    report = IngestReport()
    with index.ingest_lock(data_dir):
        if not dry_run:
            index.sweep(data_dir)
        old = OldIndex(data_dir, embedder)
        documents = _plan(sources, old, report, prune=prune)
        report.chunks = old.chunks
        if not dry_run and (report.changed or (documents and not old.serves)):
            built = build(
                documents, data_dir=data_dir, embedder=embedder, old=old, progress=progress
            )
            index.sweep(data_dir)
            report.chunks, report.embedded = built.chunks, built.embedded
    report.seconds = time.monotonic() - started
    log.info(
        "ingested",
        added=len(report.added),
        updated=len(report.updated),
        unchanged=len(report.unchanged),
        removed=len(report.removed),
        skipped=len(report.skipped),
        chunks=report.chunks,
        embedded=report.embedded,
        seconds=round(report.seconds, 2),
    )
    return report


def ingest_documents(
    documents: Iterable[Document],
    *,
    data_dir: Path,
    embedder: EmbeddingModel,
    progress: Progress | None = None,
) -> IngestReport:
    """Make an index of exactly these documents, whose ids must differ; raises IndexBusy."""
    started = time.monotonic()
    kept = [Kept(document, _fingerprint(document), document.id, "") for document in documents]
    with index.ingest_lock(data_dir):
        index.sweep(data_dir)
        old = OldIndex(data_dir, embedder)
        built = build(kept, data_dir=data_dir, embedder=embedder, old=old, progress=progress)
        index.sweep(data_dir)
    return IngestReport(
        added=[one.document.id for one in kept],
        chunks=built.chunks,
        embedded=built.embedded,
        seconds=time.monotonic() - started,
    )


def _plan(
    sources: Sequence[Path], old: OldIndex, report: IngestReport, *, prune: bool
) -> list[Kept]:
    """Read the sources and say what changes; returns all documents of the new version."""
    origins = {kept.origin: kept for kept in old.kept.values()}
    read: dict[str, Kept] = {}
    unread: set[str] = set()
    for path, root in _files(sources, report):
        name = path.relative_to(root).as_posix()
        try:
            kept = _read(path, name, origins.get(name))
        except UnreadableDocument as exc:
            report.skipped.append((_printable(name), str(exc)))
            unread.add(name)
            continue
        document_id = kept.document.id
        if document_id in read:
            other = read[document_id].origin
            reason = f"has the same id {document_id!r} as {other}: rename one"
            report.skipped.append((name, reason))
            continue
        read[document_id] = kept
        before = old.kept.get(document_id)
        if before is None:
            report.added.append(document_id)
        elif before.fingerprint != kept.fingerprint:
            report.updated.append(document_id)
        else:
            report.unchanged.append(document_id)
    others = {key: kept for key, kept in old.kept.items() if key not in read}
    if prune:
        # A file that is there but cannot be read now is not a removed one.
        report.removed = sorted(key for key, kept in others.items() if kept.origin not in unread)
        others = {key: kept for key, kept in others.items() if kept.origin in unread}
    documents = others | read
    return [documents[document_id] for document_id in sorted(documents)]


def _files(sources: Sequence[Path], report: IngestReport) -> Iterator[tuple[Path, Path]]:
    """Yield each file once, with the folder its id starts from; hidden ones are left out."""
    seen = set()
    for source in sources:
        source = source.resolve()
        if source.is_dir():
            below = sorted(path for path in source.rglob("*") if path.is_file())
            found = [
                (path, source)
                for path in below
                if not any(part.startswith(".") for part in path.relative_to(source).parts)
            ]
        elif source.exists():
            found = [(source, source.parent)]
        else:
            report.skipped.append((_printable(source.name), "does not exist"))
            continue
        for path, root in found:
            if path in seen:
                continue
            seen.add(path)
            if not path.is_file():
                report.skipped.append((_printable(path.name), "is not a file"))
            elif path.suffix.lower() not in load.SUFFIXES:
                kind = path.suffix or "no suffix"
                report.skipped.append((_printable(path.name), f"cannot read this kind ({kind})"))
            else:
                yield path, root


def _read(path: Path, name: str, before: Kept | None) -> Kept:
    data = load.read_bytes(path)
    bytes_sha256 = hashlib.sha256(data).hexdigest()
    if before is not None and before.bytes_sha256 == bytes_sha256:
        return before
    document = load.parse(data, name=name)
    return Kept(document, _fingerprint(document), name, bytes_sha256)


def _printable(name: str) -> str:
    return name.encode(errors="replace").decode()


def _fingerprint(document: Document) -> str:
    known = repr(
        (
            document.id,
            document.sha256,
            document.title,
            document.source,
            document.region,
            document.as_of,
            [astuple(source) for source in document.sources],
            [astuple(page) for page in document.pages],
        )
    )
    return sha256(known)
