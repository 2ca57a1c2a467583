"""Quantities in plain language become calculations; plain questions do not."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from home_energy.calculators.quantities import Reading
from home_energy.calculators.recognise import LONGEST_QUESTION, Recognition, recognise
from home_energy.calculators.render import document, sentences

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "evals/datasets/calculators.jsonl")
    .read_text()
    .splitlines()
]


def verdict(case: dict[str, object], got: Recognition | None) -> str:
    """Return right, none, asks or wrong; wrong is a number that should not have been sent."""
    if got is None:
        return "right" if case["name"] is None else "none"
    results = [one.result for one in got.calculations]
    if not results:
        return "right" if case.get("asks") and got.missing else "asks"
    expected = case["numbers"]
    found = all(
        any(abs(result - number) <= case["tolerance"] * abs(number) for result in results)
        for number in expected
    )
    return "right" if case["name"] == got.name and expected and found else "wrong"


def test_nine_in_ten_phrasings_are_right_and_none_is_wrong():
    verdicts = Counter(
        verdict(case, recognise(case["text"], region=case["region"])) for case in CASES
    )
    assert len([case for case in CASES if case["name"]]) >= 120
    assert verdicts["wrong"] == 0, verdicts
    assert verdicts["right"] >= 0.9 * len(CASES), verdicts


@pytest.mark.parametrize("case", [case for case in CASES if case["name"] is None], ids=str)
def test_a_plain_question_is_not_a_calculation(case):
    assert recognise(case["text"], region=case["region"]) is None


@pytest.mark.parametrize("case", [case for case in CASES if case["name"]], ids=str)
def test_what_is_said_can_be_read_in_the_documents(case):
    got = recognise(case["text"], region=case["region"])
    for one in got.calculations if got else []:
        text = document(one)
        assert all(sentence in text for sentence in sentences(one))
        assert all(line in text for line in one.assumptions)
        assert all(sentence in got.sentence for sentence in sentences(one))


def results(text: str, **options: object) -> dict[str, float]:
    got = recognise(text, **options)
    assert got is not None
    return {one.name: one.result for one in got.calculations}


@pytest.mark.parametrize(
    ("text", "unit", "value", "per"),
    [
        ("3 hours a day", "h", 3, "day"),
        ("4 h/day", "h", 4, "day"),
        ("half an hour every evening", "h", 0.5, "day"),
        ("an hour and a half", "h", 1.5, ""),
        ("24/7", "h", 24, "day"),
        ("2,5 kW", "W", 2500, ""),
        ("60-watt", "W", 60, ""),
        ("12,000 miles", "mile", 12_000, ""),
        ("12k miles", "mile", 12_000, ""),
        ("28p", "GBP", 0.28, ""),
        ("27p/kWh", "GBP", 0.27, "kwh"),
        ("17 cents per kWh", "USD", 0.17, "kwh"),
        ("0,29 €/kWh", "EUR", 0.29, "kwh"),
        ("£6.5k", "GBP", 6500, ""),
        ("$3.30 a gallon", "USD", 3.3, "gallon"),
        ("0.15 per kWh", "money", 0.15, "kwh"),
        ("R-38", "R", 38, ""),
        ("9 litres a minute", "l/min", 9, ""),
        ("2.5 gpm", "gal/min", 2.5, ""),
        ("1,000 sq ft", "ft2", 1000, ""),
        ("45 m²", "m2", 45, ""),
        ("twice a week", "times", 2, "week"),
        ("HSPF 8.1", "HSPF", 8.1, ""),
        ("21 °C", "C", 21, ""),
        ("17 kWh/100 km", "kWh/km", 0.17, ""),
        ("60 million Btu", "Btu", 60e6, ""),
    ],
)
def test_a_quantity_is_read_with_its_unit(text, unit, value, per):
    found = Reading(text).quantities[0]
    assert (found.unit, found.value, found.per) == (unit, pytest.approx(value), per)


def test_numbers_that_share_a_unit_are_both_read():
    watts = Reading("from 60 to 9 W").all("W")
    assert [one.value for one in watts] == [60, 9]


@pytest.mark.parametrize(
    ("region", "cost", "currency"),
    [
        ("uk", 87.6 * 0.2486, "GBP"),
        ("us", 87.6 * 0.17, "USD"),
        ("eu", 87.6 * 0.2872, "EUR"),
        ("general", 87.6 * 0.2486, "GBP"),
    ],
)
def test_a_missing_price_is_the_region_s_dated_example_and_says_so(region, cost, currency):
    got = recognise("cost a year of a 10 W router always on 24 hours a day", region=region)
    money = got.calculations[-1]
    assert money.result == pytest.approx(cost)
    assert money.inputs["currency"] == currency
    assert any("a dated example" in line and "2025" in line for line in money.assumptions)
    assert money.assumptions[-1] in got.sentence


def test_a_price_in_the_text_always_wins():
    money = recognise("10 W router 24 hours a day at €0.40/kWh, cost a year", region="us")
    assert money.calculations[-1].inputs["price_per_kwh"] == 0.4
    assert money.calculations[-1].inputs["currency"] == "EUR"
    assert money.calculations[-1].assumptions == []


def test_currency_words_decide_where_the_region_is_open():
    got = recognise("what does a 10 W router 24 hours a day cost a year in dollars?")
    assert got.calculations[-1].inputs["currency"] == "USD"


def test_what_is_missing_is_asked_for():
    got = recognise("what does a 2 kW heater cost me a year?")
    assert got.missing == ["How many hours a day is it on?"]
    assert got.sentence.endswith("How many hours a day is it on?")


def test_a_gallon_that_could_be_either_is_asked_about():
    assert recognise("convert 5 gallons to litres").missing
    us = results("convert 5 gallons to litres", region="us")
    uk = results("convert 5 gallons to litres", region="uk")
    assert us == {"convert_units": pytest.approx(18.92705892)}
    assert uk == {"convert_units": pytest.approx(22.73045)}


def test_two_prices_for_one_use_are_asked_about():
    got = recognise("run a 2 kW heater 5 hours at 10p night rate instead of 25p")
    assert got.calculations == []
    assert got.missing == ["Which of the prices applies, per kWh."]


def test_an_impossible_number_is_answered_with_its_limits():
    got = recognise("what does a 2 kW heater cost used 30 hours a day?")
    assert got.calculations == []
    assert got.missing == ["hours_per_day must be between 0 and 24, got 30."]


def test_a_bare_degree_follows_the_region():
    assert "setback_saving_us" in results("lower thermostat by 2 degrees", region="us")
    assert "setback_saving_us" in results("lower thermostat by 2 degrees", units="imperial")
    assert "setback_saving" in results("lower thermostat by 2 degrees", region="uk")


def test_a_fridge_s_nameplate_is_not_taken_for_its_use():
    got = recognise("my fridge is rated 150 W, what does it cost a year?", region="uk")
    use = got.calculations[0]
    assert use.name == "cycling_appliance_energy"
    assert use.range == (pytest.approx(394.2), pytest.approx(788.4))


def test_a_heat_pump_s_output_is_not_taken_for_its_use():
    assert recognise("my 8 kW heat pump runs 10 hours a day, what does it cost?") is None


def follow(*turns: str, region: str = "general") -> Recognition | None:
    """Return the last turn's recognition; what is kept between turns passes through JSON."""
    kept, got = None, None
    for turn in turns:
        got = recognise(turn, region=region, previous=kept)
        if got is not None:
            kept = json.loads(
                json.dumps({"name": got.name, "inputs": got.inputs, "missing": got.missing})
            )
    return got


