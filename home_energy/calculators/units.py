"""Conversions between the units of bills, meters and labels."""

from typing import Annotated

from home_energy.calculators.calculator import Choice, Measure, calculator
from home_energy.errors import CalculatorInput

JOULES_PER_BTU = 1055.05585262
BTU_PER_KWH = 3.6e6 / JOULES_PER_BTU
"""3412.1416; EIA rounds to 3412."""
BTU_PER_WH = BTU_PER_KWH / 1000
"""What EER and HSPF are divided by to give a COP."""
GAS_BTU_PER_FT3 = 1_039
OIL_BTU_PER_US_GALLON = 137_381
PROPANE_BTU_PER_US_GALLON = 91_333
LITRES_PER_US_GALLON = 3.785411784
LITRES_PER_UK_GALLON = 4.54609
KM_PER_MILE = 1.609344
R_US_PER_R_METRIC = 5.678263
M2_PER_FT2 = 0.09290304
M3_PER_FT3 = 0.028316846592
US_MPG_LITRES_PER_100_KM = 235.214583
UK_MPG_LITRES_PER_100_KM = 282.480936

SCALES: dict[str, dict[str, float]] = {
    "energy": {
        "kWh": 1.0,
        "Wh": 0.001,
        "MWh": 1000.0,
        "MJ": 1 / 3.6,
        "GJ": 1000 / 3.6,
        "Btu": 1 / BTU_PER_KWH,
        "million Btu": 1e6 / BTU_PER_KWH,
        "therms": 1e5 / BTU_PER_KWH,
    },
    "power": {
        "kW": 1.0,
        "W": 0.001,
        "Btu/h": 1 / BTU_PER_KWH,
        "tons of cooling": 12_000 / BTU_PER_KWH,
    },
    "volume": {
        "litres": 1.0,
        "m³": 1000.0,
        "ft³": 1000 * M3_PER_FT3,
        "US gallons": LITRES_PER_US_GALLON,
        "UK gallons": LITRES_PER_UK_GALLON,
    },
    "length": {"m": 1.0, "mm": 0.001, "cm": 0.01, "inches": 0.0254, "feet": 0.3048},
    "distance": {"km": 1.0, "miles": KM_PER_MILE},
    "area": {"m²": 1.0, "ft²": M2_PER_FT2},
    "efficiency": {
        "COP": 1.0,
        "EER": 1 / BTU_PER_WH,
        "SEER": 1 / BTU_PER_WH,
        "HSPF": 1 / BTU_PER_WH,
    },
    "resistance": {"m²K/W": 1.0, "h ft² °F/Btu": 1 / R_US_PER_R_METRIC},
    "temperature difference": {"K": 1.0, "°F difference": 1 / 1.8},
}
"""What one unit is in the first unit of its kind."""

TEMPERATURES = ("°C", "°F")
ECONOMIES = ("l/100 km", "mpg (US)", "mpg (UK)")
UNITS = (*(name for scale in SCALES.values() for name in scale), *TEMPERATURES, *ECONOMIES)
_MPG = {"mpg (US)": US_MPG_LITRES_PER_100_KM, "mpg (UK)": UK_MPG_LITRES_PER_100_KM}

Unit = Annotated[str, Choice(UNITS, "a unit")]
Amount = Annotated[float, Measure("from_unit", -1e12, 1e12)]
CalorificValue = Annotated[
    float,
    Measure(
        "MJ/m³",
        30,
        50,
        likely=(37.5, 43.0),
        default_note="calorific value of British gas; your bill shows yours, 37.5 to 43.0",
    ),
]


def convertible(from_unit: str, to_unit: str) -> bool:
    """Return whether both units measure the same thing."""
    kinds = [*(tuple(scale) for scale in SCALES.values()), TEMPERATURES, ECONOMIES]
    return any(from_unit in kind and to_unit in kind for kind in kinds)


