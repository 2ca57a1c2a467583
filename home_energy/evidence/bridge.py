"""A claim in the words of its source, where those mean the same."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from home_energy.evidence.lexicon import PAIR
from home_energy.evidence.thesaurus import likeness, opposites
from home_energy.evidence.wording import Term, Wording


def bridged(claim: Wording, source: Sequence[Wording]) -> Wording:
    """Return the claim with each word that the source lacks replaced by one it has.

    Only words that mean the same, or are broader than the source's, are replaced; names, the
    subjects of energy advice and words with an opposite stand as they are.
    """
    have = frozenset[str]().union(*(wording.keys for wording in source))
    if claim.keys <= have:
        return claim
    theirs = [term for wording in source for term in wording.terms if not term.name]
    terms = tuple(
        term if term.key in have or _fixed(term) else _translated(term, theirs)
        for term in claim.terms
    )
    return replace(claim, terms=terms, keys=frozenset(term.key for term in terms))


def against(claim: Wording, source: Sequence[Wording]) -> str:
    """Return a word of the claim that the source lacks and has the opposite of; else empty."""
    have = frozenset[str]().union(*(wording.keys for wording in source))
    for term in claim.terms:
        if term.key in have or term.word.axis or term.name or not term.telling:
            continue
        for wording in source:
            for other in wording.terms:
                if other.key in claim.keys or not other.telling or other.denied != term.denied:
                    continue
                if opposites(term.form, other.form):
                    return term.form
    return ""


def _fixed(term: Term) -> bool:
    return (
        term.name
        or term.word.subject
        or (bool(term.word.axis) and not term.word.axis.startswith(PAIR))
    )


def _translated(term: Term, theirs: Sequence[Term]) -> Term:
    best, found = 0.0, term
    for other in theirs:
        share = _likeness(term.form, term.key, other.form, other.key)
        if share > best:
            best, found = share, replace(term, word=other.word, like=share)
    return found


@lru_cache(maxsize=65_536)
def _likeness(form: str, key: str, other_form: str, other_key: str) -> float:
    return max(
        likeness(form, other_form), likeness(key, other_key),
        likeness(form, other_key), likeness(key, other_form),
    )  # fmt: skip
