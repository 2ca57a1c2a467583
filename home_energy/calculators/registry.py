"""Every calculator by name, and the way to run one."""

from typing import Any

from home_energy.calculators import (
    appliances,
    battery,
    cost,
    drying,
    heat_loss,
    heat_pumps,
    heating,
    hot_water,
    lighting,
    pumps,
    solar,
    standby,
    transport,
    units,
    ventilation,
)
from home_energy.calculators.calculator import Calculator
from home_energy.errors import CalculatorInput
from home_energy.evidence.answer import Calculation

_FAMILIES = (
    units,
    cost,
    lighting,
    appliances,
    standby,
    hot_water,
    heating,
    heat_loss,
    heat_pumps,
    ventilation,
    drying,
    transport,
    solar,
    battery,
    pumps,
)

CALCULATORS: dict[str, Calculator[Any]] = {
    item.name: item
    for family in _FAMILIES
    for item in vars(family).values()
    if isinstance(item, Calculator)
}


def calculate(name: str, **inputs: float | str) -> Calculation:
    """Run a calculator by name; defaults are filled in and listed as assumptions.

    Raises CalculatorInput, a sentence, for an unknown name or an input that is missing, unknown
    or out of its range.
    """
    if name not in CALCULATORS:
        known = ", ".join(sorted(CALCULATORS))
        raise CalculatorInput(f"There is no calculator {name!r}; the calculators are {known}")
    return CALCULATORS[name].calculate(inputs)
