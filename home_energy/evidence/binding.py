"""Whether a source says a figure, and says it of the same thing as the claim does."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from home_energy.evidence.lexicon import stem
from home_energy.evidence.numbers import Quantity, same
from home_energy.evidence.thesaurus import entry
from home_energy.evidence.wording import END, Term, Wording, parts

_UNIT_WORD = re.compile(r"[a-z]{2,}")
_BEHIND = 14
"""How many characters behind a figure its own subject may stand: "2.7 in a kettle"."""
_DATES = frozenset({"year", "date"})


def proved(figure: Quantity, claim: Wording, source: Sequence[Wording]) -> bool:
    """Whether the source has the figure, and says it of the same thing."""
    if figure.bound == "range" and figure.stated[0] == figure.stated[1]:
        return False
    if _said_twice(figure, claim, source):
        return False
    for number, wording in enumerate(source):
        for theirs in wording.figures:
            ends = {_end(figure, claim), _end(theirs, wording)}
            if (
                ends != {"from", "to"}
                and _bears_out(figure, theirs, claim, wording, source)
                and not _of_another(figure, claim, theirs, number, source)
            ):
                return True
    return _by_its_ends(figure, source)


def _end(figure: Quantity, wording: Wording) -> str:
    return next(
        end for one, end in zip(wording.figures, wording.ends, strict=True) if one is figure
    )


def _bears_out(
    mine: Quantity, theirs: Quantity, claim: Wording, wording: Wording, source: Sequence[Wording]
) -> bool:
    more = set(theirs.per.split("/")) - set(mine.per.split("/"))
    if mine.per and more and all(unit in claim.keys for unit in more):
        mine = replace(mine, per=theirs.per)  # the claim says it elsewhere: a kilowatt gives
    if (
        not same(mine, theirs)
        or _only_in_date(mine, theirs, claim)
        or _misses(mine, theirs, wording)
    ):
        return False
    missing = set(mine.per.split("/")) - set(theirs.per.split("/")) - {""}
    if any(f.kind == mine.kind and f.per == mine.per for w in source for f in w.figures):
        return True  # the sentence before says what such figures are per
    have = wording.keys | units([wording])
    return all(f"per_{unit}" in have or unit in have for unit in missing)


def _said_twice(mine: Quantity, claim: Wording, source: Sequence[Wording]) -> bool:
    """Whether the claim has a figure twice where the source has it once, and another beside it."""
    twins = [f for f in claim.figures if f.kind == mine.kind and f.stated == mine.stated]
    if len(twins) < _TWICE:
        return False
    theirs = [f for wording in source for f in wording.figures if f.kind == mine.kind]
    others = [f for f in theirs if not any(same(one, f) for one in claim.figures)]
    return bool(others) and sum(same(mine, f) for f in theirs) < len(twins)


def _only_in_date(mine: Quantity, theirs: Quantity, claim: Wording) -> bool:
    """Whether the source has a year only in a date that the claim has as well."""
    if mine.kind != "year" or theirs.kind != "date":
        return False
    return any(f.kind == "date" and same(f, theirs) for f in claim.figures)


def _misses(mine: Quantity, theirs: Quantity, source: Wording) -> bool:
    """Whether a converted figure only comes near one that is written in the claim's own unit."""
    if mine.unit == theirs.unit and mine.per == theirs.per:
        return False
    return any(
        f.unit == mine.unit and f.per == mine.per and f.kind == mine.kind and mine.bound != "about"
        and 0 < abs(f.stated[1] - mine.stated[1]) <= _NEAR * abs(f.stated[1])
        for f in source.figures
    )  # fmt: skip


_TWICE = 2
_NEAR = 0.03
"""How near, as a share, a figure comes to another without being a rounding of it."""


def _by_its_ends(mine: Quantity, source: Sequence[Wording]) -> bool:
    """Whether a range is what one sentence says as two figures, in the same order."""
    if mine.bound != "range":
        return False
    for wording in source:
        ends = [
            figure.stated[0]
            for figure in wording.figures
            if figure.kind == mine.kind and figure.bound != "range"
        ]
        if mine.stated[0] in ends and mine.stated[1] in ends[ends.index(mine.stated[0]) :]:
            return True
    return False


