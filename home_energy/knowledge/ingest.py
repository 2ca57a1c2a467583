"""From files and web pages to a new version of the index; what did not change stays."""

import time
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import structlog

from home_energy.errors import BadInput
from home_energy.knowledge import index
from home_energy.knowledge.addresses import WEB
from home_energy.knowledge.build import Progress, build
from home_energy.knowledge.documents import Document
from home_energy.knowledge.embedding import EmbeddingModel
from home_energy.knowledge.fetch import Fetcher
from home_energy.knowledge.fingerprint import fingerprint
from home_energy.knowledge.old_index import OldIndex
from home_energy.knowledge.originals import Originals, Source, read
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
    """Name and reason of each file or page that was not read."""
    notices: list[tuple[str, str]] = field(default_factory=list)
    """Of new and changed documents: id, and what was left out of it, and why."""
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
    sources: Sequence[Source],
    *,
    data_dir: Path,
    embedder: EmbeddingModel,
    prune: bool = False,
    dry_run: bool = False,
    sitemaps: bool = False,
    replaces: Path | None = None,
    fetcher: Fetcher | None = None,
    today: date | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """Bring the index up to date with its sources; the old one serves until the end.

    Documents of other sources stay, unless `prune`; those of these folders go with their
    files, and web pages when their site says so. A folder that moved hands its documents over
    when it is named as `replaces`. With `sitemaps`, each address is taken for a sitemap.
    An index that cannot serve is made anew, out of everything that was ever ingested.
    Raises IndexBusy while another ingest runs, and BadInput when `prune` would forget documents
    for a source that holds none; what cannot be read is in the report.
    """
    started = time.monotonic()
    report = IngestReport()
    # What only looks must not make the folder that a lock needs.
    look = dry_run and not index.root(data_dir).exists()
    with nullcontext() if look else index.ingest_lock(data_dir):
        old = OldIndex(data_dir, embedder)
        # What cannot serve may be all that is left of a document: it stays until the end.
        if old.serves and not dry_run:
            index.sweep(data_dir)
        found = read(
            sources,
            old,
            everything=not (old.serves or prune),
            sitemaps=sitemaps,
            fetcher=fetcher or Fetcher(),
            today=today or datetime.now(UTC).date(),
            progress=progress,
        )
        report.skipped = found.skipped
        report.notices = found.notices + [
            (source, "holds no document: what was indexed from it stays")
            for source in found.files.empty
            if Path(source).is_dir()
        ]
        planned = plan(found.files, found.read, old, prune=prune, replaces=str(replaces or ""))
        _check_prune(found, planned, old, prune=prune)
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
            _remember(found, documents, old.record, data_dir, prune=prune)
            index.sweep(data_dir)
    report.seconds = time.monotonic() - started
    _log(report)
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


def _check_prune(found: Originals, planned: Plan, old: OldIndex, *, prune: bool) -> None:
    """Raise BadInput rather than forget documents because a disk is not plugged in."""
    # What a damaged index held cannot all be known; its record would be forgotten, too.
    forgets = planned.removed or (not old.serves and old.record.documents)
    if prune and found.files.empty and forgets:
        raise BadInput(
            f"No document is at {', '.join(map(repr, found.files.empty))}: pruning would forget"
            " what was indexed from there. To forget it on purpose, name only sources that hold"
            " a document."
        )


def _fill(report: IngestReport, planned: Plan) -> None:
    report.added = planned.added
    report.updated = planned.updated
    report.unchanged = planned.unchanged
    report.removed = planned.removed
    report.lost = planned.lost
    report.skipped += planned.skipped
    new = {*planned.added, *planned.updated}
    report.notices += [
        (kept.document.id, notice)
        for kept in planned.documents
        if kept.document.id in new
        for notice in kept.document.notices
    ]


def _remember(
    found: Originals,
    documents: Sequence[Kept],
    record: Record,
    data_dir: Path,
    *,
    prune: bool,
) -> None:
    sources = dict.fromkeys([] if prune else record.sources) | dict.fromkeys(found.given)
    pages = {kept.origin for kept in documents if kept.root == WEB}
    copies = {url: copy for url, copy in record.pages.items() if url not in found.pages.read}
    renewed = Record(
        [source for source in sources if source not in found.pages.gone],
        {kept.document.id: [kept.root, kept.origin] for kept in documents},
        {url: copy for url, copy in {**copies, **found.pages.copies}.items() if url in pages},
    )
    if renewed != record:
        renewed.write(data_dir)


def _log(report: IngestReport) -> None:
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
