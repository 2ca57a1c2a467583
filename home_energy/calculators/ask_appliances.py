"""Questions about what appliances use, by power, by meter or by label."""

import re

from home_energy.calculators.asking import (
    COST,
    MONEY,
    SAVING,
    Family,
    Slots,
    Work,
    add_cost,
    asked_period,
    ends,
    is_priced,
    number,
    read_prices,
)
from home_energy.calculators.quantities import Quantity, Reading
from home_energy.calculators.usage import count_of, read_hours

_NOT_WATTS_IN = (
    r"solar|pv\b|panels?\b|inverter|generator|batter|heat ?pump|air source|ground source|boiler|"
    r"furnace|stove|(?<!oil )(?<!filled )(?<!electric )radiator|wood|pellet|amps?\b|fuse|"
    r"breaker|socket|extension|convert|wattage|lumens?"
)
_RUNNING = (
    r"run(?:s|ning)?\b|to use|leav(?:e|ing)|left on|using|per hour|an hour|electricity|a day|"
    r"a year|a week|a month|yearly|annual|on for|" + SAVING
)
_PLUGGED_IN = (
    r"heaters?\b|dryer|washing machine|washer|dishwasher|oven|hob\b|cooker|kettle|iron\b|microwave|"
    r"air fryer|toaster|tvs?\b|television|computer|pc\b|laptop|console|fans?\b|air con|ac\b|"
    r"dehumidifier|humidifier|vacuum|hoover|pump\b|hot tub|sauna|electric blanket|router|aquarium"
)
_CYCLING = r"fridge|freezer|refrigerator"


def _appliance_asked(reading: Reading) -> bool:
    if not reading.all("W") or reading.has(_NOT_WATTS_IN) or reading.all("ft2", "m2", "m3", "ft3"):
        return False
    if reading.all("R", "U", "K", "C", "F", "kWp", "Btu", "therm"):
        return False
    return bool(read_hours(reading)) or (
        reading.has(COST) and (reading.has(_RUNNING) or is_priced(reading))
    )


def _appliance_meant(reading: Reading) -> bool:
    return (
        reading.has(_PLUGGED_IN)
        and reading.has(COST)
        and bool(read_hours(reading))
        and is_priced(reading)
        and not reading.has(_NOT_WATTS_IN)
    )


def _read_appliance(reading: Reading) -> Slots:
    slots = read_hours(reading) | read_prices(reading)
    watts = reading.all("W")
    joined = reading.has(r"and\b|plus\b") or "+" in reading.text
    compared = reading.has(r"vs\b|versus|instead|replac|swap|rather|compared|than\b|to a\b")
    if len(watts) == 1:
        slots["watts"] = watts[0].value
    elif len(watts) > 1 and compared:
        slots |= {"new_watts": min(q.value for q in watts), "watts": max(q.value for q in watts)}
    elif len(watts) > 1 and joined:
        slots["watts"] = sum(q.value for q in watts)
    hours = [q.value / (60 if q.unit == "min" else 1) for q in reading.all("h", "min")]
    if len(watts) == len(hours) == 2 and "hours" in slots:
        slots |= {"watts": watts[0].value, "other_watts": watts[1].value}
        slots |= {"hours": hours[0], "other_hours": hours[1]}
        slots.pop("new_watts", None)
    count = count_of(
        reading,
        "heaters?|radiators?|fans?|tvs?|computers?|laptops?|monitors?|lights?|panels?|units?",
    )
    if count is not None and len(watts) == 1:
        slots["quantity"] = count
    period = asked_period(reading)
    if period is not None:
        slots["period"] = period
    thing = re.search(rf"\b(?:{_PLUGGED_IN})", reading.text)
    if thing and not watts:
        slots["thing"] = thing[0]
    if not reading.has(_RUNNING):
        slots["open"] = "yes"
    if reading.has(_CYCLING):
        slots["cycling"] = "yes"
    return slots


def _appliance(slots: Slots) -> Work:
    work = Work()
    watts, quantity = number(slots, "watts"), number(slots, "quantity")
    daily, days = number(slots, "hours_per_day"), number(slots, "days_per_year")
    once, period = number(slots, "hours"), str(slots.get("period", ""))
    if watts is None:
        thing = f"the {slots['thing']}" if "thing" in slots else "it"
        work.missing.append(f"How many watts does {thing} take?")
        return work
    new = number(slots, "new_watts")
    if slots.get("cycling"):
        kwh = work.run(
            "cycling_appliance_energy", watts=watts, hours_per_day=daily, days_per_year=days
        )
        add_cost(work, kwh, slots)
    elif new is not None and daily is not None:
        kwh = work.run(
            "appliance_saving",
            old_watts=watts,
            new_watts=new,
            hours_per_day=daily,
            days_per_year=days,
            quantity=quantity,
        )
        add_cost(work, kwh, slots, calculator="saving_value")
    elif daily is not None and "less_hours_per_day" in slots:
        less = number(slots, "less_hours_per_day") or 0.0
        kwh = work.run(
            "appliance_energy",
            noted=[f"From {daily:g} to {less:g} h a day is {daily - less:g} h a day less."],
            watts=watts,
            hours_per_day=daily - less,
            days_per_year=days,
            quantity=quantity,
        )
        add_cost(work, kwh, slots, calculator="saving_value")
    elif daily is None and once is None and (period not in {"hour", ""} or "open" in slots):
        work.missing.append("How many hours a day is it on?")
    elif daily is None:
        kwh = work.run("appliance_use", watts=watts, hours=once or 1.0, quantity=quantity)
        add_cost(work, kwh, slots, period="once")
        other_watts, other_hours = number(slots, "other_watts"), number(slots, "other_hours")
        if other_watts is not None and other_hours is not None:
            kwh = work.run("appliance_use", watts=other_watts, hours=other_hours)
            add_cost(work, kwh, slots, period="once")
    else:
        _daily_use(work, slots, watts, daily)
    return work


