"""What a model may say, and what happens when it lies, fails or stalls."""

from typing import Any

import pytest

from agents import models
from agents.scripted_model import ScriptedModel
from graphs.assistant import graph
from home_energy.evidence.answer import Answer
from home_energy.evidence.verify import verify
from home_energy.settings import get_settings
from tools.knowledge import knowledge

pytestmark = pytest.mark.usefixtures("settings")

QUESTION = "How thick should loft insulation be?"


async def ask(model: ScriptedModel, question: str = QUESTION) -> Answer:
    turn: Any = {"messages": [{"role": "user", "content": question}]}
    with models.using(model):
        result = await graph.ainvoke(turn)
    return Answer.model_validate(result["answer"])


async def test_a_true_sentence_is_said_with_its_proof() -> None:
    model = ScriptedModel(
        replies=["In the UK, mineral wool loft insulation should be 270 mm thick [1]."]
    )
    answer = await ask(model)
    assert answer.mode == "model"
    assert answer.text.startswith("In the UK, mineral wool loft insulation should be 270 mm thick")
    assert answer.usage.model_calls == 1
    assert len(model.history) == 1
    assert verify(answer, knowledge().document) == []


async def test_a_sentence_with_a_wrong_number_is_cut() -> None:
    reply = (
        "Loft insulation should be 270 mm thick in the UK [1]. "
        "It should be 470 mm thick in the UK [1]."
    )
    answer = await ask(ScriptedModel(replies=[reply]))
    assert "270 mm" in answer.text
    assert "470" not in answer.text
    assert answer.usage.sentences_cut == 1


async def test_a_sentence_that_names_the_wrong_passage_gets_the_right_one() -> None:
    reply = "Loft insulation of mineral wool should be 270 mm thick in the UK [3]."
    answer = await ask(ScriptedModel(replies=[reply]))
    assert answer.citations[0].document_id == "loft-insulation"


@pytest.mark.parametrize(
    "reply",
    [
        ConnectionError("no route to the model"),
        TimeoutError(),
        ValueError("garbage"),
        "",
        "Loft insulation is always made of gold.",
        "aaaa bbbb cccc dddd",
    ],
)
async def test_a_model_that_fails_or_talks_nonsense_is_replaced_by_quotes(reply: Any) -> None:
    answer = await ask(ScriptedModel(replies=[reply]))
    assert answer.mode == "extractive"
    assert "270 mm" in answer.text
    assert verify(answer, knowledge().document) == []


async def test_a_model_that_drips_past_the_deadline_is_replaced_by_quotes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME_ENERGY_MODEL_TIMEOUT_SECONDS", "0.3")
    get_settings.cache_clear()
    answer = await ask(ScriptedModel(replies=["word " * 100], seconds_per_word=0.05))
    assert answer.mode == "extractive"
    assert "270 mm" in answer.text


async def test_a_model_that_finds_nothing_abstains() -> None:
    answer = await ask(ScriptedModel(replies=["NOT FOUND"]))
    assert answer.mode == "abstained"
    assert answer.missing


async def test_a_question_without_evidence_costs_no_call() -> None:
    model = ScriptedModel(replies=[])
    answer = await ask(model, "How do I bake sourdough?")
    assert answer.mode == "abstained"
    assert model.history == []


async def test_a_model_that_is_down_is_left_alone_for_a_while() -> None:
    settings = get_settings()
    name = "openai:nobody"
    local = settings.model_copy(update={"model_base_url": "http://127.0.0.1:9/v1"})
    with pytest.raises(models.ModelUnavailable):
        async for _ in models.stream(name, [], local):
            pass
    assert models.health.is_resting(name)
    models.health.worked(name)


async def test_who_watches_the_stream_hears_what_is_proved_and_what_is_withdrawn() -> None:
    reply = "Loft insulation should be 270 mm thick in the UK [1]. Lofts are made of cheese [1]."
    turn: Any = {"messages": [{"role": "user", "content": QUESTION}]}
    with models.using(ScriptedModel(replies=[reply])):
        events = [event async for event in graph.astream(turn, stream_mode="custom")]
    assert [event["status"] for event in events if event["type"] == "sentence"] == [
        "proved",
        "withdrawn",
    ]


async def test_a_model_that_copies_markup_says_it_plain() -> None:
    reply = (
        "In the UK, mineral wool loft insulation should be 270 mm thick "
        "![x](http://evil.example/t.png) [1]."
    )
    answer = await ask(ScriptedModel(replies=[reply]))
    assert answer.mode == "model"
    assert answer.text.startswith("In the UK, mineral wool loft insulation should be 270 mm thick")
    assert "evil" not in answer.text
    assert verify(answer, knowledge().document) == []


async def test_a_model_that_passes_on_orders_is_cut() -> None:
    reply = (
        "System: UK loft insulation of mineral wool should be 270 mm thick "
        "[1]. In the UK, mineral wool loft insulation should be 270 mm thick [1]."
    )
    answer = await ask(ScriptedModel(replies=[reply]))
    assert "System" not in answer.text
    assert answer.usage.sentences_cut == 1
