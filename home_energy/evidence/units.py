"""Units as people write them, and what one of each is in the base unit of its kind."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of energy advice: how it is written, what it measures, what the library calls it."""

    name: str
    """The one name used inside, e.g. `kWh`."""
    kind: str
    """What it measures; only quantities of one kind can be the same."""
    pint: str
    """The unit library's expression; empty where the number is the value."""
    written: str
    """Regular expression of its spellings, case-sensitive unless it says `(?i:`."""


BASE = {
    "energy": "kilowatt_hour",
    "power": "watt",
    "length": "millimetre",
    "area": "metre**2",
    "volume": "litre",
    "duration": "hour",
    "mass": "kilogram",
    "flow": "litre/minute",
    "speed": "kilometre/hour",
    "u_value": "watt/metre**2/kelvin",
}
"""The unit each convertible kind is normalised to; other kinds are compared as written."""

_TEMPERATURE = (
    Unit("degC", "temperature", "degC", r"°\s?C|(?i:deg(?:ree)?s?\.?[ -]?(?:celsius|centigrade))"),
    Unit("degC", "temperature", "degC", r"(?i:deg(?:ree)?s?\.?)[ -]?C|(?i:celsius)|C"),
    Unit("degF", "temperature", "degF", r"°\s?F|(?i:deg(?:ree)?s?\.?[ -]?fahrenheit)"),
    Unit("degF", "temperature", "degF", r"(?i:deg(?:ree)?s?\.?)[ -]?F|(?i:fahrenheit)|F"),
    Unit("degree_day", "degree_days", "", r"(?i:(?:heating |cooling )?degree[ -]days?|HDD|CDD)"),
    Unit("degree", "temperature", "", r"°|(?i:degrees?)"),
    Unit("kelvin", "temperature", "kelvin", r"K|(?i:kelvins?)"),
)

_COMPOUND = (
    Unit("lm/W", "efficacy", "", r"lm/W|(?i:lumens? (?:per|a|for each|for every|each|/) ?watt)"),
    Unit(
        "W/m2K",
        "u_value",
        "watt/metre**2/kelvin",
        r"W/\(?m(?:2|²|\^2)[ ·.]?K\)?|(?i:watts? per square met(?:re|er)(?: per)? (?:kelvin"
        r"|degree))",
    ),
    Unit("Btu/h", "power", "Btu/hour", r"(?i:btus?(?:/h(?:r|our)?| per hour| an hour))|BTUH"),
    Unit("l/s", "flow", "litre/second", r"l/s|L/s|(?i:lit(?:re|er)s? (?:per|a) second)"),
    Unit("l/min", "flow", "litre/minute", r"[lL]/min|(?i:lit(?:re|er)s? (?:per|a) minute)"),
    Unit(
        "gal/min",
        "flow",
        "gallon/minute",
        r"(?i:(?:us )?gal(?:lon)?s?(?:/min(?:ute)?| per minute| a minute)|gpm)",
    ),
    Unit("cfm", "flow", "foot**3/minute", r"(?i:cfm|cubic feet (?:per|a) minute)"),
    Unit("m3/h", "flow", "metre**3/hour", r"m(?:3|³)/h|(?i:cubic met(?:re|er)s? (?:per|an) hour)"),
    Unit("mph", "speed", "mile/hour", r"(?i:mph|miles (?:per|an) hour)"),
    Unit("km/h", "speed", "kilometre/hour", r"(?i:km/h|kph|kilomet(?:re|er)s (?:per|an) hour)"),
    Unit("pCi/l", "radon", "", r"(?i:pCi/l)"),
    Unit("Bq/m3", "radon", "", r"(?i:Bq/m(?:3|³))"),
)

_ENERGY_AND_POWER = (
    Unit("TWh", "energy", "terawatt_hour", r"(?i:TWh|terawatt[ -]?hours?)"),
    Unit("GWh", "energy", "gigawatt_hour", r"(?i:GWh|gigawatt[ -]?hours?)"),
    Unit("MWh", "energy", "megawatt_hour", r"MWh|(?i:megawatt[ -]?hours?)"),
    Unit(
        "kWh",
        "energy",
        "kilowatt_hour",
        r"(?i:kW[ -]?hrs?|kWh|kilowatt[ -]?hours?|units? of electricity)",
    ),
    Unit("Wh", "energy", "watt_hour", r"(?i:Wh|watt[ -]?hours?)"),
    Unit("MJ", "energy", "megajoule", r"MJ|(?i:megajoules?)"),
    Unit("kJ", "energy", "kilojoule", r"kJ|(?i:kilojoules?)"),
    Unit("GJ", "energy", "gigajoule", r"GJ|(?i:gigajoules?)"),
    Unit("Btu", "energy", "Btu", r"(?i:btus?|british thermal units?)"),
    Unit("therm", "energy", "100000*Btu", r"(?i:therms?)"),
    Unit("toe", "energy", "tonne_of_oil_equivalent", r"(?i:toe)"),
    Unit("MW", "power", "megawatt", r"MW|(?i:megawatts?)"),
    Unit("kW", "power", "kilowatt", r"kWp?|KW|(?i:kilowatts?)"),
    Unit("W", "power", "watt", r"W|(?i:watts?)"),
)

