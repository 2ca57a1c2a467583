"""Text as a reader sees it: what hides from the eye must not reach an answer."""

import re

from home_energy.knowledge.content import left_out

_BREAK = re.compile("[\x0b\x0c\x85\u2028\u2029]")
# Controls, soft hyphens, zero-width and direction marks, variation selectors, tags.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)
# Soft hyphens and the selectors of an emoji's style are typesetting, not hiding.
_SUSPICIOUS = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\uffa0\ufeff]")
_TAG = re.compile("[\U000e0000-\U000e0fff]")


def visible(text: str) -> str:
    """Drop characters that show nothing; all kinds of line break become one."""
    return _INVISIBLE.sub("", _BREAK.sub("\n", text))


def unseen(text: str) -> list[str]:
    """Say how many characters `visible` drops that can carry or break up a hidden text."""
    zero, tags = len(_SUSPICIOUS.findall(text)), len(_TAG.findall(text))
    notices = [left_out(zero, "zero-width or direction character")] if zero else []
    return notices + ([left_out(tags, "tag character")] if tags else [])
