"""Which calculation a question in plain language asks for, if any."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

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
    Family,
    Slots,
    Work,
    calculable,
    place_of,
    read_prices,
)
from home_energy.calculators.quantities import Reading
from home_energy.calculators.render import sentences
from home_energy.errors import CalculatorInput
from home_energy.evidence.answer import Calculation

LONGEST_QUESTION = 600
"""Characters; a longer text is a document, and its numbers are not a question."""

LONGEST_FOLLOW_UP = 120

NEGATIVE = "A quantity is negative: please give it as a positive number."

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
    """Return the calculation that a text as a whole asks for; `known` gives way to what it says."""
    reading = Reading(asked, cents="EUR" if region == "eu" else "USD")
    if reading.is_negative:
        return Recognition("refused", {}, missing=[NEGATIVE], sentence=NEGATIVE)
    for family in _FAMILIES:
        if family.asked(reading):
            place = place_of(reading, region)
            return _recognition(family, {**(known or {}), **family.read(reading), "place": place})
    return None


def _several(asked: str, region: str) -> Recognition | None:
    """Return the calculations of a text whose parts each ask for one; None for any other text.

    A price that one part gives holds for the parts that give none.
    """
    parts = [part for part in _PARTS.split(asked) if part.strip()]
    if len(parts) < 2:
        return None
    prices = read_prices(Reading(asked))
    known = {} if "unclear_price" in prices else prices
    place = place_of(Reading(asked), region)
    found = [_one(part, place, known) for part in parts]
    first = found[0]
    if first is None or not all(one is not None and one.calculations for one in found):
        return None
    others = [one for one in found[1:] if one is not None]
    return replace(
        first,
        missing=[line for one in (first, *others) for line in one.missing],
        calculations=[line for one in (first, *others) for line in one.calculations],
        sentence=" ".join(one.sentence for one in (first, *others)),
    )


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
    if family is None or not before or len(text) > LONGEST_FOLLOW_UP or not calculable(text):
        return None
    if not waiting and not (reading.has(_FOLLOW_UP) and reading.quantities):
        return None
    # What the question was after stays, whatever verb the follow-up happens to use.
    kept = {key: before[key] for key in ("wants",) if key in before}
    new: Slots = {
        **read_prices(reading),
        **family.read(reading),
        **kept,
        "place": place_of(reading, str(before.get("place", region))),
    }
    changed = [value for key, value in new.items() if before.get(key) != value]
    if not any(waiting or isinstance(value, int | float) for value in changed):
        return None
    return _recognition(family, {**before, **new})


def _recognition(family: Family, slots: Slots) -> Recognition:
    try:
        work = family.work(slots)
    except CalculatorInput as refused:
        work = Work(missing=[f"{refused}."])
    lines = [line for one in work.calculations for line in sentences(one)]
    lines += dict.fromkeys(line for one in work.calculations for line in one.assumptions)
    return Recognition(
        name=family.name,
        inputs=slots,
        missing=work.missing,
        calculations=work.calculations,
        sentence=" ".join(lines + work.missing),
    )
