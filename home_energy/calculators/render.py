"""A calculation in words: answer sentences, and the document that a citation quotes."""

import math
from collections.abc import Mapping

from home_energy.calculators.calculator import Measure
from home_energy.calculators.registry import CALCULATORS
from home_energy.evidence.answer import Calculation

_SYMBOLS = {"GBP": "£", "USD": "$", "EUR": "€"}
_PERIODS = {
    "year": " a year",
    "month": " a month",
    "week": " a week",
    "day": " a day",
    "once": "",
}


def sentences(calculation: Calculation) -> list[str]:
    """Return the result as plain sentences; each number comes from the inputs or the result.

    Results are rounded to what a reader can use, inputs are shown as they were given. A `range`
    adds a second sentence.
    """
    calculator = CALCULATORS[calculation.name]
    lines = [_fill(calculator.sentence, calculation, calculation.result)]
    if calculation.range is not None and calculation.range[0] < calculation.range[1]:
        lines.append(_range_sentence(calculation, *calculation.range))
    return lines


def document(calculation: Calculation) -> str:
    """Return the plain text that a `calc:` citation quotes; the same for the same calculation."""
    calculator = CALCULATORS[calculation.name]
    units = {one.name: one.kind.unit for one in calculator.inputs if isinstance(one.kind, Measure)}
    lines = [f"Calculation: {calculation.name}", calculator.description, ""]
    lines.append(f"Formula: {calculation.formula}")
    lines += [f"Source: {calculator.source}", "", "Inputs:"]
    for name, value in calculation.inputs.items():
        shown = value if isinstance(value, str) else exact(value, digits=10)
        lines.append(f"- {name}: {shown} {units.get(name, '')}".rstrip())
    if calculation.assumptions:
        lines += ["", "Assumptions:", *(f"- {line}" for line in calculation.assumptions)]
    lines += ["", f"Result: {exact(calculation.result, digits=10)} {calculation.unit}".rstrip()]
    if calculation.range is not None:
        low, high = (exact(end, digits=10) for end in calculation.range)
        lines.append(f"Range: {low} to {high} {calculation.unit}".rstrip())
    return "\n".join([*lines, "", *sentences(calculation), ""])


def exact(value: float, digits: int = 6) -> str:
    """Return a number as it was given, without the noise of binary fractions."""
    return significant(value, digits)


def significant(value: float, digits: int) -> str:
    """Return a number rounded to so many significant digits, with thousands separators."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    shown = f"{round(value, decimals):,.{max(0, decimals)}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def money(value: float, currency: str) -> str:
    """Return a sum of money: pence below 100, three significant digits above."""
    amount = abs(value)
    shown = significant(amount, 3) if amount >= 100 else f"{amount + 1e-9:.2f}".removesuffix(".00")
    return f"{'-' if value < 0 else ''}{_SYMBOLS[currency]}{shown}"


def price(value: float, currency: str) -> str:
    """Return a unit price as bills write it: 24.86p, $0.17, €0.29."""
    if currency == "GBP" and value < 1:
        return f"{exact(value * 100)}p"
    return f"{_SYMBOLS[currency]}{exact(value)}"


class _Shown:
    """A value that a sentence template formats with one of the words below."""

    def __init__(self, value: float | str, inputs: Mapping[str, float | str]) -> None:
        self._value = value
        self._currency = str(inputs.get("currency", "GBP"))

    def __format__(self, spec: str) -> str:
        if isinstance(self._value, str):
            return _PERIODS[self._value] if spec == "each" else self._value
        value = self._value
        if "|" in spec:
            return spec.split("|")[0 if value == 1 else 1]
        if spec.isdigit():
            return significant(value, int(spec))
        return {
            "": lambda: exact(value),
            "round": lambda: exact(value) if value == round(value) else significant(value, 3),
            "percent": lambda: significant(value * 100, 3),
            "money": lambda: money(value, self._currency),
            "price": lambda: price(value, self._currency),
            "power": lambda: f"{exact(value / 1000)} kW" if value >= 1000 else f"{exact(value)} W",
            "hours": lambda: f"{exact(value * 60, 3)} minutes" if 0 < value < 1 else _hours(value),
            "times": lambda: "" if value == 1 else f"{exact(value)} x ",
        }[spec]()


def _hours(value: float) -> str:
    return f"{exact(value) if value == round(value, 2) else significant(value, 3)} h"


def _fill(template: str, calculation: Calculation, result: float) -> str:
    values = {**calculation.inputs, "result": result}
    return template.format(
        **{name: _Shown(value, calculation.inputs) for name, value in values.items()}
    )


def _range_sentence(calculation: Calculation, low: float, high: float) -> str:
    unit = calculation.unit
    currency = str(calculation.inputs.get("currency", "GBP"))
    if unit.startswith(currency):
        return f"The likely range is {money(low, currency)} to {money(high, currency)}."
    if unit == "share":
        low, high, unit = low * 100, high * 100, "%"
    ends = f"{significant(low, 3)} to {significant(high, 3)}"
    return f"The likely range is {ends} {unit.removesuffix('/year')}."
