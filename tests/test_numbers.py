import pytest

from home_energy.evidence.numbers import Quantity, quantities, same


def only(text: str) -> Quantity:
    found = quantities(text)
    assert len(found) == 1, [quantity.text for quantity in found]
    return found[0]


@pytest.mark.parametrize(
    ("text", "low", "high", "unit", "kind"),
    [
        ("It uses 1,300 kWh.", 1300, 1300, "kWh", "energy"),
        ("One therm is 100,000 Btu.", 29.307, 29.307, "therm", "energy"),
        ("It draws 0.5 kW.", 500, 500, "kW", "power"),
        ("A COP of 2.44 is low.", 2.44, 2.44, "", "count"),
        ("Lay 270 to 300 mm.", 270, 300, "mm", "length"),
        ("Lay about 10 inches.", 254, 254, "inch", "length"),
        ("It saves 5–10 % of heat.", 5, 10, "percent", "percent"),
        ("It costs between £135 and £590.", 135, 590, "GBP", "money_gbp"),
        ("It costs 27.35p.", 0.2735, 0.2735, "penny", "money_gbp"),
        ("The plan is worth £15bn.", 15e9, 15e9, "GBP", "money_gbp"),
        ("It costs $2,078.", 2078, 2078, "USD", "money_usd"),
        ("Store it at 140 °F.", 60, 60, "degF", "temperature"),
        ("Each 10 °F lower helps.", 5.556, 5.556, "degF", "temperature_difference"),
        ("It fell to -16 °C outside.", -16, -16, "degC", "temperature"),
        ("Warm white is 2700 K.", 2700, 2700, "kelvin", "colour_temperature"),
        ("A target of 0.16 W/m²K holds.", 0.16, 0.16, "W/m2K", "u_value"),
        ("Use R-60 there.", 60, 60, "R", "r_value"),
        ("It gives 83 lm/W now.", 83, 83, "lm/W", "efficacy"),
        ("It holds 80 US gallons.", 302.83, 302.83, "gal", "volume"),
        ("It needs half an hour.", 0.5, 0.5, "hour", "duration"),
        ("It needs eight-hour nights.", 8, 8, "hour", "duration"),
        ("Two-thirds of it is lost.", 66.667, 66.667, "percent", "percent"),
        ("A quarter goes that way.", 25, 25, "percent", "percent"),
        ("Three in four overfill it.", 75, 75, "percent", "percent"),
        ("It uses twice as much.", 2, 2, "times", "ratio"),
        ("It uses 10 to 25 times as much.", 10, 25, "times", "ratio"),
        ("It has been so since 1994.", 1994, 1994, "", "year"),
        ("From 25 July 2028 it applies.", 20280725, 20280725, "", "date"),
        ("From July 25, 2028 it applies.", 20280725, 20280725, "", "date"),
        ("A patch of 10 square feet is small.", 0.929, 0.929, "ft2", "area"),
    ],
)
def test_a_figure_is_read_with_its_unit(text, low, high, unit, kind):
    found = quantities(text)[0 if "therm is" in text else -1]
    assert (found.unit, found.kind) == (unit, kind)
    assert (found.low, found.high) == (pytest.approx(low, rel=1e-3), pytest.approx(high, rel=1e-3))
    assert text[found.start : found.end] == found.text


