"""Questions about dehumidifiers, dryers and pumps."""

from home_energy.calculators.asking import (
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
from home_energy.calculators.quantities import Reading
from home_energy.calculators.usage import PER_YEAR

US_PINT_LITRES = 0.473176473
UK_PINT_LITRES = 0.56826125


def _read_dehumidifier(reading: Reading) -> Slots:
    slots = read_prices(reading)
    litres, pints = reading.all("litre"), reading.all("pint")
    if litres:
        slots["litres"] = litres[0].value
    elif pints:
        slots["pints"] = pints[0].value
    factor = reading.value("l/kWh")
    if factor is not None:
        slots["litres_per_kwh"] = factor
    daily = any(q.per == "day" for q in (*litres, *pints))
    return slots | ({"daily": "yes"} if daily else {})


def _dehumidifier(slots: Slots) -> Work:
    work = Work()
    litres, pints = number(slots, "litres"), number(slots, "pints")
    if litres is None and pints is not None:
        litres = pints * (UK_PINT_LITRES if slots.get("place") == "uk" else US_PINT_LITRES)
    if litres is None:
        work.missing.append("How many litres of water does it collect?")
        return work
    kwh = work.run(
        "dehumidifier_energy", litres=litres, litres_per_kwh=number(slots, "litres_per_kwh")
    )
    add_cost(work, kwh, slots, period="day" if slots.get("daily") else "once")
    work.run("evaporation_heat", litres=litres)
    return work


def _dryer_asked(reading: Reading) -> bool:
    times = [q for q in reading.all("times") if q.per]
    return (
        bool(times)
        and reading.has("dryer|drying")
        and reading.has("heat pump")
        and not reading.all("W")
    )


def _dryer_meant(reading: Reading) -> bool:
    return (
        reading.has("heat pump (?:tumble )?dryer")
        and reading.has(SAVING)
        and is_priced(reading)
        and not reading.all("W")
    )


def _read_dryer(reading: Reading) -> Slots:
    slots = read_prices(reading)
    times = next((q for q in reading.all("times") if q.per), None)
    if times:
        slots["cycles_per_year"] = times.value * PER_YEAR.get(times.per, 1.0)
    pair = ends(reading.all("kWh"))
    if pair:
        slots |= {"new_kwh": pair[0], "old_kwh": pair[1]}
    return slots


def _dryer(slots: Slots) -> Work:
    work = Work()
    cycles = number(slots, "cycles_per_year")
    if cycles is None:
        work.missing.append("How many loads do you dry a week?")
        return work
    kwh = work.run(
        "dryer_saving",
        cycles_per_year=cycles,
        old_kwh_per_cycle=number(slots, "old_kwh"),
        new_kwh_per_cycle=number(slots, "new_kwh"),
    )
    add_cost(work, kwh, slots, calculator="saving_value")
    return work


def _pump_asked(reading: Reading) -> bool:
    return (
        reading.has("pump")
        and not reading.has("heat ?pump")
        and reading.has("speed|rpm")
        and bool(reading.all("W", "kWh"))
    )


def _read_pump(reading: Reading) -> Slots:
    slots = read_prices(reading)
    watts, kwh, percent = reading.value("W"), reading.value("kWh"), reading.value("%")
    if watts is not None:
        slots["watts"] = watts
    if kwh is not None:
        slots["kwh"] = kwh
    if percent is not None:
        slots["speed_ratio"] = percent / 100
    elif reading.has(r"half(?: the)? speed|half of (?:its|the) speed"):
        slots["speed_ratio"] = 0.5
    return slots


def _pump(slots: Slots) -> Work:
    work = Work()
    ratio, watts, kwh = (number(slots, name) for name in ("speed_ratio", "watts", "kwh"))
    if ratio is None:
        work.missing.append("What share of its full speed would the pump run at?")
        return work
    if watts is not None:
        work.run("pump_power", full_speed_watts=watts, speed_ratio=ratio)
    if kwh is not None:
        slower = work.run("pump_energy_same_volume", full_speed_kwh=kwh, speed_ratio=ratio)
        add_cost(work, slower, slots)
    return work


FAMILIES = (
    Family(
        "dehumidifier",
        lambda r: r.has("dehumidif") and bool(r.all("litre", "pint")) and not r.all("W"),
        _read_dehumidifier,
        _dehumidifier,
    ),
    Family("dryer", _dryer_asked, _read_dryer, _dryer, _dryer_meant),
    Family("pump", _pump_asked, _read_pump, _pump),
)
"""In the order they are tried: the particular before the general."""
