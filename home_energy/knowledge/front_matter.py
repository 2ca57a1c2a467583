"""What a document says of itself above its text."""

import re
from datetime import date
from typing import Any

import yaml

from home_energy.errors import UnreadableDocument
from home_energy.knowledge.documents import Source
from home_energy.knowledge.filters import REGIONS, is_language
from home_energy.knowledge.visible import visible

MAX_FRONT_MATTER = 20_000
"""In characters: more is not a document's metadata."""

# The YAML parser takes seconds over thousands of open brackets.
_MAX_BRACKETS = 500
_NUMBERED = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)(?:[Tt\s].*)?")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


class _Loader(yaml.SafeLoader):
    """Leaves a day that no calendar has as text, for the field to say what is wrong."""

    def day_or_text(self, node: yaml.ScalarNode) -> object:
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            return self.construct_scalar(node)


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.day_or_text)


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
    """Return a date as text, ISO 8601 where YAML knew it for one; raises UnreadableDocument."""
    if isinstance(value, date):
        return value.isoformat()
    text = line(value)
    if numbered := _NUMBERED.fullmatch(text):
        try:
            date(*map(int, numbered.groups()))
        except ValueError as exc:
            raise UnreadableDocument(
                f"`as_of` is {text}, which is no day: write one such as 2026-11-22"
            ) from exc
    return text or None


def unknown(meta: dict[str, Any]) -> list[str]:
    """Return a sentence for each field whose value no search can ask for."""
    region, language = line(meta.get("region")), line(meta.get("language"))
    found = []
    if region and region.lower() not in REGIONS:
        found.append(f"`region` is {region[:40]!r}, which is not one of {', '.join(REGIONS)}")
    if language and not is_language(language):
        found.append(f"`language` is {language[:40]!r}, which is not an ISO 639-1 code such as en")
    return found


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
        meta = yaml.load(block, Loader=_Loader)  # noqa: S506 - it is a safe loader
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f" (line {mark.line + 2})" if mark else ""
        raise UnreadableDocument(f"front matter is not valid YAML{where}") from exc
    if meta is None:
        return {}
    if not isinstance(meta, dict):
        raise UnreadableDocument("front matter must be `name: value` lines")
    return meta
