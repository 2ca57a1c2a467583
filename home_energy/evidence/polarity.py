"""What a claim and a source say contrary things about: direction, order, denial, sides."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from home_energy.evidence.binding import within
from home_energy.evidence.crossing import crossed, swapped
from home_energy.evidence.numbers import Quantity, same
from home_energy.evidence.wording import END, Denial, Term, Wording, parts

SAME_FORM = 1.8
"""A word is more likely the counterpart of itself than of its opposite."""
SAME_SIGN = 1.15
"""A word that points the same way is a little more likely the counterpart."""

_NEGATIVE = frozenset({"prevent", "cut_off", "only", "lack", "unabl", "uninsulated", "unused"})
"""Words that deny without a "not"."""
_OTHERWISE = re.compile(r"\b(?:or|otherwise|only|until|if|when|except)\b")
"""Words by which a source says the same as "unless"."""
_HOLLOW = frozenset({"use", "need", "deliver", "keep"})
"""Verbs that may be denied by denying what they act on: use no lead, do not use a lead."""
_COMPARATIVE = frozenset(
    {"amount", "level", "cost", "value", "size", "speed", "length", "warmth", "age", "order"}
)
_RIVALS = {"cost": ("amount",), "amount": ("cost",)}
"""Axes that may also contradict one another: "cheaper" and "costs more"."""


def contrary(claim: Wording, source: Sequence[Wording]) -> str:
    """Return what the two say contrary things about; empty where nothing."""
    if not claim.refuted and any(wording.refuted for wording in source):
        return "a myth"
    return (
        _direction(claim, source)
        or _denial(claim, source)
        or _roles(claim, source)
        or crossed(claim, source)
        or swapped(claim, source)
    )


def _near(one: Term, other: Term, wording: Wording) -> float:
    low, high = sorted((one.at, other.at))
    cuts = [2 if strong else 1 for at, strong in wording.cuts if low < at <= high]
    return 1 / (1 + abs(one.rank - other.rank) + max(cuts, default=0)) ** 2


def _likeness(term: Term, claim: Wording, other: Term, source: Wording) -> float:
    """How much the words around one place of the claim stand around a place of the source."""
    places: dict[str, float] = {}
    for one in source.terms:
        if one is not other:
            name = _place(one)
            places[name] = max(places.get(name, 0.0), _near(one, other, source))
    around = sum(
        one.weight * _near(one, term, claim) * places.get(_place(one), 0.0)
        for one in claim.terms
        if one is not term
    )
    alike = SAME_FORM if other.form == term.form else 1.0
    return (0.02 + around) * alike * (SAME_SIGN if other.key == term.key else 1.0)


def _place(term: Term) -> str:
    # More, higher and rise are one direction but not one thing.
    return term.form if term.word.axis else term.key


def _direction(claim: Wording, source: Sequence[Wording]) -> str:
    """Find a word whose counterpart in the source points the other way."""
    swapped = any(_swapped(claim, wording) for wording in source)
    compared = False
    places: list[_Place] = []
    for term in claim.terms:
        axis = term.word.axis
        found = _on((axis,), source) or _on(_RIVALS.get(axis, ()), source) if axis else []
        if not found:
            continue
        turned = swapped and axis in _COMPARATIVE and _compared(term, claim)
        compared = compared or turned
        sign = -term.sign if turned else term.sign
        weights = tuple((o, o.sign == sign, _likeness(term, claim, o, w)) for o, w in found)
        places.append(_Place(term, weights))
    if contrary := _crossed(places):
        return contrary
    return "the order of what is compared" if swapped and not compared else ""


class _Place(NamedTuple):
    """A word of the claim that points somewhere, and its possible counterparts."""

    term: Term
    others: tuple[tuple[Term, bool, float], ...]
    """A word of the source, whether it points the same way, how likely it is the counterpart."""


def _crossed(places: list[_Place]) -> str:
    """Return the word that points the other way where each has a counterpart of its own."""
    taken: set[int] = set()
    pairs = sorted(
        (
            (likely, number, other, agrees)
            for number, place in enumerate(places)
            for other, agrees, likely in place.others
        ),
        key=lambda pair: -pair[0],
    )
    settled: set[int] = set()
    for _, number, other, agrees in pairs:
        if number in settled or other.at in taken:
            continue
        settled.add(number)
        taken.add(other.at)
        if not agrees:
            return places[number].term.form
    for number, place in enumerate(places):
        if number not in settled and not max(place.others, key=lambda one: one[2])[1]:
            return place.term.form
    return ""


def _on(axes: Sequence[str], source: Sequence[Wording]) -> list[tuple[Term, Wording]]:
    return [(t, w) for w in source for t in w.terms if t.word.axis in axes]


def _compared(term: Term, wording: Wording) -> bool:
    """Whether a word is the comparative that a "than" belongs to."""
    if wording.than is None:
        return False
    if any(t.word.axis == "order" and t.rank == wording.than + 0.5 for t in wording.terms):
        return term.rank == wording.than + 0.5
    before = [
        t.rank for t in wording.terms if t.word.axis in _COMPARATIVE and t.rank < wording.than
    ]
    return bool(before) and term.rank == before[-1]


def _swapped(claim: Wording, source: Wording) -> bool:
    """Whether "A than B" of the claim is "B than A" in the source."""
    if claim.than is None or source.than is None or claim.share != source.share:
        return False
    if claim.share:
        # "70 % of the loss is evaporation" may be turned round; "80 % of a south roof" may not.
        left, right = _sides(source)
        if not {t.key for t in left} & {t.key for t in right} and "cost" not in source.keys:
            return False
    left, right = _sides(claim)
    their_left, their_right = ({t.key for t in side} for side in _sides(source))
    crossed = _weigh(right, their_left - their_right)
    if crossed > _weigh(right, their_right - their_left) and _weigh(left, their_right - their_left):
        return True
    return not crossed and _figures_crossed(claim, source)


def _weigh(terms: list[Term], keys: set[str]) -> float:
    return sum(term.weight for term in terms if term.key in keys)


def _figures_crossed(claim: Wording, source: Wording) -> bool:
    """Whether "more at 90 than at 70" became "more at 70 than at 90"."""
    (left, right), (their_left, their_right) = _figure_sides(claim), _figure_sides(source)
    return bool(left & (their_right - their_left)) and bool(right & (their_left - their_right))


def _figure_sides(wording: Wording) -> tuple[set[tuple[str, float]], set[tuple[str, float]]]:
    left = {(f.kind, f.low) for f in wording.figures if f.end <= wording.than_at}
    return left, {(f.kind, f.low) for f in wording.figures if f.start >= wording.than_at}


def _sides(wording: Wording) -> tuple[list[Term], list[Term]]:
    assert wording.than is not None
    telling = [t for t in wording.terms if t.telling and t.word.axis not in _COMPARATIVE]
    stops = [at for at, strong in wording.cuts if strong and at > wording.than_at]
    stop = stops[0] if stops else END
    left = [t for t in telling if t.rank < wording.than]
    right = [t for t in telling if t.rank > wording.than and t.at < stop]
    # "Compared with old ones, new ones use less": what is compared comes after the comma.
    return left or [t for t in telling if t.at >= stop], right


def _denial(claim: Wording, source: Sequence[Wording]) -> str:
    """Find what one denies and the other says."""
    denied = {form for w in source for t in w.terms if t.denied for form in (t.key, t.form)}
    have = {form for w in source for t in w.terms for form in (t.key, t.form)}
    said = {t.key for t in claim.terms if not t.denied}
    turned_away = any(wording.denials or wording.keys & _NEGATIVE for wording in source)
    for denial in claim.denials:
        scope = [claim.terms[rank] for rank in denial.scope]
        if denial.word == "unless" and any(_OTHERWISE.search(w.text) for w in source):
            continue
        if denial.soft:
            scope = [t for t in scope[:1] if denial.condition and t.key not in said]
        elif not turned_away and not any(t.turned and t.word.axis for t in scope):
            return "a denial"
        known = [t for t in scope if t.key in have]
        # A word with an opposite was weighed with its "not" already.
        if not known or (not denial.soft and any(t.turned and t.word.axis for t in scope)):
            continue
        if not denial.soft:
            known = known[: 2 if known and known[0].key in _HOLLOW else 1]
        if not any(t.key in denied or t.form in denied for t in known):
            return known[0].form
    for wording in source:
        for denial in wording.denials:
            if denial.word in ("unless", "except", "except for"):
                continue
            if found := _affirmed(denial, wording, claim):
                return found
    return _restricted(claim, source)


def _affirmed(denial: Denial, source: Wording, claim: Wording) -> str:
    """Find what the source denies and the claim says: its head, and something that goes with it."""
    scope = [source.terms[rank] for rank in denial.scope]
    own = {t.key for t in claim.terms if t.denied}
    if not scope or any(t.key in own for t in scope):
        return ""
    if any(t.turned and t.word.axis for t in scope):
        return ""  # weighed as its opposite
    if _forbidden(denial, source, claim):
        return scope[0].form
    heads = scope[:1] if scope[0].telling else scope[:2]
    head = heads[-1]
    said = [t for t in claim.terms if t.key == head.key or t.form == head.form]
    others = [t for t in source.terms if t.key != head.key and t.telling]
    generic = {t.key for t in source.terms if not t.telling and t.rank < head.rank}
    goes_with = not others or any(t.key in claim.keys for t in others) or bool(generic & claim.keys)
    if not said or not goes_with or (heads[0].key not in claim.keys and heads[0] is not head):
        return ""
    places = [t for t in source.terms if t.key == head.key]
    best = max(places, key=lambda place: _likeness(said[0], claim, place, source))
    return head.form if best.denied else ""


def _forbidden(denial: Denial, source: Wording, claim: Wording) -> bool:
    """Whether the claim says without a "not" most of what the source forbids."""
    if denial.soft or denial.brief or claim.denials or claim.keys & _NEGATIVE:
        return False
    inside = {source.terms[rank].key for rank in denial.scope}
    outside = {t.key for t in source.terms if t.rank not in denial.scope}
    said = {t.key for t in claim.terms if t.telling and not t.word.axis} & source.keys
    axes = {t.word.axis for t in source.terms}
    if any(t.word.axis and t.word.axis in axes for t in claim.terms):
        return False
    return len(said & inside) >= 2 and not said & (outside - inside)


def _restricted(claim: Wording, source: Sequence[Wording]) -> str:
    """Find what the source says of only one thing, and the claim of another."""
    for wording in source:
        for term in wording.terms:
            if term.key != "only" or "only" in claim.keys:
                continue
            head = next((t for t in wording.terms if t.rank > term.rank and t.telling), None)
            shared = sum(t.telling and t.key in claim.keys for t in wording.terms)
            if head and shared >= 2 and head.key not in claim.keys:
                return head.form
    return ""


def _roles(claim: Wording, source: Sequence[Wording]) -> str:
    """Find a claim that says of one side of a contrast what the source says of the other."""
    for mine in _statements(claim):
        topic = next((t for t in mine if t.telling), None)
        if topic is None or any(
            strong and mine[0].at < at <= mine[-1].at for at, strong in claim.cuts
        ):
            continue
        rest = {t.key for t in mine if t is not topic}
        for wording in source:
            if not wording.statements or wording.conditional or topic.key not in wording.keys:
                continue
            best = max(
                _statements(wording),
                key=lambda part: (
                    sum(t.weight for t in part if t.key in rest),
                    topic.key in {t.key for t in part},
                ),
            )
            first = next((t for t in best if t.telling), None)
            if any(same(q, f) for q in claim.figures for f in _beside(topic.key, wording)):
                continue
            if (
                topic.key not in {t.key for t in best}
                and first
                and first.key not in {t.key for t in mine}
            ):
                return topic.form
    return ""


def _beside(key: str, wording: Wording) -> list[Quantity]:
    """Return the figures in the contrasting part that has a word."""
    return [
        figure
        for low, high in parts(wording.statements)
        if any(t.key == key and low <= t.at < high for t in wording.terms)
        for figure in within((low, high), wording)
    ]


def _statements(wording: Wording) -> list[list[Term]]:
    """Return the contrasting parts of a sentence."""
    return [
        [t for t in wording.terms if low <= t.at < high] for low, high in parts(wording.statements)
    ]
