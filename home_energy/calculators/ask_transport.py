"""Questions about electric cars."""

from home_energy.calculators.asking import (
    COST,
    MONEY,
    SAVING,
    Family,
    Slots,
    Work,
    add_cost,
    default_prices,
    is_priced,
    number,
    read_prices,
)
from home_energy.calculators.quantities import Reading
from home_energy.calculators.units import KM_PER_MILE
from home_energy.calculators.usage import PER_YEAR


def _car_asked(reading: Reading) -> bool:
    return bool(
        (
            reading.has(r"evs?\b|electric (?:car|vehicle|van)s?|tesla|nissan leaf|plug-?in")
            or reading.all("mile/kWh", "kWh/mile", "kWh/km")
        )
        and [q for q in reading.all("mile", "km") if reading.text[: q.start][-4:] != "per "]
        and reading.has(
            rf"{COST}|{SAVING}|vs\b|versus|against|compared|than|instead|how (?:much|many)|charg"
            r"|driv(?:e|ing)\b|does\b"
        )
        and not reading.has(r"range\b|how far|tax\b")
    )


def _car_meant(reading: Reading) -> bool:
    return (
        reading.has(r"evs?\b|electric (?:car|vehicle|van)s?")
        and reading.has(rf"{COST}|{SAVING}")
        and is_priced(reading)
        and not reading.has(r"range\b|how far|tax\b")
    )


def _read_car(reading: Reading) -> Slots:
    slots = read_prices(reading)
    for name, unit in (
        ("miles", "mile"),
        ("km", "km"),
        ("mpg", "mpg"),
        ("litres_per_100_km", "l/100km"),
        ("kwh_per_mile", "kWh/mile"),
        ("kwh_per_km", "kWh/km"),
    ):
        value = reading.value(unit)
        if value is not None:
            slots[name] = value
    travelled = next(iter(reading.all("mile", "km")), None)
    if travelled is not None and travelled.per in PER_YEAR:
        name = "miles" if travelled.unit == "mile" else "km"
        slots |= {name: travelled.value * PER_YEAR[travelled.per], "period": "year"}
    miles_per_kwh = reading.value("mile/kWh")
    if miles_per_kwh:
        slots["kwh_per_mile"] = 1 / miles_per_kwh
    for one in reading.all(*MONEY):
        if one.per in {"litre", "gallon"}:
            slots |= {f"price_per_{one.per}": one.value, "currency": one.unit}
    if reading.has(r"petrol|diesel|litre|uk\b"):
        slots["gallon"] = "UK"
    if reading.has(r"gasoline|gas\b|us\b") or "price_per_gallon" in slots:
        slots["gallon"] = "US"
    if reading.has("petrol|diesel|gasoline|gas car|gas\\b|mpg|l/100"):
        slots["petrol"] = "yes"
    if slots.get("price_per_kwh") is None:
        slots.pop("gas_price_per_kwh", None)
    return slots


def _car(slots: Slots) -> Work:
    work = Work()
    miles, km = number(slots, "miles"), number(slots, "km")
    if miles is None and km is None:
        work.missing.append("How far do you drive in a year, in miles or km?")
        return work
    if miles is None and "kwh_per_mile" in slots and km is not None:
        miles, km = km / KM_PER_MILE, None
    if miles is not None and "kwh_per_km" not in slots:
        kwh = work.run("ev_energy_miles", miles=miles, kwh_per_mile=number(slots, "kwh_per_mile"))
    else:
        km = km if km is not None else (miles or 0) * KM_PER_MILE
        kwh = work.run("ev_energy_km", km=km, kwh_per_km=number(slots, "kwh_per_km"))
    electric, currency = add_cost(work, kwh, slots, period=str(slots.get("period", "once")))
    if not slots.get("petrol"):
        return work
    petrol = _petrol_cost(work, slots, miles, km, currency)
    if petrol is not None:
        work.run("ev_saving", ev_cost=electric, petrol_cost=petrol, currency=currency)
    return work


def _petrol_cost(
    work: Work, slots: Slots, miles: float | None, km: float | None, currency: str
) -> float | None:
    mpg, litres = number(slots, "mpg"), number(slots, "litres_per_100_km")
    per_litre, per_gallon = number(slots, "price_per_litre"), number(slots, "price_per_gallon")
    known = default_prices({**slots, "place": {"USD": "us", "EUR": "eu"}.get(currency, "uk")})
    us = currency == "USD" or (currency != "GBP" and slots.get("gallon") == "US")
    noted: list[str] = []
    if per_litre is None and per_gallon is None:
        per_litre, per_gallon = known.petrol_per_litre, known.petrol_per_us_gallon
        shown = f"£{per_litre:.2f} a litre" if per_litre else f"${per_gallon or 0:.2f} a gallon"
        noted = [f"Petrol at {shown}: an example, so use your own price."]
    distance_miles = miles if miles is not None else (km or 0) / KM_PER_MILE
    if mpg is not None and us and per_gallon is not None:
        return work.run(
            "petrol_cost_us",
            noted=noted,
            miles=distance_miles,
            us_mpg=mpg,
            price_per_us_gallon=per_gallon,
            currency=currency,
        )
    if mpg is not None and not us and per_litre is not None:
        return work.run(
            "petrol_cost_uk",
            noted=[*noted, "Miles per UK gallon."],
            miles=distance_miles,
            uk_mpg=mpg,
            price_per_litre=per_litre,
            currency=currency,
        )
    if litres is not None and per_litre is not None:
        distance = km if km is not None else distance_miles * KM_PER_MILE
        return work.run(
            "petrol_cost_km",
            noted=noted,
            km=distance,
            litres_per_100_km=litres,
            price_per_litre=per_litre,
            currency=currency,
        )
    work.missing.append("How much petrol does the other car use, and what does petrol cost?")
    return None


FAMILIES = (Family("electric_car", _car_asked, _read_car, _car, _car_meant),)