def _daily_use(work: Work, slots: Slots, watts: float, daily: float) -> None:
    period = str(slots.get("period", ""))
    days, quantity = number(slots, "days_per_year"), number(slots, "quantity")
    in_period = {"day": 1, "week": 7, "month": 30}
    shown = [period] if period in in_period else ["day"] if not period and days is None else []
    for one in shown:
        noted = ["A month of 30 days."] if one == "month" else []
        hours = daily * in_period[one]
        kwh = work.run("appliance_use", noted=noted, watts=watts, hours=hours, quantity=quantity)
        add_cost(work, kwh, slots, period=one)
    if period in {"", "year", "hour"}:
        kwh = work.run(
            "appliance_energy",
            watts=watts,
            hours_per_day=daily,
            days_per_year=days,
            quantity=quantity,
        )
        add_cost(work, kwh, slots)


def _measured(reading: Reading) -> tuple[Quantity, float] | None:
    """Return kWh that were metered and the hours it took."""
    for kwh in reading.all("kWh"):
        if kwh.per:
            continue
        spans = [
            (q, q.value * {"h": 1, "day": 24, "week": 168}[q.unit])
            for q in reading.all("h", "day", "week")
        ]
        for span, hours in spans:
            if span.start >= kwh.end and re.search(
                r"\b(?:in|over|during)\b", reading.text[kwh.end : span.start]
            ):
                return kwh, hours
        word = re.match(
            r" (?:in|over|during) (?:a|one|1) (day|week|fortnight)\b", reading.text[kwh.end :]
        )
        if word:
            return kwh, {"day": 24.0, "week": 168.0, "fortnight": 336.0}[word[1]]
    return None


def _read_measured(reading: Reading) -> Slots:
    slots = read_prices(reading)
    measured = _measured(reading)
    if measured:
        slots |= {"measured_kwh": measured[0].value, "measured_hours": measured[1]}
    return slots


def _metered(slots: Slots) -> Work:
    work = Work()
    kwh, hours = number(slots, "measured_kwh"), number(slots, "measured_hours")
    if kwh is None or hours is None:
        work.missing.append("How many kWh did the meter count, and in how many hours or days?")
        return work
    add_cost(work, work.run("yearly_use_from_meter", measured_kwh=kwh, measured_hours=hours), slots)
    return work


_APPLIANCE = (
    r"fridge|freezer|refrigerator|dryer|washer|washing machine|dishwasher|tv\b|appliance|oven"
)


def _replacement_asked(reading: Reading) -> bool:
    kwh = reading.all("kWh")
    return (
        len(kwh) >= 2
        and ends(kwh) is not None
        and reading.has(_APPLIANCE)
        and reading.has(rf"replac|new\b|swap|old\b|upgrad|{SAVING}| to \d| vs")
        and not reading.has("heat pump")
    )


def _read_replacement(reading: Reading) -> Slots:
    slots = read_prices(reading)
    pair = ends(reading.all("kWh"))
    if pair:
        slots |= {"new_kwh": pair[0], "old_kwh": pair[1]}
    cost = [q.value for q in reading.all(*MONEY) if q.value >= 20 and q.per in {"", "each"}]
    if cost:
        slots["cost"] = max(cost)
    return slots


def _replacement(slots: Slots) -> Work:
    work = Work()
    old, new = number(slots, "old_kwh"), number(slots, "new_kwh")
    if old is None or new is None:
        work.missing.append("How many kWh a year do the old and the new appliance use?")
        return work
    kwh = work.run("replacement_saving", old_kwh_per_year=old, new_kwh_per_year=new)
    saved, currency = add_cost(work, kwh, slots, calculator="saving_value")
    cost = number(slots, "cost")
    if cost is not None and saved > 0:
        work.run("simple_payback", cost=cost, saving_per_year=saved, currency=currency)
    return work


FAMILIES = (
    Family(
        "metered", lambda r: _measured(r) is not None and not r.all("W"), _read_measured, _metered
    ),
    Family("replacement", _replacement_asked, _read_replacement, _replacement),
    Family("appliance", _appliance_asked, _read_appliance, _appliance, _appliance_meant),
)
"""In the order they are tried: the particular before the general."""
