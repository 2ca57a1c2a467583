"""Each calculator gives the published numbers, and refuses what makes no sense."""

import json
import math
from pathlib import Path

import pytest
from langchain_core.messages import ToolMessage

from home_energy.calculators import lighting
from home_energy.calculators.registry import CALCULATORS, calculate
from home_energy.calculators.render import document, sentences, significant
from home_energy.errors import CalculatorInput
from tools.calculators import calculate as calculate_tool
from tools.calculators import list_calculators

VECTORS = json.loads((Path(__file__).parent / "data/calculator_vectors.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["case"] for vector in VECTORS])
def test_a_calculator_gives_the_published_number(vector):
    result = calculate(vector["calculator"], **vector["inputs"]).result
    assert result * vector.get("scale", 1) == pytest.approx(vector["expected"], rel=1e-9)


def test_a_fridge_replaced_saves_the_difference():
    assert calculate(
        "replacement_saving", old_kwh_per_year=900, new_kwh_per_year=412
    ).result == pytest.approx(488)


def test_every_calculator_says_what_it_does_and_where_it_comes_from():
    assert len(CALCULATORS) > 60
    for name, calculator in CALCULATORS.items():
        assert calculator.description.endswith("."), name
        assert calculator.formula, name
        assert calculator.source.endswith("."), name
        assert all(one.kind.unit is not None for one in calculator.inputs), name


def test_every_default_lies_within_its_own_limits():
    for calculator in CALCULATORS.values():
        for one in calculator.inputs:
            if one.default is not None:
                assert one.check(one.default) == one.default


def test_a_calculator_is_also_a_typed_function():
    assert lighting.lighting_saving(10, 60, 9, hours_per_day=3) == pytest.approx(558.45)


@pytest.mark.parametrize(
    ("name", "inputs", "sentence"),
    [
        (
            "lighting_saving",
            {"lamps": 1, "old_watts": 60, "new_watts": 9, "hours_per_day": 30},
            "hours_per_day must be between 0 and 24, got 30",
        ),
        (
            "standby_energy",
            {"watts": math.nan},
            "watts must be between 0 and 100,000, got nan",
        ),
        ("standby_energy", {"watts": "12"}, "watts must be a number of W"),
        ("standby_energy", {"watts": True}, "watts must be a number of W"),
        ("standby_energy", {}, "standby_energy also needs watts (W)"),
        (
            "energy_cost",
            {"kwh": 1, "price_per_kwh": 0.2, "currency": "shells"},
            "currency must be one of GBP, USD, EUR, got 'shells'",
        ),
        (
            "convert_units",
            {"value": 1, "from_unit": "kWh", "to_unit": "litres"},
            "kWh cannot be converted to litres",
        ),
    ],
)
def test_a_bad_input_is_answered_with_a_sentence(name, inputs, sentence):
    with pytest.raises(CalculatorInput) as refused:
        calculate(name, **inputs)
    assert str(refused.value) == sentence


def test_an_unknown_input_names_the_ones_there_are():
    with pytest.raises(
        CalculatorInput, match="has no input 'power'; it takes watts, hours_per_day"
    ):
        calculate("standby_energy", power=12)


def test_an_unknown_calculator_names_the_ones_there_are():
    with pytest.raises(CalculatorInput, match=r"no calculator 'magic'; .*solar"):
        calculate("magic")


def test_defaults_are_listed_as_assumptions_and_give_a_range():
    calculation = calculate("setback_saving", setback_k=1, reach_factor=1)
    assert calculation.inputs["degree_days_k"] == 2200
    assert any("British heating season" in line for line in calculation.assumptions)
    low, high = calculation.range
    assert low == pytest.approx(200 / 2500)
    assert high == pytest.approx(240 / 1900)
    assert low < calculation.result < high


def test_given_inputs_leave_no_assumption_and_no_range():
    calculation = calculate(
        "setback_saving",
        setback_k=1,
        hours_per_day=24,
        heating_days=220,
        degree_days_k=2200,
        reach_factor=1,
    )
    assert calculation.assumptions == []
    assert calculation.range is None


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["case"] for vector in VECTORS])
def test_the_document_holds_every_sentence_and_every_input(vector):
    calculation = calculate(vector["calculator"], **vector["inputs"])
    text = document(calculation)
    assert text == document(calculation.model_copy(deep=True))
    assert calculation.formula in text
    for sentence in sentences(calculation):
        assert sentence in text
        assert "{" not in sentence
    for name in vector["inputs"]:
        assert f"- {name}: " in text


def test_sentences_read_like_an_answer():
    saving = calculate("lighting_saving", lamps=10, old_watts=60, new_watts=9, hours_per_day=3)
    worth = calculate("saving_value", kwh=saving.result, price_per_kwh=0.28)
    assert sentences(saving) == [
        "Replacing 10 bulbs of 60 W with 9 W LEDs used 3 h a day saves about 558 kWh a year."
    ]
    assert sentences(worth) == ["At 28p/kWh, saving 558 kWh is worth about £156 a year."]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (558.45, "558"),
        (5502.857, "5,500"),
        (0.336, "0.336"),
        (2.0, "2"),
        (0, "0"),
        (999.9, "1,000"),
    ],
)
def test_results_are_rounded_to_three_digits(value, shown):
    assert significant(value, 3) == shown


def test_the_tool_gives_the_document_and_keeps_the_calculation():
    message = calculate_tool.invoke(
        {
            "type": "tool_call",
            "id": "1",
            "name": "calculate",
            "args": {"name": "standby_energy", "inputs": {"watts": 67}},
        }
    )
    assert isinstance(message, ToolMessage)
    assert message.artifact.result == pytest.approx(586.92)
    assert message.content == document(message.artifact)


def test_the_tool_answers_a_bad_input_with_a_sentence():
    content = calculate_tool.invoke({"name": "standby_energy", "inputs": {"watts": -1}})
    assert content == "watts must be between 0 and 100,000, got -1"


def test_the_list_of_calculators_names_inputs_units_and_limits():
    listed = list_calculators.invoke({})
    line = next(line for line in listed.splitlines() if line.startswith("standby_energy"))
    assert "watts (W, 0 to 100,000)" in line
    assert "hours_per_day (h/day, 0 to 24, default 24)" in line
