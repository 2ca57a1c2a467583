"""Whether every figure that a question states has a part in its calculation."""

import re
from collections.abc import Callable
from decimal import Decimal

from home_energy.calculators.quantities import Quantity, Reading

_WRITTEN = re.compile(r"\d+(?:\.\d+)?|\.\d+")
_DATE_BEFORE = re.compile(
    r"\b(?:in|since|before|after|until|till|by|from|of|for|year|winter|summer|spring|autumn|late|"
    r"early|q[1-4]|jan\w*|feb\w*|mar\w*|apr\w*|may|june?|july?|aug\w*|sep\w*|oct\w*|nov\w*|"
    r"dec\w*|\d{1,2}(?:st|nd|rd|th)?) (?:the )?$"
)
_DATE_AFTER = re.compile(r" (?:model|build|built|house|home|price|prices|cap|tariff|edition)\b")
_MODEL_BEFORE = re.compile(
    r"\b(?:model|version|type|band|zone|class|grade|number|no\.|phase|gen|series|part|xbox|"
    r"playstation|iphone|windows|r) ?-?$"
)
_NO_PART_AFTER = re.compile(
    r" ?-? ?(?:(?:kg|kilos?|kilograms?|amps?|v|volts?|hz|phase|pin|place settings?|storey|story|"
    r"generation|pane)\b|a (?:plug|fuse|socket|circuit|breaker)|rooms? (?:flat|house|home))"
)
_HOUSEHOLD_BEFORE = re.compile(r"\b(?:family|household|house|home|flat) (?:of|with|for) $")
_HOUSEHOLD_AFTER = re.compile(r"[ -]?(?:(?:person|people) )?(?:household|house|home|family|flat)\b")
_PACK_AFTER = re.compile(r" ?(?:battery|pack|model|ev\b|car\b|electric (?:car|vehicle|van))")
_OF_UNIT = re.compile(r"/ ?$|\bper $")
"""The 100 of kWh/100 km."""
_AGE = re.compile(r"[ -]?(?:old|ago|guarantee|warranty)\b")
_CLOCK_AFTER = re.compile(r" ?(?:am|pm|a\.m\.|p\.m\.|o'clock)\b|:\d\d")
_CLOCK_BEFORE = re.compile(r"\d:$")


def unplaced(reading: Reading, outcome: Callable[[Reading], object]) -> list[Quantity]:
    """Return the stated figures that the outcome does not depend on.

    A figure that could be another and leave everything as it is has not been used, whatever the
    reason; that holds for every kind of question without a list of what each of them reads.
    """
    stated = [one for one in reading.quantities if not _has_no_part(reading, one)]
    if not stated:
        return []
    said = outcome(reading)
    over = [one for one in stated if outcome(_with_another(reading, one)) == said]
    used = {(one.value, one.unit) for one in stated if one not in over}
    return [one for one in over if one.unit == "" or (one.value, one.unit) not in used]


def words(reading: Reading, quantity: Quantity) -> str:
    """Return a figure as it stands in the text, a bare one with the word that follows it."""
    following = re.compile(r" ?[a-z][a-z-]*").match(reading.text, quantity.end)
    end = following.end() if following and quantity.unit == "" else quantity.end
    return reading.text[quantity.start : end]


def _with_another(reading: Reading, quantity: Quantity) -> Reading:
    """Return the reading of the same text with another number in this quantity's place."""
    written = _WRITTEN.search(reading.text, quantity.start, quantity.end)
    if written is None:
        return reading
    value = Decimal(written[0])
    # One more in the last place: small, so that the question keeps its kind.
    other = value + Decimal(1).scaleb(int(value.as_tuple().exponent))
    text = reading.text
    return reading.again(f"{text[: written.start()]}{other}{text[written.end() :]}")


def _has_no_part(reading: Reading, quantity: Quantity) -> bool:
    """Return whether a figure only names or dates something."""
    before, after = reading.text[: quantity.start], reading.text[quantity.end :]
    if _HOUSEHOLD_BEFORE.search(before) or _HOUSEHOLD_AFTER.match(after):
        return True
    if quantity.unit == "kWh" and quantity.per == "" and _PACK_AFTER.match(after):
        return True
    if quantity.unit == "bedroom" or _OF_UNIT.search(before):
        return True
    if quantity.unit == "year" and (quantity.value == 1 or _AGE.match(after)):
        return True
    if quantity.unit == "mm" and reading.near(
        quantity, r"tv|televis|screen|monitor|wide|tall|high"
    ):
        return True
    if (_CLOCK_AFTER.match(after) or _CLOCK_BEFORE.search(before)) and reading.all("h", "min"):
        return True
    if quantity.unit != "":
        return False
    if 1900 <= quantity.value <= 2100 and quantity.value == int(quantity.value):
        return bool(_DATE_BEFORE.search(before) or _DATE_AFTER.match(after))
    return bool(
        quantity.value == 365 or _MODEL_BEFORE.search(before) or _NO_PART_AFTER.match(after)
    )
