"""From files to a new version of the index; what did not change keeps its vectors."""

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from home_energy.errors import UnreadableDocument
from home_energy.knowledge import files, index, load
from home_energy.knowledge.build import Progress, build
from home_energy.knowledge.documents import Document
from home_energy.knowledge.embedding import EmbeddingModel
from home_energy.knowledge.files import printable
from home_energy.knowledge.fingerprint import fingerprint
from home_energy.knowledge.old_index import OldIndex
from home_energy.knowledge.plan import Plan, plan
from home_energy.knowledge.record import Record
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
    lost: list[str] = field(default_factory=list)
    """Those of a damaged index that could not be brought back: their files are gone too."""
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
    replaces: Path | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """Bring the index up to date with files and folders; the old one serves until the end.

    Documents of other folders stay, unless `prune`; those of these folders go with their
    files. A folder that moved hands its documents over when it is named as `replaces`.
    An index that cannot serve is made anew, out of everything that was ever ingested.
    Raises IndexBusy while another ingest runs; files that cannot be read are in the report.
    """
    started = time.monotonic()
    report = IngestReport()
    with index.ingest_lock(data_dir):
        old = OldIndex(data_dir, embedder)
        # What cannot serve may be all that is left of a document: it stays until the end.
        if old.serves and not dry_run:
            index.sweep(data_dir)
        given = files.find(sources)
        again = [] if old.serves or prune else _remembered(old.record)
        wanted = _joined(given, files.find(again))
        read = _read(wanted, old, report)
        planned = plan(wanted, read, old, prune=prune, replaces=str(replaces or ""))
        _fill(report, planned)
        report.chunks = old.chunks
        documents = planned.documents
        changed = documents != [old.kept[key] for key in sorted(old.kept)]
        if not dry_run and (changed or (documents and not old.serves)):
            built = build(
                documents, data_dir=data_dir, embedder=embedder, old=old, progress=progress
            )
            report.chunks, report.embedded = built.chunks, built.embedded
        if not dry_run:
            _remember(sources, documents, old.record, data_dir, prune=prune)
            index.sweep(data_dir)
    report.seconds = time.monotonic() - started
    log.info(
        "ingested",
        added=len(report.added),
        updated=len(report.updated),
        unchanged=len(report.unchanged),
        removed=len(report.removed),
        skipped=len(report.skipped),
        lost=len(report.lost),
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
    kept = [Kept(document, fingerprint(document), "", document.id, "") for document in documents]
    with index.ingest_lock(data_dir):
        old = OldIndex(data_dir, embedder)
        built = build(kept, data_dir=data_dir, embedder=embedder, old=old, progress=progress)
        index.sweep(data_dir)
    return IngestReport(
        added=[one.document.id for one in kept],
        chunks=built.chunks,
        embedded=built.embedded,
        seconds=time.monotonic() - started,
    )


def _remembered(record: Record) -> list[Path]:
    # One that is away now, such as a disk that is not plugged in, may come back.
    return [path for path in map(Path, record.sources) if path.exists()]


def _joined(given: files.Files, again: files.Files) -> files.Files:
    """Add the remembered files; their folders are not looked through for what is gone."""
    known = set(given.found)
    return files.Files(
        given.found + [pair for pair in again.found if pair not in known],
        list(dict.fromkeys(given.skipped + again.skipped)),
        given.links | again.links,
        given.folders,
    )


def _read(
    wanted: files.Files, old: OldIndex, report: IngestReport
) -> dict[tuple[str, str], Kept | None]:
    """Read files by folder and path below it; None for one that cannot be read."""
    # Another release may read the same file otherwise.
    known = {(kept.root, kept.origin): kept for kept in old.kept.values() if old.serves}
    read: dict[tuple[str, str], Kept | None] = {}
    report.skipped += wanted.skipped
    for path, root in wanted.found:
        key = (str(root), path.relative_to(root).as_posix())
        try:
            read[key] = _read_one(path, key, known.get(key))
        except UnreadableDocument as exc:
            report.skipped.append((printable(key[1]), str(exc)))
            read[key] = None
    return read


def _read_one(path: Path, key: tuple[str, str], before: Kept | None) -> Kept:
    root, name = key
    data = load.read_bytes(path)
    bytes_sha256 = hashlib.sha256(data).hexdigest()
    if before is not None and before.bytes_sha256 == bytes_sha256:
        return before
    document = load.parse(data, name=name)
    return Kept(document, fingerprint(document), root, name, bytes_sha256)


def _fill(report: IngestReport, planned: Plan) -> None:
    report.added = planned.added
    report.updated = planned.updated
    report.unchanged = planned.unchanged
    report.removed = planned.removed
    report.lost = planned.lost
    report.skipped += planned.skipped


def _remember(
    sources: Sequence[Path],
    documents: Sequence[Kept],
    record: Record,
    data_dir: Path,
    *,
    prune: bool,
) -> None:
    given = [str(source.resolve()) for source in sources if source.exists()]
    before = [] if prune else record.sources
    renewed = Record(
        list(dict.fromkeys(before + given)),
        {kept.document.id: [kept.root, kept.origin] for kept in documents},
    )
    if renewed != record:
        renewed.write(data_dir)
