"""How far the words and figures of a claim are borne out by one or two sentences of a source."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from home_energy.evidence.binding import proved, units
from home_energy.evidence.bridge import against, bridged
from home_energy.evidence.lexicon import PAIR, broad, places, soft_axes
from home_energy.evidence.polarity import contrary
from home_energy.evidence.strength import overstated
from home_energy.evidence.thesaurus import entry
from home_energy.evidence.wording import Term, Wording, parts

PERIODS = frozenset({"per_year", "per_month", "per_week", "per_day", "per_hour"})
_ALLIES = {"cost": ("amount",), "amount": ("level", "cost"), "level": ("amount",)}
"""Axes that may answer for one another: "cheaper" and "costs less", "higher" and "high"."""
FROM_HEADING = 0.8
"""What a word counts that only the heading or the title has."""
TOPIC = 2
"""Up to which rank a subject of the claim may be named by the heading alone."""
_NO_KIND = frozenset({"heat_pump", "hand_washing", "carbon_monoxide", "carbon_dioxide"})
"""Names whose last word names another thing."""
_COMPOUNDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "water_heater": (frozenset({"water", "hot_water"}), frozenset({"heat", "thermal+1"})),
    "hot_water": (frozenset({"water"}), frozenset({"warmth+1", "heat"})),
}
"""Subjects that may be said in two words: water heating, heating water."""
_SAID_OTHERWISE = {
    "electricity": re.compile(r"\bpower\b|\bkwh\b"),
    "all": re.compile(r"\b(?:every\w*|each|any|whole|no)\b"),
    "anyone": re.compile(r"\b(?:people|those|every\w*|nobody|no)\b"),
    "order-1": re.compile(r"\b(?:first|then)\b"),
    "order+1": re.compile(r"\b(?:once(?! or\b| an?\b| every\b)|when|if)\b"),
}
"""What a source may say instead of some small words."""
_SOLID = ("t", "p")
"""Kinds of words that a claim may not add: things, places, persons."""
_STOPPING = frozenset({"prevent", "cut_off"})
_ORDER_GIVEN = re.compile(r"\W*[a-z]+ (?:to|the|an?|your|any|all|it|them|on|up|out|off)\b")
_PAST = frozenset(
    """blown bought broke broken brought built came cut drawn drew driven fell felt found froze
    gave given gone got grew held kept laid led left lost made meant met paid put ran rose run
    sent set shown shut sold spent stood taken told took went wore worn written wrote""".split()
)
"""Verbs in forms that the endings do not give away."""
_SHORT = 4
_NEAR = 0.3
"""Share of a claim's words that a source must have before their meanings are compared."""
CLAUSE = 0.85
"""Share of a clause that one of two neighbouring sentences must have."""


@dataclass(frozen=True, slots=True)
class Match:
    """A claim held against a source."""

    covered: float
    """Share of the claim's weight that the source has, 0 to 1."""
    missing: tuple[str, ...]
    """Subjects, names, periods and directions that the source lacks."""
    figures: tuple[str, ...]
    """Figures that the source lacks or says of something else."""
    conflict: str
    """What the two say contrary things about; empty where nothing."""

    @property
    def says_it(self) -> bool:
        """Whether nothing speaks against it but perhaps too little for it."""
        return not (self.missing or self.figures or self.conflict)


def match(
    claim: Wording, source: Sequence[Wording], context: frozenset[str], floor: float = 0.0
) -> Match:
    """Hold a claim against one or two sentences; `context` is what the headings name.

    Below `floor` only the words are looked at: the rest would not change the verdict.
    """
    if _far(claim, source, context):
        return Match(0.0, (), (), "")
    claim = bridged(claim, source)
    covered, missing = cover(claim, source, context)
    if covered < floor:
        return Match(covered, missing, (), "")
    return Match(
        covered=covered,
        missing=missing,
        figures=tuple(f.text.strip() for f in claim.figures if not proved(f, claim, source)),
        conflict=contrary(claim, source) or against(claim, source) or overstated(claim, source),
    )


def _far(claim: Wording, source: Sequence[Wording], context: frozenset[str]) -> bool:
    """Whether so few words are common that a closer look is not worth the time."""
    have = source[0].keys if len(source) == 1 else source[0].keys | source[1].keys
    common = claim.keys & have
    if len(claim.keys) < _SHORT:
        return False
    if not common:
        return True
    return len(common | (claim.keys & context)) < _NEAR * len(claim.keys)


def cover(
    claim: Wording, source: Sequence[Wording], context: frozenset[str]
) -> tuple[float, tuple[str, ...]]:
    """Return the share of the claim's words that a source has, and the essential ones it lacks."""
    have = _keys(source)
    text = " ".join(wording.text for wording in source)
    topic = next(
        (t for t in claim.terms if t.telling and not t.word.axis and entry(t.form).kind != "v"),
        None,
    )
    beginnings = {next((t.key for t in w.terms if t.telling), "") for w in source}
    total = got = 0.0
    graded = {b.rank for a, b in pairwise(claim.terms) if a.word.axis == "amount"}
    missing = _modified(claim, source, have | context)
    for term in claim.terms:
        share = _share(term, have, context)
        if not share and term.key in _SAID_OTHERWISE and _SAID_OTHERWISE[term.key].search(text):
            share = FROM_HEADING
        if term.key not in have and not _may_come_from_heading(term, claim, source):
            share = 0.0
        total += term.weight
        got += term.weight * share * term.like
        begins_elsewhere = term is topic and not beginnings & (claim.keys | {""})
        if (
            (begins_elsewhere and term.key not in have)
            or (not share and _essential(term, text))
            or _costs_instead(term, claim, have, source)
            or (not share and term.telling and _invented(term, claim, graded))
        ):
            missing.append(term.form)
    return (got / total if total else float(bool(claim.figures))), tuple(missing)


