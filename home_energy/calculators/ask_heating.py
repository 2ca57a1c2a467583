"""Questions about thermostats and a home's heat loss."""

from home_energy.calculators.asking import (
    SAVING,
    Family,
    Slots,
    Work,
    add_cost,
    ends,
    number,
    read_heater,
    read_prices,
)
from home_energy.calculators.quantities import Quantity, Reading
from home_energy.calculators.units import BTU_PER_KWH

_LOWER = r"lower|turn(?:ing|ed)? .{0,25}down|reduc|drop|set(?:ting)?[ -]?back|cut|down by|down from"
_NOT_THERMOSTAT = (
    r"water|flow|fridge|freezer|wash|cylinder|tank|shower|cool|air con|\bac\b|summer|heat pump|"
    r"oven|pool|raise|increase|turn(?:ing)? .{0,25}up|warmer"
)
_WHOLE_DAY = 24.0
_NIGHT = 8.0


def _temperatures(reading: Reading) -> tuple[str, list[Quantity]]:
    """Return `C`, `F` or `degree`, with the temperatures in the question."""
    for unit in ("F", "C", "K", "degree"):
        found = reading.all(unit)
        if found:
            return unit, reading.all("F", "C", "K", "degree")
    return "degree", []


def _thermostat_asked(reading: Reading) -> bool:
    _, found = _temperatures(reading)
    if not found or not reading.has(_LOWER) or reading.has(_NOT_THERMOSTAT):
        return False
    by_step = reading.has(r"by\b") or (len(found) == 1 and found[0].value <= 10)
    between = ends(found) is not None
    return (by_step or between) and reading.has(
        rf"thermostat|heating\b|temperature|set[ -]?back|room|home|house|{SAVING}"
    )


def _thermostat_meant(reading: Reading) -> bool:
    yearly = [q for q in reading.all("GBP", "USD", "EUR", "kWh") if q.value >= 50]
    return (
        bool(yearly)
        and reading.has(_LOWER)
        and reading.has(SAVING)
        and reading.has("thermostat|room temperature")
        and not reading.has(_NOT_THERMOSTAT)
    )


def _read_thermostat(reading: Reading) -> Slots:
    slots = read_heater(reading) | read_prices(reading)
    unit, found = _temperatures(reading)
    pair = ends(found)
    step = pair[1] - pair[0] if pair else found[0].value if found else None
    if step is not None and step <= 27:
        slots["setback"] = round(step, 6)
        slots["scale"] = unit
    hours = reading.value("h")
    if hours is not None:
        slots["hours_per_day"] = hours
    elif reading.has(r"over ?night|at night|while (?:i |we )?(?:sleep|asleep)|nights?\b"):
        slots["night"] = "yes"
    kwh, therms = reading.value("kWh"), reading.value("therm")
    if kwh is not None:
        slots["heating_kwh"] = kwh
    elif therms is not None:
        slots["heating_kwh"] = therms * 1e5 / BTU_PER_KWH
    bills = [q for q in reading.all("GBP", "USD", "EUR") if q.value >= 50]
    if bills and reading.has("bill|heating"):
        yearly = {"month": 12.0, "day": 365.0}.get(bills[0].per, 1.0)
        slots |= {"bill": bills[0].value * yearly, "currency": bills[0].unit}
    degree_days = reading.value("HDD")
    if degree_days is not None:
        slots["degree_days"] = degree_days
    days = [q.value for q in reading.all("day") if q.value >= 30]
    if days:
        slots["heating_days"] = days[0]
    return slots


def _thermostat(slots: Slots) -> Work:
    work = Work()
    step = number(slots, "setback")
    if step is None:
        work.missing.append("By how many degrees would you lower the thermostat?")
        return work
    hours, noted = number(slots, "hours_per_day"), []
    if hours is None and slots.get("night"):
        hours, noted = _NIGHT, ["Nights of 8 h."]
    fahrenheit = slots.get("scale") == "F" or (
        slots.get("scale") == "degree" and slots.get("place") == "us"
    )
    shared = {
        "hours_per_day": hours,
        "heating_days": number(slots, "heating_days"),
        # A house that is kept lower all day does reach the lower temperature.
        "reach_factor": 1.0 if (hours or _WHOLE_DAY) == _WHOLE_DAY else None,
    }
    days = number(slots, "degree_days")
    if fahrenheit:
        share = work.run(
            "setback_saving_us", noted=noted, setback_f=step, degree_days_f=days, **shared
        )
    else:
        share = work.run(
            "setback_saving", noted=noted, setback_k=step, degree_days_k=days, **shared
        )
    kwh, bill = number(slots, "heating_kwh"), number(slots, "bill")
    if bill is not None:
        currency = str(slots.get("currency", "GBP"))
        work.run("share_of_bill", share=share, bill_per_year=bill, currency=currency)
    if kwh is not None:
        saved = work.run("share_of_heating", share=share, heating_kwh_per_year=kwh)
        fuel = str(slots.get("fuel", "gas"))
        add_cost(work, saved, slots, calculator="saving_value", fuel=fuel)
    return work


def _loss_asked(reading: Reading) -> bool:
    return bool(
        reading.has(r"heat loss|hlc\b|w/k\b|loss coefficient")
        and any(q.value >= 500 for q in reading.all("kWh"))
        and reading.has(r"gas\b|boiler|oil\b|bill|heating|fuel")
        and not reading.all("U", "R")
    )


def _read_loss(reading: Reading) -> Slots:
    slots = read_heater(reading)
    for name, unit in (("fuel_kwh", "kWh"), ("degree_days", "HDD")):
        value = reading.value(unit)
        if value is not None:
            slots[name] = value
    return slots


def _loss(slots: Slots) -> Work:
    work = Work()
    kwh = number(slots, "fuel_kwh")
    if kwh is None:
        work.missing.append("How many kWh of fuel a year go into heating, hot water left out?")
        return work
    loss = work.run(
        "heat_loss_coefficient",
        heating_fuel_kwh=kwh,
        efficiency=number(slots, "efficiency"),
        degree_days_k=number(slots, "degree_days"),
    )
    work.run("design_load", heat_loss_w_per_k=loss)
    return work


FAMILIES = (
    Family("heat_loss", _loss_asked, _read_loss, _loss),
    Family("thermostat", _thermostat_asked, _read_thermostat, _thermostat, _thermostat_meant),
)
"""In the order they are tried: the particular before the general."""
