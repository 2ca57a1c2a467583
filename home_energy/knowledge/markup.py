"""Which parts of a Markdown text a page made of it does not show."""

import re
from collections import Counter

from home_energy.knowledge.content import left_out

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
# A link that leads nowhere is how people write comments in Markdown.
_NOTE = re.compile(r"^ {0,3}\[[^\]\n]*\]:[ \t]*(?:#|<>)[ \t]*(?:\(.*\)|\".*\"|'.*')[ \t]*$", re.M)
_TAG = re.compile(
    r"<(/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+(?:\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'|[^\s\"'=<>`]+))?)*)\s*/?>",
    re.I,
)
_ATTRIBUTE = re.compile(r"([a-z-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'=<>`]+)))?", re.I)
_NEVER_SHOWN = {"template", "style", "script", "noscript"}
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_HIDING = {("display", "none"), ("visibility", "hidden"), ("visibility", "collapse")}
_NUMBER = re.compile(r"([-+]?[\d.]+)([a-z%]*)")


def shown(markdown: str) -> tuple[str, list[str]]:
    """Return the text without comments and hidden HTML, and what was left out of it."""
    dropped: Counter[str] = Counter()
    size: Counter[str] = Counter()

    def drop(what: str, text: str) -> str:
        dropped[what] += 1
        size[what] += len(text)
        return ""

    text = _COMMENT.sub(lambda found: drop("comment", found[0]), markdown)
    text = _NOTE.sub(lambda found: drop("comment", found[0]), text)
    kept, at = [], 0
    for start, end in _hidden(text):
        kept.append(text[at:start])
        drop("hidden part", text[start:end])
        at = end
    notices = [left_out(count, what, size[what]) for what, count in dropped.items()]
    return "".join(kept) + text[at:], notices


def hides(tag: object, attributes: dict[str, str]) -> bool:
    """Say whether an HTML element hides what is in it."""
    declarations = _CSS_COMMENT.sub("", attributes.get("style", "")).lower().split(";")
    return tag in _NEVER_SHOWN or "hidden" in attributes or any(map(_hiding, declarations))


def _hiding(declaration: str) -> bool:
    name, _, value = declaration.partition(":")
    name, value = name.strip(), value.replace("!important", "").strip()
    number = _NUMBER.fullmatch(value)
    if number is None or name not in {"opacity", "font-size"}:
        return (name, value) in _HIDING
    try:
        amount = float(number[1])
    except ValueError:
        return False
    return amount == 0 or (name == "font-size" and number[2] == "px" and amount <= 1)


def _hidden(text: str) -> list[tuple[int, int]]:
    """Return the spans of hidden elements; one that is never closed reaches to the end."""
    spans: list[tuple[int, int]] = []
    opened: list[str] = []
    start = 0
    for tag in _TAG.finditer(text) if "<" in text else ():
        name = tag[2].lower()
        if not opened:
            attributes = {a[1].lower(): a[2] or a[3] or a[4] or "" for a in _attributes(tag[3])}
            if not tag[1] and hides(name, attributes):
                opened, start = [name], tag.start()
        elif name == opened[0]:
            opened = opened[1:] if tag[1] else [*opened, name]
            if not opened:
                spans.append((start, tag.end()))
    return [*spans, (start, len(text))] if opened else spans


def _attributes(text: str) -> list[re.Match[str]]:
    return list(_ATTRIBUTE.finditer(text))
