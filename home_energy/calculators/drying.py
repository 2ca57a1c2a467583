"""Drying air and laundry."""

from typing import Annotated

from home_energy.calculators.calculator import Measure, calculator

WaterLitres = Annotated[float, Measure("l", 0, 1000)]


@calculator(
    "kWh",
    "Taking {litres:round} l of water from the air at {litres_per_kwh} l/kWh uses about "
    "{result:3} kWh.",
)
def dehumidifier_energy(
    litres: WaterLitres,
    litres_per_kwh: Annotated[
        float,
        Measure(
            "l/kWh",
            0.3,
            6,
            likely=(1.57, 3.30),
            default_note="ENERGY STAR's limit for up to 25 pints a day; larger ones 1.80 to 3.30",
        ),
    ] = 1.57,
) -> float:
    """Electricity a dehumidifier takes for an amount of water.

    Formula: litres / litres_per_kwh
    Source: ENERGY STAR key product criteria (integrated energy factor).
    """
    return litres / litres_per_kwh


@calculator("kWh", "Evaporating {litres:round} l of water takes at least {result:3} kWh.")
def evaporation_heat(litres: WaterLitres) -> float:
    """Least heat that evaporates an amount of water.

    Formula: litres x 2.45 / 3.6
    Source: latent heat of water near room temperature, 2.45 MJ/kg.
    """
    return litres * 2.45 / 3.6


@calculator(
    "kWh",
    "A {load_lb:3} lb load in a dryer of {lb_per_kwh} lb/kWh uses about {result:3} kWh.",
)
def dryer_energy(
    load_lb: Annotated[float, Measure("lb", 0, 100)],
    lb_per_kwh: Annotated[
        float, Measure("lb/kWh", 0.5, 20, default_note="combined energy factor of a 2006 US dryer")
    ] = 3.01,
) -> float:
    """Electricity a tumble dryer takes for one load.

    Formula: load_lb / lb_per_kwh
    Source: NREL OpenStudio-HPXML, combined energy factor of the 2006 US standard.
    """
    return load_lb / lb_per_kwh


@calculator(
    "kWh/year",
    "{cycles_per_year:round} loads a year at {new_kwh_per_cycle} instead of "
    "{old_kwh_per_cycle} kWh each saves about {result:3} kWh a year.",
)
def dryer_saving(
    cycles_per_year: Annotated[float, Measure("loads/year", 0, 5000)],
    old_kwh_per_cycle: Annotated[
        float, Measure("kWh/cycle", 0, 20, default_note="a vented 9 kg dryer, full load, 2021")
    ] = 5.34,
    new_kwh_per_cycle: Annotated[
        float, Measure("kWh/cycle", 0, 20, default_note="a heat pump 9 kg dryer, full load, 2021")
    ] = 2.16,
) -> float:
    """Electricity saved in a year by a heat pump dryer.

    Formula: cycles_per_year x (old_kwh_per_cycle - new_kwh_per_cycle)
    Source: label examples of 2021: vented 5.34, condenser 5.2, heat pump 2.16 kWh a cycle.
    """
    return cycles_per_year * (old_kwh_per_cycle - new_kwh_per_cycle)
