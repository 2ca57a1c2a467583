"""Questions about solar panels and batteries."""

import re

from home_energy.calculators.asking import (
    MONEY,
    SAVING,
    Family,
    Slots,
    Work,
    default_prices,
    ends,
    is_priced,
    number,
    read_prices,
    unit_price,
)
from home_energy.calculators.quantities import Reading

_SOLD = r"export|sell|sold|paid|seg\b|feed"
_RATIO = re.compile(r"\bperformance (?:ratio|factor)(?: of| is| at|:)? ?(0?\.\d+)")
_SPENT = r"pay ?back|costs?|costing|price|for\b|spen[dt]|paid"


def _solar_asked(reading: Reading) -> bool:
    named = reading.has(r"solar|pv\b|panels?\b") or bool(reading.all("kWp"))
    if not named or not reading.all("kWp", "W"):
        return False
    if reading.has(r"heat ?pump|solar thermal|batter(?:y|ies) (?:size|cost)"):
        return False
    sums = [q for q in reading.all(*MONEY) if q.value >= 100]
    return reading.has(
        r"pay ?back|pays? (?:back|for itself|off)|sav(?:e|es|ing)|generat|produc|yield|output|earn|"
        r"kwh|worth|make"
    ) or bool(sums)


def _solar_meant(reading: Reading) -> bool:
    return (
        reading.has(r"solar (?:panels?|pv|array|system)|pv\b|panels\b")
        and reading.has(r"earn|worth|sav(?:e|es|ing)\b|make me|pay ?back")
        and is_priced(reading)
        and not reading.has(r"heat ?pump|solar thermal|batter")
    )


def _read_solar(reading: Reading) -> Slots:
    slots = read_prices(reading)
    size = reading.value("kWp")
    watts = reading.value("W")
    if size is None and watts is not None:
        size = watts / 1000
    if size is not None:
        slots["peak_kw"] = size
    exported = [q for q in reading.all(*MONEY) if q.value < 1.5 and reading.near(q, _SOLD, 30, 15)]
    if exported:
        slots["export_price_per_kwh"] = exported[0].value
        if slots.get("price_per_kwh") == exported[0].value:
            del slots["price_per_kwh"]
    per_watt = [q.value for q in reading.all(*MONEY) if q.per == "watt"]
    sums = [q.value for q in reading.all(*MONEY) if q.value >= 500 and q.per == ""] + [
        q.value for q in reading.all("") if q.value >= 500 and reading.near(q, _SPENT, 15, 0)
    ]
    if per_watt and size is not None:
        slots["cost"] = per_watt[0] * size * 1000
    elif sums:
        slots["cost"] = sums[0]
        priced = [q.unit for q in reading.all("GBP", "USD", "EUR")]
        slots |= {"currency": priced[0]} if priced else {}
    for name, unit in (("kwh_per_kwp", "kWh/kWp"), ("sun_hours", "h")):
        value = reading.value(unit)
        if value is not None:
            slots[name] = value
    made = [q.value for q in reading.all("kWh") if q.per == "year"]
    if made and size:
        slots["kwh_per_kwp"] = made[0] / size
    slots |= _read_shares(reading)
    if reading.has(r"east|west"):
        slots["orientation"] = 0.8
    if reading.has(r"north[ -]facing|facing north|north roof"):
        slots["orientation"] = 0.55
    return slots


def _read_shares(reading: Reading) -> Slots:
    """Return what of the yield is used at home, and what of the light becomes a yield."""
    slots: Slots = {}
    percents = reading.all("%")
    used = [q for q in percents if reading.near(q, r"self|us(?:e|ing)|consum|home|own|our", 20, 20)]
    sold = [q for q in percents if q not in used and reading.near(q, _SOLD, 20, 20)]
    if used:
        slots["self_use_share"] = used[0].value / 100
    elif sold:
        slots["self_use_share"] = 1 - sold[0].value / 100
    elif reading.has(r"(?:us(?:e|ing)|consum\w+) (?:about |around |roughly )?half\b"):
        slots["self_use_share"] = 0.5
    ratio = _RATIO.search(reading.text)
    percent = [q for q in percents if reading.near(q, "performance ratio", 25, 10)]
    if ratio or percent:
        slots["performance_ratio"] = float(ratio[1]) if ratio else percent[0].value / 100
    return slots


