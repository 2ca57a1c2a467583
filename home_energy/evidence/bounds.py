"""How firmly a figure is said: at least, up to, about, over."""

import re

from home_energy.evidence.quantity import Bound, Quantity

_HEDGE = (
    r"(?: (?:about|around|roughly|approximately|some|a|an|the|only|just|this"
    r"|as low as|as little as))*"
)
_UP_TO = (
    r"(?<!add )(?<!adds )(?<!added )(?<!adding )(?<!brought )(?<!bring )(?<!raised )(?<!raise )"
    r"(?<!topped )(?<!turned )(?<!turn )(?<!builds )(?<!taken )\bup to"
)
"""But "brought up to" and "adds up to" name what is reached."""
_WORDS: dict[Bound, tuple[str, ...]] = {
    # Longer ways to say it come before the shorter ones that they contain.
    "about": (
        r"just (?:over|under|above|below|short of)",
        r"(?:slightly|a little|little) (?:over|under|more than|less than)",
    ),
    "up_to": (
        _UP_TO,
        r"as (?:much|many|long|high) as",
        r"as far as",
    ),
    "at_least": (
        r"at least",
        r"at or (?:above|over)",
        r"no(?:t)? (?:less|fewer|lower) than",
        r"(?:a )?minimum(?: of)?",
        r"not below",
        r"no (?:colder|cooler|thinner|shorter) than",
    ),
    "at_most": (
        r"at (?:the )?most",
        r"at or (?:below|under)",
        r"no(?:t)? (?:more|higher|greater|longer|warmer|hotter) than",
        r"(?:a )?maximum(?: of)?",
        r"not (?:go )?above",
        r"(?:not|cannot) exceed(?:ing)?",
        r"(?:cap|ceiling) of",
    ),
    "over": (
        r"over",
        r"(?:more|greater|longer|thicker|higher|wider|older|faster|hotter|warmer|larger) than",
        r"(?:bigger|deeper) than",
        r"above",
        r"exceed(?:s|ed|ing)?",
        r"in excess of",
        r"upwards of",
        r"beyond",
        r"past",
    ),
    "under": (
        r"under",
        r"(?:less|fewer|lower|shorter|thinner|narrower|younger|newer|slower|colder) than",
        r"(?:cooler|smaller|shallower) than",
        r"below",
    ),
}
_ABOUT = (
    r"\b(?:about|around|roughly|approx(?:\.|imately)?|some|nearly|almost|close to|circa|c\."
    r"|on the order of|in the region of|near)|[~≈]"
)
_BOUNDS: tuple[tuple[Bound, re.Pattern[str]], ...] = (
    *(
        (name, re.compile(rf"\b(?:{'|'.join(ways)}){_HEDGE}\s*$", re.IGNORECASE))
        for name, ways in _WORDS.items()
    ),
    ("about", re.compile(rf"(?:{_ABOUT}){_HEDGE}\s*$", re.IGNORECASE)),
)
_BOUNDS_AFTER: tuple[tuple[Bound, re.Pattern[str]], ...] = (
    (
        "at_least",
        re.compile(
            r"\s*(?:,? or (?:more|above|higher|over|longer|warmer|hotter|thicker|better"
            r"|wider|deeper"
            r"|older|larger)\b"
            r"|,? and (?:above|over|more|up)\b|\+"
            r"|,? (?:as a |at )?minimum\b|,? at (?:the )?least\b)",
            re.I,
        ),
    ),
    (
        "at_most",
        re.compile(
            r"\s*(?:,? or (?:less|below|lower|under|fewer|cooler|colder|shorter|thinner|smaller"
            r"|younger)\b"
            r"|,? and (?:below|under)\b|,? at (?:the )?most\b"
            r"|,? (?:as a )?max(?:imum)?\b|,? tops\b)",
            re.I,
        ),
    ),
    ("about", re.compile(r"\s*(?:or so|or thereabouts|-ish)\b", re.I)),
)


def bound(quantity: Quantity, text: str) -> tuple[Bound, int, int]:
    """Return how firmly a figure is said, and from where to where with the words that say so."""
    start, end = quantity.start, quantity.end
    if inside := re.search(r"\bor (more|less|fewer)\b", quantity.text):
        return ("at_least" if inside[1] == "more" else "at_most"), start, end
    if quantity.kind in ("date", "year"):
        return "exact", start, end  # before and after are words, and are compared as such
    for name, words in _BOUNDS_AFTER:
        if after := words.match(text, end):
            return name, start, after.end()
    first = max(0, start - 48)
    if quantity.kind == "duration" and re.fullmatch(r"\W*over\s+", text[:start], re.I):
        return "exact", start, end  # over a time is during it
    for name, words in _BOUNDS:
        if before := words.search(text[first:start]):
            return name, first + before.start(), end
    return "exact", start, end
