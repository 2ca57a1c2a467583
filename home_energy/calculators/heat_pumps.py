"""Heat pumps against boilers and furnaces, their efficiency, and radiators."""

from typing import Annotated

from home_energy.calculators.calculator import Measure, calculator
from home_energy.calculators.measures import BoilerEfficiency, Currency, KilowattHours, Money, Price
from home_energy.calculators.units import BTU_PER_WH

Scop = Annotated[
    float,
    Measure(
        "SCOP",
        1,
        7,
        likely=(2.4, 3.86),
        default_note="median of British field trials; 2.4 in older ones, 3.86 in monitored homes",
    ),
]
HeatBtu = Annotated[float, Measure("Btu", 0, 1e11)]
Afue = Annotated[float, Measure("share", 0.3, 1)]
Hspf = Annotated[float, Measure("Btu/Wh", 3, 20)]
GasFactor = Annotated[
    float, Measure("kg/kWh", 0, 1, default_note="natural gas, UK government factor")
]


@calculator(
    "{currency}/year",
    "{heat_kwh:round} kWh of heat from a heat pump with a SCOP of {scop} at "
    "{price_per_kwh:price}/kWh costs about {result:money} a year.",
)
def heat_pump_cost(
    heat_kwh: KilowattHours, price_per_kwh: Price, scop: Scop = 2.8, currency: Currency = "GBP"
) -> float:
    """Yearly cost of heat from a heat pump.

    Formula: heat_kwh / scop x price_per_kwh
    Source: definition of the seasonal coefficient of performance.
    """
    return heat_kwh / scop * price_per_kwh


@calculator(
    "{currency}/year",
    "{heat_kwh:round} kWh of heat from a boiler of {efficiency:percent} % efficiency at "
    "{price_per_kwh:price}/kWh costs about {result:money} a year.",
)
def boiler_cost(
    heat_kwh: KilowattHours,
    price_per_kwh: Price,
    efficiency: BoilerEfficiency = 0.84,
    currency: Currency = "GBP",
) -> float:
    """Yearly cost of heat from a boiler or furnace.

    Formula: heat_kwh / efficiency x price_per_kwh
    Source: definition of efficiency, on gross calorific value as billed.
    """
    return heat_kwh / efficiency * price_per_kwh


@calculator(
    "SCOP",
    "At {electricity_price_per_kwh:price} and {gas_price_per_kwh:price} per kWh a heat pump "
    "costs the same to run as gas at a SCOP of about {result:3}.",
)
def break_even_scop(
    electricity_price_per_kwh: Price,
    gas_price_per_kwh: Annotated[float, Measure("currency/kWh", 0.0001, 5)],
    efficiency: BoilerEfficiency = 0.84,
    heat_kwh: KilowattHours = 0,
    standing_charge_per_year: Money = 0,
    currency: Currency = "GBP",
) -> float:
    """SCOP at which a heat pump costs as much to run as a boiler.

    Formula: electricity_price x efficiency / gas_price; where giving up gas saves a standing
    charge, heat x electricity_price / (heat / efficiency x gas_price + standing_charge)
    Source: equal yearly cost of the same heat.
    """
    if heat_kwh == 0:
        return electricity_price_per_kwh * efficiency / gas_price_per_kwh
    gas = heat_kwh / efficiency * gas_price_per_kwh + standing_charge_per_year
    return heat_kwh * electricity_price_per_kwh / gas


@calculator(
    "kg CO₂",
    "{heat_kwh:round} kWh of heat from a gas boiler of {efficiency:percent} % efficiency "
    "causes about {result:3} kg of CO₂.",
)
def boiler_emissions(
    heat_kwh: KilowattHours,
    efficiency: BoilerEfficiency = 0.84,
    kg_co2_per_kwh: GasFactor = 0.183,
) -> float:
    """Emissions of heat from a gas boiler.

    Formula: heat_kwh / efficiency x kg_co2_per_kwh
    Source: UK government conversion factors, 0.183 kg/kWh of gas (gross).
    """
    return heat_kwh / efficiency * kg_co2_per_kwh


