"""What solar panels yield and when they have paid for themselves."""

from typing import Annotated

from home_energy.calculators.calculator import Measure, calculator
from home_energy.calculators.measures import Currency, KilowattHours, Price

PeakKilowatts = Annotated[float, Measure("kWp", 0, 1000)]
Factor = Annotated[float, Measure("share", 0, 1)]
SelfUse = Annotated[
    float,
    Measure(
        "share of the yield",
        0,
        1,
        likely=(0.3, 0.5),
        default_note="used at home without a battery; 0.3 to 0.5, with one 0.6 to 0.8",
    ),
]
ExportPrice = Annotated[
    float,
    Measure("currency/kWh", 0, 5, default_note="an export tariff of 2025; check today's"),
]


@calculator(
    "kWh/year",
    "{peak_kw} kWp at {kwh_per_kwp} kWh/kWp yields about {result:3} kWh a year.",
)
def solar_yield(
    peak_kw: PeakKilowatts,
    kwh_per_kwp: Annotated[
        float,
        Measure(
            "kWh/kWp",
            300,
            2500,
            likely=(676, 1050),
            default_note="Britain; 676 to 1,050 by place and calculator",
        ),
    ] = 900,
    orientation_factor: Factor = 1,
    shade_factor: Factor = 1,
) -> float:
    """Electricity panels make in a year, from the yield of their place.

    Formula: peak_kw x kwh_per_kwp x orientation_factor x shade_factor
    Source: JRC map, Britain 676 to 951 kWh/kWp; east or west 0.8, north 0.55 (UK model).
    """
    return peak_kw * kwh_per_kwp * orientation_factor * shade_factor


@calculator(
    "kWh/year",
    "{peak_kw} kW with {peak_sun_hours_per_day} peak sun hours a day yields about {result:3} "
    "kWh a year.",
)
def solar_yield_sun_hours(
    peak_kw: PeakKilowatts,
    peak_sun_hours_per_day: Annotated[
        float,
        Measure("h/day", 0.5, 9, likely=(2.8, 5.7), default_note="London has 2.8, Phoenix 5.7"),
    ] = 4.5,
    performance_ratio: Annotated[
        float, Measure("share", 0.3, 1, likely=(0.75, 0.85), default_note="0.75 to 0.85")
    ] = 0.8,
) -> float:
    """Electricity panels make in a year, from peak sun hours.

    Formula: peak_kw x peak_sun_hours_per_day x 365 x performance_ratio
    Source: usual US method; losses about 14 to 20 %.
    """
    return peak_kw * peak_sun_hours_per_day * 365 * performance_ratio


@calculator(
    "{currency}/year",
    "With {self_use_share:percent} % of {yield_kwh:round} kWh used at home at "
    "{import_price_per_kwh:price}/kWh and the rest exported at "
    "{export_price_per_kwh:price}/kWh, it is worth about {result:money} a year.",
)
def solar_value(
    yield_kwh: KilowattHours,
    import_price_per_kwh: Price,
    export_price_per_kwh: ExportPrice = 0.15,
    self_use_share: SelfUse = 0.5,
    currency: Currency = "GBP",
) -> float:
    """Yearly worth of what panels make.

    Formula: yield_kwh x (self_use_share x import_price + (1 - self_use_share) x export_price)
    Source: UK calculators assume 50 % used at home, 80 % with a battery.
    """
    exported = (1 - self_use_share) * export_price_per_kwh
    return yield_kwh * (self_use_share * import_price_per_kwh + exported)


@calculator("kWh", "Over {years} years the panels make about {result:3} kWh.")
def solar_lifetime_energy(
    yield_kwh: KilowattHours,
    years: Annotated[float, Measure("years", 1, 60, default_note="a usual warranty")] = 25,
    yearly_loss: Annotated[
        float, Measure("share/year", 0.0001, 0.1, default_note="ageing, 0.5 % a year")
    ] = 0.005,
) -> float:
    """Electricity panels make over their life.

    Formula: yield_kwh x (1 - (1 - yearly_loss)^years) / yearly_loss
    Source: ageing of 0.5 % a year.
    """
    return yield_kwh * float(1 - (1 - yearly_loss) ** years) / yearly_loss