def test_a_follow_up_changes_the_price_only():
    got = follow("replace 10 bulbs of 60 W with 9 W, 3 hours a day", "and what is that at 35p?")
    assert got.calculations[0].result == pytest.approx(558.45)
    assert got.calculations[1].result == pytest.approx(558.45 * 0.35)


def test_a_follow_up_changes_one_input():
    got = follow("what does a 2 kW heater cost 5 hours a day at 30p?", "and for 3 hours a day?")
    assert pytest.approx(got.calculations[0].result) == 6
    assert got.calculations[1].inputs["price_per_kwh"] == 0.3


def test_an_answer_to_what_was_asked_completes_the_calculation():
    got = follow("replace 12 halogen 50 W bulbs with LEDs, what do I save?", "4 hours a day")
    assert got.missing == []
    assert got.calculations[0].result == pytest.approx(12 * 45 * 4 * 0.365)
    assert follow("convert 30 mpg to l/100km", "UK gallons").calculations[0].result == (
        pytest.approx(282.480936 / 30)
    )


def test_a_new_plain_question_is_no_follow_up():
    assert follow("lower thermostat by 1 degree", "how do heat pumps work?") is None
    assert follow("lower thermostat by 1 degree", "should it be 19 degrees?") is None


@pytest.mark.parametrize(
    ("text", "kwh"),
    [
        ("2 kW heater 2 to 3 hours a day", 5),
        ("2 kW heater 3-4 hours a day", 7),
        ("2 kW heater 2 hours in the morning and 3 hours in the evening", 10),
        ("2 kW heater 1 hour 30 minutes a day", 3),
    ],
)
def test_durations_are_averaged_or_added_as_they_are_meant(text, kwh):
    assert recognise(text).calculations[0].result == pytest.approx(kwh)


