"""Web pages as documents: those that were asked for, and those that a sitemap names."""

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from email.utils import parsedate_to_datetime
from pathlib import PurePosixPath
from urllib.parse import unquote, urljoin, urlsplit

from home_energy.errors import PageGone, UnreadableDocument
from home_energy.knowledge import load, sitemap
from home_energy.knowledge.addresses import WEB, canonical, shown
from home_energy.knowledge.documents import Document
from home_energy.knowledge.fetch import Fetched, Fetcher
from home_energy.knowledge.fingerprint import fingerprint
from home_energy.knowledge.reading import Reader
from home_energy.knowledge.record import Copy
from home_energy.knowledge.sitemap import Sitemap
from home_energy.knowledge.store import Kept

AT_ONCE = 4
"""Pages fetched at a time: little enough for any site, and for memory."""
MAX_PAGES = 1_000
"""That the sitemaps of one ingest may name."""
MAX_SITEMAPS = 50
MAX_DEPTH = 3
"""Of sitemaps that name sitemaps."""

_KINDS = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/x-markdown": ".md",
    "text/plain": ".txt",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}
_UNSAID = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_XML = frozenset({"application/xml", "text/xml", "application/gzip", "application/x-gzip"})


@dataclass(slots=True)
class Pages:
    """What became of the addresses that were asked for."""

    read: dict[str, Kept | None] = field(default_factory=dict)
    """By address; None for a page that cannot be read now."""
    given: list[str] = field(default_factory=list)
    """Of the addresses that were asked for, those that were there."""
    gone: set[str] = field(default_factory=set)
    """Pages that were documents, and that their site says are no more."""
    copies: dict[str, Copy] = field(default_factory=dict)
    """How to ask for each page again."""
    skipped: list[tuple[str, str]] = field(default_factory=list)
    notices: list[tuple[str, str]] = field(default_factory=list)
    whole: bool = True
    """Whether every sitemap was read to its end."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    url: str
    depth: int = 0
    """How many sitemaps led here."""
    page: bool = True
    """Whether it may be a page."""
    sitemap: bool = True
    """Whether it may be a sitemap."""


class PageReader:
    """Fetches and reads pages; what did not change since an earlier ingest is not read again."""

    def __init__(
        self,
        fetcher: Fetcher,
        reader: Reader,
        *,
        known: Mapping[str, Kept],
        copies: Mapping[str, Copy],
        today: date,
    ) -> None:
        """Remember the pages that are documents already, and how to ask for them, by address."""
        self._fetcher = fetcher
        self._reader = reader
        self._known = known
        self._copies = copies
        self._today = today
        self._found = Pages()
        self._waiting: deque[_Wanted] = deque()
        self._seen: set[str] = set()
        self._targets: dict[str, str] = {}
        """By where a page was in the end: the address it was asked for by."""
        self._listed = self._sitemaps = 0

    def read(
        self,
        urls: Sequence[str],
        *,
        sitemaps: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> Pages:
        """Read pages and sitemaps; with `sitemaps`, each address is taken for one of these.

        One that fails is in the result, and stops no other. Must not be called in an event
        loop. `progress` hears how many addresses are done, of how many that are known of.
        """
        for url in urls:
            self._want(url, _Wanted("", page=not sitemaps))
        with asyncio.Runner() as runner:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
                for wanted, fetched in zip(batch, runner.run(self._fetch(batch)), strict=True):
                    self._take(wanted, fetched)
                if progress is not None:
                    progress(len(self._seen) - len(self._waiting), len(self._seen))
        return self._found

    async def _fetch(self, batch: Sequence[_Wanted]) -> list[Fetched | UnreadableDocument]:
        return await asyncio.gather(*(self._fetch_one(wanted.url) for wanted in batch))

    async def _fetch_one(self, url: str) -> Fetched | UnreadableDocument:
        copy, known = self._copies.get(url), self._known.get(url)
        # What the site said of another copy is not true of this one.
        same = copy is not None and known is not None and copy.bytes_sha256 == known.bytes_sha256
        try:
            if copy is not None and same:
                return await self._fetcher.fetch(
                    url, etag=copy.etag, last_modified=copy.last_modified
                )
            return await self._fetcher.fetch(url)
        except UnreadableDocument as exc:
            return exc

    def _want(self, url: str, wanted: _Wanted) -> None:
        try:
            url = canonical(url)
        except UnreadableDocument as exc:
            self._skip(url, exc)
            return
        if url not in self._seen:
            self._seen.add(url)
            self._waiting.append(replace(wanted, url=url))

    def _take(self, wanted: _Wanted, fetched: Fetched | UnreadableDocument) -> None:
        url = wanted.url
        try:
            if isinstance(fetched, UnreadableDocument):
                raise fetched
            if fetched.data is None:
                self._targets.setdefault(fetched.url, url)
                self._keep(url, self._known[url], self._copies[url])
            elif (named := self._sitemap(wanted, fetched)) is not None:
                self._take_sitemap(wanted, fetched.url, named)
            else:
                self._take_page(url, fetched)
            if wanted.depth == 0:
                self._found.given.append(url)
        except PageGone as exc:
            if url in self._known and wanted.page:
                self._found.gone.add(url)
            else:
                self._fail(wanted, exc)
        except UnreadableDocument as exc:
            self._fail(wanted, exc)

    def _sitemap(self, wanted: _Wanted, fetched: Fetched) -> Sitemap | None:
        data, limit = fetched.data or b"", self._fetcher.limits.bytes
        if not wanted.page:
            found = sitemap.read(data, limit=limit) or sitemap.listing(data)
            if found is None:
                raise UnreadableDocument("is not a sitemap")
            return found
        if fetched.media_type in _XML or urlsplit(fetched.url).path.endswith((".xml", ".xml.gz")):
            return sitemap.read(data, limit=limit)
        return None

    def _take_sitemap(self, wanted: _Wanted, at: str, named: Sitemap) -> None:
        if not wanted.sitemap:
            raise UnreadableDocument("is a sitemap that another names as a page")
        if wanted.depth >= MAX_DEPTH and named.sitemaps:
            self._leave_out(wanted.url, f"sitemaps are nested more than {MAX_DEPTH} deep")
            named.sitemaps = []
        sites = {_site(wanted.url), _site(at)}
        below = [_joined(at, url) for url in named.sitemaps]
        pages = [_joined(at, url) for url in named.pages]
        elsewhere = [url for url in below + pages if _site(url) not in sites]
        if elsewhere:
            reason = f"names {len(elsewhere)} addresses of other sites: give these themselves"
            self._found.skipped.append((shown(wanted.url), reason))
        below = self._within(MAX_SITEMAPS - self._sitemaps, below, wanted.url, "sitemaps")
        pages = self._within(MAX_PAGES - self._listed, pages, wanted.url, "pages")
        self._sitemaps += len(below)
        self._listed += len(pages)
        for url in below:
            if _site(url) in sites:
                self._want(url, _Wanted("", wanted.depth + 1, page=False))
        for url in pages:
            if _site(url) in sites:
                self._want(url, _Wanted("", wanted.depth + 1, sitemap=False))

    def _within(self, room: int, urls: list[str], url: str, what: str) -> list[str]:
        if len(urls) > room:
            self._leave_out(url, f"names {len(urls) - room} {what} too many: give these themselves")
        return urls[: max(room, 0)]

    def _take_page(self, url: str, fetched: Fetched) -> None:
        other = self._targets.setdefault(fetched.url, url)
        if other != url:
            self._found.notices.append((shown(url), f"leads to the same page as {shown(other)}"))
            return
        suffix = _suffix(fetched)
        data = fetched.data or b""
        bytes_sha256 = hashlib.sha256(data).hexdigest()
        copy = Copy(fetched.etag, fetched.last_modified, bytes_sha256)
        before = self._known.get(url)
        if before is not None and before.bytes_sha256 == bytes_sha256:
            self._keep(url, before, copy)
            return
        charset = None if suffix in {".pdf", ".docx"} else fetched.charset
        read = self._reader.read(data, name=_name(fetched.url, suffix), charset=charset)
        day = read.as_of or _day(fetched.last_modified, self._today)
        document = replace(read, id=url, source=fetched.url, as_of=day)
        if before is not None and read.as_of is None and _same_text(document, before):
            # A page made anew for each visitor is no news, so neither is its day.
            document = before.document
        self._keep(url, Kept(document, fingerprint(document), WEB, url, bytes_sha256), copy)

    def _keep(self, url: str, kept: Kept, copy: Copy) -> None:
        self._found.read[url] = kept
        if copy.etag or copy.last_modified:
            self._found.copies[url] = copy

    def _fail(self, wanted: _Wanted, exc: UnreadableDocument) -> None:
        # It may have been a sitemap, unless it was a page before.
        if wanted.sitemap and wanted.url not in self._known:
            self._found.whole = False
        if wanted.page:
            self._found.read[wanted.url] = None
        self._skip(wanted.url, exc)

    def _leave_out(self, url: str, reason: str) -> None:
        self._found.whole = False
        self._found.skipped.append((shown(url), reason))

    def _skip(self, url: str, exc: UnreadableDocument) -> None:
        self._found.skipped.append((shown(url), str(exc)))


def _site(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _joined(at: str, url: str) -> str:
    try:
        return urljoin(at, url)
    except ValueError:
        return url


def _suffix(fetched: Fetched) -> str:
    """Return the suffix of a file of this kind; raises UnreadableDocument."""
    written = PurePosixPath(urlsplit(fetched.url).path).suffix.lower()
    suffix = _KINDS.get(fetched.media_type, "")
    if suffix == ".txt" and written in {".md", ".markdown"}:
        suffix = ".md"
    if fetched.media_type in _UNSAID:
        suffix = written if written in load.SUFFIXES else "" if fetched.media_type else ".html"
    if suffix not in load.SUFFIXES:
        raise UnreadableDocument(f"cannot read this kind ({fetched.media_type or 'unknown'})")
    return suffix


def _name(url: str, suffix: str) -> str:
    """Return a file name of which the reader makes a title when the page has none."""
    parts = urlsplit(url)
    last = PurePosixPath(unquote(parts.path, errors="replace")).stem.strip(". ")
    return (last.replace(":", " ")[:200] or parts.hostname or "page") + suffix


def _day(last_modified: str, today: date) -> str:
    try:
        return min(parsedate_to_datetime(last_modified).date(), today).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return today.isoformat()


def _same_text(document: Document, before: Kept) -> bool:
    return fingerprint(replace(document, as_of=before.document.as_of)) == before.fingerprint
