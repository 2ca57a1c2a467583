"""The heat in hot water, and what a tank loses."""

from typing import Annotated

from home_energy.calculators.calculator import Measure, calculator
from home_energy.calculators.measures import AreaFt2, RValueUS
from home_energy.calculators.units import BTU_PER_KWH

ColdC = Annotated[
    float,
    Measure(
        "°C", 0, 40, likely=(5, 20), default_note="water from the main, 5 to 20 °C over a year"
    ),
]
HotC = Annotated[
    float, Measure("°C", 20, 95, likely=(38, 41), default_note="a mixed shower, 38 to 41 °C")
]
Litres = Annotated[float, Measure("l", 0, 100_000)]
Minutes = Annotated[float, Measure("min", 0, 240)]
WaterEfficiency = Annotated[
    float,
    Measure(
        "share; over 1 for a heat pump",
        0.1,
        6,
        likely=(0.80, 0.90),
        default_note="water heated by a gas boiler; 0.80 to 0.90, electric 1.0",
    ),
]
Gallons = Annotated[float, Measure("US gal/min", 0, 20)]
Fahrenheit = Annotated[float, Measure("°F", 32, 212)]


@calculator(
    "kWh",
    "Heating {litres} l of water from {cold_c} to {hot_c} °C takes about {result:3} kWh of heat.",
)
def water_heat(litres: Litres, cold_c: ColdC = 12, hot_c: HotC = 40) -> float:
    """Heat needed to warm water.

    Formula: litres x 4.186 x (hot_c - cold_c) / 3600
    Source: specific heat of water, 4.186 kJ/kg K; pipe losses add 5 to 20 %.
    """
    return litres * 4.186 * (hot_c - cold_c) / 3600


@calculator(
    "kWh",
    "A shower of {minutes} minutes at {litres_per_minute} l a minute, {cold_c} to {hot_c} °C, "
    "takes about {result:3} kWh of heat.",
)
def shower_heat(
    minutes: Minutes,
    litres_per_minute: Annotated[float, Measure("l/min", 0, 60)],
    cold_c: ColdC = 12,
    hot_c: HotC = 40,
) -> float:
    """Heat in the water of a shower.

    Formula: minutes x litres_per_minute x 4.186 x (hot_c - cold_c) / 3600
    Source: specific heat of water, 4.186 kJ/kg K; a standard head gives 9.5 l/min (WaterSense).
    """
    return minutes * litres_per_minute * 4.186 * (hot_c - cold_c) / 3600


@calculator(
    "kWh",
    "With a heater of {efficiency:percent} % efficiency, {heat_kwh:round} kWh of heat takes "
    "about {result:3} kWh of energy.",
)
def water_heating_energy(
    heat_kwh: Annotated[float, Measure("kWh", 0, 1e6)], efficiency: WaterEfficiency = 0.84
) -> float:
    """Fuel or electricity that gives an amount of hot-water heat.

    Formula: heat_kwh / efficiency
    Source: electric 1.0, gas boiler 0.80 to 0.90, gas tank about 0.60, heat pump water heater
    2.2 to 3.8 (FEMP).
    """
    return heat_kwh / efficiency


@calculator(
    "kWh",
    "A shower of {minutes} minutes at {us_gallons_per_minute} US gallons a minute, {cold_f} to "
    "{hot_f} °F, takes about {result:3} kWh.",
)
def shower_energy_us(
    minutes: Minutes,
    us_gallons_per_minute: Gallons,
    cold_f: Fahrenheit,
    hot_f: Fahrenheit,
    efficiency: Annotated[float, Measure("share", 0.1, 6)] = 1,
) -> float:
    """Energy for a shower in US units; an electric heater by default.

    Formula: minutes x us_gallons_per_minute x 8.34 x (hot_f - cold_f) / 3,412.1416 / efficiency
    Source: 8.34 lb of water in a US gallon; WaterSense heads give at most 2.0 gal/min.
    """
    btu = minutes * us_gallons_per_minute * 8.34 * (hot_f - cold_f)
    return btu / BTU_PER_KWH / efficiency


@calculator(
    "kWh/year",
    "A tank at {tank_c} °C that loses {loss_w_per_k} W/K into a room at {room_c} °C loses "
    "about {result:3} kWh a year.",
)
def tank_standby_loss(
    loss_w_per_k: Annotated[float, Measure("W/K", 0, 50)],
    tank_c: Annotated[float, Measure("°C", 20, 95)],
    room_c: Annotated[float, Measure("°C", 0, 40, default_note="an ordinary heated room")] = 20,
) -> float:
    """Heat a hot-water tank loses in a year.

    Formula: loss_w_per_k x (tank_c - room_c) x 8760 / 1000
    Source: steady heat loss; a modern British cylinder loses 1 to 2 kWh a day (Intergas).
    """
    return loss_w_per_k * (tank_c - room_c) * 8760 / 1000


@calculator(
    "kWh/year",
    "A tank of {area_ft2} ft² at R-{r_value}, {difference_f} °F warmer than its room, loses "
    "about {result:3} kWh a year.",
)
def tank_standby_loss_us(
    area_ft2: AreaFt2,
    difference_f: Annotated[float, Measure("°F", 0, 150)],
    r_value: RValueUS,
) -> float:
    """Heat a hot-water tank loses in a year, in US units.

    Formula: area_ft2 x difference_f / r_value x 8760 / 3,412.1416
    Source: steady heat loss; old tanks R-3 to R-8, new ones R-10 to R-24 (DOE).
    """
    return area_ft2 * difference_f / r_value * 8760 / BTU_PER_KWH


@calculator(
    "share",
    "A jacket of R-{added_r} on a tank of R-{old_r} cuts its standby loss by about "
    "{result:percent} %.",
)
def tank_jacket_cut(old_r: RValueUS, added_r: RValueUS) -> float:
    """Share of a tank's standby loss that a jacket saves.

    Formula: 1 - old_r / (old_r + added_r)
    Source: resistances in series; DOE reports 25 to 45 % in practice, as fittings lose heat too.
    """
    return 1 - old_r / (old_r + added_r)