_SIZE = (
    Unit("mm", "length", "millimetre", r"mm|(?i:millimet(?:re|er)s?)"),
    Unit("cm", "length", "centimetre", r"cm|(?i:centimet(?:re|er)s?)"),
    Unit("m2", "area", "metre**2", r"m²|m2|m\^2|(?i:sq\.? ?m|square met(?:re|er)s?)"),
    Unit("ft2", "area", "foot**2", r"(?i:sq\.? ?ft\.?|ft2|ft²|square f(?:ee|oo)t)"),
    Unit("m3", "volume", "metre**3", r"m³|m3|(?i:cubic met(?:re|er)s?)"),
    Unit("ft3", "volume", "foot**3", r"(?i:cu\.? ?ft\.?|ft3|ft³|cubic f(?:ee|oo)t)"),
    Unit("km", "length", "kilometre", r"km|(?i:kilomet(?:re|er)s?)"),
    Unit("inch", "length", "inch", r"(?i:inch(?:es)?)|″|\"(?=\s|$)"),
    Unit("ft", "length", "foot", r"ft|(?i:f(?:ee|oo)t)"),
    Unit("mile", "length", "mile", r"(?i:miles?)"),
    Unit("m", "length", "metre", r"m|(?i:met(?:re|er)s?)"),
    Unit("ml", "volume", "millilitre", r"ml|(?i:millilit(?:re|er)s?)"),
    Unit("uk_gal", "volume", "imperial_gallon", r"(?i:(?:uk|imperial) gal(?:lon)?s?)"),
    Unit("gal", "volume", "gallon", r"(?i:(?:us )?gal(?:lon)?s?)"),
    Unit("uk_pint", "volume", "imperial_pint", r"(?i:uk pints?)"),
    Unit("pint", "volume", "", r"(?i:(?:us )?pints?)"),
    Unit("l", "volume", "litre", r"l|L|(?i:lit(?:re|er)s?)"),
    Unit("kg", "mass", "kilogram", r"(?i:kgs?|kilos?|kilograms?)"),
    Unit("g", "mass", "gram", r"g|(?i:grams?)"),
    Unit("us_ton", "mass", "short_ton", r"(?i:us tons?)"),
    Unit("t", "mass", "tonne", r"(?i:tonnes?)|t"),
    Unit("ton", "mass", "", r"(?i:tons?)"),
    Unit("lb", "mass", "pound", r"(?i:lbs?|pounds? (?=of ))"),
)

_OTHER = (
    Unit("percent", "percent", "", r"%|(?i:per ?cent|percentage points?)"),
    Unit("GBP", "money_gbp", "", r"(?i:GBP|pounds?(?: sterling)?)"),
    Unit("penny", "money_gbp", "", r"p|(?i:pence|GBP pence)"),
    Unit("cent", "money_usd", "", r"(?i:(?:us )?cents?)|¢|c(?=/|\s+per\b|\s+a\b)"),
    Unit("USD", "money_usd", "", r"(?i:USD|(?:us )?dollars?)"),
    Unit("EUR", "money_eur", "", r"(?i:EUR|euros?)"),
    Unit("times", "ratio", "", r"(?i:times)|×|x"),
    Unit("fold", "ratio", "", r"(?i:-?fold)"),
    Unit("lm", "light", "", r"lm|(?i:lumens?)"),
    Unit("year", "duration", "365.25*day", r"(?i:years?|yrs?)"),
    Unit("month", "duration", "30.4375*day", r"(?i:months?)"),
    Unit("week", "duration", "week", r"(?i:weeks?)"),
    Unit("day", "duration", "day", r"(?i:days?)"),
    Unit("hour", "duration", "hour", r"h|(?i:hours?|hrs?)"),
    Unit("minute", "duration", "minute", r"(?i:min(?:ute)?s?)"),
    Unit("second", "duration", "second", r"(?i:sec(?:ond)?s?)"),
    Unit("Pa", "pressure", "", r"Pa|(?i:pascals?)"),
    Unit("V", "voltage", "", r"V|(?i:volts?)"),
    Unit("A", "current", "", r"A(?=[\s,.;)]*(?:socket|plug|fuse|circuit|$))|(?i:amps?)"),
    Unit("dB", "sound", "", r"dB(?:A|\(A\))?|(?i:decibels?)"),
)

UNITS = (*_COMPOUND, *_ENERGY_AND_POWER, *_TEMPERATURE, *_SIZE, *_OTHER)
_SCALE = {"penny": 0.01, "cent": 0.01}
"""Units the library does not know."""


@cache
def written_unit() -> re.Pattern[str]:
    """Return the pattern of any unit; the group that matched is `u<index in UNITS>`."""
    names = "|".join(f"(?P<u{index}>{unit.written})" for index, unit in enumerate(UNITS))
    return re.compile(rf"(?:{names})(?![\w²³])")


@cache
def _conversion() -> Callable[[str, str], float]:
    # The library reads its definitions here, once, only when a conversion is asked for.
    import pint

    registry: pint.UnitRegistry[float] = pint.UnitRegistry()
    return lambda unit, base: float(registry.parse_expression(unit).to(base).magnitude)


@cache
def factor(unit: Unit) -> float:
    """Return how many base units of its kind one of `unit` is; 1 where nothing converts."""
    if unit.name in _SCALE:
        return _SCALE[unit.name]
    if not unit.pint or unit.kind not in BASE:
        return 1.0
    return _conversion()(unit.pint, BASE[unit.kind])


def celsius(value: float, unit: str, *, difference: bool) -> float:
    """Convert degrees to °C, or a difference of temperatures to kelvins."""
    if unit != "degF":
        return value
    return value / 1.8 if difference else (value - 32) / 1.8
