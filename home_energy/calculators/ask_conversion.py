"""Questions that turn one unit into another, gas meters and fuels included."""

import re

from home_energy.calculators.asking import Family, Slots, Work, number
from home_energy.calculators.quantities import NUMBER, Reading
from home_energy.calculators.units import M3_PER_FT3, convertible

_SPELLINGS: tuple[tuple[str, str], ...] = (
    (r"kwh|kilowatt[ -]?hours?", "kWh"),
    (r"mwh|megawatt[ -]?hours?", "MWh"),
    (r"wh|watt[ -]?hours?", "Wh"),
    (r"mj|megajoules?", "MJ"),
    (r"gj|gigajoules?", "GJ"),
    (r"(?:million|mm) ?btus?", "million Btu"),
    (r"btus? ?(?:/|per|an) ?h(?:ou)?r?", "Btu/h"),
    (r"btus?", "Btu"),
    (r"therms?", "therms"),
    (r"kw|kilowatts?", "kW"),
    (r"w|watts?", "W"),
    (r"tons? of (?:cooling|ac|air conditioning)", "tons of cooling"),
    (r"(?:us|u\.s\.) gal(?:lon)?s?", "US gallons"),
    (r"(?:uk|imperial) gal(?:lon)?s?", "UK gallons"),
    (r"gal(?:lon)?s?", "gallons"),
    (r"l/100 ?km|lit(?:re|er)s? (?:per|/) ?100 ?(?:km|kilomet(?:re|er)s)", "l/100 km"),
    (r"(?:us )?mpg(?: ?\(?us\)?)|us mpg", "mpg (US)"),
    (r"(?:uk|imperial) mpg|mpg ?\(?uk\)?", "mpg (UK)"),
    (r"mpg|miles per gallon", "mpg"),
    (r"lit(?:re|er)s?|l", "litres"),
    (r"m(?:3|³)|cubic ?met(?:re|er)s?", "m³"),
    (r"(?:ft|feet)(?:3|³)|cubic ?(?:ft|feet)", "ft³"),
    (r"ccf", "ccf"),
    (r"m(?:2|²)|sq(?:uare)?\.? ?m(?:et(?:re|er)s?)?", "m²"),
    (r"(?:ft|feet)(?:2|²)|sq(?:uare)?\.? ?(?:ft|feet)|sqft", "ft²"),
    (r"millimet(?:re|er)s?|mm", "mm"),
    (r"centimet(?:re|er)s?|cm", "cm"),
    (r"inch(?:es)?", "inches"),
    (r"feet|foot|ft", "feet"),
    (r"kilomet(?:re|er)s?|km", "km"),
    (r"miles?", "miles"),
    (r"(?:degrees? |deg |° ?)?(?:celsius|centigrade|c)", "°C"),
    (r"(?:degrees? |deg |° ?)?(?:fahrenheit|f)", "°F"),
    (r"hspf", "HSPF"),
    (r"seer", "SEER"),
    (r"eer", "EER"),
    (r"s?cop", "COP"),
    (r"m(?:2|²)k/w|rsi|metric", "m²K/W"),
)
_NAMED = "|".join(f"(?P<{{0}}{n}>{spelling})" for n, (spelling, _) in enumerate(_SPELLINGS))
_TO = _NAMED.replace("{0}", "t")
_FROM = _NAMED.replace("{0}", "f")
_FUEL = (
    r"(?: (?:of )?(?:the )?(?:natural )?(?P<fuel>gas|heating oil|oil|propane|lpg|water)(?: use)?)?"
)
_VALUE = NUMBER.replace("(\\d+", "(?P<n>\\d+")
_FORWARD = re.compile(
    rf"{_VALUE} ?(?:{_FROM}){_FUEL} ?"
    r"(?:\bin|\bto|\binto|\bas|=|->|→|\bis how many|\bequals?(?: how many)?)"
    rf" ?(?:{_TO})(?![\w²³/]| ?\d)"
)
_BACKWARD = re.compile(
    rf"\bhow many (?:{_TO}) ?(?:is|are|in|make|does|do|per)? ?(?:there )?(?:in )?"
    rf"(?:{_VALUE}|(?P<one>an?|one)) ?(?:{_FROM})\b{_FUEL}"
)
_R_VALUE = re.compile(r"\br-? ?(\d+(?:\.\d+)?) (?:in|to|into|as) (?:metric|rsi|m(?:2|²)k/w)")
_LABEL = re.compile(
    r"\b(?P<unit>hspf|seer|eer)(?: of)? (?P<n>\d+(?:\.\d+)?) (?:in|to|as|into)(?: an?)? s?cop\b"
)
_CALORIFIC = re.compile(r"(?:\bcv|calorific value)(?: of| is| at|:)? (\d+(?:\.\d+)?)")
_METER = re.compile(
    rf"(?:from|was|between|read|showed?|reading of) {NUMBER}(?: ?m[3³])?"
    r"(?: (?:in|on|at|last) [a-z]+(?: [a-z]+)?)?\W+"
    rf"(?:(?:and|it|is|now|then|to|shows?|reads?|says|today|later) ){{1,4}}{NUMBER}"
)
_DIFFERENCE = re.compile(r"\b(?:difference|drop|rise|lower by|by \d)")