@calculator("{to_unit}", "{value} {from_unit} is {result:5} {to_unit}.")
def convert_units(value: Amount, from_unit: Unit, to_unit: Unit) -> float:
    """Convert between units of the same kind.

    Formula: value x size of from_unit / size of to_unit; °F = °C x 1.8 + 32;
    l/100 km = 235.214583 / mpg (US) = 282.480936 / mpg (UK)
    Source: EIA conversion pages (1,055.05585262 J per Btu, 100,000 Btu per therm); legal
    definitions of mile, gallon and foot.
    """
    if not convertible(from_unit, to_unit):
        raise CalculatorInput(f"{from_unit} cannot be converted to {to_unit}")
    if from_unit in TEMPERATURES:
        celsius = value if from_unit == "°C" else (value - 32) / 1.8
        return celsius if to_unit == "°C" else celsius * 1.8 + 32
    if from_unit in ECONOMIES:
        if value <= 0:
            raise CalculatorInput("value must be above 0 to convert fuel economy")
        litres = value if from_unit == "l/100 km" else _MPG[from_unit] / value
        return litres if to_unit == "l/100 km" else _MPG[to_unit] / litres
    scale = next(scale for scale in SCALES.values() if from_unit in scale)
    return value * scale[from_unit] / scale[to_unit]


@calculator(
    "kWh",
    "{volume_m3} m³ of gas at {calorific_value_mj_per_m3} MJ/m³ is about {result:4} kWh.",
)
def gas_m3_energy(
    volume_m3: Annotated[float, Measure("m³", 0, 1e7)],
    calorific_value_mj_per_m3: CalorificValue = 39.5,
) -> float:
    """Energy in metered cubic metres of gas, as British and European bills work it out.

    Formula: volume_m3 x 1.02264 x calorific_value_mj_per_m3 / 3.6
    Source: UK supplier's formula (Outfox the Market help page); gross calorific value.
    """
    return volume_m3 * 1.02264 * calorific_value_mj_per_m3 / 3.6


@calculator(
    "kWh",
    "{units_100_ft3} units of an imperial gas meter (100 ft³ each) at "
    "{calorific_value_mj_per_m3} MJ/m³ is about {result:4} kWh.",
)
def gas_imperial_units_energy(
    units_100_ft3: Annotated[float, Measure("100 ft³", 0, 1e6)],
    calorific_value_mj_per_m3: CalorificValue = 39.5,
) -> float:
    """Energy in units of an imperial British gas meter.

    Formula: units_100_ft3 x 2.83 x 1.02264 x calorific_value_mj_per_m3 / 3.6
    Source: UK supplier's formula (Outfox the Market help page).
    """
    return units_100_ft3 * 2.83 * 1.02264 * calorific_value_mj_per_m3 / 3.6


@calculator("kWh", "{ccf} CCF of natural gas is about {result:4} kWh.")
def gas_ccf_energy(ccf: Annotated[float, Measure("100 ft³", 0, 1e6)]) -> float:
    """Energy in hundreds of cubic feet of US natural gas.

    Formula: ccf x 100 x 1,039 Btu / 3,412.1416
    Source: EIA energy conversion calculators, 2021 data.
    """
    return ccf * 100 * GAS_BTU_PER_FT3 / BTU_PER_KWH


@calculator("kWh", "{us_gallons} US gallons of heating oil is about {result:4} kWh.")
def heating_oil_energy(us_gallons: Annotated[float, Measure("US gallons", 0, 1e6)]) -> float:
    """Energy in US gallons of heating oil.

    Formula: us_gallons x 137,381 Btu / 3,412.1416
    Source: EIA energy conversion calculators, 2021 data (138,500 to 138,690 in other years).
    """
    return us_gallons * OIL_BTU_PER_US_GALLON / BTU_PER_KWH


@calculator("kWh", "{us_gallons} US gallons of propane is about {result:4} kWh.")
def propane_energy(us_gallons: Annotated[float, Measure("US gallons", 0, 1e6)]) -> float:
    """Energy in US gallons of propane.

    Formula: us_gallons x 91,333 Btu / 3,412.1416
    Source: EIA Btu conversion factors, 2012 data (91,452 in later tables).
    """
    return us_gallons * PROPANE_BTU_PER_US_GALLON / BTU_PER_KWH
