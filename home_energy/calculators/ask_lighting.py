"""Questions about lamps and about standby."""

from home_energy.calculators.asking import (
    COST,
    MONEY,
    SAVING,
    Family,
    Slots,
    Work,
    add_cost,
    ends,
    is_priced,
    number,
    read_prices,
)
from home_energy.calculators.lighting import LED_WATTS
from home_energy.calculators.quantities import Reading
from home_energy.calculators.usage import changes, count_of, read_hours

_LAMPS = r"bulbs?\b|lamps?\b|spot(?:light)?s?\b|halogens?\b|leds?\b|downlight|incandescent|gu10"
_STANDBY = r"stand-? ?by|phantom|vampire|idle|idling|always[ -]on|switched off|when off"
_DEVICES = (
    r"devices?|gadgets?|tvs?|televisions?|consoles?|boxes|chargers?|things|appliances?|items?|"
    r"speakers?|routers?|computers?|pcs?|laptops?|monitors?|printers?|adapters?|plugs?|units?"
)
_SECONDS_WORDS = r"each\b|apiece|per bulb|a bulb"


def _lamp_price(reading: Reading) -> float | None:
    each = [
        q.value
        for q in reading.all(*MONEY)
        if q.per == "each" or (q.per == "" and reading.near(q, _SECONDS_WORDS))
    ]
    return each[0] if each else None


def _lighting_asked(reading: Reading) -> bool:
    if not reading.has(_LAMPS) or not reading.all("W") or reading.has("lumens?|brightness|grow"):
        return False
    hours = read_hours(reading)
    counted = count_of(reading, _LAMPS) is not None
    wants = reading.has(rf"replac|swap|switch|chang|{COST}|{SAVING}")
    return bool(hours) or (counted and wants) or (wants and reading.has("to run|running"))


def _lighting_meant(reading: Reading) -> bool:
    return (
        reading.has(_LAMPS)
        and reading.has(rf"{COST}|{SAVING}")
        and is_priced(reading)
        and not reading.has("lumens?|brightness|grow")
    )


def _read_lighting(reading: Reading) -> Slots:
    slots = read_hours(reading) | read_prices(reading)
    if "hours" in slots:
        slots["hours_per_day"] = slots.pop("hours")
    watts = reading.all("W")
    pair = ends(watts)
    ranged = pair is not None and not changes(reading) and pair[1] < 2 * pair[0]
    if pair and not ranged:
        slots |= {"new_watts": pair[0], "old_watts": pair[1]}
    elif watts and not ranged:
        led = reading.has("leds?") and reading.near(watts[0], "leds?", before=8, after=5)
        slots["new_watts" if led and watts[0].value < 25 else "old_watts"] = watts[0].value
    for name, value in (("lamps", count_of(reading, _LAMPS)), ("lamp_price", _lamp_price(reading))):
        if value is not None:
            slots[name] = value
    if reading.has(rf"replac|swap|switch to|chang|instead|{SAVING}") or pair:
        slots["wants"] = "saving"
    elif reading.has(rf"to run|running|{COST}|uses?\b"):
        slots["wants"] = "use"
    return slots


def _lighting(slots: Slots) -> Work:
    work = Work()
    old, hours = number(slots, "old_watts"), number(slots, "hours_per_day")
    wants = slots.get("wants")
    if old is None and number(slots, "new_watts") is not None and wants != "saving":
        old, wants = number(slots, "new_watts"), "use"
    if old is None:
        work.missing.append("How many watts do the old bulbs have?")
    if hours is None:
        work.missing.append("How many hours a day are the bulbs on?")
    if old is None or hours is None:
        return work
    lamps = number(slots, "lamps") or 1.0
    days = number(slots, "days_per_year")
    if wants != "saving":
        kwh = work.run(
            "appliance_energy", watts=old, hours_per_day=hours, days_per_year=days, quantity=lamps
        )
        add_cost(work, kwh, slots)
    new, noted = number(slots, "new_watts"), []
    if new is None and wants != "use":
        nearest = min(LED_WATTS, key=lambda watts: abs(watts - old))
        if abs(nearest - old) > 5:
            work.missing.append("How many watts do the new LED bulbs have?")
            return work
        new = LED_WATTS[nearest]
        noted = [f"An LED of {new:g} W is taken to replace a {old:g} W bulb."]
    if new is None or wants == "use":
        return work
    kwh = work.run(
        "lighting_saving",
        noted=noted,
        lamps=lamps,
        old_watts=old,
        new_watts=new,
        hours_per_day=hours,
        days_per_year=days,
    )
    saved, currency = add_cost(work, kwh, slots, calculator="saving_value")
    lamp_price = number(slots, "lamp_price")
    if lamp_price is not None and saved > 0:
        work.run(
            "lighting_payback",
            lamps=lamps,
            lamp_price=lamp_price,
            saving_per_year=saved,
            currency=currency,
        )
    return work


def _standby_asked(reading: Reading) -> bool:
    return bool(
        reading.has(_STANDBY)
        and reading.all("W")
        and not reading.has(r"limit|eu rule|tank|cylinder|boiler|convert")
    )


def _standby_meant(reading: Reading) -> bool:
    return reading.has(_STANDBY) and reading.has(COST) and is_priced(reading)


def _read_standby(reading: Reading) -> Slots:
    slots = read_hours(reading) | read_prices(reading)
    if "hours" in slots:
        slots["hours_per_day"] = slots.pop("hours")
    watts = reading.value("W")
    if watts is not None:
        slots["watts"] = watts
    count = count_of(reading, _DEVICES)
    if count is None and reading.has(_SECONDS_WORDS):
        # Whatever has a power each is what is counted.
        count = count_of(reading, r"[a-z-]+s\b")
    if count is not None:
        slots["devices"] = count
    return slots


def _standby(slots: Slots) -> Work:
    work = Work()
    watts = number(slots, "watts")
    if watts is None:
        work.missing.append("How many watts does it take on standby?")
        return work
    kwh = work.run(
        "standby_energy",
        watts=watts,
        hours_per_day=number(slots, "hours_per_day"),
        days_per_year=number(slots, "days_per_year"),
        devices=number(slots, "devices"),
    )
    add_cost(work, kwh, slots)
    return work


FAMILIES = (
    Family("lighting", _lighting_asked, _read_lighting, _lighting, _lighting_meant),
    Family("standby", _standby_asked, _read_standby, _standby, _standby_meant),
)
"""In the order they are tried: the particular before the general."""
