"""Questions about amounts of energy, their cost and emissions, and payback."""

from home_energy.calculators.asking import (
    COST,
    MONEY,
    Family,
    Slots,
    Work,
    add_cost,
    asked_period,
    number,
    read_prices,
)
from home_energy.calculators.quantities import Reading
from home_energy.calculators.usage import PER_YEAR

_NOT_PRICED = r"batter|system|panels?\b|solar|ev\b|car\b|charger|heat ?pump|per kwh of"
_PAYBACK = r"pay ?back|pays? (?:back|for itself|off)"


def _priced_asked(reading: Reading) -> bool:
    kwh = reading.all("kWh")
    return (
        len(kwh) == 1
        and (reading.has(COST) or (reading.has(r"at\b") and bool(read_prices(reading))))
        and (reading.has(r"charg(?:e|ing)\b") or not reading.has(_NOT_PRICED))
        and not reading.all("W", "R", "U", "SCOP", "COP", "mile", "km")
        and all(q.per == "kwh" or q.value < 1.5 for q in reading.all(*MONEY))
    )


def _read_priced(reading: Reading) -> Slots:
    slots = read_prices(reading)
    kwh = next(iter(reading.all("kWh")), None)
    if kwh:
        slots["kwh"] = kwh.value
        slots["period"] = kwh.per if kwh.per in PER_YEAR else "once"
    asked = asked_period(reading)
    if asked is not None:
        slots["asked"] = asked
    if reading.has(r"gas\b"):
        slots["fuel"] = "gas"
    return slots


def _priced(slots: Slots) -> Work:
    work = Work()
    kwh = number(slots, "kwh")
    if kwh is None:
        work.missing.append("How many kWh is it?")
        return work
    fuel, period = str(slots.get("fuel", "electricity")), str(slots.get("period", "once"))
    if slots.get("asked") == "year" and period in PER_YEAR:
        add_cost(work, kwh * PER_YEAR[period], slots, fuel=fuel)
        work.calculations[-1].assumptions.append(
            f"{kwh:g} kWh a {period} is {kwh * PER_YEAR[period]:g} kWh a year."
        )
    else:
        add_cost(work, kwh, slots, period=period, fuel=fuel)
    return work


def _payback_asked(reading: Reading) -> bool:
    sums = reading.all("GBP", "USD", "EUR")
    yearly = [q for q in sums if q.per == "year"]
    return len(sums) == 2 and len(yearly) == 1 and reading.has(_PAYBACK)


def _read_payback(reading: Reading) -> Slots:
    slots: Slots = {}
    for one in reading.all("GBP", "USD", "EUR"):
        slots["saving_per_year" if one.per == "year" else "cost"] = one.value
        slots["currency"] = one.unit
    return slots


def _payback(slots: Slots) -> Work:
    work = Work()
    cost, saving = number(slots, "cost"), number(slots, "saving_per_year")
    if cost is None or saving is None:
        work.missing.append("What does it cost, and what does it save a year?")
        return work
    currency = str(slots.get("currency", "GBP"))
    work.run("simple_payback", cost=cost, saving_per_year=saving, currency=currency)
    return work


def _emissions_asked(reading: Reading) -> bool:
    return (
        len(reading.all("kWh")) == 1
        and reading.has(r"co2|co₂|carbon|emissions?\b")
        and reading.has(r"electric|grid|power\b")
        and not reading.has("heat ?pump|boiler|solar")
    )


def _read_emissions(reading: Reading) -> Slots:
    slots: Slots = {"kwh": reading.all("kWh")[0].value} if reading.all("kWh") else {}
    factor = reading.value("kg/kWh")
    if factor is not None:
        slots["kg_co2_per_kwh"] = factor
    return slots


def _emissions(slots: Slots) -> Work:
    work = Work()
    kwh, factor = number(slots, "kwh"), number(slots, "kg_co2_per_kwh")
    if kwh is None:
        work.missing.append("How many kWh is it?")
    elif factor is None and slots.get("place") in {"us", "eu"}:
        work.missing.append("How many kg of CO₂ does a kWh cause on your grid?")
    else:
        work.run("electricity_emissions", kwh=kwh, kg_co2_per_kwh=factor)
    return work


FAMILIES = (
    Family("payback", _payback_asked, _read_payback, _payback),
    Family("emissions", _emissions_asked, _read_emissions, _emissions),
    Family("priced", _priced_asked, _read_priced, _priced),
)
"""In the order they are tried: the particular before the general."""
