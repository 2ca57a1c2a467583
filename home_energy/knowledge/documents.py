"""A document as it is kept: text, where it is from, and the spans that can be cited."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Source:
    """Who published a figure that a document repeats."""

    publisher: str
    title: str
    url: str
    year: str = ""


@dataclass(frozen=True)
class Page:
    """One page of a paged document, in document offsets."""

    number: int
    """1-based."""
    start: int
    end: int


@dataclass(frozen=True)
class Document:
    """What was read from one file or web page; all spans count Unicode code points of `text`."""

    id: str
    """Stable across ingests: the path below the ingested folder without its suffix, or the URL."""
    title: str
    text: str
    source: str
    """Where a reader finds it: a URL, or the file's name."""
    region: str = "general"
    as_of: str | None = None
    sources: tuple[Source, ...] = ()
    pages: tuple[Page, ...] = field(default=(), repr=False)
    language: str = ""
    """ISO 639-1, such as `en`; empty when it is not known."""
    notices: tuple[str, ...] = ()
    """What was left out when it was read, and why, as sentences for who ingests it."""

    @cached_property
    def sha256(self) -> str:
        """Of `text` in UTF-8, hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def document_from(fields: dict[str, Any]) -> Document:
    """Make a document again of what `dataclasses.asdict` made of it."""
    return Document(
        **{
            **fields,
            "sources": tuple(Source(**source) for source in fields["sources"]),
            "pages": tuple(Page(**page) for page in fields["pages"]),
            "notices": tuple(fields["notices"]),
        }
    )
