"""Questions about heat pumps and radiators."""

import re

from home_energy.calculators.asking import (
    COST,
    SAVING,
    Family,
    Slots,
    Work,
    ends,
    is_priced,
    number,
    read_prices,
    unit_price,
)
from home_energy.calculators.quantities import Reading
from home_energy.calculators.units import BTU_PER_KWH, BTU_PER_WH

_BOILER = r"boiler|furnace|gas\b|oil\b|lpg"


def _heat_pump_asked(reading: Reading) -> bool:
    if not reading.has(r"heat ?pump|scop\b|ashp|gshp"):
        return False
    if reading.has("break[ -]?even"):
        return len(read_prices(reading)) >= 2
    return bool(
        reading.all("kWh", "Btu")
        and reading.has(
            rf"{_BOILER}|{COST}|{SAVING}|co2|co₂|carbon|emission|compar|vs\b|run|electric|needs?\b"
        )
        and not reading.has("dryer|tumble")
    )


def _heat_pump_meant(reading: Reading) -> bool:
    return (
        reading.has(r"heat ?pump")
        and bool(reading.all("SCOP", "COP", "HSPF"))
        and reading.has(rf"{COST}|{SAVING}")
        and is_priced(reading)
    )


def _read_heat_pump(reading: Reading) -> Slots:
    slots = read_prices(reading)
    kwh = next(iter(reading.all("kWh")), None)
    if kwh:
        fuel = reading.near(kwh, r"gas\b", before=10, after=12) and not reading.near(
            kwh, "heat\\b", 0, 12
        )
        slots["fuel_kwh" if fuel else "heat_kwh"] = kwh.value
    btu = reading.value("Btu")
    if btu is not None:
        slots["heat_kwh"] = btu / BTU_PER_KWH
    scop = reading.value("SCOP", "COP")
    hspf = reading.value("HSPF")
    if scop is not None:
        slots["scop"] = scop
    elif hspf is not None:
        slots["scop"] = hspf / BTU_PER_WH
    efficiency = reading.value("AFUE")
    percent = [q for q in reading.all("%") if reading.near(q, "effici|boiler|furnace")]
    if percent:
        efficiency = percent[0].value / 100
    if efficiency is not None:
        slots["efficiency"] = efficiency if efficiency <= 1 else efficiency / 100
    if reading.has(_BOILER):
        slots["boiler"] = "yes"
    if reading.has("co2|co₂|carbon|emission"):
        slots["emissions"] = "yes"
    if reading.has("break[ -]?even"):
        slots["break_even"] = "yes"
    therm = [q for q in reading.all("GBP", "USD", "EUR") if q.per == "therm"]
    if therm:
        slots |= {
            "gas_price_per_kwh": therm[0].value / (1e5 / BTU_PER_KWH),
            "currency": therm[0].unit,
        }
    return slots


def _heat_pump(slots: Slots) -> Work:
    work = Work()
    electricity, gas = unit_price(slots), unit_price(slots, "gas")
    efficiency, scop = number(slots, "efficiency"), number(slots, "scop")
    heat, fuel = number(slots, "heat_kwh"), number(slots, "fuel_kwh")
    if slots.get("break_even"):
        work.run(
            "break_even_scop",
            noted=electricity.noted + gas.noted,
            electricity_price_per_kwh=electricity.value,
            gas_price_per_kwh=gas.value,
            efficiency=efficiency,
            currency=electricity.currency,
        )
        return work
    noted = []
    if heat is None and fuel is not None:
        efficiency = efficiency or 0.84
        heat, noted = fuel * efficiency, [f"A boiler of {efficiency:.0%} turns the gas into heat."]
    if heat is None:
        work.missing.append("How many kWh of heat does the home need a year?")
        return work
    if slots.get("emissions"):
        work.run("heat_pump_emissions", heat_kwh=heat, scop=scop)
        if slots.get("boiler"):
            work.run("boiler_emissions", heat_kwh=heat, efficiency=efficiency)
        return work
    work.run(
        "heat_pump_cost",
        noted=noted + electricity.noted,
        heat_kwh=heat,
        price_per_kwh=electricity.value,
        scop=scop,
        currency=electricity.currency,
    )
    if slots.get("boiler"):
        work.run(
            "boiler_cost",
            noted=gas.noted,
            heat_kwh=heat,
            price_per_kwh=gas.value,
            efficiency=efficiency,
            currency=gas.currency,
        )
    return work


def _cop_asked(reading: Reading) -> bool:
    return (
        reading.has(r"s?cop\b|efficiency")
        and reading.has("flow")
        and len(reading.all("C", "degree")) >= 2
    )


def _read_cop(reading: Reading) -> Slots:
    slots: Slots = {}
    for one in reading.all("C", "degree"):
        sign = -1 if re.search(r"(?:^|[ (])(?:-|minus )$", reading.text[: one.start]) else 1
        name = "flow_c" if reading.near(one, "flow") else "outside_c"
        slots.setdefault(name, one.value * sign)
    if len(slots) < 2:
        pair = ends(reading.all("C", "degree"))
        slots = {"outside_c": pair[0], "flow_c": pair[1]} if pair else slots
    return slots


def _cop(slots: Slots) -> Work:
    work = Work()
    flow, outside = number(slots, "flow_c"), number(slots, "outside_c")
    if flow is None or outside is None:
        work.missing.append("What are the flow temperature and the temperature outside?")
        return work
    work.run("heat_pump_cop", flow_c=flow, outside_c=outside)
    return work


def _radiator_asked(reading: Reading) -> bool:
    return (
        reading.has("radiator") and bool(reading.all("W")) and bool(reading.all("K", "C", "degree"))
    )


def _read_radiator(reading: Reading) -> Slots:
    slots: Slots = {}
    watts = reading.value("W")
    if watts is not None:
        slots["watts"] = watts
    differences = [q.value for q in reading.all("K", "C", "degree") if q.value != 50]
    if len(differences) == 1:
        slots["difference_k"] = differences[0]
    return slots


def _radiator(slots: Slots) -> Work:
    work = Work()
    watts, difference = number(slots, "watts"), number(slots, "difference_k")
    if watts is None or difference is None:
        work.missing.append("By how many degrees is the water warmer than the room, on average?")
        return work
    work.run("radiator_output", rated_watts_at_50k=watts, difference_k=difference)
    return work


FAMILIES = (
    Family("heat_pump_cop", _cop_asked, _read_cop, _cop),
    Family("radiator", _radiator_asked, _read_radiator, _radiator),
    Family("heat_pump", _heat_pump_asked, _read_heat_pump, _heat_pump, _heat_pump_meant),
)
"""In the order they are tried: the particular before the general."""
