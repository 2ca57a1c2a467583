"""How long and how many: the durations and counts in a question."""

import re

from home_energy.calculators.asking import Slots, ends
from home_energy.calculators.quantities import Quantity, Reading

PER_YEAR = {"day": 365.0, "week": 52.0, "month": 12.0, "year": 1.0}
"""How often each happens in a year."""


def read_hours(reading: Reading) -> Slots:
    """Return hours a day and days a year, or the hours of a single use."""
    slots: Slots = {}
    hours = [(q, q.value / (60 if q.unit == "min" else 1)) for q in reading.all("h", "min")]
    times = next(iter(reading.all("times")), None)
    if hours:
        duration, value = hours[0]
        value = _one_duration(reading, duration, [h for q, h in hours if q.per == duration.per])
        if duration.per in {"week", "month", "year"}:
            slots["hours_per_day"] = (
                value * {"week": 1 / 7, "month": 12 / 365, "year": 1 / 365}[duration.per]
            )
        elif duration.per == "day":
            slots["hours_per_day"] = value
        elif times is not None and times.per == "day":
            slots["hours_per_day"] = value * times.value
        elif times is not None and times.per in PER_YEAR:
            slots |= {"hours_per_day": value, "days_per_year": times.value * PER_YEAR[times.per]}
        elif reading.has(r"(?:daily|nightly|every|each) ?(?:day|night|evening|morning)?\b"):
            slots["hours_per_day"] = value
        else:
            slots["hours"] = value
        less = ends([q for q, _ in hours if q.per == duration.per and q.unit == duration.unit])
        if less and changes(reading) and duration.per == "day" and len(reading.all("W")) == 1:
            scale = 60 if duration.unit == "min" else 1
            slots |= {"hours_per_day": less[1] / scale, "less_hours_per_day": less[0] / scale}
    elif reading.has(
        r"all (?:day|year)|whole year|day and night|all the time|always on|permanently|non-?stop"
        r"|constantly|year[- ]round"
    ):
        slots["hours_per_day"] = 24.0
    days = next(iter(reading.all("day")), None)
    if days is not None and days.per in PER_YEAR and days.per != "day":
        slots["days_per_year"] = days.value * PER_YEAR[days.per]
    elif days is not None and days.value > 1:
        slots["days_per_year"] = days.value
    months = next(iter(reading.all("month")), None)
    if months is not None and 1 <= months.value <= 12:
        share = days.value / 7 if days is not None and days.per == "week" else 1.0
        slots["days_per_year"] = round(months.value * 365 / 12 * share)
    if any(bare.value == 365 for bare in reading.all("")):
        slots["days_per_year"] = 365.0
    if "days_per_year" in slots and "hours" in slots:
        slots["hours_per_day"] = slots.pop("hours")
    return slots


def _one_duration(reading: Reading, first: Quantity, hours: list[float]) -> float:
    """Return one duration for several: the middle of a range, the sum of parts of a day."""
    if len(hours) != 2 or changes(reading) or len(reading.all("W")) == 2:
        return hours[0]
    if re.search(r"\?|\b(?:what|how)\b", reading.text[first.end : _last_hour(reading).start]):
        # The other duration is of another question.
        return hours[0]
    ranged = re.match(r" ?(?:to|-|or) ?\d", reading.text[first.end :])
    return sum(hours) / 2 if ranged else sum(hours)


def _last_hour(reading: Reading) -> Quantity:
    return reading.all("h", "min")[-1]


def changes(reading: Reading) -> bool:
    """Return whether two values of a kind are a before and an after, not a range."""
    return reading.has(
        r"from \d|cut(?:s|ting)?\b|reduc|instead|less\b|shorten|down to|vs\b|versus|rather|replac|"
        r"swap|switch|compared|than\b|new\b"
    )


def count_of(reading: Reading, words: str) -> float | None:
    """Return the bare whole number that counts the things named by the words."""
    for one in reading.all(""):
        after = reading.text[one.end : one.end + 40]
        if one.value != int(one.value) or not 1 <= one.value <= 500:
            continue
        if re.match(
            rf" ?(?:x|×|\*|of)? ?(?:[a-z-]+ ){{0,3}}"
            rf"(?:{words}|(?:\d+(?:\.\d+)? ?(?:to|-) ?)?\d+(?:\.\d+)? ?-?(?:k?w\b|watt))",
            after,
        ):
            return one.value
        if re.match(r" ?(?:x|×|\*) ?\d", after):
            return one.value
    return None
