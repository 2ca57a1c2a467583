"""The words of energy advice: which mean the same, which are opposites, which carry a claim."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

PAIR = "pair"
"""What the axes of plain opposites begin with."""


class Word(NamedTuple):
    """What is known of a word."""

    key: str
    """The same for words that mean the same."""
    subject: bool = False
    """Whether a claim stands or falls with it."""
    generic: bool = False
    """Whether it says little by itself."""
    axis: str = ""
    """What it is one end of, e.g. `amount` for more and less."""
    sign: int = 0
    """Which end, 1 or -1."""


@cache
def words() -> dict[str, Word]:
    """Return what is known, by the word or phrase as written in lower case."""
    tables = _tables()
    generic = frozenset(tables["generic"])
    known = {word: Word(stem(word), generic=True) for word in generic}
    for name, forms in tables["same"].items():
        for form in forms:
            known[form] = Word(name, generic=name in generic or form in generic)
    for name, forms in tables["subjects"].items():
        known |= dict.fromkeys(forms, Word(name, subject=True))
    for axis, sides in tables["opposites"].items():
        known |= dict.fromkeys(sides["more"], Word(f"{axis}+1", axis=axis, sign=1))
        known |= dict.fromkeys(sides["less"], Word(f"{axis}-1", axis=axis, sign=-1))
    for number, sides in enumerate(tables["pairs"]):
        for sign, forms in zip((1, -1), sides, strict=True):
            word = Word(f"{PAIR}{number}{sign:+d}", axis=f"{PAIR}{number}", sign=sign)
            known |= dict.fromkeys(filter(lambda form: _free(form, known), forms), word)
    superlatives = {
        f"{form[:-2]}est": word
        for form, word in known.items()
        if word.axis and form.endswith("er") and " " not in form
    }
    return superlatives | known


def _free(form: str, known: dict[str, Word]) -> bool:
    word = known.get(form)
    return word is None or (word.generic and not word.subject)


@cache
def stems() -> dict[str, Word]:
    """Return the same by stem, for other endings of words that have no opposite."""
    known: dict[str, Word] = {}
    for form, word in words().items():
        if not word.axis and " " not in form:
            known.setdefault(stem(form), word)
    return known


@cache
def stops() -> frozenset[str]:
    """Return the words that carry nothing."""
    return frozenset(_tables()["stop"])


@cache
def broad() -> frozenset[str]:
    """Return the stems of things of so many kinds that a source need not name them."""
    return frozenset(map(stem, _tables()["broad"]))


@cache
def places() -> frozenset[str]:
    """Return the keys of subjects that hold for a whole passage once they are named."""
    return frozenset(_tables()["places"])


@cache
def soft_axes() -> frozenset[str]:
    """Return the axes on which a claim may point somewhere where the source does not."""
    return frozenset(_tables()["soft"])


@cache
def phrases() -> re.Pattern[str]:
    """Return the pattern of known words of more than one part."""
    several = sorted((form for form in words() if " " in form), key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(map(re.escape, several)) + r")\b")


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("lexicon.toml").read_text("utf-8"))


_ENDINGS = (
    "ations",
    "ation",
    "ings",
    "ing",
    "edly",
    "ed",
    "ments",
    "ment",
    "ness",
    "es",
    "s",
    "ly",
)


@cache
def stem(word: str) -> str:
    """Cut the endings that leave a word about the same thing; -er and -or stay."""
    word = word.removesuffix("'s")
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)]
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            break
    return word[:-1] if word.endswith("e") and len(word) > 3 else word
