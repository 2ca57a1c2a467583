"""Questions about amounts of energy, their cost and emissions, and payback."""

import re

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
from home_energy.calculators.quantities import Quantity, Reading
from home_energy.calculators.usage import PER_YEAR

_A_RUN = re.compile(r" ?(?:/|an?|per|each|every) ?(?:cycle|load|wash|run|use|time|go)\b")
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
        # What else a percentage may do to a price, such as a tax, is not known.
        and len(reading.all("%")) in {0, 2}
    )


def _read_priced(reading: Reading) -> Slots:
    slots = read_prices(reading)
    kwh = next(iter(reading.all("kWh")), None)
    if kwh:
        slots["kwh"] = kwh.value
        slots["period"] = kwh.per if kwh.per in PER_YEAR else "once"
        slots |= _repeated(reading, kwh) | _charged(reading, kwh)
    asked = asked_period(reading)
    if asked is not None:
        slots["asked"] = asked
    if reading.has(r"gas\b"):
        slots["fuel"] = "gas"
    return slots


def _repeated(reading: Reading, kwh: Quantity) -> Slots:
    """Return the kWh of all runs in a period, where one run's are given."""
    times = next((one for one in reading.all("times") if one.per in PER_YEAR), None)
    if kwh.per or times is None or not _A_RUN.match(reading.text, kwh.end):
        return {}
    runs: Slots = {"kwh": kwh.value * times.value, "period": times.per, "asked": "year"}
    return runs | {"noted": f"{kwh.value:g} kWh {times.value:g} times a {times.per}."}


def _charged(reading: Reading, kwh: Quantity) -> Slots:
    """Return the kWh between two states of charge of a battery."""
    levels = [one.value for one in reading.all("%")]
    if len(levels) != 2 or not reading.has(r"charg|batter|from \d"):
        return {}
    share = abs(levels[1] - levels[0])
    noted = f"{share:g} % of {kwh.value:g} kWh, without losses in charging."
    return {"kwh": kwh.value * share / 100, "noted": noted}


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
    if "noted" in slots:
        work.calculations[-1].assumptions.append(str(slots["noted"]))
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
