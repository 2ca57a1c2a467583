"""What changing lamps saves."""

from typing import Annotated

from home_energy.calculators.calculator import Measure, calculator
from home_energy.calculators.measures import (
    Count,
    Currency,
    Days,
    HoursPerDay,
    KilowattHours,
    MoneyPerYear,
    Share,
    Watts,
)

LED_WATTS = {40: 5.0, 50: 5.0, 60: 9.0, 75: 12.0, 100: 18.0}
"""LED of about the same light at 90 lm/W: 450, 800, 1,100 and 1,600 lm; 50 W is a halogen spot."""


@calculator(
    "kWh/year",
    "Replacing {lamps} {lamps:bulb|bulbs} of {old_watts} W with {new_watts} W LEDs used "
    "{hours_per_day:hours} a day saves about {result:3} kWh a year.",
)
def lighting_saving(
    lamps: Count,
    old_watts: Watts,
    new_watts: Watts,
    hours_per_day: HoursPerDay,
    days_per_year: Days = 365,
) -> float:
    """Electricity saved in a year by changing lamps.

    Formula: lamps x (old_watts - new_watts) x hours_per_day x days_per_year / 1000
    Source: US DOE appliance energy formula; a 60 W incandescent gives 800 lm, as does a 9 W LED.
    """
    return lamps * (old_watts - new_watts) * hours_per_day * days_per_year / 1000


@calculator(
    "years",
    "{lamps} {lamps:bulb|bulbs} at {lamp_price:money} each pay back in about {result:3} years.",
)
def lighting_payback(
    lamps: Count,
    lamp_price: Annotated[float, Measure("currency each", 0, 1000)],
    saving_per_year: MoneyPerYear,
    currency: Currency = "GBP",
) -> float:
    """Years until new lamps have paid for themselves.

    Formula: lamps x lamp_price / saving_per_year
    Source: definition of simple payback.
    """
    return lamps * lamp_price / saving_per_year


@calculator(
    "kWh/year",
    "Counting the heat the old lamps gave, the net saving is about {result:3} kWh a year.",
)
def lighting_net_saving(
    saving_kwh_per_year: KilowattHours,
    useful_heat_share: Share,
    heating_efficiency: Annotated[float, Measure("share", 0.1, 6)],
    cooling_share: Share = 0,
    cooling_cop: Annotated[float, Measure("COP", 0.5, 10)] = 3,
) -> float:
    """Energy saved by new lamps after the heat that the old ones gave.

    Formula: saving - useful_heat_share x saving / heating_efficiency
    + cooling_share x saving / cooling_cop
    Source: own energy balance; the useful share is 0 to 0.6 in a heating season.
    """
    heat = useful_heat_share * saving_kwh_per_year / heating_efficiency
    return saving_kwh_per_year - heat + cooling_share * saving_kwh_per_year / cooling_cop
