"""What every family of plain-language questions shares: slots, prices, and when not to answer."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from home_energy.calculators import prices
from home_energy.calculators.quantities import Quantity, Reading
from home_energy.calculators.registry import calculate
from home_energy.calculators.render import price as shown_price
from home_energy.errors import CalculatorInput
from home_energy.evidence.answer import Calculation

Slots = dict[str, float | str]
"""What a question gave, by role; plain JSON, so that a session can keep it."""

MONEY = ("GBP", "USD", "EUR", "money")
SAVING = r"sav(?:e|es|ed|ing|ings)\b|cheaper|worth|pay ?back|pays? (?:off|for itself|back)"
COST = r"costs?\b|price|bill\b|spend|pay\b|expensive"


_AMOUNT = re.compile(
    rf"\bhow (?:much|many)\b|\b(?:{COST}|{SAVING})|\b(?:convert|calculate|work out|kwh|uses?|"
    r"consum\w+|loses?|need|output|give|yield|generate|produce)\b"
)
_PLAIN_OPENING = re.compile(
    r"^(?:and )?(?:is|are|was|should|shall|may|can|could|do|does|did|why|which|who|where|when|"
    r"will|am)\b"
)
_PLAIN = re.compile(
    r"\b(?:enough|should|safe(?:ly)?|recommend\w*|allowed|legal(?:ly)?|normal(?:ly)?|why|means?|"
    r"ideal|best|good|bad|right|correct|too|better|difference|explain|true|myth|really|compulsory|"
    r"typical(?:ly)?|average|rule|regulations?|law|brighter|"
    r"how (?:do|does|can|thick|often|warm|hot|cold|big|old|far|bright|deep|wide|high|low|fast)|"
    r"what (?:size|thickness|temperature|wattage|kind|type|is an?|are))\b"
)
_STRONG = re.compile(
    r"\b(?:how (?:much|many)\b.*\b(?:cost|save|saving|pay|use|lose|need|worth|produce|generate|"
    r"kwh)|what (?:does|do|would|will|is|are)\b.*\b(?:costs?|save|saving|payback|worth|earn)\b|"
    r"pay ?back|calculate|convert|work out|break[ -]?even)"
)
_SHOPPING = re.compile(
    r"\b(?:costs?|price) (?:to|of) (?:install|buy|fit|purchase|replac)(?:e|ing)?\b|"
    r"\b(?:install(?:ation)?|purchase|buying|upfront) (?:cost|price)|"
    r"\bhow much (?:is|are) (?:a|an|the) (?!.*\b(?:hours?|hrs?|minutes?|kwh)\b)"
)
_TOLD = re.compile(r"^(?:i|we|my|our|the|it|they|there|this|these|it's|i've|we've)\b.*\d")
_SENTENCE = re.compile(
    r"(?<=[?!;])\s+|(?<=[a-z)]\.)\s+|,?\s+(?=and (?:how|what|should|is|are|why)\b)"
)


@dataclass
class Work:
    """What the slots of a question lead to."""

    calculations: list[Calculation] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def run(
        self, name: str, *, noted: list[str] | None = None, **inputs: float | str | None
    ) -> float:
        """Add a calculation and return its result; inputs that are None take their defaults."""
        given = {key: value for key, value in inputs.items() if value is not None}
        calculation = calculate(name, **given)
        calculation.assumptions.extend(noted or [])
        self.calculations.append(calculation)
        return calculation.result


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of question: how it is known, what it gives, and what is worked out of that."""

    name: str
    asked: Callable[[Reading], bool]
    read: Callable[[Reading], Slots]
    work: Callable[[Slots], Work]
    meant: Callable[[Reading], bool] | None = None
    """Whether a question is clearly of this kind although what it is known by is missing."""


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """The price a calculation uses, and the sentence that owns up to a default."""

    value: float
    currency: str
    noted: list[str]


def calculable(text: str) -> str:
    """Return the part of a question that may ask for a number; empty where none does."""
    parts = [part for part in _SENTENCE.split(text.strip().lower()) if part]
    asking = [part for part in parts if not _is_plain(part)]
    if not any(part.endswith("?") or _AMOUNT.search(part) for part in asking):
        return " ".join(asking)
    # What is only told, and how good it is, may still hold a figure that counts.
    told = [part for part in parts if not part.endswith("?") and _TOLD.search(part)]
    return " ".join(part for part in parts if part in asking or part in told)


def number(slots: Mapping[str, float | str], name: str) -> float | None:
    """Return a numeric slot, None where it is not there."""
    value = slots.get(name)
    return float(value) if isinstance(value, int | float) else None


def place_of(reading: Reading, region: str) -> str:
    """Return whose prices and units a question means: uk, us, eu or general."""
    currencies = {one.unit for one in reading.all("GBP", "USD", "EUR")}
    for currency, place in (("GBP", "uk"), ("USD", "us"), ("EUR", "eu")):
        if currency in currencies:
            return place
    if region != "general":
        return region
    if reading.has(r"pounds?\b(?! of)|pence|sterling|uk\b|england|britain|scotland|wales"):
        return "uk"
    if reading.has(r"dollars?|usa?\b|america") or reading.all("ft2", "F", "HSPF", "AFUE"):
        return "us"
    if reading.all("R") and reading.has("attic|insulat|wall|roof|ceiling|floor|tank|jacket"):
        return "us"
    return "eu" if reading.has(r"euros?\b|germany|france|spain|ireland") else "general"


