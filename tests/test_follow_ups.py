"""A turn that leans on earlier ones is made to stand alone, and answered."""

import re
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from agents.retriever import stand_alone
from graphs.assistant import build_graph
from home_energy.evidence.answer import Answer
from home_energy.evidence.verify import verify
from home_energy.knowledge.embedding import Embedder
from home_energy.knowledge.ingest import ingest
from home_energy.settings import get_settings
from tools import knowledge

KNOWLEDGE = Path(__file__).parents[1] / "knowledge"

CONVERSATIONS = [
    (
        ["How thick should loft insulation be?", "And how much does it save?"],
        r"580",
        "loft-insulation-depth-and-savings",
    ),
    (
        ["How thick should loft insulation be?", "is it worth topping it up?"],
        r"£15",
        "loft-insulation-depth-and-savings",
    ),
    (
        ["How thick should loft insulation be?", "and what does it cost?"],
        r"£300",
        "loft-insulation-depth-and-savings",
    ),
    (["How long do LED bulbs last?", "do they flicker?"], r"dimmer", "choosing-led-bulbs"),
    (
        ["How thick should loft insulation be?", "Why do LED bulbs flicker?"],
        r"dimmer",
        "choosing-led-bulbs",
    ),
    (
        ["How long do home batteries last?", "how efficient are they?"],
        r"round-trip|75% to 90%",
        "home-battery-life-efficiency-and-safety",
    ),
    (
        ["How long do home batteries last?", "where should one be placed?"],
        r"frost-free|garage",
        "home-battery-life-efficiency-and-safety",
    ),
    (
        ["Why is there mould behind my wardrobe?", "how do I clean it safely?"],
        r"detergent|gloves",
        "mould-causes-and-safe-cleaning",
    ),
    (
        ["Why is there mould behind my wardrobe?", "who should not clean it?"],
        r"asthma",
        "mould-causes-and-safe-cleaning",
    ),
    (
        ["Why is there mould behind my wardrobe?", "can a tenant do something about it?"],
        r"in writing",
        "mould-causes-and-safe-cleaning",
    ),
    (
        ["Air source or ground source heat pump?", "how loud are they?"],
        r"42 dB|steady fan",
        "air-or-ground-source-and-noise",
    ),
    (
        ["How much does a tumble dryer cost per load?", "what about a heat pump one?"],
        r"54 pence|88 pounds",
        "tumble-dryer-running-costs",
    ),
    (
        ["How much does a tumble dryer cost per load?", "would a faster spin help?"],
        r"spin speed",
        "tumble-dryer-running-costs",
    ),
    (
        ["What temperature should my fridge be?", "and the freezer?"],
        r"-18 C",
        "fridge-temperature-and-care",
    ),
    (
        ["What temperature should my fridge be?", "how often should I clean it?"],
        r"coils",
        "fridge-temperature-and-care",
    ),
    (
        ["Do curtains keep heat in?", "how should they be fitted?"],
        r"close to the wall",
        "curtains-blinds-and-shutters",
    ),
    (["Do curtains keep heat in?", "what about shutters?"], r"64%", "curtains-blinds-and-shutters"),
    (
        ["What does a home energy audit find?", "how much does one cost?"],
        r"\$436",
        "home-energy-audits",
    ),
    (
        ["What is a smart thermostat?", "how much does it save?", "where should it be placed?"],
        r"inside wall",
        "smart-thermostats-and-radiator-valves",
    ),
    (
        ["Are smart thermostats worth it?", "how much do they save?", "and for renters?"],
        r"rent",
        "smart-thermostats-and-radiator-valves",
    ),
    (
        ["Do LED bulbs save money?", "how long do they last?", "and why do they flicker?"],
        r"dimm",
        "choosing-led-bulbs",
    ),
    (
        ["How long do solar panels last?", "and the inverter?"],
        r"replacement",
        "solar-panels-roof-winter-and-lifetime",
    ),
    (
        ["I rent a flat.", "What can I do about draughts?"],
        r"rent|landlord|Seal|seal",
        "finding-and-sealing-draughts|flats-houses-and-household-size",
    ),
    (
        ["I rent a flat. What can I do about draughts?"],
        r"rent|landlord",
        "flats-houses-and-household-size|renters-low-cost-savings",
    ),
]
"""Turns, what the last answer must say, and the documents one of which must prove it."""
_DOCUMENTS = (
    "loft-insulation-depth-and-savings",
    "choosing-led-bulbs",
    "led-bulbs-what-they-save",
    "home-battery-life-efficiency-and-safety",
    "mould-causes-and-safe-cleaning",
    "air-or-ground-source-and-noise",
    "tumble-dryer-running-costs",
    "fridge-temperature-and-care",
    "curtains-blinds-and-shutters",
    "home-energy-audits",
    "smart-thermostats-and-radiator-valves",
    "washing-temperature-and-loads",
    "renters-low-cost-savings",
    # The gold documents of none, or of the last ones, which the others must not be taken for.
    "ev-charging-losses-and-wallboxes",
    "finding-and-sealing-draughts",
    "flats-houses-and-household-size",
    "solar-panels-roof-winter-and-lifetime",
    "us-clothes-dryers",
)


def test_a_question_on_its_own_stays_as_it_is() -> None:
    question = "How do I balance the radiators in my house?"
    assert stand_alone(question, ["What is ACH50?"]) == question


def test_a_pointing_question_gets_what_was_spoken_of() -> None:
    query = stand_alone("where should one be placed?", ["How long do home batteries last?"])
    assert query == "where should one be placed? (batteries)"


def test_an_elliptic_question_goes_on_with_the_whole_one_before_it() -> None:
    query = stand_alone("and the freezer?", ["What temperature should my fridge be?"])
    assert query == "and the freezer? (What temperature should my fridge be?)"


def test_a_chain_of_questions_leads_back_to_its_subject() -> None:
    earlier = ["Are smart thermostats worth it?", "how much do they save?"]
    assert "smart thermostats" in stand_alone("where should one be placed?", earlier)


@pytest.fixture(scope="module")
def conversation_data(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Path:
    """A data folder with an index of the shipped documents that the conversations are about."""
    data = tmp_path_factory.mktemp("conversations")
    (data / "models").symlink_to(get_settings().data_dir / "models", target_is_directory=True)
    sources = [KNOWLEDGE / f"{name}.md" for name in _DOCUMENTS]
    ingest(sources, data_dir=data, embedder=embedder)
    return data


@pytest.mark.slow
@pytest.mark.parametrize(("turns", "expected", "gold"), CONVERSATIONS)
async def test_the_last_turn_is_answered_in_its_context(
    turns: list[str],
    expected: str,
    gold: str,
    conversation_data: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME_ENERGY_DATA_DIR", str(conversation_data))
    get_settings.cache_clear()
    knowledge.forget()
    try:
        graph = build_graph().compile(checkpointer=InMemorySaver())
        config: Any = {"configurable": {"thread_id": "t1"}}
        result: dict[str, Any] = {}
        for text in turns:
            turn: Any = {"messages": [{"role": "user", "content": text}]}
            result = await graph.ainvoke(turn, config)
        answer = Answer.model_validate(result["answer"])
        assert re.search(expected, answer.text)
        proving = [
            cited.document_id for cited in answer.citations if re.search(expected, cited.quote)
        ]
        assert set(proving) & set(gold.split("|"))
        assert verify(answer, knowledge.knowledge().document) == []
    finally:
        knowledge.forget()
        get_settings.cache_clear()
