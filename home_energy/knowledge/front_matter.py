"""What a document says of itself above its text."""

import re
from datetime import date
from typing import Any

import yaml

from home_energy.errors import UnreadableDocument
from home_energy.knowledge.documents import Source
from home_energy.knowledge.visible import visible

MAX_FRONT_MATTER = 20_000
"""In characters: more is not a document's metadata."""

# The YAML parser takes seconds over thousands of open brackets.
_MAX_BRACKETS = 500
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


def parted(text: str) -> tuple[dict[str, Any], str]:
    """Return the front matter of a text and what follows it; raises UnreadableDocument."""
    match = _FRONT_MATTER.match(text)
    return (_parsed(match[1]), text[match.end() :]) if match else ({}, text)


def sources(value: object) -> tuple[Source, ...]:
    """Return the sources that a document's figures are from."""
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise UnreadableDocument("`sources` must be a list of publisher, title, url, year")
    return tuple(
        Source(**{key: line(item.get(key)) for key in ("publisher", "title", "url", "year")})
        for item in value
    )


def day(value: object) -> str | None:
    """Return a date as text, ISO 8601 where YAML knew it for one."""
    return value.isoformat() if isinstance(value, date) else line(value) or None


def line(value: object) -> str:
    """Return a value as one line of text that shows."""
    try:
        return "" if value is None else " ".join(visible(str(value)).split())
    except ValueError as exc:
        raise UnreadableDocument("front matter holds a number that is too long") from exc


def _parsed(block: str) -> dict[str, Any]:
    if len(block) > MAX_FRONT_MATTER:
        raise UnreadableDocument(f"front matter is larger than {MAX_FRONT_MATTER // 1000} kB")
    if block.count("[") + block.count("{") > _MAX_BRACKETS:
        raise UnreadableDocument(f"front matter has more than {_MAX_BRACKETS} brackets")
    try:
        # A few lines of aliases to aliases are gigabytes of text.
        if any(isinstance(token, yaml.AnchorToken | yaml.AliasToken) for token in yaml.scan(block)):
            raise UnreadableDocument("front matter must not have anchors (&) or aliases (*)")
        meta = yaml.safe_load(block)
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f" (line {mark.line + 2})" if mark else ""
        raise UnreadableDocument(f"front matter is not valid YAML{where}") from exc
    if meta is None:
        return {}
    if not isinstance(meta, dict):
        raise UnreadableDocument("front matter must be `name: value` lines")
    return meta