def _read(reading: Reading) -> Slots:
    text = reading.text
    r_value, label = _R_VALUE.search(text), _LABEL.search(text)
    if r_value:
        return {"value": float(r_value[1]), "from": "h ft² °F/Btu", "to": "m²K/W"}
    if label:
        return {"value": float(label["n"]), "from": label["unit"].upper(), "to": "COP"}
    found = _FORWARD.search(text) or _BACKWARD.search(text)
    if found is None or _DIFFERENCE.search(text):
        return {}
    groups = found.groupdict()
    value = float(groups["n"]) if groups.get("n") else 1.0
    slots: Slots = {"value": value, "from": _unit(groups, "f"), "to": _unit(groups, "t")}
    if re.search(r"(?:-|minus )$", text[: found.start()]) and slots["from"] in {"°C", "°F"}:
        slots["value"] = -value
    if groups.get("fuel"):
        slots["fuel"] = str(groups["fuel"])
    slots |= _calorific(reading)
    if re.search(r"imperial|hundred cubic feet", text):
        slots["imperial"] = "yes"
    return slots


def _read_meter(reading: Reading) -> Slots:
    """Return the units of an imperial gas meter."""
    if not re.search(r"\bgas\b", reading.text) or "kwh" not in reading.text:
        return {}
    found = re.search(rf"{NUMBER} (?:imperial )?(?:gas )?units\b", reading.text)
    imperial = re.search(r"imperial|cubic feet|ft3", reading.text)
    readings = _METER.search(reading.text)
    if readings and "meter" in reading.text and float(readings[2]) > float(readings[1]):
        metric = re.search(r"\b(?:m3|m³|cubic met\w+|metric)", reading.text)
        used = round(float(readings[2]) - float(readings[1]), 6)
        unit = "imperial units" if imperial else "m³" if metric else "meter units"
        metered: Slots = {"value": used, "from": unit, "to": "kWh", "fuel": "gas"}
        return metered | _calorific(reading)
    if found is None or not imperial:
        return {}
    return {"value": float(found[1]), "from": "imperial units", "to": "kWh"}


def _calorific(reading: Reading) -> Slots:
    calorific = _CALORIFIC.search(reading.text)
    return {"calorific_value": float(calorific[1])} if calorific else {}


def _unit(groups: dict[str, str | None], side: str) -> str:
    return next(
        name for n, (_, name) in enumerate(_SPELLINGS) if groups.get(f"{side}{n}") is not None
    )


def _asked(reading: Reading) -> bool:
    slots = _slots(reading)
    return bool(slots) and _possible(slots)


def _slots(reading: Reading) -> Slots:
    return _read_meter(reading) or _read(reading)


def _possible(slots: Slots) -> bool:
    pair = str(slots["from"]), str(slots["to"])
    gas = {"meter units", "m³", "ft³", "ccf", "gallons", "US gallons", "imperial units"}
    if pair[1] == "kWh" and pair[0] in gas:
        return slots.get("fuel") != "water"
    if {"gallons", "mpg"} & set(pair):
        return convertible(*(_with_place(one, "us") for one in pair))
    return convertible(*pair)


def _with_place(unit: str, place: str) -> str:
    country = "UK" if place == "uk" else "US"
    return {"gallons": f"{country} gallons", "mpg": f"mpg ({country})"}.get(unit, unit)


def _work(slots: Slots) -> Work:
    work = Work()
    value, place = number(slots, "value"), str(slots.get("place", "general"))
    if "from" not in slots or "to" not in slots:
        work.missing.append("From which unit to which?")
        return work
    unit, to = str(slots["from"]), str(slots["to"])
    if {"gallons", "mpg"} & {unit, to} and place == "general" and slots.get("fuel") is None:
        work.missing.append("Do you mean US gallons or UK gallons?")
        return work
    if unit == "meter units":
        work.missing.append("Does the meter count cubic metres or hundreds of cubic feet?")
    elif unit == "imperial units":
        work.run("gas_imperial_units_energy", units_100_ft3=value)
    elif to == "kWh" and unit in {"gallons", "US gallons"}:
        _fuel_energy(work, slots, value)
    elif to == "kWh" and unit in {"m³", "ft³", "ccf"}:
        _gas_energy(work, slots, value or 0, unit, place)
    else:
        work.run(
            "convert_units",
            value=value,
            from_unit=_with_place(unit, place),
            to_unit=_with_place(to, place),
        )
    return work


def _gas_energy(work: Work, slots: Slots, value: float, unit: str, place: str) -> None:
    if unit == "ccf" or (unit == "ft³" and place != "uk"):
        work.run("gas_ccf_energy", ccf=value if unit == "ccf" else value / 100)
        return
    work.run(
        "gas_m3_energy",
        noted=[] if slots.get("fuel") == "gas" else ["Taken as metered natural gas."],
        volume_m3=value if unit == "m³" else value * M3_PER_FT3,
        calorific_value_mj_per_m3=number(slots, "calorific_value"),
    )


def _fuel_energy(work: Work, slots: Slots, value: float | None) -> None:
    if slots.get("fuel") in {"oil", "heating oil"}:
        work.run("heating_oil_energy", us_gallons=value)
    elif slots.get("fuel") in {"propane", "lpg"}:
        work.run("propane_energy", us_gallons=value)
    else:
        work.missing.append("Gallons of which fuel: heating oil or propane?")


FAMILIES = (Family("conversion", _asked, _slots, _work),)
