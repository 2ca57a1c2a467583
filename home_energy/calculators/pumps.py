"""Pumps that run slower."""

from typing import Annotated

from home_energy.calculators.calculator import Measure, calculator
from home_energy.calculators.measures import KilowattHours, Watts

SpeedRatio = Annotated[float, Measure("share of full speed", 0.05, 1.5)]


@calculator(
    "W",
    "A pump of {full_speed_watts:power} at {speed_ratio:percent} % speed takes about {result:4} W.",
)
def pump_power(full_speed_watts: Watts, speed_ratio: SpeedRatio) -> float:
    """Power of a pump at another speed.

    Formula: full_speed_watts x speed_ratio^3
    Source: affinity law; ENERGY STAR: half speed takes one-eighth of the power. Real pumps save
    less.
    """
    return full_speed_watts * speed_ratio**3


@calculator(
    "kWh/year",
    "Moving the same water at {speed_ratio:percent} % speed takes about {result:3} kWh "
    "instead of {full_speed_kwh:round} kWh a year.",
)
def pump_energy_same_volume(full_speed_kwh: KilowattHours, speed_ratio: SpeedRatio) -> float:
    """Energy of a pump that moves the same water at another speed.

    Formula: full_speed_kwh x speed_ratio^2
    Source: affinity law; real pumps save less, for static head and motor losses.
    """
    return full_speed_kwh * speed_ratio**2
