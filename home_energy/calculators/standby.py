"""What devices use while nobody uses them."""

from typing import Annotated

from home_energy.calculators.calculator import Measure, calculator
from home_energy.calculators.measures import Count, Days, Watts

StandbyHours = Annotated[float, Measure("h/day", 0, 24, default_note="on standby all day")]


@calculator(
    "kWh/year",
    "{devices:times}{watts:power} on standby for {hours_per_day:hours} a day uses about "
    "{result:3} kWh a year.",
)
def standby_energy(
    watts: Watts,
    hours_per_day: StandbyHours = 24,
    days_per_year: Days = 365,
    devices: Count = 1,
) -> float:
    """Electricity used in a year on standby.

    Formula: devices x watts x hours_per_day x days_per_year / 1000 (1 W all year is 8.76 kWh)
    Source: definition of the kilowatt-hour; whole homes 14 to 169 W (LBNL, ten homes).
    """
    return devices * watts * hours_per_day * days_per_year / 1000
