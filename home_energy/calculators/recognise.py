"""Which calculation a question in plain language asks for, if any."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from home_energy.calculators import (
    ask_appliances,
    ask_bills,
    ask_conversion,
    ask_fabric,
    ask_heat_pumps,
    ask_heating,
    ask_hot_water,
    ask_lighting,
    ask_machines,
    ask_solar,
    ask_transport,
)
from home_energy.calculators.asking import (
    MONEY,
    Family,
    Slots,
    Work,
    calculable,
    is_priced,
    place_of,
    read_prices,
)
from home_energy.calculators.figures import unplaced, words
from home_energy.calculators.quantities import Reading
from home_energy.calculators.render import sentences
from home_energy.errors import CalculatorInput
from home_energy.evidence.answer import Calculation

LONGEST_QUESTION = 600
"""Characters; a longer text is a document, and its numbers are not a question."""

LONGEST_FOLLOW_UP = 120

NEGATIVE = "A quantity is negative: please give it as a positive number."

UNPLACED = "unplaced"
"""The slot that names the figures no calculation has used yet."""
_OVER = 'I could not fit "{}" into this calculation: what is it, or should I leave it out?'
_ASKED_AGAIN = {*MONEY, "W", "K", "C", "F", "degree"}
_LEAVE_OUT = (
    r"leave|ignor|forget|skip|drop it|without|never ?mind|not (?:needed|relevant|important)"
)

_FAMILIES: tuple[Family, ...] = (
    *ask_conversion.FAMILIES,
    *ask_transport.FAMILIES,
    *ask_solar.FAMILIES,
    *ask_heat_pumps.FAMILIES,
    *ask_fabric.FAMILIES,
    *ask_hot_water.FAMILIES,
    *ask_heating.FAMILIES,
    *ask_machines.FAMILIES,
    *ask_lighting.FAMILIES,
    *ask_appliances.FAMILIES,
    *ask_bills.FAMILIES,
)
_BY_NAME = {family.name: family for family in _FAMILIES}
_PARTS = re.compile(
    r"[?;] +(?:and )?|,? (?:and|plus) (?:also )?(?=(?:how|what)\b)|,? and also ", re.IGNORECASE
)
_POINTS = re.compile(r"\b(?:them|those|these|that|this|it (?:with|by|for))\b")
"""Words by which a part of a question may lean on the part before it."""
_FOLLOW_UP = (
    r"(?:and|what about|what if|how about|if|then|ok|so|now|instead|but)\b"
    r"|.*\b(?:that|it|this|them|they|instead|then)\b"
)


@dataclass(frozen=True, slots=True)
class Recognition:
    """A question that a calculator answers, wholly or once something more is known."""

    name: str
    """The kind of question, e.g. `lighting`."""
    inputs: Slots
    """What the question gave, by role; plain JSON, to be kept for a follow-up."""
    missing: list[str] = field(default_factory=list)
    """Questions to put to the user, as sentences."""
    calculations: list[Calculation] = field(default_factory=list)
    """The results, the main one first."""
    sentence: str = ""
    """Results, then what was assumed, then the questions that are left, in words."""


def recognise(
    text: str,
    *,
    region: str = "general",
    units: str = "metric",
    previous: Recognition | Mapping[str, object] | None = None,
) -> Recognition | None:
    """Return the calculation that a text asks for, None for a plain question.

    Numbers in the text always win over defaults; `region` decides default prices and what a
    gallon or a bare degree is, `units` the latter two where the region is general. `previous`
    (or its `name` and `inputs` as JSON) lets a follow-up such as "and at 35p?" reuse its inputs.
    """
    if len(text) > LONGEST_QUESTION:
        return None
    if units == "imperial" and region == "general":
        region = "us"
    asked = calculable(text)
    found = _several(asked, region) or _one(asked, region)
    if found is not None or previous is None:
        return found
    return _follow_up(text, region, previous)


def _one(asked: str, region: str, known: Slots | None = None) -> Recognition | None:
    """Return the calculation that a text as a whole asks for; `known` gives way to what it says.

    Of the kinds of question that the text may be, the first that leaves no figure over counts.
    """
    reading = Reading(asked, cents="EUR" if region == "eu" else "USD")
    if reading.is_negative:
        return Recognition("refused", {}, missing=[NEGATIVE], sentence=NEGATIVE)

    # A part of a question may lean on the price that another part gives.
    price = None if is_priced(reading) else (known or {}).get("price_per_kwh")
    asking = reading if price is None else reading.again(f"{asked}, at {price} per kwh")

    def slots(family: Family, said: Reading) -> Slots:
        return {**(known or {}), **family.read(said), "place": place_of(said, region)}

    found = [
        _recognition(family, reading, partial(slots, family))
        for family in _FAMILIES
        if family.asked(asking)
    ]
    if not found and asking.quantities:
        found = [
            _recognition(family, reading, partial(slots, family))
            for family in _FAMILIES
            if family.meant is not None and family.meant(asking)
        ]
    return next((one for one in found if UNPLACED not in one.inputs), found[0] if found else None)


def _several(asked: str, region: str) -> Recognition | None:
    """Return the calculations of a text whose parts each ask for one; None for any other text.

    A price that one part gives holds for the parts that give none. A part that needs a question
    back brings it along; where none can do without, they may be one question told in pieces.
    """
    parts = [part for part in _PARTS.split(asked) if part.strip()]
    if len(parts) < 2:
        return None
    prices = read_prices(Reading(asked))
    known = {} if "unclear_price" in prices else prices
    place = place_of(Reading(asked), region)
    found = [_one(part, place, known) for part in parts]
    others = [part for part, one in zip(parts, found, strict=True) if one is None]
    asking = [one for one in found if one is not None]
    if len(asking) < 2 or any(_adds(part) for part in others):
        return None
    if any(
        one.missing and _POINTS.search(part) for part, one in zip(parts, found, strict=True) if one
    ):
        return None
    if any(UNPLACED in one.inputs for one in asking):
        # Told in pieces, its figures may have their part in the whole.
        whole = _one(asked, region)
        if whole is not None and whole.calculations:
            return whole
    return _joined(asking) if any(one.calculations for one in asking) else None


def _adds(part: str) -> bool:
    """Return whether a part that asks for nothing may give a figure to the ones that do."""
    return any(one.unit not in MONEY or one.per != "kwh" for one in Reading(part).quantities)


def _joined(found: list[Recognition]) -> Recognition:
    """Return one recognition for several; a follow-up belongs to the first that waits for one."""
    waiting = next((one for one in found if one.missing), found[0])
    work = Work(
        [line for one in found for line in one.calculations],
        list(dict.fromkeys(line for one in found for line in one.missing)),
    )
    return replace(
        waiting,
        missing=work.missing,
        calculations=work.calculations,
        sentence=_sentence(work),
    )


def _sentence(work: Work) -> str:
    """Return results, then what was assumed, then what is left to ask."""
    lines = [line for one in work.calculations for line in sentences(one)]
    lines += dict.fromkeys(line for one in work.calculations for line in one.assumptions)
    return " ".join(lines + work.missing)


def _follow_up(
    text: str, region: str, previous: Recognition | Mapping[str, object]
) -> Recognition | None:
    if isinstance(previous, Recognition):
        name, before, waiting = previous.name, previous.inputs, bool(previous.missing)
    else:
        name = str(previous.get("name"))
        inputs = previous.get("inputs")
        before = dict(inputs) if isinstance(inputs, Mapping) else {}
        waiting = bool(previous.get("missing"))
    family = _BY_NAME.get(name)
    reading = Reading(text)
    if family is None or not before or len(text) > LONGEST_FOLLOW_UP:
        return None
    if UNPLACED in before and reading.has(_LEAVE_OUT):
        kept = {key: value for key, value in before.items() if key != UNPLACED}
        return _recognition(family, reading, lambda _: kept)
    if any(one.value in _values(before) for one in reading.quantities):
        # What is said again is read anew.
        before = {key: value for key, value in before.items() if key != UNPLACED}
    if not calculable(text) or not (waiting or (reading.has(_FOLLOW_UP) and reading.quantities)):
        return None

    def slots(said: Reading) -> Slots:
        return {**before, **_new(family, said, before, region)}

    new = _new(family, reading, before, region)
    changed = [value for key, value in new.items() if before.get(key) != value]
    if not any(waiting or isinstance(value, int | float) for value in changed):
        return None
    return _recognition(family, reading, slots)


def _values(slots: Slots) -> set[float]:
    """Return the figures that are still without a part."""
    return {one.value for one in Reading(str(slots.get(UNPLACED, ""))).quantities}


def _new(family: Family, reading: Reading, before: Slots, region: str) -> Slots:
    """Return what a follow-up says; what the question was after stays, whatever its verb."""
    kept = {key: before[key] for key in ("wants",) if key in before}
    place = place_of(reading, str(before.get("place", region)))
    return {**read_prices(reading), **family.read(reading), **kept, "place": place}


def _recognition(family: Family, reading: Reading, read: Callable[[Reading], Slots]) -> Recognition:
    """Return what a reading leads to; no number while a figure of it has no part in that."""
    slots = read(reading)
    work = _worked(family, slots)
    over = unplaced(reading, lambda said: _outcome(family, read(said)))
    if not work.calculations:
        # Of these, what is asked for takes the place of what was said.
        over = [one for one in over if one.unit not in _ASKED_AGAIN]
    if over:
        slots = {**slots, UNPLACED: ", ".join(words(reading, one) for one in over)}
    if UNPLACED in slots:
        work = Work(missing=[*work.missing, _OVER.format(slots[UNPLACED])])
    return Recognition(
        name=family.name,
        inputs=slots,
        missing=work.missing,
        calculations=work.calculations,
        sentence=_sentence(work),
    )


def _worked(family: Family, slots: Slots) -> Work:
    try:
        return family.work(slots)
    except CalculatorInput as refused:
        return Work(missing=[f"{refused}."])


def _outcome(family: Family, slots: Slots) -> object:
    """Return what the figures of a question decide: the numbers, and what is kept for later."""
    work = _worked(family, slots)
    numbers = [(one.name, one.inputs) for one in work.calculations]
    return numbers, work.missing, slots if work.missing else None
