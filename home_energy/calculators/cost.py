"""What energy costs, and how soon money spent on saving it comes back."""

from typing import Annotated

from home_energy.calculators.calculator import Measure, calculator
from home_energy.calculators.measures import (
    Currency,
    KilowattHours,
    Money,
    MoneyPerYear,
    Period,
    Price,
)


@calculator(
    "{currency}/{period}",
    "At {price_per_kwh:price}/kWh, {kwh:round} kWh costs about {result:money}{period:each}.",
)
def energy_cost(
    kwh: KilowattHours,
    price_per_kwh: Price,
    currency: Currency = "GBP",
    period: Period = "year",
) -> float:
    """Cost of an amount of energy.

    Formula: kwh x price_per_kwh
    Source: definition; standing charges are not included.
    """
    return kwh * price_per_kwh


@calculator(
    "{currency}/{period}",
    "At {price_per_kwh:price}/kWh, saving {kwh:round} kWh is worth about "
    "{result:money}{period:each}.",
)
def saving_value(
    kwh: KilowattHours,
    price_per_kwh: Price,
    currency: Currency = "GBP",
    period: Period = "year",
) -> float:
    """Worth of energy that is no longer used.

    Formula: kwh x price_per_kwh
    Source: definition; standing charges do not change.
    """
    return kwh * price_per_kwh


@calculator(
    "years",
    "Spending {cost:money} to save {saving_per_year:money} a year pays back in about "
    "{result:3} years.",
)
def simple_payback(cost: Money, saving_per_year: MoneyPerYear, currency: Currency = "GBP") -> float:
    """Years until the saving has paid for the purchase.

    Formula: cost / saving_per_year
    Source: definition of simple payback; no interest, no price changes.
    """
    return cost / saving_per_year


@calculator(
    "kg CO₂",
    "At {kg_co2_per_kwh} kg/kWh, {kwh:round} kWh of electricity causes about {result:3} kg of CO₂.",
)
def electricity_emissions(
    kwh: KilowattHours,
    kg_co2_per_kwh: Annotated[
        float,
        Measure("kg/kWh", 0, 2, default_note="Great Britain, official factor for 2025"),
    ] = 0.177,
) -> float:
    """Emissions of electricity from the grid.

    Formula: kwh x kg_co2_per_kwh
    Source: UK government conversion factors: 0.177 kg/kWh for 2025, 0.20705 for 2024; the US
    grid is about 0.35 to 0.40.
    """
    return kwh * kg_co2_per_kwh
