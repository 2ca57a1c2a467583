"""Questions about showers, baths and tanks."""

from home_energy.calculators.asking import (
    COST,
    SAVING,
    Family,
    Slots,
    Work,
    add_cost,
    ends,
    is_priced,
    number,
    read_heater,
    read_prices,
)
from home_energy.calculators.quantities import Reading
from home_energy.calculators.units import (
    LITRES_PER_UK_GALLON,
    LITRES_PER_US_GALLON,
)
from home_energy.calculators.usage import changes


def _shower_asked(reading: Reading) -> bool:
    water = reading.all("l/min", "gal/min", "litre", "gallon")
    if reading.all("W") or reading.has("dehumidif|toilet|pool|garden|rain|condens"):
        return False
    if reading.has("shower"):
        return bool(reading.all("min")) and bool(reading.all("l/min", "gal/min"))
    return (
        bool(water)
        and reading.has("bath|water|heat(?:ing)?\\b")
        and len(reading.all("C", "F")) >= 2
    )


def _shower_meant(reading: Reading) -> bool:
    return (
        reading.has("shower")
        and reading.has(rf"{COST}|{SAVING}")
        and bool(reading.all("min", "l/min", "gal/min"))
        and is_priced(reading)
        and not reading.all("W")
    )


def _read_shower(reading: Reading) -> Slots:
    slots = read_heater(reading) | read_prices(reading)
    minutes, flows = reading.all("min"), reading.all("l/min", "gal/min")
    for name, found in (("minutes", minutes), ("flow", flows)):
        pair = ends(found)
        if pair and not changes(reading):
            slots[name] = sum(pair) / 2
        elif pair:
            slots |= {name: pair[1], f"less_{name}": pair[0]}
        elif found:
            slots[name] = found[0].value
    if flows:
        slots["flow_unit"] = flows[0].unit
    litres = [q.value for q in reading.all("litre")]
    gallons = reading.value("gallon")
    if litres:
        slots["litres"] = litres[0]
    elif gallons is not None and reading.all("F"):
        slots["litres"] = gallons * LITRES_PER_US_GALLON
    found = reading.all("F", "C", "degree")
    pair = ends(found)
    if pair:
        slots |= {"cold": pair[0], "hot": pair[1], "scale": found[0].unit}
    times = next((q for q in reading.all("times") if q.per in {"day", "week"}), None)
    if times:
        slots["a_year"] = times.value * {"day": 365, "week": 52}[times.per]
    elif reading.has(r"(?:a|every|each|per) (?:day|morning|evening)\b|daily"):
        slots["a_year"] = 365
    return slots


def _shower(slots: Slots) -> Work:
    work = Work()
    minutes, flow, litres = (number(slots, name) for name in ("minutes", "flow", "litres"))
    if litres is None and (minutes is None or flow is None):
        work.missing.append(
            "How many minutes is the shower, and how many litres or gallons a minute does it give?"
        )
        return work
    saving = "less_minutes" in slots or "less_flow" in slots
    if litres is not None and minutes is not None and flow is not None:
        _shower_heat(work, slots, minutes, flow, litres)
        _shower_heat(work, slots, minutes, flow, None)
        return work
    heats = [_shower_heat(work, slots, minutes, flow, litres)]
    if saving:
        heats.append(
            _shower_heat(
                work,
                slots,
                number(slots, "less_minutes") or minutes,
                number(slots, "less_flow") or flow,
                None,
            )
        )
    heat = heats[0] - heats[1] if saving else heats[0]
    fuel = slots.get("fuel")
    if fuel is None and "price_per_kwh" not in slots and "gas_price_per_kwh" not in slots:
        work.missing.append(
            "Is the water heated by gas or by electricity? Then I can give the cost."
        )
        return work
    efficiency = number(slots, "efficiency") or (1.0 if fuel != "gas" else None)
    kwh = work.run("water_heating_energy", heat_kwh=heat, efficiency=efficiency)
    name = "saving_value" if saving else "energy_cost"
    times = number(slots, "a_year")
    add_cost(work, kwh, slots, calculator=name, period="once", fuel=str(fuel or "electricity"))
    if times is not None:
        add_cost(work, kwh * times, slots, calculator=name, fuel=str(fuel or "electricity"))
    return work


def _shower_heat(
    work: Work, slots: Slots, minutes: float | None, flow: float | None, litres: float | None
) -> float:
    cold, hot = number(slots, "cold"), number(slots, "hot")
    us_gallons = slots.get("flow_unit") == "gal/min" and slots.get("place") != "uk"
    if slots.get("scale") == "F" and cold is not None and hot is not None:
        if us_gallons and litres is None:
            return work.run(
                "shower_energy_us",
                minutes=minutes,
                us_gallons_per_minute=flow,
                cold_f=cold,
                hot_f=hot,
            )
        cold, hot = (cold - 32) / 1.8, (hot - 32) / 1.8
    if litres is not None:
        return work.run("water_heat", litres=litres, cold_c=cold, hot_c=hot)
    if slots.get("flow_unit") == "gal/min" and flow is not None:
        flow *= LITRES_PER_US_GALLON if us_gallons else LITRES_PER_UK_GALLON
    return work.run("shower_heat", minutes=minutes, litres_per_minute=flow, cold_c=cold, hot_c=hot)


def _tank_asked(reading: Reading) -> bool:
    return reading.has("tank|cylinder|water heater|jacket") and (
        bool(reading.all("W/K"))
        or (bool(reading.all("R")) and reading.has("jacket|tank|water heater"))
    )


def _read_tank(reading: Reading) -> Slots:
    slots = read_prices(reading) | read_heater(reading)
    for name, unit in (("loss_w_per_k", "W/K"), ("area_ft2", "ft2")):
        value = reading.value(unit)
        if value is not None:
            slots[name] = value
    resistances = [q.value for q in reading.all("R")]
    slots |= dict(zip(("old_r", "added_r"), resistances, strict=False))
    temperatures = [q.value for q in reading.all("C", "F", "degree", "K")]
    if len(temperatures) > 1:
        slots |= {"tank_c": max(temperatures), "room_c": min(temperatures)}
    elif temperatures:
        slots["tank_c" if reading.all("C") else "difference_f"] = temperatures[0]
    return slots


def _tank(slots: Slots) -> Work:
    work = Work()
    loss, tank = number(slots, "loss_w_per_k"), number(slots, "tank_c")
    old, added = number(slots, "old_r"), number(slots, "added_r")
    area, difference = number(slots, "area_ft2"), number(slots, "difference_f")
    fuel = str(slots.get("fuel", "electricity"))
    if loss is not None and tank is not None:
        kwh = work.run(
            "tank_standby_loss", loss_w_per_k=loss, tank_c=tank, room_c=number(slots, "room_c")
        )
        add_cost(work, kwh, slots, fuel=fuel)
    elif loss is not None:
        work.missing.append("How hot is the water in the tank?")
    if old is not None and area is not None and difference is not None:
        work.run("tank_standby_loss_us", area_ft2=area, difference_f=difference, r_value=old)
    if old is not None and added is not None:
        work.run("tank_jacket_cut", old_r=old, added_r=added)
    if not work.calculations and not work.missing:
        work.missing.append("What is the R-value of the tank, and of the jacket?")
    return work


FAMILIES = (
    Family("tank", _tank_asked, _read_tank, _tank),
    Family("shower", _shower_asked, _read_shower, _shower, _shower_meant),
)
"""In the order they are tried: the particular before the general."""