def _keys(source: Sequence[Wording]) -> frozenset[str]:
    """Return what a source names; a ceiling fan is also a fan, a heat pump no pump."""
    keys = frozenset[str]().union(*(wording.keys for wording in source)) | units(source)
    joined = {name for name, parts in _COMPOUNDS.items() if keys & parts[0] and keys & parts[1]}
    apart = {
        part for name in keys & _COMPOUNDS.keys() for side in _COMPOUNDS[name] for part in side
    }
    return keys | heads(keys) | joined | apart


def heads(keys: frozenset[str]) -> frozenset[str]:
    """Return what kind of thing each compound is: a fan of a ceiling fan."""
    return frozenset(key.rpartition("_")[2] for key in keys if "_" in key and key not in _NO_KIND)


def _invented(term: Term, claim: Wording, graded: set[int]) -> bool:
    """Whether a word that the source lacks adds to it: a thing, a person, what is more so."""
    written = claim.text[term.at : term.end]
    solid = entry(term.form).kind in _SOLID and not written.endswith(("ing", "ed"))
    if term.rank == 0 and _ORDER_GIVEN.match(claim.text):
        solid = False  # "stick to one colour": an order begins with a verb
    return term.rank in graded or (solid and term.form not in broad())


def _may_come_from_heading(term: Term, claim: Wording, source: Sequence[Wording]) -> bool:
    """Whether a heading may name it: what the sentence is about, not what it says of that."""
    if term.key in places():
        return not any(wording.keys & places() for wording in source)
    if not (term.word.subject or entry(term.form).kind in _SOLID):
        return True
    if not {_topic(wording) for wording in source} & (claim.keys | {""}):
        return False
    subjects = {
        t.key
        for wording in source
        for t in wording.terms
        if t.word.subject or (entry(t.form).kind in _SOLID and t.form not in broad())
    }
    return term.rank <= TOPIC or not subjects - claim.keys


def _modified(claim: Wording, source: Sequence[Wording], have: frozenset[str]) -> list[str]:
    """Find words that make of a thing another than the source has: hard for gentle braking."""
    found = []
    theirs = [pair for wording in source for pair in _pairs(wording)]
    for first, second in _pairs(claim):
        if (
            not first.word.axis
            and entry(first.form).kind != "v"
            and first.form not in _PAST
            and not _share(first, have, frozenset())
            and any(second.key == b.key and a.key not in claim.keys for a, b in theirs)
        ):
            found.append(first.form)
    return found


def _pairs(wording: Wording) -> list[tuple[Term, Term]]:
    """Return the telling words that stand side by side."""
    beside = pairwise(wording.terms)
    return [(a, b) for a, b in beside if a.telling and b.telling and b.at <= a.end + 1]


def _costs_instead(
    term: Term, claim: Wording, have: frozenset[str], source: Sequence[Wording]
) -> bool:
    """Whether a claim calls a cost what the source calls a saving."""
    if term.key != "cost" or "cost" in have:
        return False
    saves = any(t.form == "sav" for wording in source for t in wording.terms)
    return saves and any(figure.kind.startswith("money") for figure in claim.figures)


def _topic(wording: Wording) -> str:
    return next((t.key for t in wording.terms[:3] if t.word.subject), "")


def _essential(term: Term, text: str) -> bool:
    word = term.word
    if term.key in _SAID_OTHERWISE and _SAID_OTHERWISE[term.key].search(text):
        return False
    strict = bool(word.axis) and word.axis not in soft_axes() and not word.axis.startswith(PAIR)
    return word.subject or term.name or strict or term.key in PERIODS or term.key in _STOPPING


def _share(term: Term, have: frozenset[str], context: frozenset[str]) -> float:
    if term.key in have:
        return 1.0
    word = term.word
    if word.axis:
        # The opposite stands for the word where one of the two is denied: that is weighed later.
        axes = (word.axis, *_ALLIES.get(word.axis, ()))
        if term.form in have or any(
            f"{axis}{sign}" in have for axis in axes for sign in ("+1", "-1")
        ):
            return 1.0
    return FROM_HEADING if term.key in context else 0.0


def coherent(claim: Wording, source: Sequence[Wording], context: frozenset[str]) -> bool:
    """Whether each clause of a claim is said by one of two neighbouring sentences.

    The second may take its subject from the first where it begins with it, they, this.
    """
    cuts = tuple(at for at, strong in claim.cuts if strong or _joins(claim, at))
    known = [w.keys | (source[0].keys if w.leans else frozenset()) for w in source]
    for low, high in parts(cuts):
        clause = [t for t in claim.terms if low <= t.at < high]
        if all(_clause_share(clause, keys, context) < CLAUSE for keys in known):
            return False
    return True


def _joins(claim: Wording, at: int) -> bool:
    """Whether an "and" joins two statements rather than two things: both sides are long."""
    return min(sum(t.at < at for t in claim.terms), sum(t.at >= at for t in claim.terms)) >= 3


def _clause_share(clause: list[Term], keys: frozenset[str], context: frozenset[str]) -> float:
    total = sum(t.weight for t in clause)
    got = sum(t.weight for t in clause if t.key in keys or (t.word.subject and t.key in context))
    return got / total if total else 1.0
