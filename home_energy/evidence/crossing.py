"""Whether a claim joins what its source says of two things side by side."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from home_energy.evidence.lexicon import stem
from home_energy.evidence.thesaurus import entry
from home_energy.evidence.wording import END, Term, Wording

_PART = re.compile(r"[,;:]\s|\b(?:and|but|while|whereas)\b")
_LINK = re.compile(r"[a-z]{2,}")
_NO_LINK = frozenset("the an of and or it its is are be that this as so if when to not no".split())
_PREPOSITIONS = frozenset("around for in on from with at by into per than about under over".split())
_BETWEEN = re.compile(r"\b(?:by|from|to|than|into|on|at|with|against|over)\b")


def crossed(claim: Wording, source: Sequence[Wording]) -> str:
    """Return a word that the claim takes from one part of a list and joins with another's.

    "Brush strips suit letterboxes, foam strips suit frames" does not say that foam suits
    letterboxes: two parts that are built alike, each with something that the claim leaves out.
    """
    for wording in source:
        theirs = _parts(wording)
        for mine in _parts(claim):
            keys = {t.key for t in mine.terms if t.telling}
            if found := _joined(keys, theirs):
                return found
    return ""


class _Part:
    """A stretch of a sentence between commas and "and"."""

    def __init__(self, wording: Wording, low: int, high: int) -> None:
        self.terms = [t for t in wording.terms if low <= t.at < high]
        self.keys = frozenset(t.key for t in self.terms)
        self.links = _links(wording, low, min(high, len(wording.text)), self.terms)


def _links(wording: Wording, low: int, high: int, terms: list[Term]) -> frozenset[str]:
    """Return the words that may say how one thing of a part stands to another.

    Prepositions, verbs, and whatever has something to say before and behind it.
    """
    found = set()
    for match in _LINK.finditer(wording.text, low, high):
        inside = any(t.end <= match.start() and t.telling for t in terms)
        inside = inside and any(t.at >= match.end() and t.telling for t in terms)
        if match[0] in _PREPOSITIONS or (inside and match[0] not in _NO_LINK) or _is_verb(match[0]):
            found.add(match[0])
    return frozenset(found)


@lru_cache(maxsize=4_096)
def _is_verb(word: str) -> bool:
    return entry(stem(word)).kind == "v"


def _parts(wording: Wording) -> list[_Part]:
    edges = [0, *(match.start() for match in _PART.finditer(wording.text)), END]
    return [_Part(wording, a, b) for a, b in pairwise(edges)]


def _joined(keys: set[str], theirs: list[_Part]) -> str:
    if any(keys <= part.keys for part in theirs):
        return ""
    for first in theirs:
        for second in theirs:
            if first is second or not first.links & second.links:
                continue
            one, other = (keys & first.keys) - second.keys, (keys & second.keys) - first.keys
            if not (_telling(one, first.terms) and _telling(other, second.terms)):
                continue
            if not (_nouns(one, first.terms) or _nouns(other, second.terms)):
                continue
            left = _telling(first.keys - keys, [t for t in first.terms if not t.name])
            right = _telling(second.keys - keys, [t for t in second.terms if not t.name])
            if left and right:
                return min(one)
    return ""


def _telling(keys: set[str] | frozenset[str], terms: Sequence[Term]) -> bool:
    return any(t.key in keys and t.telling for t in terms)


def _nouns(keys: set[str] | frozenset[str], terms: Sequence[Term]) -> bool:
    return any(t.key in keys and t.telling and entry(t.form).kind != "v" for t in terms)


def _things(keys: set[str] | frozenset[str], terms: Sequence[Term]) -> bool:
    return any(
        t.key in keys and (t.word.subject or entry(t.form).kind in ("t", "p")) for t in terms
    )


def swapped(claim: Wording, source: Sequence[Wording]) -> str:
    """Return a thing that changed places with another, all other words being in order.

    "A tenant keeps the landlord safe" for "a landlord keeps the tenant safe": exchanging the
    two gives the order of the source, and at least two other words stand between or beside them.
    """
    for wording in source:
        places: dict[str, list[int]] = {}
        for term in wording.terms:
            places.setdefault(term.key, []).append(term.rank)
        known = [t for t in claim.terms if len(places.get(t.key, ())) == 1]
        known = [t for n, t in enumerate(known) if t.key not in {o.key for o in known[:n]}]
        order = [places[t.key][0] for t in known]
        if len(order) < _FEWEST or order == sorted(order):
            continue
        wrong = [n for n, (a, b) in enumerate(zip(order, sorted(order), strict=True)) if a != b]
        if len(wrong) != _PAIR:
            continue
        one, other = (known[n] for n in wrong)
        theirs = sorted((t for t in wording.terms if t.key in (one.key, other.key)), key=_at)
        apart = _apart(claim, one, other) and _apart(wording, *theirs)
        apart = apart and _related(claim, one, other)
        if _by(claim, one, other) != _by(wording, *theirs) or one.word.axis or other.word.axis:
            continue  # "the landlord checks it", "it is checked by the landlord"
        if apart and _nouns({one.key}, [one]) and _nouns({other.key}, [other]):
            return one.form
    return ""


def _at(term: Term) -> int:
    return term.at


def _apart(wording: Wording, one: Term, other: Term) -> bool:
    """Whether more than an "and" or an "of" stands between two words."""
    return not _TOGETHER.fullmatch(wording.text[one.end : other.at])


def _by(wording: Wording, one: Term, other: Term) -> bool:
    return bool(re.search(r"\bby\b", wording.text[one.end : other.at]))


def _related(wording: Wording, one: Term, other: Term) -> bool:
    """Whether a verb or a preposition says what the one does to the other."""
    verb = any(entry(t.form).kind == "v" for t in wording.terms if one.at < t.at < other.at)
    return verb or bool(_BETWEEN.search(wording.text[one.end : other.at]))


_PAIR = 2
_TOGETHER = re.compile(r"\W*(?:(?:and|or|of|for|in)\W+)?(?:(?:the|an?)\W+)?")
_FEWEST = 4
"""With fewer common words an exchange says too little."""
