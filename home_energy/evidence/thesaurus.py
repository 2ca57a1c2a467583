"""Which common English words mean the same, are broader or are opposites, by stem."""

from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from home_energy.evidence.lexicon import stem

SAME = 0.9
"""What a word of the same meaning counts where the word itself would count 1."""
BROADER = 0.7
"""The same for a word that is broader than what the source has: vehicle for car."""
_FIELDS = 5


class Entry(NamedTuple):
    """What is known of a stem."""

    same: frozenset[str]
    broader: frozenset[str]
    opposite: frozenset[str]
    kind: str
    """`t` for a thing that can be touched, `p` for a place or a person, `v` for a verb."""


_NONE = Entry(frozenset(), frozenset(), frozenset(), "")


@cache
def _table() -> dict[str, tuple[str, ...]]:
    text = files(__package__).joinpath("thesaurus.txt").read_text("utf-8")
    rows = (line.split("|") for line in text.splitlines() if not line.startswith("#"))
    return {row[0]: tuple(row[1:]) for row in rows if len(row) == _FIELDS}


@lru_cache(maxsize=8_192)
def entry(key: str) -> Entry:
    """Return what is known of a stem; nothing of one that is not in the table."""
    row = _table().get(key)
    if row is None:
        return _NONE
    same, broader, opposite = (frozenset(field.split()) for field in row[:3])
    return Entry(same, broader, opposite, row[3])


def is_word(word: str) -> bool:
    """Say whether a word is one of common English, in any of its forms."""
    return stem(word.lower()) in _table()


def likeness(word: str, other: str) -> float:
    """Return how far a claim's stem `word` may stand for a source's stem `other`, 0 to 1."""
    if word == other:
        return 1.0
    mine, theirs = entry(word), entry(other)
    if other in mine.opposite or word in theirs.opposite:
        return 0.0
    if other in mine.same or word in theirs.same:
        return SAME
    return BROADER if word in theirs.broader else 0.0


def opposites(word: str, other: str) -> bool:
    """Say whether two stems mean contrary things."""
    return other in entry(word).opposite or word in entry(other).opposite
