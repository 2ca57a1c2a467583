"""Which things of a home a text is about: a heat pump dryer is no heat pump."""

import re
from functools import lru_cache

from home_energy.evidence.words import meaning, written_words

_FAMILIES = {
    "cold": "fridge freezer",
    "light": "lamp led light halogen incandescent cfl dimmer",
    "fan": "fan ceiling_fan",
    "air conditioning": "air_conditioner",
    "boiler": "boiler furnace",
    "heat pump": "heat_pump air_source ground_source",
    "hot water": "hot_water water_heater tank immersion shower showerhead bath",
    "pool": "pool hot_tub",
    "screen": "tv console",
    "computer": "computer laptop monitor",
    "network": "router modem",
    "vehicle": "electric_vehicle",
    "solar": "solar solar_thermal",
    "battery": "battery",
    "cooking": "oven hob microwave air_fryer slow_cooker induction cooking",
    "kettle": "kettle",
    "dryer": "dryer",
    "washer": "washer",
    "dishwasher": "dishwasher hand_washing",
    "dehumidifier": "dehumidifier",
    "extractor": "extractor heat_recovery",
    "radiator": "radiator",
    "loft": "loft",
    "floor": "floor",
    "window": "window curtain blind shutter storm_window awning",
    "chimney": "chimney",
    "thermostat": "thermostat smart_thermostat",
    "meter": "meter smart_meter",
}
_FAMILY = {name: family for family, names in _FAMILIES.items() for name in names.split()}
_KINDS = ("led", "fluorescent|cfl", "halogen", "incandescent")
"""Of one family, but what is so of one kind is not so of another."""
_LIGHT_COLOUR = re.compile(r"\bcolou?r temperature|\d K\b|\bkelvin", re.IGNORECASE)
_OF_LIGHT = re.compile(r"\b(?:colou?r|light|bulb|lamp|led|kelvin|white)", re.IGNORECASE)
_HEAT = re.compile(r"\b(?:temperature|temp|warm)\b", re.IGNORECASE)
_VAGUE = re.compile(
    r"^(?:(?:a|an|the|each|any|one|your|some|most|better|certified|new|old|class [a-g]|[a-g]) )*"
    r"(?:class [a-g] )?(?:machine|unit|model|set|device|appliance)s?\b",
    re.IGNORECASE,
)
_KIND = re.compile("|".join(rf"\b({kind})s?\b" for kind in _KINDS), re.IGNORECASE)


@lru_cache(maxsize=8_192)
def things(text: str) -> tuple[str, ...]:
    """Return the families of the things a text names, in order; () where it names none."""
    keys = map(meaning, written_words(text))
    return tuple(dict.fromkeys(_FAMILY[key] for key in keys if key in _FAMILY))


def is_about(asked: str, sentence: str, heading: str, title: str) -> bool:
    """Say whether a sentence is about what a question names; true where it names no thing."""
    wanted = set(things(asked))
    if not wanted:
        return True
    found = {*things(sentence), *things(heading), *things(title)}
    return bool(wanted & found) and not is_rival(asked, sentence, heading, title)


def is_rival(asked: str, sentence: str, heading: str, title: str) -> bool:
    """Say whether a sentence is about another thing than the question names."""
    wanted = set(things(asked))
    if _LIGHT_COLOUR.search(f"{sentence} {heading}") and not _OF_LIGHT.search(asked):
        return bool(_HEAT.search(asked))
    if not wanted:
        return False
    if is_other_kind(asked, sentence):
        return True
    named = {*things(sentence), *things(heading)}
    return _elsewhere(wanted, title) and (bool(named - wanted) or is_vague(sentence))


def is_of_another_thing(first: str, title: str) -> bool:
    """Say whether a document is about another thing than the text that came first names."""
    wanted = set(things(first))
    return bool(wanted) and _elsewhere(wanted, title)


def is_vague(sentence: str) -> bool:
    """Say whether a sentence leaves its document to say which machine it is about."""
    return bool(_VAGUE.match(sentence))


def _elsewhere(wanted: set[str], title: str) -> bool:
    first = things(title)[:1]
    return bool(first) and first[0] not in wanted


def is_other_kind(asked: str, sentence: str) -> bool:
    """Say whether a sentence is about lamps of another kind than the question."""
    kinds, others = _kinds(asked), _kinds(sentence)
    return bool(kinds and others) and not kinds & others


def _kinds(text: str) -> set[int]:
    return {int(match.lastindex or 0) for match in _KIND.finditer(text)}