def test_fewer_hours_are_a_saving():
    got = recognise("if I cut my 2 kW heater from 5 to 3 hours a day, what do I save at 30p?")
    assert got.calculations[-1].result == pytest.approx(4 * 365 * 0.3)


def test_a_year_is_not_a_price():
    assert set(results("In 2025, what will a 4 kWp solar system save a year?")) == {
        "solar_yield",
        "solar_value",
    }


def test_a_range_of_watts_is_asked_about():
    got = recognise("ten 50 to 60 W bulbs 3 hours a day at 28p")
    assert got.calculations == []
    assert got.missing == ["How many watts do the old bulbs have?"]


def test_a_long_text_is_no_question():
    assert recognise("2 kW heater 5 hours a day. " + "x" * LONGEST_QUESTION) is None


def test_what_was_understood_is_plain_json():
    for case in CASES:
        got = recognise(case["text"], region=case["region"])
        if got is not None:
            assert json.loads(json.dumps(got.inputs)) == got.inputs


_WORDS = (
    "what does a the cost save a year 0 W 2 kW 60 W 9 W LED bulbs 10 standby 3 hours a day 30 "
    "hours 28p £0 $0.17 per kWh thermostat lower by 1 degree 30 degrees loft 45 m2 0 m2 U-value "
    "2.3 to 0.16 R-0 R-11 1000 ft2 heat pump SCOP 0 kWh 10000 kWh gas boiler 0% EV 0 miles 12000 "
    "miles 0 mpg petrol solar 0 kWp payback 6500 battery 7p 25p shower 8 minutes 9 l/min flow pump "
    "half speed convert in therms gallons radiator 50 K tank jacket bedrooms ventilation and , ?"
).split()


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.one_of(st.text(max_size=80), st.lists(st.sampled_from(_WORDS)).map(" ".join)))
def test_no_text_breaks_the_reader(text):
    got = recognise(text)
    assert got is None or got.sentence


@pytest.mark.parametrize("text", ["-60 W bulb for 3 hours a day", "60 W for -3 hours a day at 28p"])
def test_a_negative_quantity_is_sent_back(text):
    got = recognise(text)
    assert got is not None
    assert not got.calculations
    assert "negative" in got.missing[0]


@pytest.mark.parametrize(("region", "currency"), [("uk", "GBP"), ("us", "USD"), ("eu", "EUR")])
def test_a_price_without_a_currency_is_used_and_owned_up_to(region, currency):
    got = recognise("price of 100 kWh at 0.30", region=region)
    assert got is not None
    (one,) = got.calculations
    assert (one.result, one.unit) == (pytest.approx(30), currency)
    assert any("named no currency" in line for line in one.assumptions)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("charging a 60 kWh battery from 20% to 80% at 7.5p per kWh", 2.70),
        ("dishwasher 1.1 kWh per cycle, five cycles a week, cost per year at 30p", 85.80),
        ("EV does 18 kWh/100km, 15000 km a year, 0.30 €/kWh", 900),
        ("How much is a 55 W pc for 8 hours a day 5 days a week at 28p", 32.032),
        ("yield of 5 kW of solar panels at 1,400 kWh per kWp", 7000),
    ],
)
def test_every_quantity_given_counts(text, result):
    got = recognise(text)
    assert got is not None
    assert any(one.result == pytest.approx(result) for one in got.calculations)


