"""What a calculator is: a pure function whose inputs know their units and limits."""

import inspect
import itertools
import math
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, ParamSpec

from home_energy.errors import CalculatorInput
from home_energy.evidence.answer import Calculation

P = ParamSpec("P")

Value = float | str


@dataclass(frozen=True, slots=True)
class Measure:
    """The unit and limits of a number; put in the `Annotated` type of a parameter."""

    unit: str
    low: float
    high: float
    likely: tuple[float, float] | None = None
    """What a home usually has; gives the result a range when the default is used."""
    default_note: str | None = None
    """Why the default is what it is; None when a default needs no explaining."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The words a text input may be; put in the `Annotated` type of a parameter."""

    options: tuple[str, ...]
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a calculator, as its signature declares it."""

    name: str
    kind: Measure | Choice
    default: Value | None
    """None: the input must be given."""

    def check(self, value: object) -> Value:
        """Return the value in its type; raise CalculatorInput with a sentence if it cannot be."""
        if isinstance(self.kind, Choice):
            if value not in self.kind.options:
                options = ", ".join(self.kind.options)
                raise CalculatorInput(f"{self.name} must be one of {options}, got {value!r}")
            return str(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise CalculatorInput(f"{self.name} must be a number of {self.kind.unit or 'units'}")
        if not self.kind.low <= value <= self.kind.high:
            raise CalculatorInput(
                f"{self.name} must be between {self.kind.low:,g} and {self.kind.high:,g}, "
                f"got {value:g}"
            )
        return float(value)

    def assumption(self, currency: str) -> str | None:
        """Return the sentence that owns up to the default, None where it says nothing new."""
        if not isinstance(self.kind, Measure) or self.kind.default_note is None:
            return None
        assert isinstance(self.default, int | float)
        unit = self.kind.unit.replace("currency", currency)
        number = f"{self.default:,.10g} {unit}".strip()
        if unit.startswith("share"):
            number = f"{self.default * 100:g} %"
        return f"Assumed {number}: {self.kind.default_note}."


@dataclass(frozen=True)
class Calculator(Generic[P]):
    """A checked calculator; call it like the function it wraps, or with `calculate`."""

    function: Callable[P, float]
    unit: str
    """Unit of the result; may name a text input in braces, e.g. `{currency}/year`."""
    sentence: str
    """How the result reads in an answer; see `render.sentences`."""

    @property
    def name(self) -> str:
        """The function's own name."""
        return self.function.__name__

    @cached_property
    def _doc(self) -> str:
        return inspect.getdoc(self.function) or ""

    @property
    def description(self) -> str:
        """The first line of the function's docstring."""
        return self._doc.partition("\n")[0]

    @property
    def formula(self) -> str:
        """The formula, as the docstring states it."""
        return self._docstring_line("Formula: ")

    @property
    def source(self) -> str:
        """Where the formula and its constants come from."""
        return self._docstring_line("Source: ")

    def _docstring_line(self, label: str) -> str:
        paragraph = self._doc.partition(label)[2].partition("\n\n")[0].partition("\nSource: ")[0]
        return " ".join(paragraph.split())

    @cached_property
    def inputs(self) -> tuple[Input, ...]:
        """The inputs in the order of the signature."""
        hints = typing.get_type_hints(self.function, include_extras=True)
        return tuple(
            Input(
                name,
                hints[name].__metadata__[0],
                None if parameter.default is inspect.Parameter.empty else parameter.default,
            )
            for name, parameter in inspect.signature(self.function).parameters.items()
        )

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> float:
        """Return the result in `unit`; raise CalculatorInput when an input is out of range."""
        given = inspect.signature(self.function).bind(*args, **kwargs).arguments
        return self._run(
            {one.name: one.check(given.get(one.name, one.default)) for one in self.inputs}
        )

    def calculate(self, given: Mapping[str, object]) -> Calculation:
        """Return the result with its inputs, defaults, range and assumptions.

        Raises CalculatorInput when an input is missing, unknown or out of its range.
        """
        unknown = sorted(set(given) - {one.name for one in self.inputs})
        if unknown:
            names = ", ".join(one.name for one in self.inputs)
            raise CalculatorInput(f"{self.name} has no input {unknown[0]!r}; it takes {names}")
        missing = [one for one in self.inputs if one.default is None and one.name not in given]
        if missing:
            wanted = ", ".join(f"{one.name} ({one.kind.unit})" for one in missing)
            raise CalculatorInput(f"{self.name} also needs {wanted}")
        values = {one.name: one.check(given.get(one.name, one.default)) for one in self.inputs}
        assumed = [one for one in self.inputs if one.name not in given]
        return Calculation(
            name=self.name,
            inputs=values,
            formula=self.formula,
            result=self._run(values),
            unit=self.unit.format(**values).removesuffix("/once"),
            range=self._range(values, assumed),
            assumptions=[
                line for one in assumed if (line := one.assumption(str(values.get("currency", ""))))
            ],
        )

    def _run(self, values: Mapping[str, Value]) -> float:
        # The values were checked against the very signature they are passed to.
        result = float(self.function(**values))  # type: ignore[call-arg, arg-type]
        if not math.isfinite(result):
            raise CalculatorInput(f"{self.name} has no finite result for these inputs")
        return result

    def _range(
        self, values: Mapping[str, Value], assumed: list[Input]
    ) -> tuple[float, float] | None:
        likely = {
            one.name: one.kind.likely
            for one in assumed
            if isinstance(one.kind, Measure) and one.kind.likely
        }
        if not likely:
            return None
        corners = itertools.product(*likely.values())
        results = [
            self._run({**values, **dict(zip(likely, corner, strict=True))}) for corner in corners
        ]
        results.append(self._run(values))
        return min(results), max(results)


def calculator(unit: str, sentence: str) -> Callable[[Callable[P, float]], Calculator[P]]:
    """Turn a function with annotated parameters into a Calculator.

    The docstring's `Formula:` and `Source:` lines become part of what the calculator shows.
    """

    def wrap(function: Callable[P, float]) -> Calculator[P]:
        return Calculator(function, unit, sentence)

    return wrap
