"""One figure, and when two figures say the same."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Bound = Literal["exact", "about", "at_least", "at_most", "over", "under", "up_to", "range"]

TOLERANCE = 0.02
"""How far a converted or rounded figure may be from what it stands for, as a share."""
_FRACTION = 1.5
"""How many per cent "about a third" may be from what it stands for."""
_EXACT = 1e-6
"""What an exact conversion may lose, as a share."""
_DEGREES = 0.6
"""The same for converted temperatures, in K: the last degree may be rounded away."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """One figure as it stands in a text: `text[start:end]` of what was parsed."""

    start: int
    end: int
    low: float
    """In the base unit of its kind; the lower end of a range, else the value."""
    high: float
    """The upper end of a range, else the same as `low`."""
    unit: str
    """As written, by its one name: `kWh`, `degF`, `GBP`; empty for a plain number."""
    kind: str
    """What is measured: energy, power, temperature, percent, money_gbp, year, count, ..."""
    text: str
    bound: Bound
    per: str = ""
    """What it is per, e.g. `year` in 1,300 kWh a year; empty where nothing was written."""
    stated: tuple[float, float] = (0.0, 0.0)
    """Low and high as written, in `unit`."""


_SUPPORTS: dict[Bound, frozenset[Bound]] = {
    "exact": frozenset({"exact", "about"}),
    "about": frozenset({"exact", "about"}),
    "at_least": frozenset({"at_least", "over"}),
    "at_most": frozenset({"at_most", "under", "up_to"}),
    "over": frozenset({"over"}),
    "under": frozenset({"under"}),
    "up_to": frozenset({"up_to", "at_most", "under"}),
    "range": frozenset({"range"}),
}
"""Which bounds of a source bear out each bound of a claim.

A vaguer claim stands on a firmer source ("at least 20" on "over 20"), never the other way round;
"up to 90 %" does not support "90 %", nor "90 %" "up to 90 %"; only "about" may come and go.
"""
PERIODS = {"hour": 1.0, "day": 24.0, "night": 24.0, "week": 168.0, "month": 730.5, "year": 8766.0}
"""Hours in a period."""


def same(a: Quantity, b: Quantity, tolerance: float = TOLERANCE) -> bool:
    """Say whether a claim's figure `a` is borne out by a source's figure `b`.

    Kinds must agree, bounds as `_SUPPORTS` says, and so must what they are per where both say it.
    Values in one unit must be equal, but an "about" may be an honest rounding; other units of
    the kind may differ by the share `tolerance`, temperatures by 0.6 K.
    """
    if not _kinds_agree(a, b) or not (a.per == b.per or not a.per or not b.per or _periods(a, b)):
        return False
    if {a.kind, b.kind} == {"date"} or {a.kind, b.kind} == {"date", "year"}:
        return _dates_agree(a, b)
    if b.bound == "range" and a.bound != "range":
        # "5 to 15 %" says both "at least 5 %" and "up to 15 %".
        if a.bound == "at_least":
            return _close(a, b, tolerance, ends=(0, 0))
        return a.bound in ("up_to", "at_most") and _close(a, b, tolerance, ends=(1, 1))
    if b.bound not in _SUPPORTS[a.bound]:
        return False
    return _close(a, b, tolerance, ends=(0, 1))


def _kinds_agree(a: Quantity, b: Quantity) -> bool:
    if a.kind == b.kind:
        return a.unit == b.unit or a.kind not in _UNCONVERTED
    if a.kind == "count" and re.fullmatch(r"[\d.,]+", b.text):
        return True  # neither has its unit written: it was taken from the figure before
    kinds = {a.kind, b.kind}
    if "degrees" in kinds and kinds <= {"degrees", "temperature", "temperature_difference"}:
        return True
    # A model writes 3 times where a table has 3, and 2000 homes where it has 2,000.
    return kinds in ({"count", "year"}, {"date", "year"}, {"count", "ratio"}, {"count", "r_value"})


_UNCONVERTED = frozenset({"pressure", "voltage", "r_value", "light", "sound", "radon"})


def _periods(a: Quantity, b: Quantity) -> bool:
    return a.per in PERIODS and b.per in PERIODS


def _close(a: Quantity, b: Quantity, tolerance: float, ends: tuple[int, int]) -> bool:
    pairs = ((0, ends[0]), (1, ends[1])) if ends[0] != ends[1] else ((0, ends[0]),)
    return all(_value_close(a, b, mine, theirs, tolerance) for mine, theirs in pairs)


def _value_close(a: Quantity, b: Quantity, mine: int, theirs: int, tolerance: float) -> bool:
    if (a.unit == b.unit or a.kind == "count" or "r_value" in (a.kind, b.kind)) and (
        a.per == b.per or not (a.per and b.per)
    ):
        left, right = a.stated[mine], b.stated[theirs]
        if _equal(left, right):
            return True
        if a.unit == "percent" and ("%" in a.text) != ("%" in b.text):
            # A third for 33 %, and about a third for 32 %.
            return abs(left - right) < (_FRACTION if a.bound == "about" else 0.5)
        return a.bound == "about" and _rounds(right, left, tolerance)
    left, right = (a.low, a.high)[mine], (b.low, b.high)[theirs]
    if "degree" in (a.unit, b.unit):
        # "30 degrees" may be read off "30 °C", but not the other way round.
        return a.unit == "degree" and _equal(a.stated[mine], b.stated[theirs])
    scale = _scale(a, mine)
    if a.kind in ("temperature", "temperature_difference", "degrees"):
        return a.kind == b.kind and abs(left - right) <= min(
            _DEGREES, _grain(a.stated[mine]) * scale
        )
    grain = _grain(a.stated[mine]) * scale
    if _periods(a, b) and a.per != b.per:
        left, right = left / PERIODS[a.per], right / PERIODS[b.per]
        grain /= PERIODS[a.per]
    return abs(left - right) <= min(grain, tolerance * max(abs(left), abs(right)))


def _scale(a: Quantity, end: int) -> float:
    """Return how many base units one of the figure's units is."""
    if a.unit in ("degC", "degF"):
        return 1 / 1.8 if a.unit == "degF" else 1.0
    return abs((a.low, a.high)[end] / a.stated[end]) if a.stated[end] else 1.0


def _grain(value: float) -> float:
    """Return half of what the last written digit counts, zeros at the end left out: 50 of 2,700.

    A converted figure says no more than this: 2,701 kWh is not 7.4 kWh a day.
    """
    digits = Decimal(repr(value)).normalize()
    exponent = digits.as_tuple().exponent
    return 0.5 * 10.0 ** int(exponent) + _EXACT * abs(value)


def _equal(left: float, right: float) -> bool:
    return abs(left - right) <= 1e-9 * max(1.0, abs(left), abs(right))


def _rounds(precise: float, rounded: float, tolerance: float) -> bool:
    """Whether `rounded` is `precise` with its last digits rounded away, and no further."""
    if abs(precise - rounded) > tolerance * abs(precise):
        return False
    return any(_equal(round(precise, digits), rounded) for digits in range(1, -5, -1))


def _dates_agree(a: Quantity, b: Quantity) -> bool:
    """Compare two dates, yyyymmdd; a claim may leave out the day, or the day and the month."""
    claim, source = (int(q.low) if q.kind == "date" else int(q.low) * 10000 for q in (a, b))
    if (a.low == a.high) != (b.low == b.high):
        return False
    if claim % 10000 == 0:
        return claim // 10000 == source // 10000
    if claim // 10000 == 0:  # no year
        return claim == source % 10000
    return claim == source or (claim % 100 == 0 and claim // 100 == source // 100)
