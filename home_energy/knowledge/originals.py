"""What the sources of an ingest hold now: files and web pages, read."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

from home_energy.errors import UnreadableDocument
from home_energy.knowledge import files, load
from home_energy.knowledge.addresses import WEB, is_url
from home_energy.knowledge.build import Progress
from home_energy.knowledge.fetch import Fetcher
from home_energy.knowledge.files import Files, printable
from home_energy.knowledge.fingerprint import fingerprint
from home_energy.knowledge.old_index import OldIndex
from home_energy.knowledge.pages import PageReader, Pages
from home_energy.knowledge.plan import Key
from home_energy.knowledge.reading import Reader
from home_energy.knowledge.record import Record
from home_energy.knowledge.store import Kept

Source = Path | str
"""A file, a folder, a pattern such as `docs/**/*.md`, or, as text, a web address."""


@dataclass(slots=True)
class Originals:
    """What was found and read, and what was not."""

    files: Files
    given: list[str]
    """The sources that are there: absolute paths, patterns and addresses."""
    read: dict[Key, Kept | None] = field(default_factory=dict)
    """By folder and path below it, or WEB and address; None for what cannot be read now."""
    pages: Pages = field(default_factory=Pages)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    """Name and reason."""
    notices: list[tuple[str, str]] = field(default_factory=list)


def read(
    sources: Sequence[Source],
    old: OldIndex,
    *,
    everything: bool,
    sitemaps: bool,
    fetcher: Fetcher,
    today: date,
    progress: Progress | None,
) -> Originals:
    """Find and read what changed; with `everything`, of all that was ever ingested from files."""
    paths = [Path(source) for source in sources if not is_url(str(source))]
    urls = [str(source) for source in sources if is_url(str(source))]
    wanted = _joined(files.find(paths), files.find(_remembered(old.record) if everything else []))
    there = [path for path in paths if path.exists() or files.is_pattern(path)]
    found = Originals(wanted, [str(files.absolute(path)) for path in there])
    # Another release may read the same file otherwise.
    known = {(kept.root, kept.origin): kept for kept in old.kept.values() if old.serves}
    found.skipped += _told(wanted, known)
    with Reader() as reader:
        _read_files(found, known, reader, progress)
        if urls:
            pages = PageReader(
                fetcher,
                reader,
                known={origin: kept for (root, origin), kept in known.items() if root == WEB},
                copies=old.record.pages,
                today=today,
            )
            phase = None if progress is None else partial(progress, "Fetching web pages")
            _add(pages.read(urls, sitemaps=sitemaps, progress=phase), found, old)
    return found


def _remembered(record: Record) -> list[Path]:
    # One that is away now, such as a disk that is not plugged in, may come back. Web pages are
    # not asked for again: a start that mends its index must not need the network.
    paths = [Path(source) for source in record.sources if not is_url(source)]
    return [
        path for path in paths if path.exists() or (files.is_pattern(path) and files.matches(path))
    ]


def _joined(given: Files, again: Files) -> Files:
    """Add the remembered files; their folders are not looked through for what is gone."""
    known = set(given.found)
    return Files(
        given.found + [pair for pair in again.found if pair not in known],
        list(dict.fromkeys(given.skipped + again.skipped)),
        given.links | again.links,
        given.missing,
        given.folders,
        given.empty,
    )


def _told(wanted: Files, known: Mapping[Key, Kept]) -> list[tuple[str, str]]:
    """Return what to say of files that are not read; one that went is said to be removed."""
    went = {(printable(name), files.NOT_THERE) for root, name in wanted.missing & known.keys()}
    return [pair for pair in wanted.skipped if pair not in went]


def _read_files(
    found: Originals, known: Mapping[Key, Kept], reader: Reader, progress: Progress | None
) -> None:
    wanted = found.files.found
    for number, (path, root) in enumerate(wanted, start=1):
        key = (str(root), path.relative_to(root).as_posix())
        try:
            found.read[key] = _read_one(path, key, known.get(key), reader)
        except UnreadableDocument as exc:
            found.skipped.append((printable(key[1]), str(exc)))
            found.read[key] = None
        if progress is not None:
            progress("Reading documents", number, len(wanted))


def _read_one(path: Path, key: Key, before: Kept | None, reader: Reader) -> Kept:
    root, name = key
    data = load.read_bytes(path)
    bytes_sha256 = hashlib.sha256(data).hexdigest()
    if before is not None and before.bytes_sha256 == bytes_sha256:
        return before
    document = reader.read(data, name=name)
    return Kept(document, fingerprint(document), root, name, bytes_sha256)


def _add(pages: Pages, found: Originals, old: OldIndex) -> None:
    """Add the pages to what was read, as if they were files of one folder."""
    found.pages = pages
    found.given += pages.given
    found.skipped += pages.skipped
    found.notices += pages.notices
    found.read.update({(WEB, url): kept for url, kept in pages.read.items()})
    found.files.missing |= {(WEB, url) for url in pages.gone}
    if not pages.whole:
        # Nobody knows what else the site names, so none of its pages is known to be unwanted.
        known = {kept.origin for kept in old.kept.values() if kept.root == WEB} - pages.gone
        found.read.update({(WEB, url): None for url in known - pages.read.keys()})
