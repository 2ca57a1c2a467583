"""Heat through walls, roofs, floors and windows, and what insulating them saves."""

from typing import Annotated

from home_energy.calculators.calculator import Measure, calculator
from home_energy.calculators.measures import (
    AreaFt2,
    AreaM2,
    BoilerEfficiency,
    Currency,
    DegreeDaysF,
    DegreeDaysK,
    FurnaceEfficiency,
    RValueUS,
    UValue,
)

Thickness = Annotated[float, Measure("mm", 0, 2000)]
Conductivity = Annotated[
    float,
    Measure(
        "W/mK",
        0.01,
        5,
        likely=(0.032, 0.044),
        default_note="mineral wool, 0.032 to 0.044; PIR board 0.022 to 0.026",
    ),
]
Surface = Annotated[float, Measure("m²K/W", 0, 0.5)]


@calculator(
    "W/m²K",
    "Adding {thickness_mm} mm of {conductivity_w_per_mk} W/mK to a U-value of {old_u} gives "
    "about {result:2} W/m²K.",
)
def u_value_with_layer(
    old_u: UValue, thickness_mm: Thickness, conductivity_w_per_mk: Conductivity = 0.04
) -> float:
    """U-value after adding a layer of insulation.

    Formula: 1 / (1 / old_u + thickness / conductivity)
    Source: EN ISO 6946.
    """
    return 1 / (1 / old_u + thickness_mm / 1000 / conductivity_w_per_mk)


@calculator(
    "W/m²K",
    "{thickness_mm} mm of {conductivity_w_per_mk} W/mK has a U-value of about {result:2} W/m²K.",
)
def u_value(
    thickness_mm: Thickness,
    conductivity_w_per_mk: Conductivity = 0.04,
    inside_surface_m2k_per_w: Surface = 0.13,
    outside_surface_m2k_per_w: Surface = 0.04,
) -> float:
    """U-value of one layer with its surfaces.

    Formula: 1 / (inside_surface + thickness / conductivity + outside_surface)
    Source: EN ISO 6946; surface resistance 0.10 up, 0.13 level, 0.17 down, outside 0.04.
    """
    layer = thickness_mm / 1000 / conductivity_w_per_mk
    return 1 / (inside_surface_m2k_per_w + layer + outside_surface_m2k_per_w)


@calculator(
    "kWh/year",
    "{area_m2} m² at {u_value} W/m²K loses about {result:3} kWh of heat a year.",
)
def fabric_heat_loss(u_value: UValue, area_m2: AreaM2, degree_days_k: DegreeDaysK = 2000) -> float:
    """Heat lost in a year through a wall, roof, floor or window.

    Formula: u_value x area_m2 x degree_days_k x 24 / 1000
    Source: degree-day method (CIBSE TM41).
    """
    return u_value * area_m2 * degree_days_k * 24 / 1000


@calculator(
    "kWh/year",
    "Insulating {area_m2:round} m² from {old_u:3} to {new_u:3} W/m²K saves about {result:3} "
    "kWh of heat a year.",
)
def insulation_heat_saving(
    old_u: UValue, new_u: UValue, area_m2: AreaM2, degree_days_k: DegreeDaysK = 2000
) -> float:
    """Heat saved in a year by insulation.

    Formula: (old_u - new_u) x area_m2 x degree_days_k x 24 / 1000
    Source: degree-day method (CIBSE TM41); real savings are 0.5 to 0.8 of it, as people take
    back some comfort and heat now and then.
    """
    return (old_u - new_u) * area_m2 * degree_days_k * 24 / 1000


@calculator(
    "kWh/year",
    "Insulating {area_m2:round} m² from {old_u:3} to {new_u:3} W/m²K saves about {result:3} "
    "kWh of fuel a year.",
)
def insulation_saving(
    old_u: UValue,
    new_u: UValue,
    area_m2: AreaM2,
    degree_days_k: DegreeDaysK = 2000,
    efficiency: BoilerEfficiency = 0.84,
) -> float:
    """Fuel saved in a year by insulation.

    Formula: (old_u - new_u) x area_m2 x degree_days_k x 24 / 1000 / efficiency
    Source: degree-day method (CIBSE TM41); real savings are 0.5 to 0.8 of it, as people take
    back some comfort and heat now and then.
    """
    return (old_u - new_u) * area_m2 * degree_days_k * 24 / 1000 / efficiency


@calculator(
    "therms/year",
    "Insulating {area_ft2:round} ft² from R-{old_r} to R-{new_r} saves about {result:3} "
    "therms a year.",
)
def insulation_saving_us(
    old_r: RValueUS,
    new_r: RValueUS,
    area_ft2: AreaFt2,
    degree_days_f: DegreeDaysF = 5000,
    efficiency: FurnaceEfficiency = 0.8,
) -> float:
    """Gas saved in a year by insulation, in US units.

    Formula: (1 / old_r - 1 / new_r) x area_ft2 x degree_days_f x 24 / 100,000 / efficiency
    Source: degree-day method (ASHRAE).
    """
    return (1 / old_r - 1 / new_r) * area_ft2 * degree_days_f * 24 / 100_000 / efficiency


@calculator(
    "{currency}/year",
    "At {price_per_therm:money} a therm, saving {therms:round} therms a year is worth about "
    "{result:money}.",
)
def therms_value(
    therms: Annotated[float, Measure("therms/year", 0, 1e6)],
    price_per_therm: Annotated[float, Measure("currency/therm", 0, 50)],
    currency: Currency = "USD",
) -> float:
    """Worth of gas that is no longer burnt.

    Formula: therms x price_per_therm
    Source: definition.
    """
    return therms * price_per_therm
