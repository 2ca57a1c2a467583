"""Questions about insulation, draughts and ventilation."""

import re

from home_energy.calculators.asking import (
    SAVING,
    Family,
    Slots,
    Work,
    add_cost,
    default_prices,
    ends,
    is_priced,
    number,
    read_heater,
    read_prices,
)
from home_energy.calculators.quantities import Quantity, Reading
from home_energy.calculators.units import (
    M2_PER_FT2,
    M3_PER_FT3,
)

BARE_LOFT_U = 2.3
_FABRIC = r"loft|attic|roof|wall|floor|window|glaz|insulat|ceiling|door|u-?values?|r-?values?"


def _insulation_asked(reading: Reading) -> bool:
    if not reading.has(_FABRIC) or reading.has("tank|jacket|cylinder"):
        return False
    area = bool(reading.all("m2", "ft2"))
    pair = ends(reading.all("R")) or ends(_u_values(reading)) or _thicknesses(reading)
    return pair is not None and (area or reading.has(SAVING))


def _insulation_meant(reading: Reading) -> bool:
    return (
        reading.has("insulat")
        and reading.has(SAVING)
        and bool(reading.all("m2", "ft2"))
        and is_priced(reading)
        and not reading.has("tank|jacket|cylinder")
    )


def _thicknesses(reading: Reading) -> tuple[float, float] | None:
    """Return mm of loft insulation before and after."""
    if not reading.has("loft|attic|roof"):
        return None
    found = reading.all("mm")
    if len(found) == 1 and reading.has(r"no insulation|uninsulated|bare|nothing"):
        return 0.0, found[0].value
    return ends(found)


def _u_values(reading: Reading) -> list[Quantity]:
    """Return U-values, and bare numbers of a from-to pair that can only be such."""
    found = reading.all("U")
    bare = [q for q in reading.all("") if 0.05 <= q.value <= 6.5]
    both = sorted(found + bare, key=lambda q: q.start)
    if len(both) != 2 or not bare:
        return found
    between = reading.text[both[0].end : both[1].start]
    return both if re.fullmatch(r" ?(?:w/m[2²]k )?(?:to|down to|->|→) ?", between) else found


def _read_insulation(reading: Reading) -> Slots:
    slots = read_heater(reading) | read_prices(reading)
    resistances, u_values = ends(reading.all("R")), ends(_u_values(reading))
    if resistances:
        slots |= {"old_r": resistances[0], "new_r": resistances[1]}
    elif reading.value("R") is not None:
        slots["new_r"] = reading.value("R") or 0.0
    elif u_values:
        slots |= {"new_u": u_values[0], "old_u": u_values[1]}
    elif thickness := _thicknesses(reading):
        slots |= {"old_mm": thickness[0], "new_mm": thickness[1]}
    for name, unit in (("area_m2", "m2"), ("area_ft2", "ft2"), ("degree_days", "HDD")):
        value = reading.value(unit)
        if value is not None:
            slots[name] = value
    therm = [q for q in reading.all("GBP", "USD", "EUR") if q.per == "therm"]
    if therm:
        slots |= {"price_per_therm": therm[0].value, "currency": therm[0].unit}
    return slots


def _insulation(slots: Slots) -> Work:
    work = Work()
    area = number(slots, "area_m2")
    feet = number(slots, "area_ft2")
    if area is None and feet is None:
        work.missing.append("How large is the area, in m² or ft²?")
        return work
    if "old_r" in slots:
        _insulation_us(work, slots, feet if feet is not None else (area or 0) / M2_PER_FT2)
    elif "old_u" in slots or "old_mm" in slots:
        old, new = number(slots, "old_u"), number(slots, "new_u")
        if old is None or new is None:
            old, new = (_loft(work, number(slots, name) or 0.0) for name in ("old_mm", "new_mm"))
        area = area if area is not None else (feet or 0) * M2_PER_FT2
        fuel = str(slots.get("fuel", "gas"))
        efficiency = number(slots, "efficiency") or (1.0 if fuel == "electricity" else None)
        kwh = work.run(
            "insulation_saving",
            old_u=old,
            new_u=new,
            area_m2=area,
            degree_days_k=number(slots, "degree_days"),
            efficiency=efficiency,
        )
        add_cost(work, kwh, slots, calculator="saving_value", fuel=fuel)
    else:
        work.missing.append("What are the U-values (or R-values) before and after?")
    return work


def _loft(work: Work, thickness_mm: float) -> float:
    """Add and return the U-value of a loft with so much mineral wool."""
    noted = [f"A bare loft of {BARE_LOFT_U} W/m²K."]
    return work.run("u_value_with_layer", noted=noted, old_u=BARE_LOFT_U, thickness_mm=thickness_mm)


def _insulation_us(work: Work, slots: Slots, area_ft2: float) -> None:
    therms = work.run(
        "insulation_saving_us",
        old_r=number(slots, "old_r"),
        new_r=number(slots, "new_r"),
        area_ft2=area_ft2,
        degree_days_f=number(slots, "degree_days"),
        efficiency=number(slots, "efficiency"),
    )
    _therms_value(work, slots, therms)


