"""Text as a reader sees it: what hides from the eye must not reach an answer."""

import re

_BREAK = re.compile("[\x0b\x0c\x85\u2028\u2029]")
# Controls, soft hyphens, zero-width and direction marks, variation selectors, tags.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_HIDING = {("display", "none"), ("visibility", "hidden"), ("visibility", "collapse")}
_UNITS = "%abcdefghijklmnopqrstuvwxyz "


def visible(text: str) -> str:
    """Drop characters that show nothing; all kinds of line break become one."""
    return _INVISIBLE.sub("", _BREAK.sub("\n", text))


def without_comments(markdown: str) -> str:
    """Drop HTML comments, which a page made of the Markdown does not show."""
    return _COMMENT.sub("", markdown)


def hides(tag: object, attributes: dict[str, str]) -> bool:
    """Say whether an HTML element hides what is in it."""
    declarations = _CSS_COMMENT.sub("", attributes.get("style", "")).lower().split(";")
    return tag == "template" or "hidden" in attributes or any(map(_hiding, declarations))


def _hiding(declaration: str) -> bool:
    name, _, value = declaration.partition(":")
    name, value = name.strip(), value.replace("!important", "").strip()
    if name not in {"opacity", "font-size"}:
        return (name, value) in _HIDING
    try:
        return float(value.rstrip(_UNITS)) == 0
    except ValueError:
        return False