def test_two_questions_get_two_results_at_the_price_that_one_gives():
    got = recognise(
        "What do 10 bulbs of 60 W for 3 hours a day cost? "
        "And what does a 2 kW heater cost for 4 hours a day at 28p?"
    )
    assert got is not None
    assert {one.result for one in got.calculations} >= {657.0, 2920.0}
    priced = [one.inputs for one in got.calculations if "price_per_kwh" in one.inputs]
    assert {one["price_per_kwh"] for one in priced} == {0.28}


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("5 gizmos on standby at 3 W, 15 cents per kWh, cost per year?", "5 gizmos"),
        ("2 kW heater 3 hours a day in 4 rooms at 28p, what does it cost?", "4 rooms"),
        (
            "2 kW heater 5 hours a day at 28p with a standing charge of 60p, what does it cost?",
            "60p",
        ),
        (
            "lower thermostat by 2 °C with 40 radiators and 12,000 kWh a year, saving?",
            "40 radiators",
        ),
        (
            "4 people take an 8 minute electric shower at 9 l/min at 28p, what does it cost?",
            "4 people",
        ),
        ("4 kWp of solar panels at 7 cloud factor, what are they worth a year at 25p?", "7 cloud"),
    ],
)
def test_a_figure_without_a_part_in_the_calculation_is_asked_about(text, figure):
    got = recognise(text)
    assert got is not None
    assert got.calculations == []
    assert any(figure in line for line in got.missing)


@pytest.mark.parametrize(
    "aside",
    [
        "In 2025, ",
        "In my 3 bedroom house built in 1985, ",
        "For a family of 4, ",
        "In a 4 person household, ",
        "With a 13 A plug, ",
        "On my Xbox 360 shelf, ",
        "For my 10 year old son, ",
    ],
)
def test_a_figure_that_only_names_or_dates_something_is_no_obstacle(aside):
    got = recognise(f"{aside}what does a 2 kW heater cost 5 hours a day at 28p?")
    assert got is not None
    assert got.missing == []
    assert 3650.0 in [one.result for one in got.calculations]


def test_a_figure_is_left_out_when_told_so():
    first = "5 gizmos on standby at 3 W, 15 cents per kWh, cost per year?"
    assert follow(first, "leave it out").calculations[0].result == pytest.approx(26.28)
    assert follow(first, "it is 5 devices").calculations[0].result == pytest.approx(131.4)
    assert follow(first, "24 hours a day").calculations == []


def test_a_figure_without_a_part_is_not_lost_when_something_else_was_asked():
    got = follow(
        "5 halogen 50 W bulbs and 8 gizmos on LEDs, what do I save at 28p?", "3 hours a day"
    )
    assert got.calculations == []
    assert any("8 gizmos" in line for line in got.missing)


@pytest.mark.parametrize(
    ("text", "result", "asked"),
    [
        (
            (
                "What does a 2 kW heater cost 5 hours a day at 28p? "
                "And what does my tumble dryer cost for 2 hours a day?"
            ),
            3650,
            "How many watts does the dryer take?",
        ),
        (
            (
                "What does my tumble dryer cost for 2 hours a day? "
                "And what does a 2 kW heater cost 5 hours a day at 28p?"
            ),
            3650,
            "How many watts does the dryer take?",
        ),
        (
            (
                "What does a 2 kW heater cost 5 hours a day and what would a 400 W pond pump cost? "
                "I pay 28p per kWh."
            ),
            3650,
            "How many hours a day is it on?",
        ),
    ],
)
def test_a_second_question_that_needs_a_question_back_is_not_dropped(text, result, asked):
    got = recognise(text)
    assert got is not None
    assert result in [one.result for one in got.calculations]
    assert got.missing == [asked]
    assert got.sentence.endswith(asked)


def test_figures_of_two_questions_are_not_mixed():
    got = recognise(
        "What does a 2 kW heater cost 5 hours a day at 28p? And what about the dryer for 2 hours?"
    )
    assert got is not None
    assert got.calculations == []
    assert any("2 hours" in line for line in got.missing)


def test_what_is_told_beside_the_question_counts():
    told = "My boiler is 80% efficient, which is not too good. "
    asked = "What would I save insulating 80 m2 of wall from U 2.1 to 0.3?"
    got = recognise(told + asked)
    assert got is not None
    assert got.calculations[0].inputs["efficiency"] == 0.8