def _solar(slots: Slots) -> Work:
    work = Work()
    size, cost = number(slots, "peak_kw"), number(slots, "cost")
    if size is None:
        work.missing.append("How many kWp of panels?")
        return work
    given = number(slots, "kwh_per_kwp")
    sun = number(slots, "sun_hours")
    ratio = number(slots, "performance_ratio")
    if given is None and slots.get("place") == "eu" and sun is None:
        work.missing.append("How many kWh does 1 kWp yield in a year where you live?")
        return work
    if given is None and (sun is not None or slots.get("place") == "us"):
        kwh = work.run(
            "solar_yield_sun_hours",
            peak_kw=size,
            peak_sun_hours_per_day=sun,
            performance_ratio=ratio,
        )
    else:
        kwh = work.run(
            "solar_yield",
            peak_kw=size,
            kwh_per_kwp=given,
            orientation_factor=number(slots, "orientation"),
        )
    export, self_use = number(slots, "export_price_per_kwh"), number(slots, "self_use_share")
    price = unit_price(slots)
    noted = list(price.noted)
    if export is None and price.currency == "USD":
        export = price.value
        noted.append("Net metering: what is exported counts as much as what is used at home.")
    elif export is None and price.currency == "EUR":
        work.missing.append("What are you paid for each kWh that you export?")
        return work
    worth = work.run(
        "solar_value",
        noted=noted,
        yield_kwh=kwh,
        import_price_per_kwh=price.value,
        export_price_per_kwh=export,
        self_use_share=self_use,
        currency=price.currency,
    )
    if cost is not None and worth > 0:
        work.run("simple_payback", cost=cost, saving_per_year=worth, currency=price.currency)
    return work


def _battery_asked(reading: Reading) -> bool:
    rates = {q.value for q in reading.all(*MONEY) if q.value < 1.5}
    return bool(reading.has("batter") and reading.all("kWh") and len(rates) == 2)


def _battery_meant(reading: Reading) -> bool:
    rates = {q.value for q in reading.all(*MONEY) if q.value < 1.5}
    return reading.has("batter") and reading.has(SAVING) and len(rates) == 2


def _read_battery(reading: Reading) -> Slots:
    slots: Slots = {}
    rates = ends([q for q in reading.all(*MONEY) if q.value < 1.5])
    kwh = next(iter(reading.all("kWh")), None)
    if rates:
        slots |= {"low": rates[0], "high": rates[1]}
        priced = [q.unit for q in reading.all("GBP", "USD", "EUR")]
        slots |= {"currency": priced[0]} if priced else {}
    if kwh:
        slots["kwh_per_day"] = kwh.value
        if kwh.per != "day":
            slots["full_cycle"] = "yes"
    days = [q.value for q in reading.all("day") if 2 <= q.value <= 366]
    if days:
        slots["days"] = days[0]
    if reading.has("solar|export|pv"):
        slots["solar"] = "yes"
    percent = reading.value("%")
    if percent is not None:
        slots["efficiency"] = percent / 100
    return slots


def _battery(slots: Slots) -> Work:
    work = Work()
    kwh, low, high = (number(slots, name) for name in ("kwh_per_day", "low", "high"))
    if kwh is None or low is None or high is None:
        work.missing.append("How many kWh a day, and what are the low and the high price?")
        return work
    noted = ["One full charge a day."] if slots.get("full_cycle") else []
    shared = {
        "kwh_per_day": kwh,
        "days_per_year": number(slots, "days"),
        "round_trip_efficiency": number(slots, "efficiency"),
        "currency": str(slots.get("currency", default_prices(slots).currency)),
    }
    if slots.get("solar"):
        work.run(
            "battery_solar_value",
            noted=noted,
            import_price_per_kwh=high,
            export_price_per_kwh=low,
            **shared,
        )
    else:
        work.run(
            "battery_shifting_value",
            noted=noted,
            low_price_per_kwh=low,
            high_price_per_kwh=high,
            **shared,
        )
    return work


FAMILIES = (
    Family("battery", _battery_asked, _read_battery, _battery, _battery_meant),
    Family("solar", _solar_asked, _read_solar, _solar, _solar_meant),
)
"""In the order they are tried: the particular before the general."""
