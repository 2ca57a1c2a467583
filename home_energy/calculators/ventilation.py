"""Air that leaks, and air that a home needs."""

from typing import Annotated

from home_energy.calculators.calculator import Measure, calculator
from home_energy.calculators.measures import (
    AreaFt2,
    AreaM2,
    BoilerEfficiency,
    DegreeDaysF,
    DegreeDaysK,
    FurnaceEfficiency,
    VolumeFt3,
    VolumeM3,
)

AirChanges = Annotated[float, Measure("air changes/h", 0, 30)]
AirChanges50 = Annotated[float, Measure("air changes/h at 50 Pa", 0, 60)]
Divisor = Annotated[
    float,
    Measure(
        "",
        5,
        40,
        likely=(10, 30),
        default_note="air changes at 50 Pa divided by this; 10 to 30 by site",
    ),
]
Bedrooms = Annotated[float, Measure("bedrooms", 1, 5)]
BEDROOM_RATES = {1: 19, 2: 25, 3: 31, 4: 37, 5: 43}
"""Litres a second by number of bedrooms, Approved Document F."""


@calculator(
    "W/K",
    "{air_changes_per_hour} air changes an hour in {volume_m3} m³ lose about {result:3} W/K.",
)
def air_change_loss(air_changes_per_hour: AirChanges, volume_m3: VolumeM3) -> float:
    """Heat loss coefficient of air change.

    Formula: 0.33 x air_changes_per_hour x volume_m3
    Source: heat capacity of air, 0.33 Wh/m³K (CIBSE).
    """
    return 0.33 * air_changes_per_hour * volume_m3


@calculator(
    "kWh/year",
    "Going from {old_air_changes} to {new_air_changes} air changes an hour in {volume_m3} m³ "
    "saves about {result:3} kWh of heat a year.",
)
def air_sealing_heat_saving(
    old_air_changes: AirChanges,
    new_air_changes: AirChanges,
    volume_m3: VolumeM3,
    degree_days_k: DegreeDaysK = 2000,
) -> float:
    """Heat saved in a year by stopping draughts.

    Formula: 0.33 x (old_air_changes - new_air_changes) x volume_m3 x degree_days_k x 24 / 1000
    Source: degree-day method (CIBSE TM41); never tighten below the ventilation need.
    """
    return 0.33 * (old_air_changes - new_air_changes) * volume_m3 * degree_days_k * 24 / 1000


@calculator(
    "kWh/year",
    "Going from {old_air_changes} to {new_air_changes} air changes an hour in {volume_m3} m³ "
    "saves about {result:3} kWh of fuel a year.",
)
def air_sealing_saving(
    old_air_changes: AirChanges,
    new_air_changes: AirChanges,
    volume_m3: VolumeM3,
    degree_days_k: DegreeDaysK = 2000,
    efficiency: BoilerEfficiency = 0.84,
) -> float:
    """Fuel saved in a year by stopping draughts.

    Formula: 0.33 x (old_air_changes - new_air_changes) x volume_m3 x degree_days_k x 24 / 1000
    / efficiency
    Source: degree-day method (CIBSE TM41); never tighten below the ventilation need.
    """
    heat = 0.33 * (old_air_changes - new_air_changes) * volume_m3 * degree_days_k * 24 / 1000
    return heat / efficiency


@calculator(
    "therms/year",
    "Going from {old_ach50} to {new_ach50} ACH50 in {volume_ft3} ft³ saves about {result:3} "
    "therms a year.",
)
def air_sealing_saving_us(
    old_ach50: AirChanges50,
    new_ach50: AirChanges50,
    volume_ft3: VolumeFt3,
    degree_days_f: DegreeDaysF = 5000,
    efficiency: FurnaceEfficiency = 0.8,
    divisor: Divisor = 20,
) -> float:
    """Gas saved in a year by air sealing, from blower-door results.

    Formula: 0.018 x (old_ach50 - new_ach50) / divisor x volume_ft3 x degree_days_f x 24
    / 100,000 / efficiency
    Source: heat capacity of air, 0.018 Btu/ft³°F; natural air change is about ACH50 / 20.
    """
    btu_per_hour_f = 0.018 * (old_ach50 - new_ach50) / divisor * volume_ft3
    return btu_per_hour_f * degree_days_f * 24 / 100_000 / efficiency


@calculator(
    "air changes/h at 50 Pa",
    "{cfm50} CFM50 in {volume_ft3} ft³ is {result:3} air changes an hour at 50 Pa.",
)
def ach50_from_cfm50(
    cfm50: Annotated[float, Measure("ft³/min at 50 Pa", 0, 100_000)], volume_ft3: VolumeFt3
) -> float:
    """Air changes at 50 Pa from a blower-door reading.

    Formula: cfm50 x 60 / volume_ft3
    Source: definition.
    """
    return cfm50 * 60 / volume_ft3


@calculator(
    "l/s",
    "A home of {floor_area_m2:round} m² with {bedrooms} {bedrooms:bedroom|bedrooms} needs at "
    "least {result:3} l/s of fresh air (England).",
)
def ventilation_need(floor_area_m2: AreaM2, bedrooms: Bedrooms = 1) -> float:
    """Whole-dwelling ventilation rate in England.

    Formula: the larger of 0.3 x floor_area_m2 and the rate for the bedrooms
    (19, 25, 31, 37, 43 l/s for 1 to 5)
    Source: Approved Document F; wet rooms need extract as well.
    """
    return max(0.3 * floor_area_m2, float(BEDROOM_RATES[round(bedrooms)]))


@calculator(
    "air changes/h",
    "{litres_per_second} l/s in {volume_m3} m³ is {result:2} air changes an hour.",
)
def air_changes(
    litres_per_second: Annotated[float, Measure("l/s", 0, 10_000)], volume_m3: VolumeM3
) -> float:
    """Air changes an hour from a flow.

    Formula: litres_per_second x 3.6 / volume_m3
    Source: definition.
    """
    return litres_per_second * 3.6 / volume_m3


@calculator(
    "ft³/min",
    "A home of {floor_area_ft2:round} ft² with {bedrooms} {bedrooms:bedroom|bedrooms} needs "
    "at least {result:3} cfm of fresh air (US).",
)
def ventilation_need_us(
    floor_area_ft2: AreaFt2, bedrooms: Annotated[float, Measure("bedrooms", 0, 20)]
) -> float:
    """Whole-dwelling ventilation rate in the US.

    Formula: 0.03 x floor_area_ft2 + 7.5 x (bedrooms + 1)
    Source: ANSI/RESNET 301, as ASHRAE 62.2.
    """
    return 0.03 * floor_area_ft2 + 7.5 * (bedrooms + 1)
