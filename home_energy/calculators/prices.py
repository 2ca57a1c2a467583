"""Prices that stand in when a question gives none: dated examples, never advice."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prices:
    """What energy cost in one place at one time."""

    place: str
    currency: str
    electricity_per_kwh: float
    gas_per_kwh: float
    """The US figure is that of a therm, in kWh."""
    source: str
    petrol_per_litre: float | None = None
    petrol_per_us_gallon: float | None = None
    gas_per_therm: float | None = None


UK = Prices(
    place="Great Britain",
    currency="GBP",
    electricity_per_kwh=0.2486,
    gas_per_kwh=0.0634,
    source="Ofgem price cap, January to March 2025",
    petrol_per_litre=1.40,
)
US = Prices(
    place="United States",
    currency="USD",
    electricity_per_kwh=0.17,
    gas_per_kwh=0.0478,
    source="a round example price of 2025, not a published average",
    petrol_per_us_gallon=3.30,
    gas_per_therm=1.40,
)
EU = Prices(
    place="European Union",
    currency="EUR",
    electricity_per_kwh=0.2872,
    gas_per_kwh=0.1143,
    source="Eurostat household average, first half of 2025",
)

BY_REGION = {"uk": UK, "us": US, "eu": EU, "general": UK}
BY_CURRENCY = {"GBP": UK, "USD": US, "EUR": EU}
