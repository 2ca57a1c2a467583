"""What appliances use, measured or reckoned from their power."""

from typing import Annotated

from home_energy.calculators.calculator import Measure, calculator
from home_energy.calculators.measures import Count, Days, HoursPerDay, KilowattHours, Watts

DutyFactor = Annotated[float, Measure("share of full power", 0, 1)]
CyclingDuty = Annotated[
    float,
    Measure(
        "share of full power",
        0,
        1,
        likely=(0.3, 0.6),
        default_note="appliances that switch themselves on and off run 30 to 60 % of the time",
    ),
]


@calculator(
    "kWh/year",
    "{quantity:times}{watts:power} for {hours_per_day:hours} a day on {days_per_year:round} "
    "days a year uses about {result:3} kWh a year.",
)
def appliance_energy(
    watts: Watts,
    hours_per_day: HoursPerDay,
    days_per_year: Days = 365,
    duty_factor: DutyFactor = 1,
    quantity: Count = 1,
) -> float:
    """Electricity an appliance uses in a year.

    Formula: quantity x watts x duty_factor x hours_per_day x days_per_year / 1000
    Source: US DOE, estimating appliance energy use; nameplate watts are the maximum.
    """
    return quantity * watts * duty_factor * hours_per_day * days_per_year / 1000


@calculator(
    "kWh/year",
    "An appliance of {watts:power} that cycles for {hours_per_day:hours} a day, on for "
    "{duty_factor:percent} % of the time, uses about {result:3} kWh a year.",
)
def cycling_appliance_energy(
    watts: Watts,
    hours_per_day: HoursPerDay = 24,
    days_per_year: Days = 365,
    duty_factor: CyclingDuty = 0.45,
) -> float:
    """Electricity that a fridge or another cycling appliance uses in a year.

    Formula: watts x duty_factor x hours_per_day x days_per_year / 1000
    Source: US DOE, estimating appliance energy use; cycling appliances run at 30 to 60 % of
    their nameplate. Measuring is better.
    """
    return watts * duty_factor * hours_per_day * days_per_year / 1000


@calculator("kWh", "{quantity:times}{watts:power} for {hours:hours} uses about {result:3} kWh.")
def appliance_use(
    watts: Watts,
    hours: Annotated[float, Measure("h", 0, 10_000)],
    quantity: Count = 1,
) -> float:
    """Electricity of one use of an appliance.

    Formula: quantity x watts x hours / 1000
    Source: definition of the kilowatt-hour.
    """
    return quantity * watts * hours / 1000


@calculator(
    "kWh/year",
    "Going from {old_watts:power} to {new_watts:power} for {hours_per_day:hours} a day saves "
    "about {result:3} kWh a year.",
)
def appliance_saving(
    old_watts: Watts,
    new_watts: Watts,
    hours_per_day: HoursPerDay,
    days_per_year: Days = 365,
    quantity: Count = 1,
) -> float:
    """Electricity saved in a year by an appliance of less power.

    Formula: quantity x (old_watts - new_watts) x hours_per_day x days_per_year / 1000
    Source: US DOE appliance energy formula.
    """
    return quantity * (old_watts - new_watts) * hours_per_day * days_per_year / 1000


@calculator("kWh/year", "{measured_kwh} kWh in {measured_hours} h is about {result:3} kWh a year.")
def yearly_use_from_meter(
    measured_kwh: KilowattHours,
    measured_hours: Annotated[float, Measure("h", 0.5, 8784)],
) -> float:
    """Yearly use from a measurement with a plug-in meter.

    Formula: measured_kwh / measured_hours x 8760
    Source: US DOE refrigerator guidance: measure at least 72 h, better a week.
    """
    return measured_kwh / measured_hours * 8760


@calculator(
    "kWh/year",
    "Going from {old_kwh_per_year:round} to {new_kwh_per_year:round} kWh a year saves "
    "{result:4} kWh a year.",
)
def replacement_saving(old_kwh_per_year: KilowattHours, new_kwh_per_year: KilowattHours) -> float:
    """Electricity saved in a year by replacing an appliance, such as a fridge.

    Formula: old_kwh_per_year - new_kwh_per_year
    Source: definition; a new full-size US fridge uses under 450 kWh (ENERGY STAR).
    """
    return old_kwh_per_year - new_kwh_per_year
