"""What the thermostat saves, and what a house's bills say about its heat loss."""

from typing import Annotated

from home_energy.calculators.calculator import Measure, calculator
from home_energy.calculators.measures import (
    BoilerEfficiency,
    Currency,
    DegreeDaysK,
    KilowattHours,
    Money,
)

SetbackHours = Annotated[float, Measure("h/day", 0, 24, default_note="lower all day and night")]
Reach = Annotated[
    float,
    Measure(
        "share",
        0,
        1,
        likely=(0.2, 1.0),
        default_note="the house really cools that far; a heavy, well insulated one only 0.2 to 0.5",
    ),
]
HeatingDays = Annotated[
    float,
    Measure("days", 1, 366, likely=(200, 240), default_note="a British heating season; 200 to 240"),
]
SeasonDegreeDaysK = Annotated[
    float,
    Measure(
        "K d",
        1,
        10_000,
        likely=(1900, 2500),
        default_note="a British heating season, base 15.5 °C; 1,900 to 2,500",
    ),
]
HeatingDaysUS = Annotated[
    float, Measure("days", 1, 366, default_note="an example US heating season")
]
SeasonDegreeDaysF = Annotated[
    float, Measure("°F d", 1, 20_000, default_note="an example US heating season, base 65 °F")
]
CAP = 0.3
"""Above this share the linear method no longer holds."""


@calculator(
    "share",
    "Lowering the thermostat by {setback_k} °C for {hours_per_day:hours} a day saves about "
    "{result:percent} % of heating energy.",
)
def setback_saving(
    setback_k: Annotated[float, Measure("K", 0, 15)],
    hours_per_day: SetbackHours = 24,
    heating_days: HeatingDays = 220,
    degree_days_k: SeasonDegreeDaysK = 2200,
    reach_factor: Reach = 1,
) -> float:
    """Share of heating energy that a lower thermostat saves.

    Formula: setback_k x hours_per_day / 24 x reach_factor x heating_days / degree_days_k,
    at most 0.3
    Source: degree-day method (ASHRAE, CIBSE TM41); linear while it is colder outside than the
    lower setting and no backup heater runs.
    """
    drop = setback_k * hours_per_day / 24 * reach_factor
    return min(drop * heating_days / degree_days_k, CAP)


@calculator(
    "share",
    "Lowering the thermostat by {setback_f} °F for {hours_per_day:hours} a day saves about "
    "{result:percent} % of heating energy.",
)
def setback_saving_us(
    setback_f: Annotated[float, Measure("°F", 0, 27)],
    hours_per_day: SetbackHours = 24,
    heating_days: HeatingDaysUS = 210,
    degree_days_f: SeasonDegreeDaysF = 5000,
    reach_factor: Reach = 1,
) -> float:
    """Share of heating energy that a lower thermostat saves, in US units.

    Formula: setback_f x hours_per_day / 24 x reach_factor x heating_days / degree_days_f,
    at most 0.3
    Source: degree-day method (ASHRAE); linear while it is colder outside than the lower setting
    and no backup heater runs.
    """
    drop = setback_f * hours_per_day / 24 * reach_factor
    return min(drop * heating_days / degree_days_f, CAP)


@calculator(
    "share",
    "By the DOE's rule of thumb, {setback_f} °F lower for {hours_per_day:hours} a day saves "
    "about {result:percent} % of heating energy.",
)
def setback_rule_of_thumb(
    setback_f: Annotated[float, Measure("°F", 0, 10)],
    hours_per_day: Annotated[float, Measure("h/day", 0, 24)] = 8,
) -> float:
    """Share of heating energy that a set-back saves by the US rule of thumb.

    Formula: setback_f x 0.01 x hours_per_day / 8
    Source: US DOE: 1 % per °F for each eight-hour period, up to 10 % for 7 to 10 °F.
    """
    return setback_f * 0.01 * hours_per_day / 8


@calculator(
    "kWh/year",
    "{share:percent} % of {heating_kwh_per_year:round} kWh is about {result:3} kWh a year.",
)
def share_of_heating(
    share: Annotated[float, Measure("share", 0, 1)], heating_kwh_per_year: KilowattHours
) -> float:
    """Energy that a share of the yearly heating is.

    Formula: share x heating_kwh_per_year
    Source: definition.
    """
    return share * heating_kwh_per_year


@calculator(
    "{currency}/year",
    "{share:percent} % of a heating bill of {bill_per_year:money} is about {result:money} a year.",
)
def share_of_bill(
    share: Annotated[float, Measure("share", 0, 1)],
    bill_per_year: Money,
    currency: Currency = "GBP",
) -> float:
    """Money that a share of the yearly heating bill is.

    Formula: share x bill_per_year
    Source: definition; standing charges do not change.
    """
    return share * bill_per_year


@calculator(
    "W/K",
    "{heating_fuel_kwh:round} kWh of fuel for heating in {degree_days_k} degree-days is a "
    "heat loss of about {result:3} W/K.",
)
def heat_loss_coefficient(
    heating_fuel_kwh: KilowattHours,
    efficiency: BoilerEfficiency = 0.84,
    degree_days_k: DegreeDaysK = 2000,
) -> float:
    """Heat loss coefficient of a house from its heating bills.

    Formula: heating_fuel_kwh x efficiency / (24 x degree_days_k) x 1000
    Source: degree-day method (CIBSE TM41); right to about 15 to 25 %, hot water and cooking
    subtracted first.
    """
    return heating_fuel_kwh * efficiency / (24 * degree_days_k) * 1000


@calculator("W/K", "{heat_kw} kW at {difference_k} K is a heat loss of about {result:3} W/K.")
def heat_loss_coefficient_from_load(
    heat_kw: Annotated[float, Measure("kW", 0, 1000)],
    difference_k: Annotated[float, Measure("K", 0.1, 80)],
) -> float:
    """Heat loss coefficient from a measured load.

    Formula: heat_kw x 1000 / difference_k
    Source: definition; OpenEnergyMonitor's example.
    """
    return heat_kw * 1000 / difference_k


@calculator(
    "kW",
    "At {heat_loss_w_per_k:round} W/K, keeping {indoor_c} °C inside at {design_c} °C outside "
    "takes about {result:3} kW.",
)
def design_load(
    heat_loss_w_per_k: Annotated[float, Measure("W/K", 0, 10_000)],
    indoor_c: Annotated[float, Measure("°C", 5, 30, default_note="living rooms")] = 20,
    design_c: Annotated[float, Measure("°C", -40, 20, default_note="a cold British day")] = -3,
) -> float:
    """Heating power that a cold day asks for.

    Formula: heat_loss_w_per_k x (indoor_c - design_c) / 1000
    Source: steady heat loss; use a proper survey for sizing.
    """
    return heat_loss_w_per_k * (indoor_c - design_c) / 1000
