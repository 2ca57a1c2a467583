"""A number with its unit, and what it is per."""

import re

from home_energy.evidence.quantity import Quantity
from home_energy.evidence.units import UNITS, celsius, factor

_PER = re.compile(
    r"\s?/\s?(?:US |UK |sq |sq\. )?(?P<slash>[A-Za-z°µ]+[²³23]?)(?P<more>/\w+)?"
    r"|,?\s+(?P<link>per|for each|for every|each|every|a|an)\s+(?P<word>square (?:foot|metre"
    r"|meter)|sq\.? ?ft|cubic (?:foot|metre|meter)"
    r"|kWh|kilowatt[- ]hour|°?[CF]\b|[A-Za-z]+[²³23]?)(?:\s(?P<noun>home|house|household|person"
    r"|window|room|load))?"
    r"|,?\s+(?P<adverb>yearly|annually|daily|nightly|hourly|weekly|monthly|apiece|pa\b|p\.a\.)",
)
_PER_NAMES = {
    "yearly": "year",
    "annually": "year",
    "annum": "year",
    "yr": "year",
    "pa": "year",
    "p.a.": "year",
    "daily": "day",
    "nightly": "night",
    "hourly": "hour",
    "h": "hour",
    "hr": "hour",
    "weekly": "week",
    "monthly": "month",
    "min": "minute",
    "s": "second",
    "kilowatt-hour": "kwh",
    "kilowatt hour": "kwh",
    "l": "litre",
    "liter": "litre",
    "gal": "gallon",
    "square foot": "ft2",
    "sq ft": "ft2",
    "square metre": "m2",
    "square meter": "m2",
    "m²": "m2",
    "degree": "degree",
    "c": "degree",
    "f": "degree",
    "k": "degree",
    "°c": "degree",
    "°f": "degree",
    "inches": "inch",
    "d": "day",
}
_PER_NOUNS = frozenset(
    """year month week day night hour minute second kwh litre gallon ft2 m2 degree inch cycle load
    wash shower mile km kw kwp watt w person head bedroom room household home house bulb window door
    cfm lb pound kg therm unit season use million thousand million thousand""".split()
)
_LOWER_CUE = re.compile(
    r"(?:\bby|\beach|\bevery|\bper|\ba|\bthan|\bset-?backs?(?: of)?|\bdrops?(?: of)?|\bwithin"
    r"|\bback"
    r"|\bdifference of|\brise of|\bfalls?(?: by)?|\banother|\bextra|\bfirst|\bof)"
    r"(?: (?:up to|about|around|roughly|just|only|at least|at most|a|another))*\s*$",
    re.I,
)
_WARMER = re.compile(r"\b(?:warmer|hotter|colder|cooler|above|below) than\s*$", re.I)
_LOWER_AFTER = re.compile(
    r"\s*(?:(?!or\b|is\b|and\b|to\b)[a-z]+ )?(?:lower|higher|colder|cooler|warmer|hotter|drop"
    r"|rise|reduction|back\b|less|more"
    r"|set-?back|set-?up|difference|swing|change|increase|decrease|turn-?down|off\b|down\b"
    r"|below (?:the )?normal)",
    re.I,
)


def money(start: int, end: int, text: str, value: float, currency: str) -> Quantity:
    """Return a sum of money with what it is per."""
    per, stop = per_what(text, end)
    kind = f"money_{currency.lower()}"
    return Quantity(
        start, stop, value, value, currency, kind, text[start:stop], "exact", per, (value, value)
    )


def measured(start: int, end: int, text: str, value: float, found: re.Match[str]) -> Quantity:
    """Return a number with the unit that `found` matched, in the base unit of its kind."""
    unit = UNITS[int(str(found.lastgroup)[1:])]
    kind = unit.kind
    per, stop = per_what(text, end)
    if kind == "temperature":
        kind = temperature_kind(start, stop, text, value, unit.name)
        base = celsius(value, unit.name, difference=kind == "temperature_difference")
    else:
        base = value * factor(unit)
    name = "times" if unit.name == "fold" else unit.name
    return Quantity(
        start, stop, base, base, name, kind, text[start:stop], "exact", per, (value, value)
    )


def temperature_kind(start: int, end: int, text: str, value: float, unit: str) -> str:
    """Tell "by 10 °F" from "to 10 °F"; `degrees` where nothing tells."""
    if unit == "kelvin":
        return "colour_temperature" if value >= 1000 else "temperature_difference"
    if value > (60 if unit == "degF" else 33):
        return "temperature"
    if _WARMER.search(text[:start]):
        return "temperature"
    if _LOWER_AFTER.match(text, end) or _LOWER_CUE.search(text[max(0, start - 40) : start]):
        return (
            "temperature_difference"
            if not re.search(
                r"\bset(?:ting)? of(?: (?:about|around|roughly|some))*\s*$", text[:start]
            )
            else "degrees"
        )
    if re.search(
        r"\b(?:to|at|from|below|above|between|under|around)(?: (?:about|least|most|a|the))*\s*$",
        text[:start],
        re.I,
    ):
        return "temperature"
    return "degrees"


def per_what(text: str, end: int) -> tuple[str, int]:
    """Return what the figure that ends at `end` is per, and where that is written to."""
    match = _PER.match(text, end)
    if not match:
        return "", end
    written = next(group for group in (match["slash"], match["word"], match["adverb"]) if group)
    name = (match["noun"] or written).lower()
    name = _PER_NAMES.get(name, name)
    name = _PER_NAMES.get(name.rstrip("s"), name)
    if match["word"] and match["link"] != "per" and name not in _PER_NOUNS:
        return "", end
    first_end = match.end()
    if match["slash"] and match["more"]:
        second = match["more"][1:].lower()
        return "/".join(sorted((name, _PER_NAMES.get(second, second)))), first_end
    more = _PER.match(text, first_end)
    if more and not more["slash"]:
        second, stop = per_what(text, first_end)
        if second:
            return "/".join(sorted((name, *second.split("/")))), stop
    return name, first_end
