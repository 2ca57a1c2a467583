"""Which pages and further sitemaps a sitemap names."""

from dataclasses import dataclass, field
from xml.parsers import expat

from home_energy.errors import UnreadableDocument
from home_energy.knowledge.inflate import inflate

_GZIP = b"\x1f\x8b"


@dataclass(slots=True)
class Sitemap:
    """What a sitemap names, in its order; the addresses are as they were written."""

    pages: list[str] = field(default_factory=list)
    sitemaps: list[str] = field(default_factory=list)


def read(data: bytes, *, limit: int) -> Sitemap | None:
    """Read a sitemap, packed by gzip or not; None when it is something else.

    Raises UnreadableDocument when it is one, but broken or more than `limit` bytes unpacked.
    """
    if data.startswith(_GZIP):
        data = inflate(data, limit)
    reading = _Reading()
    try:
        reading.parser.Parse(data, True)
    except _NotOne:
        return None
    except expat.ExpatError as exc:
        if reading.kind is None:
            return None
        raise UnreadableDocument(f"a broken sitemap (line {exc.lineno})") from exc
    return reading.found


def listing(data: bytes) -> Sitemap | None:
    """Read a sitemap of plain text, with one address a line; None when it is something else."""
    try:
        lines = [line.strip() for line in data.decode("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError:
        return None
    if not lines or not all(line.startswith(("http://", "https://")) for line in lines):
        return None
    return Sitemap(pages=lines)


class _NotOne(Exception):
    """The document is no sitemap."""


class _Reading:
    """Follows the parser through the elements, without building a tree."""

    def __init__(self) -> None:
        self.kind: str | None = None
        self.found = Sitemap()
        self._path: list[str] = []
        self._text: list[str] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text.append
        # Entities could grow without end, or name files; a sitemap has no use for any.
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _doctype(self, *_: object) -> None:
        raise _NotOne

    def _start(self, name: str, _: dict[str, str]) -> None:
        self._path.append(name.rpartition(" ")[2])
        self._text.clear()
        if self.kind is None:
            self.kind = self._path[0]
            if self.kind not in ("urlset", "sitemapindex"):
                raise _NotOne

    def _end(self, _: str) -> None:
        url = "".join(self._text).strip()
        if url and self._path == ["urlset", "url", "loc"]:
            self.found.pages.append(url)
        elif url and self._path == ["sitemapindex", "sitemap", "loc"]:
            self.found.sitemaps.append(url)
        self._path.pop()
        self._text.clear()
