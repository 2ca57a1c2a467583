"""Long regular expressions, written over several lines and out of named parts."""

import re
from collections.abc import Mapping, Sequence

_BREAK = re.compile(r"[ ]*\n\s*(\|)?")


def joined(families: Sequence[str], named: Mapping[str, str]) -> re.Pattern[str]:
    """Compile a pattern that any family matches.

    A line break is a space, but nothing before "|"; `{NAME}` stands for its named part, which may
    hold others.
    """
    return re.compile("|".join(_filled(family, named) for family in families))


def _filled(pattern: str, named: Mapping[str, str]) -> str:
    text = _BREAK.sub(lambda found: "|" if found[1] else " ", pattern.strip())
    for name, part in named.items():
        if name in text:
            text = text.replace(name, _filled(part, named))
    return text
