"""What a home battery is worth."""

from typing import Annotated

from home_energy.calculators.calculator import Measure, calculator
from home_energy.calculators.measures import Currency, Days, Price

DailyKwh = Annotated[float, Measure("kWh/day", 0, 500)]
RoundTrip = Annotated[
    float,
    Measure("share", 0.3, 1, likely=(0.75, 0.90), default_note="there and back; 0.75 to 0.90"),
]


@calculator(
    "{currency}/year",
    "Shifting {kwh_per_day} kWh a day on {days_per_year} days from "
    "{high_price_per_kwh:price} to {low_price_per_kwh:price} per kWh is worth about "
    "{result:money} a year.",
)
def battery_shifting_value(
    kwh_per_day: DailyKwh,
    low_price_per_kwh: Price,
    high_price_per_kwh: Price,
    days_per_year: Days = 365,
    round_trip_efficiency: RoundTrip = 0.85,
    currency: Currency = "GBP",
) -> float:
    """Yearly worth of a battery charged at the cheap rate; kWh are those delivered.

    Formula: kwh_per_day x days_per_year x (high_price - low_price / round_trip_efficiency)
    Source: energy balance; NREL uses 0.85. Standby use of 10 to 50 W is not taken off.
    """
    worth = high_price_per_kwh - low_price_per_kwh / round_trip_efficiency
    return kwh_per_day * days_per_year * worth


@calculator(
    "{currency}/year",
    "Storing {kwh_per_day} kWh of solar power a day on {days_per_year} days, at "
    "{import_price_per_kwh:price} bought and {export_price_per_kwh:price} sold per kWh, is "
    "worth about {result:money} a year.",
)
def battery_solar_value(
    kwh_per_day: DailyKwh,
    import_price_per_kwh: Price,
    export_price_per_kwh: Price,
    days_per_year: Days = 365,
    round_trip_efficiency: RoundTrip = 0.85,
    currency: Currency = "GBP",
) -> float:
    """Yearly worth of a battery that stores solar power; kWh are those charged.

    Formula: kwh_per_day x days_per_year x (import_price x round_trip_efficiency - export_price)
    Source: energy balance; NREL uses 0.85. Standby use of 10 to 50 W is not taken off.
    """
    worth = import_price_per_kwh * round_trip_efficiency - export_price_per_kwh
    return kwh_per_day * days_per_year * worth
