"""The units and limits that inputs of several calculators share."""

from typing import Annotated

from home_energy.calculators.calculator import Choice, Measure

CURRENCIES = ("GBP", "USD", "EUR")

Currency = Annotated[str, Choice(CURRENCIES, "GBP, USD or EUR")]
Period = Annotated[
    str, Choice(("year", "month", "week", "day", "once"), "the time the kWh are for")
]
Price = Annotated[float, Measure("currency/kWh", 0, 5)]
Money = Annotated[float, Measure("currency", 0, 1_000_000)]
MoneyPerYear = Annotated[float, Measure("currency/year", 1e-9, 1_000_000)]

Watts = Annotated[float, Measure("W", 0, 100_000)]
KilowattHours = Annotated[float, Measure("kWh", 0, 10_000_000)]
HoursPerDay = Annotated[float, Measure("h/day", 0, 24)]
Days = Annotated[float, Measure("days", 0, 366)]
Count = Annotated[float, Measure("", 0, 10_000)]
Share = Annotated[float, Measure("share, 0 to 1", 0, 1)]

AreaM2 = Annotated[float, Measure("m²", 0, 10_000)]
AreaFt2 = Annotated[float, Measure("ft²", 0, 100_000)]
VolumeM3 = Annotated[float, Measure("m³", 0.1, 100_000)]
VolumeFt3 = Annotated[float, Measure("ft³", 1, 3_000_000)]
UValue = Annotated[float, Measure("W/m²K", 0.01, 10)]
RValueUS = Annotated[float, Measure("h ft² °F/Btu", 0.1, 200)]

DegreeDaysK = Annotated[
    float,
    Measure(
        "K d",
        1,
        10_000,
        likely=(1900, 2500),
        default_note="heating degree-days of a British year, base 15.5 °C; usually 1,900 to 2,500",
    ),
]
DegreeDaysF = Annotated[
    float,
    Measure(
        "°F d",
        1,
        20_000,
        default_note="an example US heating season, base 65 °F; use your own station's",
    ),
]
BoilerEfficiency = Annotated[
    float,
    Measure(
        "share; over 1 for a heat pump",
        0.1,
        6,
        likely=(0.80, 0.92),
        default_note="a gas boiler in use; usually 0.80 to 0.92",
    ),
]
FurnaceEfficiency = Annotated[
    float,
    Measure(
        "share",
        0.1,
        6,
        likely=(0.56, 0.98),
        default_note="AFUE of a gas furnace; 0.56 to 0.98",
    ),
]
