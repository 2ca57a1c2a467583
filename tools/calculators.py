"""The calculators, as tools a model may call."""

from typing import Any

from langchain_core.tools import tool

from home_energy.calculators import registry
from home_energy.calculators.calculator import Calculator, Input, Measure
from home_energy.calculators.render import document
from home_energy.errors import CalculatorInput
from home_energy.evidence.answer import Calculation


@tool(response_format="content_and_artifact")
def calculate(name: str, inputs: dict[str, float | str]) -> tuple[str, Calculation | None]:
    """Calculate a number instead of guessing it.

    Call list_calculators first for the names, inputs and units. Give each input as a plain number
    in the unit listed, prices in whole currency (0.28 for 28p). The answer lists the formula, the
    inputs, what was assumed, the result, and sentences you may quote word for word. If an input is
    missing or out of range, the answer is a sentence that says what to send instead.
    """
    try:
        calculation = registry.calculate(name, **inputs)
    except CalculatorInput as refused:
        return str(refused), None
    return document(calculation), calculation


@tool
def list_calculators() -> str:
    """List every calculator: name, what it does, its inputs with units and limits, its result."""
    return "\n".join(_line(one) for one in registry.CALCULATORS.values())


def _line(calculator: Calculator[Any]) -> str:
    inputs = ", ".join(_input(one) for one in calculator.inputs)
    return f"{calculator.name}: {calculator.description} Inputs: {inputs}. Gives {calculator.unit}."


def _input(one: Input) -> str:
    if isinstance(one.kind, Measure):
        limits = f"{one.kind.unit}, {one.kind.low:,g} to {one.kind.high:,g}".removeprefix(", ")
    else:
        limits = "one of " + ", ".join(one.kind.options)
    default = "" if one.default is None else f", default {one.default}"
    return f"{one.name} ({limits}{default})"