@pytest.mark.parametrize(
    ("text", "per"),
    [
        ("It uses 1,300 kWh/year.", "year"),
        ("It uses 1,300 kWh a year.", "year"),
        ("It uses 1,300 kWh annually.", "year"),
        ("It costs 24.5p/kWh.", "kwh"),
        ("It costs $0.17 per kWh.", "kwh"),
        ("It yields 845 kWh/kWp/year.", "kwp/year"),
        ("It yields 845 kWh a year for each kWp.", "kwp/year"),
        ("It uses 2.0 gallons per cycle.", "cycle"),
        ("It saves £50.", ""),
    ],
)
def test_what_a_figure_is_per_is_read(text, per):
    assert only(text).per == per


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("at least 75 %", "at_least"),
        ("75 % or more", "at_least"),
        ("75 % at most", "at_most"),
        ("no more than about 75 %", "at_most"),
        ("up to 75 %", "up_to"),
        ("as much as 75 %", "up_to"),
        ("more than 75 %", "over"),
        ("below 75 %", "under"),
        ("roughly 75 %", "about"),
        ("just over 75 %", "about"),
        ("60 to 75 %", "range"),
        ("75 %", "exact"),
        ("it adds up to 75 %", "exact"),
    ],
)
def test_how_firmly_a_figure_is_said_is_read(text, bound):
    assert only(text).bound == bound


@pytest.mark.parametrize(
    "text",
    [
        "Insulate the loft first [1].",
        "Both sources agree [2, 3].",
        "1. Insulate the loft first.",
        "Double glazing helps.",
        "One of the causes is damp.",
        "A 4K screen and a PS5 with R290 gas.",
        "The 25D credit has ended.",
    ],
)
def test_markers_list_numbers_and_names_are_no_figures(text):
    assert quantities(text) == []


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("about £580", "£580"),
        ("£580", "roughly £580 a year"),
        ("a third", "33 %"),
        ("half", "50 %"),
        ("50 %", "half"),
        ("250 mm", "10 inches"),
        ("49 °C", "120 °F"),
        ("at least 20 years", "lasts over 20 years"),
        ("at most 4 kWh", "up to 4 kWh"),
        ("up to 15 %", "5 to 15 %"),
        ("at least 5 %", "5 to 15 %"),
        ("2028", "25 July 2028"),
        ("July 2028", "25 July 2028"),
        ("about 10,700 kWh", "10,715 kWh"),
        ("£1,200 a year", "£100 a month"),
        ("30 degrees", "30 °C"),
        ("8 hours", "eight hours"),
        ("2000 homes", "2,000 homes"),
    ],
)
def test_a_figure_stands_on_one_that_says_the_same(claim, source):
    assert same(only(claim), only(source))


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("£580", "£585"),
        ("about 103 kWh", "101 kWh"),
        ("about 11,600 kWh", "11,500 kWh"),
        ("270 mm", "10 inches"),
        ("270 cm", "270 mm"),
        ("50 kW", "50 W"),
        ("50 kWh", "50 kW"),
        ("£50", "$50"),
        ("49 °F", "49 °C"),
        ("to 2 °C", "by 2 °C lower"),
        ("-18 °C", "18 °C"),
        ("£135 a month", "£135 a year"),
        ("16p per litre", "16p per kWh"),
        ("at most 75 %", "at least 75 %"),
        ("at least 75 %", "75 %"),
        ("up to 90 %", "90 %"),
        ("90 %", "up to 90 %"),
        ("lasts over 20 years", "at least 20 years"),
        ("10 %", "5 to 15 %"),
        ("5 to 20 %", "5 to 15 %"),
        ("from 120 °F to 140 °F", "from 140 °F to 120 °F"),
        ("26 July 2028", "25 July 2028"),
        ("25 July 2028", "2028"),
        ("R-49", "R-60"),
        ("twice", "three times"),
        ("30 °C", "30 degrees"),
    ],
)
def test_a_figure_does_not_stand_on_one_that_says_something_else(claim, source):
    assert not same(only(claim), only(source))


def test_a_bare_number_takes_the_unit_of_the_figure_before_it():
    found = quantities("The limit is 2.5 gallons a minute, and the best use 2.0.")
    assert [(quantity.unit, quantity.stated[0]) for quantity in found] == [
        ("gal/min", 2.5),
        ("gal/min", 2.0),
    ]


def test_numbers_of_zones_take_no_unit():
    assert [q.unit for q in quantities("Add 3 inches in zones 2 and 3.")] == ["inch", "", ""]
