"""Which documents a search may draw on at all."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol
from urllib.parse import urlsplit

GENERAL = "general"
"""The region of a document that holds everywhere."""

REGIONS = ("uk", "us", "eu", GENERAL)
"""Where a document may hold."""
LANGUAGES = frozenset(
    (
        "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy "
        "da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht "
        "hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky "
        "la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny "
        "oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss "
        "st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo "
        "za zh zu"
    ).split()
)
"""The codes of ISO 639-1, all of them."""


class Facets(Protocol):
    """What a document says of itself."""

    @property
    def source(self) -> str:
        """A URL, or its file's name."""

    @property
    def region(self) -> str:
        """`uk`, `us`, `eu` or `general`."""

    @property
    def as_of(self) -> str | None:
        """The day its facts were true, ISO 8601."""

    @property
    def language(self) -> str:
        """ISO 639-1, or empty."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a document must be for its passages to be found; all that are given must hold.

    Where a document does not say what is asked for, it is left out: nobody can tell.
    """

    region: str | None = None
    """Documents of this region and those that hold everywhere; `general` means only these."""
    language: str | None = None
    """ISO 639-1, such as `en`; `en-GB` is taken for `en`."""
    as_of: date | None = None
    """Documents whose facts were true on this day or later."""
    source: str | None = None
    """How a document's id or source begins (a folder, a URL), or the host that it is from."""

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return self != Filters()

    def allow(self, document_id: str, document: Facets) -> bool:
        """Say whether passages of the document may be found."""
        return (
            (self.region is None or document.region in (self.region.lower(), GENERAL))
            and (self.language is None or primary(document.language) == primary(self.language))
            and (self.as_of is None or _day(document.as_of) >= self.as_of)
            and (self.source is None or _is_from(self.source, document_id, document.source))
        )


def primary(language: str) -> str:
    """Return `en` for `en-GB`."""
    return language.lower().replace("_", "-").partition("-")[0]


def is_language(code: str) -> bool:
    """Say whether this is a language's code, such as `en` or `en-GB`."""
    return primary(code) in LANGUAGES


def _day(written: str | None) -> date:
    try:
        return date.fromisoformat(written or "")
    except ValueError:
        return date.min


def _is_from(wanted: str, document_id: str, source: str) -> bool:
    wanted = wanted.lower()
    if document_id.lower().startswith(wanted) or source.lower().startswith(wanted):
        return True
    host = _host(source)
    return bool(host) and f".{host}".endswith(f".{wanted.removeprefix('www.')}")


def _host(source: str) -> str:
    try:
        return (urlsplit(source).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