def _of_another(
    mine: Quantity, claim: Wording, theirs: Quantity, number: int, source: Sequence[Wording]
) -> bool:
    """Whether a source says the figure of something else than the claim does.

    It does where what the claim says of the figure stands only beside another figure of the
    kind, or in another sentence, and beside this figure stands a rival that the claim has not.
    """
    theirs = _first_written(theirs, source[number])
    own = _reach(theirs, source[number])
    others = [
        (wording, _reach(figure, wording))
        for other, wording in enumerate(source)
        for figure in wording.figures
        if figure is not theirs
        and other == number
        and _competes(figure, theirs)
        and figure is _first_written(figure, wording)
    ]
    others += [(source[number], part) for part in _contrasts(source[number], theirs)]
    others += [
        (wording, (-1, END))
        for other, wording in enumerate(source)
        if other != number and not source[max(number, other)].leans
    ]
    if mine.kind in _DATES:
        # A year or a date holds for what comes after it, unless that has one of its own.
        others = [(w, part) for w, part in others if any(q.kind in _DATES for q in within(part, w))]
    if _whole_elsewhere(mine, claim, theirs, source[number]):
        return True
    reach = _reach(mine, claim)
    said = [t for t in claim.terms if reach[0] <= t.at < reach[1] and t.telling]
    beside = {t.key for t in source[number].terms if own[0] <= t.at < own[1]}
    if not _has_subject(own, theirs, source[number]):
        # "Mini stereos drew 9.4 W, and the worst drew 29 W": the worst of the stereos.
        first = min(f.start for f in source[number].figures if _competes(f, theirs))
        beside |= {t.key for t in source[number].terms if t.at < min(own[0], first)}
    elsewhere = {t.key for w, (low, high) in others for t in w.terms if low <= t.at < high}
    rivals = {t.key for t in source[number].terms if own[0] <= t.at < own[1] and t.telling}
    keys = {t.key for t in claim.terms if reach[0] <= t.at < reach[1]}
    if rivals - keys and any(t.key in elsewhere and t.key not in beside for t in said):
        return True
    if _condition_elsewhere(claim, reach, source[number], own):
        return True
    for label in claim.figures:
        if label is mine or _competes(label, mine) or not reach[0] <= label.start < reach[1]:
            continue
        if any(same(label, q) for q in within(own, source[number])):
            continue
        wrong = [q for q in within(own, source[number]) if q.kind == label.kind]
        if wrong and any(same(label, q) for w, area in others for q in within(area, w)):
            return True
    return False


def _whole_elsewhere(mine: Quantity, claim: Wording, theirs: Quantity, source: Wording) -> bool:
    """Whether the claim has of one figure's whole what the source has of another's.

    "62 % of the energy but only 44 % of the money" says nothing of 44 % of the energy.
    """
    if mine.kind != "percent" or not (whole := _whole(mine, claim)):
        return False
    others = {_whole(f, source) for f in source.figures if f.kind == "percent" and f is not theirs}
    return whole in others and _whole(theirs, source) not in ("", whole)


def _whole(figure: Quantity, wording: Wording) -> str:
    """Return what a share is of: energy in "62 % of the energy"; empty where nothing says."""
    for term in wording.terms:
        if term.at >= figure.end:
            between = wording.text[figure.end : term.at]
            return term.key if _OF.fullmatch(between) else ""
    return ""


_ARTICLE = re.compile(r"\b(?:the|an?|its|their|each|every) $")
_OF = re.compile(r"\s+of (?:(?:the|all|an?|its|their|your|total|final) )*\s*")


def _has_subject(area: tuple[int, int], figure: Quantity, wording: Wording) -> bool:
    """Whether a figure's part of a sentence names a thing, a place or a person of its own."""
    return any(
        t.word.subject or t.name or entry(t.form).kind in ("t", "p") or _named(t, wording)
        for t in wording.terms
        if area[0] <= t.at < min(area[1], figure.end + _BEHIND)
    )


