"""Electric cars against petrol."""

from typing import Annotated

from home_energy.calculators.calculator import Measure, calculator
from home_energy.calculators.measures import Currency, Money
from home_energy.calculators.units import LITRES_PER_UK_GALLON

Miles = Annotated[float, Measure("miles", 0, 1e6)]
Kilometres = Annotated[float, Measure("km", 0, 2e6)]
UsePerMile = Annotated[
    float,
    Measure("kWh/mile", 0.05, 2, likely=(0.25, 0.40), default_note="NREL's default; 0.25 to 0.40"),
]
UsePerKm = Annotated[
    float,
    Measure("kWh/km", 0.03, 1.5, likely=(0.15, 0.25), default_note="usually 0.15 to 0.25"),
]
ChargeEfficiency = Annotated[
    float,
    Measure(
        "share", 0.5, 1, likely=(0.8, 0.9), default_note="home charging; 0.80 from a plain socket"
    ),
]
BatteryEfficiency = Annotated[float, Measure("share", 0.5, 1)]
Mpg = Annotated[float, Measure("miles/gallon", 1, 300)]


@calculator(
    "kWh",
    "Driving {miles:round} miles at {kwh_per_mile} kWh a mile takes about {result:3} kWh "
    "from the wall.",
)
def ev_energy_miles(
    miles: Miles,
    kwh_per_mile: UsePerMile = 0.3,
    charge_efficiency: ChargeEfficiency = 0.9,
    battery_efficiency: BatteryEfficiency = 1,
) -> float:
    """Electricity an electric car draws from the wall for a distance in miles.

    Formula: miles x kwh_per_mile / charge_efficiency / battery_efficiency
    Source: NREL, 0.3 kWh/mile and 0.9; set charge_efficiency 1 where the use is from the wall.
    """
    return miles * kwh_per_mile / charge_efficiency / battery_efficiency


@calculator(
    "kWh",
    "Driving {km:round} km at {kwh_per_km} kWh a km takes about {result:3} kWh from the wall.",
)
def ev_energy_km(
    km: Kilometres,
    kwh_per_km: UsePerKm = 0.17,
    charge_efficiency: ChargeEfficiency = 0.9,
    battery_efficiency: BatteryEfficiency = 1,
) -> float:
    """Electricity an electric car draws from the wall for a distance in kilometres.

    Formula: km x kwh_per_km / charge_efficiency / battery_efficiency
    Source: 0.15 to 0.25 kWh/km by car and season; charging 0.80 to 0.90.
    """
    return km * kwh_per_km / charge_efficiency / battery_efficiency


@calculator(
    "{currency}",
    "{miles:round} miles at {us_mpg} mpg (US) and {price_per_us_gallon:money} a gallon costs "
    "about {result:money}.",
)
def petrol_cost_us(
    miles: Miles,
    us_mpg: Mpg,
    price_per_us_gallon: Annotated[float, Measure("currency/US gallon", 0, 50)],
    currency: Currency = "USD",
) -> float:
    """Cost of petrol for a distance, by US gallons.

    Formula: miles / us_mpg x price_per_us_gallon
    Source: definition of miles per gallon.
    """
    return miles / us_mpg * price_per_us_gallon


@calculator(
    "{currency}",
    "{miles:round} miles at {uk_mpg} mpg (UK) and {price_per_litre:money} a litre costs "
    "about {result:money}.",
)
def petrol_cost_uk(
    miles: Miles,
    uk_mpg: Mpg,
    price_per_litre: Annotated[float, Measure("currency/l", 0, 20)],
    currency: Currency = "GBP",
) -> float:
    """Cost of petrol for a distance, by UK gallons and litres.

    Formula: miles / uk_mpg x 4.54609 x price_per_litre
    Source: definition of the UK gallon, 4.54609 l.
    """
    return miles / uk_mpg * LITRES_PER_UK_GALLON * price_per_litre


@calculator(
    "{currency}",
    "{km:round} km at {litres_per_100_km} l/100 km and {price_per_litre:money} a litre costs "
    "about {result:money}.",
)
def petrol_cost_km(
    km: Kilometres,
    litres_per_100_km: Annotated[float, Measure("l/100 km", 0.5, 50)],
    price_per_litre: Annotated[float, Measure("currency/l", 0, 20)],
    currency: Currency = "GBP",
) -> float:
    """Cost of petrol for a distance in kilometres.

    Formula: km x litres_per_100_km / 100 x price_per_litre
    Source: definition.
    """
    return km * litres_per_100_km / 100 * price_per_litre


@calculator(
    "{currency}",
    "Electricity at {ev_cost:money} instead of petrol at {petrol_cost:money} saves about "
    "{result:money}.",
)
def ev_saving(ev_cost: Money, petrol_cost: Money, currency: Currency = "GBP") -> float:
    """Money saved by driving on electricity; negative where petrol is cheaper.

    Formula: petrol_cost - ev_cost
    Source: definition; purchase, tax and servicing are left out.
    """
    return petrol_cost - ev_cost


@calculator("{currency}/km", "{cost:money} for {km:round} km is {result:3} {currency} a km.")
def cost_per_km(
    cost: Money, km: Annotated[float, Measure("km", 0.1, 2e6)], currency: Currency = "GBP"
) -> float:
    """Cost of driving one kilometre.

    Formula: cost / km
    Source: definition.
    """
    return cost / km


@calculator("kg CO₂", "{miles:round} miles at {us_mpg} mpg (US) causes about {result:3} kg of CO₂.")
def petrol_emissions_us(miles: Miles, us_mpg: Mpg) -> float:
    """Emissions of petrol burnt over a distance.

    Formula: miles / us_mpg x 8.89
    Source: US EPA, 8.89 kg per US gallon (2009 revision); 2.35 kg per litre.
    """
    return miles / us_mpg * 8.89
