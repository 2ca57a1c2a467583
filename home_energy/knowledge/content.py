"""What a parser found in a file, before it becomes a document."""

from dataclasses import dataclass, field
from typing import Any

from home_energy.knowledge.documents import Page


@dataclass(slots=True)
class Content:
    """Text as a reader sees it, and what the file says of itself."""

    text: str
    title: str = ""
    language: str = ""
    """As the file declares it."""
    meta: dict[str, Any] = field(default_factory=dict)
    """The front matter, not yet trusted."""
    pages: tuple[Page, ...] = ()
    notices: list[str] = field(default_factory=list)
    """What was left out, with counts, never the hidden text itself."""


def left_out(count: int, what: str, characters: int | None = None) -> str:
    """Say that so many of something were left out: `what` is its name for one of them.

    >>> left_out(2, "comment", 80)
    'left out 2 comments (80 characters)'
    """
    many = what if count == 1 else f"{what}s"
    size = "" if characters is None else f" ({characters:,} characters)"
    return f"left out {count:,} {many}{size}"