@calculator(
    "kg CO₂",
    "{heat_kwh:round} kWh of heat from a heat pump with a SCOP of {scop} causes about "
    "{result:3} kg of CO₂.",
)
def heat_pump_emissions(
    heat_kwh: KilowattHours,
    scop: Scop = 2.8,
    kg_co2_per_kwh: Annotated[
        float, Measure("kg/kWh", 0, 2, default_note="Great Britain, official factor for 2025")
    ] = 0.177,
) -> float:
    """Emissions of heat from a heat pump.

    Formula: heat_kwh / scop x kg_co2_per_kwh
    Source: UK government conversion factors, 0.177 kg/kWh of electricity for 2025.
    """
    return heat_kwh / scop * kg_co2_per_kwh


@calculator("therms", "{heat_btu} Btu of heat takes about {result:3} therms at an AFUE of {afue}.")
def furnace_therms(heat_btu: HeatBtu, afue: Afue = 0.8) -> float:
    """Gas a furnace burns for an amount of heat.

    Formula: heat_btu / 100,000 / afue
    Source: definitions of therm and AFUE.
    """
    return heat_btu / 100_000 / afue


@calculator("kWh", "{heat_btu} Btu of heat takes about {result:3} kWh at an HSPF of {hspf}.")
def heat_pump_energy_us(heat_btu: HeatBtu, hspf: Hspf) -> float:
    """Electricity a heat pump takes for an amount of heat.

    Formula: heat_btu / hspf / 1000
    Source: definition of HSPF, Btu of heat per Wh.
    """
    return heat_btu / hspf / 1000


@calculator("kg CO₂", "{therms} therms of gas causes about {result:3} kg of CO₂.")
def furnace_emissions(therms: Annotated[float, Measure("therms", 0, 1e6)]) -> float:
    """Emissions of natural gas burnt in a US furnace.

    Formula: therms x 5.306
    Source: US EPA, 5.306 kg per therm (2013 revision).
    """
    return therms * 5.306


@calculator("COP", "An HSPF of {hspf} is a seasonal COP of about {result:3}.")
def cop_from_hspf(hspf: Hspf) -> float:
    """Seasonal COP of a heat pump from its US label.

    Formula: hspf / 3.412142
    Source: 3.412142 Btu in a Wh.
    """
    return hspf / BTU_PER_WH


@calculator("COP", "At {outside_c} °C outside and {flow_c} °C flow the COP is about {result:2}.")
def heat_pump_cop(
    flow_c: Annotated[float, Measure("°C", 20, 80)],
    outside_c: Annotated[float, Measure("°C", -30, 25)],
) -> float:
    """Estimated COP of an air source heat pump.

    Formula: 0.5 x (flow_c + 2 + 273) / ((flow_c + 2) - (outside_c - 6))
    Source: OpenEnergyMonitor heat pump basics: half of Carnot, 2 K and 6 K approach; leaves out
    defrosting, cycling, standby and hot water.
    """
    return 0.5 * (flow_c + 2 + 273) / ((flow_c + 2) - (outside_c - 6))


@calculator(
    "W",
    "A radiator rated {rated_watts_at_50k} W at 50 K gives about {result:3} W at {difference_k} K.",
)
def radiator_output(
    rated_watts_at_50k: Annotated[float, Measure("W", 0, 20_000)],
    difference_k: Annotated[float, Measure("K", 0, 90)],
) -> float:
    """Heat a radiator gives at another water temperature.

    Formula: rated_watts_at_50k x (difference_k / 50)^1.3, difference = mean water - room
    Source: EN 442 exponent, as OpenEnergyMonitor uses it.
    """
    return rated_watts_at_50k * float((difference_k / 50) ** 1.3)