def _named(term: Term, wording: Wording) -> bool:
    """Whether an article makes a name of any word but "the worst"."""
    return not term.word.axis and bool(_ARTICLE.search(wording.text[: term.at]))


def _condition_elsewhere(
    claim: Wording, reach: tuple[int, int], source: Wording, own: tuple[int, int]
) -> bool:
    """Whether the "without" of a claim's figure is with another figure of the source."""
    mine = {
        claim.terms[d.scope[0]].key
        for d in claim.denials
        if d.condition and d.scope and reach[0] <= claim.terms[d.scope[0]].at < reach[1]
    }
    theirs = [source.terms[d.scope[0]] for d in source.denials if d.condition and d.scope]
    return any(t.key in mine and not own[0] <= t.at < own[1] for t in theirs)


def _competes(one: Quantity, other: Quantity) -> bool:
    """Whether two figures may be taken for each other; "one therm" only names a measure."""
    return one.kind == other.kind and (one.stated == (1.0, 1.0)) == (other.stated == (1.0, 1.0))


def _contrasts(wording: Wording, figure: Quantity) -> list[tuple[int, int]]:
    """Return the contrasting parts of a sentence that a figure is not in."""
    return [(a, b) for a, b in parts(wording.contrasts) if not a <= figure.start < b]


def within(area: tuple[int, int], wording: Wording) -> list[Quantity]:
    """Return the figures in a stretch of a sentence."""
    return [figure for figure in wording.figures if area[0] <= figure.start < area[1]]


def _reach(figure: Quantity, wording: Wording) -> tuple[int, int]:
    """Return the part of a sentence that belongs to a figure rather than to others of its kind."""
    figure = _first_written(figure, wording)
    alike = [
        one
        for one in wording.figures
        if _competes(one, figure) and one is _first_written(one, wording)
    ]
    at = next((number for number, one in enumerate(alike) if one is figure), 0)
    low = _border(alike[at - 1], figure, wording) if at else -1
    high = _border(figure, alike[at + 1], wording) if at + 1 < len(alike) else END
    before = [edge for edge in wording.contrasts if edge <= figure.start]
    after = [edge for edge in wording.contrasts if edge > figure.start]
    return max([low, *before]), min([high, *after])


def _first_written(figure: Quantity, wording: Wording) -> Quantity:
    """Return the figure that another one only repeats in brackets: "140 °F (60 °C)"."""
    for one in wording.figures:
        if one.kind == figure.kind and 0 < figure.start - one.end <= 2:
            return _first_written(one, wording)
    return figure


def _border(first: Quantity, second: Quantity, wording: Wording) -> int:
    """Where the words of one figure end and those of the next begin."""
    cuts = [(at, strong) for at, strong in wording.cuts if first.end <= at <= second.start]
    joints = [at for at, _ in cuts if re.match(r"(?:and|or)\b", wording.text[at:])]
    best = [at for at, strong in cuts if strong] or joints or [at for at, _ in cuts]
    return best[0] if best else (first.end + second.start) // 2


def units(source: Iterable[Wording]) -> frozenset[str]:
    """Return what figures are per, or counted in, as the words that say so."""
    units = set()
    for wording in source:
        for figure in wording.figures:
            parts = [part for part in figure.per.split("/") if part]
            units |= {f"per_{part}" for part in parts} | {stem(part) for part in parts}
            units |= {stem(word) for word in _UNIT_WORD.findall(figure.text.lower())}
            if figure.kind == "duration":
                units.add(f"per_{figure.unit}")
    return frozenset(units)


def has_figures(claim: Wording, source: Sequence[Wording]) -> bool:
    """Say whether a source has each figure of the claim, of whatever it says it."""
    figures = [theirs for wording in source for theirs in wording.figures]
    return all(any(same(mine, theirs) for theirs in figures) for mine in claim.figures)