def _therms_value(work: Work, slots: Slots, therms: float) -> None:
    price, known = number(slots, "price_per_therm"), default_prices(slots)
    noted: list[str] = []
    if price is None and known.gas_per_therm is not None:
        price = known.gas_per_therm
        noted = [f"Gas at ${price:.2f} a therm: an example, so use your own price."]
    if price is not None:
        currency = str(slots.get("currency", "USD"))
        work.run(
            "therms_value", noted=noted, therms=therms, price_per_therm=price, currency=currency
        )


def _air_asked(reading: Reading) -> bool:
    return ends(reading.all("ACH", "ACH50")) is not None and bool(reading.all("m3", "ft3"))


def _air_meant(reading: Reading) -> bool:
    return ends(reading.all("ACH", "ACH50")) is not None and reading.has(SAVING)


def _read_air(reading: Reading) -> Slots:
    slots = read_heater(reading) | read_prices(reading)
    pair = ends(reading.all("ACH", "ACH50"))
    if pair:
        slots |= {"new": pair[0], "old": pair[1]}
    if reading.all("ACH50") or reading.has("n50|50 ?pa"):
        slots["at_50_pa"] = "yes"
    for name, unit in (("volume_m3", "m3"), ("volume_ft3", "ft3"), ("degree_days", "HDD")):
        value = reading.value(unit)
        if value is not None:
            slots[name] = value
    return slots


def _air(slots: Slots) -> Work:
    work = Work()
    old, new = number(slots, "old"), number(slots, "new")
    metres, feet = number(slots, "volume_m3"), number(slots, "volume_ft3")
    if old is None or new is None or (metres is None and feet is None):
        work.missing.append(
            "What are the air changes before and after, and the volume of the home?"
        )
        return work
    if slots.get("at_50_pa") and feet is not None:
        therms = work.run(
            "air_sealing_saving_us",
            old_ach50=old,
            new_ach50=new,
            volume_ft3=feet,
            degree_days_f=number(slots, "degree_days"),
            efficiency=number(slots, "efficiency"),
        )
        _therms_value(work, slots, therms)
        return work
    noted = []
    if slots.get("at_50_pa"):
        old, new, noted = old / 20, new / 20, ["Air changes at 50 Pa divided by 20."]
    fuel = str(slots.get("fuel", "gas"))
    kwh = work.run(
        "air_sealing_saving",
        noted=noted,
        old_air_changes=old,
        new_air_changes=new,
        volume_m3=metres if metres is not None else (feet or 0) * M3_PER_FT3,
        degree_days_k=number(slots, "degree_days"),
        efficiency=number(slots, "efficiency") or (1.0 if fuel == "electricity" else None),
    )
    add_cost(work, kwh, slots, calculator="saving_value", fuel=fuel)
    return work


def _ventilation_asked(reading: Reading) -> bool:
    return (
        reading.has(r"ventilat|fresh air|air ?flow|cfm|extract")
        and bool(reading.all("m2", "ft2"))
        and bool(reading.all("bedroom"))
    )


def _read_ventilation(reading: Reading) -> Slots:
    slots: Slots = {}
    for name, unit in (
        ("area_m2", "m2"),
        ("area_ft2", "ft2"),
        ("bedrooms", "bedroom"),
        ("volume_m3", "m3"),
    ):
        value = reading.value(unit)
        if value is not None:
            slots[name] = value
    return slots


def _ventilation(slots: Slots) -> Work:
    work = Work()
    metres, feet = number(slots, "area_m2"), number(slots, "area_ft2")
    bedrooms, volume = number(slots, "bedrooms"), number(slots, "volume_m3")
    if bedrooms is None or (metres is None and feet is None):
        work.missing.append("What is the floor area, and how many bedrooms are there?")
    elif feet is not None or slots.get("place") == "us":
        area = feet if feet is not None else (metres or 0) / M2_PER_FT2
        work.run("ventilation_need_us", floor_area_ft2=area, bedrooms=bedrooms)
    else:
        flow = work.run("ventilation_need", floor_area_m2=metres, bedrooms=bedrooms)
        if volume is not None:
            work.run("air_changes", litres_per_second=flow, volume_m3=volume)
    return work


def _layer_asked(reading: Reading) -> bool:
    return bool(reading.all("mm")) and bool(reading.all("U")) and reading.has(r"add|u-?value|new u")


def _read_layer(reading: Reading) -> Slots:
    slots: Slots = {}
    for name, unit in (("thickness_mm", "mm"), ("old_u", "U"), ("conductivity", "W/mK")):
        value = reading.value(unit)
        if value is not None:
            slots[name] = value
    return slots


def _layer(slots: Slots) -> Work:
    work = Work()
    thickness, old = number(slots, "thickness_mm"), number(slots, "old_u")
    if thickness is None or old is None:
        work.missing.append("How thick is the insulation, and what is the U-value without it?")
        return work
    work.run(
        "u_value_with_layer",
        old_u=old,
        thickness_mm=thickness,
        conductivity_w_per_mk=number(slots, "conductivity"),
    )
    return work


FAMILIES = (
    Family("ventilation", _ventilation_asked, _read_ventilation, _ventilation),
    Family("air_sealing", _air_asked, _read_air, _air, _air_meant),
    Family("insulation", _insulation_asked, _read_insulation, _insulation, _insulation_meant),
    Family("layer", _layer_asked, _read_layer, _layer),
)
"""In the order they are tried: the particular before the general."""