def read_prices(reading: Reading) -> Slots:
    """Return the unit prices a question gives, electricity and gas apart."""
    slots: Slots = {}
    units = [q for q in reading.all(*MONEY) if q.per == "kwh" or (q.per == "" and q.value < 1.5)]
    units = [
        q
        for q in units
        if not reading.near(q, r"each\b|standing")
        and not reading.near(q, r"export|sell|sold|paid|feed", 30)
    ]
    gas: Quantity | None = None
    if len(units) == 1 and reading.near(units[0], r"gas\b", before=12, after=8):
        gas = units[0]
    elif len(units) == 2 and reading.has(r"gas\b|boiler|break[ -]?even"):
        # A kWh of gas is cheaper than one of electricity wherever both are sold to homes.
        gas = min(units, key=lambda q: q.value)
    elif len(units) > 1:
        return {"unclear_price": "yes"}
    for one in units:
        slots["gas_price_per_kwh" if one is gas else "price_per_kwh"] = one.value
        if one.unit != "money":
            slots["currency"] = one.unit
    return slots


def is_priced(reading: Reading) -> bool:
    """Return whether a question says what its reader pays for a unit of energy."""
    return any(q.per == "kwh" or (q.per == "" and q.value < 1.5) for q in reading.all(*MONEY))


def unit_price(slots: Slots, fuel: str = "electricity") -> UnitPrice:
    """Return the price to use: the one given, else the dated default of the place."""
    known = _defaults(slots)
    given = number(slots, "price_per_kwh" if fuel == "electricity" else "gas_price_per_kwh")
    if given is None and fuel == "gas" and "gas_price_per_kwh" not in slots:
        given = number(slots, "price_per_kwh") if slots.get("fuel") == "gas" else None
    if given is not None and "currency" in slots:
        return UnitPrice(given, str(slots["currency"]), [])
    if given is not None:
        shown = shown_price(given, known.currency)
        taken = f"The price named no currency and is taken as {shown}/kWh."
        return UnitPrice(given, known.currency, [taken])
    value = known.electricity_per_kwh if fuel == "electricity" else known.gas_per_kwh
    example = (
        f"{fuel.capitalize()} at {shown_price(value, known.currency)}/kWh, {known.place}, "
        f"{known.source}: a dated example, so use your own price."
    )
    return UnitPrice(value, known.currency, [example])


def default_prices(slots: Slots) -> prices.Prices:
    """Return the dated prices of the place a question is about."""
    return _defaults(slots)


def add_cost(
    work: Work,
    kwh: float,
    slots: Slots,
    *,
    calculator: str = "energy_cost",
    period: str = "year",
    fuel: str = "electricity",
) -> tuple[float, str]:
    """Add what an energy costs or what saving it is worth; return the sum and its currency."""
    if "unclear_price" in slots:
        raise CalculatorInput("Which of the prices applies, per kWh")
    price = unit_price(slots, fuel)
    result = work.run(
        calculator,
        noted=price.noted,
        kwh=kwh,
        price_per_kwh=price.value,
        currency=price.currency,
        period=period,
    )
    return result, price.currency


def ends(quantities: list[Quantity]) -> tuple[float, float] | None:
    """Return the smallest and the largest of two or more values, None for fewer."""
    values = [one.value for one in quantities]
    return (min(values), max(values)) if len(set(values)) > 1 else None


def asked_period(reading: Reading) -> str | None:
    """Return the period that the question wants its answer for."""
    found = re.findall(
        r"\b(?:an?|per|each) (hour|day|week|month|year)\b"
        r"|\b(hour|dai|week|month|year)ly\b|\b(annual)|/(day|week|month|year)\b",
        reading.rest,
    )
    words = {{"dai": "day", "annual": "year"}.get("".join(one), "".join(one)) for one in found}
    return next((one for one in ("year", "month", "week", "day", "hour") if one in words), None)


def read_heater(reading: Reading) -> Slots:
    """Return what heats and how well, as far as the question says."""
    slots: Slots = {}
    if reading.has(r"gas\b|boiler|furnace|afue"):
        slots["fuel"] = "gas"
    if reading.has(
        r"electric(?:ally)?\b(?! car)|electric heat|storage heater|resistance|immersion"
    ):
        slots["fuel"] = "electricity"
    efficiency = reading.value("AFUE")
    percent = [q for q in reading.all("%") if reading.near(q, r"effici|boiler|furnace")]
    if percent:
        efficiency = percent[0].value / 100
    bare = re.search(r"(?:effici\w+|boiler)(?: of| is| at)? (0?\.\d+)", reading.text)
    if bare:
        efficiency = float(bare[1])
    if efficiency is not None:
        slots["efficiency"] = efficiency if efficiency <= 1 else efficiency / 100
    return slots


def _defaults(slots: Slots) -> prices.Prices:
    if str(slots.get("currency")) in prices.BY_CURRENCY and "place" not in slots:
        return prices.BY_CURRENCY[str(slots["currency"])]
    return prices.BY_REGION[str(slots.get("place", "general"))]


def _is_plain(sentence: str) -> bool:
    if _SHOPPING.search(sentence) and not re.search(r"pay ?back|pays? for itself", sentence):
        return True
    if _STRONG.search(sentence):
        return False
    if _PLAIN.search(sentence):
        return True
    return bool(_PLAIN_OPENING.match(sentence)) and not _AMOUNT.search(sentence)
