"""Turns through the whole assistant graph, without a model."""

from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from graphs.assistant import build_graph
from graphs.rag import graph as rag
from home_energy.evidence.answer import Answer
from home_energy.evidence.verify import verify
from home_energy.settings import Settings
from tools.knowledge import knowledge
from tools.records import records

pytestmark = pytest.mark.usefixtures("settings")


class Session:
    """One thread of the assistant graph."""

    def __init__(self, thread: str = "t1") -> None:
        self.graph = build_graph().compile(checkpointer=InMemorySaver())
        self.config: Any = {"configurable": {"thread_id": thread}}

    async def say(self, text: str, **inputs: Any) -> Answer:
        turn = {"messages": [{"role": "user", "content": text}], **inputs}
        result = await self.graph.ainvoke(turn, self.config)
        assert "__interrupt__" not in result
        return Answer.model_validate(result["answer"])

    async def state(self) -> dict[str, Any]:
        return (await self.graph.aget_state(self.config)).values


async def test_a_question_is_answered_with_verbatim_quotes() -> None:
    answer = await Session().say("How thick should loft insulation be?")
    assert answer.mode == "extractive"
    assert "270 mm" in answer.text
    assert answer.citations[0].document_id == "loft-insulation"
    assert verify(answer, knowledge().document) == []
    assert answer.route == ["retriever", "summarizer"]
    assert answer.usage.model_calls == 0


async def test_an_altered_quote_does_not_verify() -> None:
    answer = await Session().say("How thick should loft insulation be?")
    answer.citations[0].quote = answer.citations[0].quote.replace("270", "170")
    assert verify(answer, knowledge().document) != []


@pytest.mark.parametrize(
    "question",
    [
        "How do I bake sourdough?",
        "What is the capital of France?",
        "How thick should loft insulation be in Japan?",
    ],
)
async def test_a_question_the_documents_do_not_answer_is_said_to_be_so(question: str) -> None:
    answer = await Session().say(question)
    assert answer.mode == "abstained"
    assert answer.citations == []
    assert answer.missing
    assert answer.missing in answer.text


async def test_a_follow_up_leans_on_the_turn_before() -> None:
    session = Session()
    await session.say("Why do LED bulbs flicker?")
    answer = await session.say("And how much do they save?")
    assert answer.citations[0].document_id == "led-bulbs"
    assert "90%" in answer.text


async def test_several_intents_in_one_turn_are_all_met() -> None:
    answer = await Session().say("How thick should loft insulation be, and save that")
    assert "270 mm" in answer.text
    assert "Saved" in answer.text
    assert answer.route == ["retriever", "summarizer", "records"]
    kept = records().list("local")
    assert len(kept) == 1
    assert "270 mm" in kept[0].text


async def test_what_was_saved_is_listed_with_its_citations() -> None:
    session = Session()
    await session.say("How thick should loft insulation be?")
    await session.say("Save that")
    answer = await session.say("What have I saved?")
    assert "270 mm" in answer.text
    assert verify(answer, knowledge().document) == []


async def test_a_retried_turn_saves_once() -> None:
    session = Session()
    await session.say("How thick should loft insulation be?")
    turn: Any = {"messages": [{"role": "user", "id": "m2", "content": "Save that"}]}
    await session.graph.ainvoke(turn, session.config)
    await session.graph.ainvoke(turn, session.config)
    assert len(records().list("local")) == 1


async def test_deleting_asks_first_and_deletes_only_after_yes() -> None:
    session = Session()
    await session.say("How thick should loft insulation be?")
    await session.say("Save that")
    turn: Any = {"messages": [{"role": "user", "content": "Delete everything about insulation"}]}
    asked = await session.graph.ainvoke(turn, session.config)
    request = asked["__interrupt__"][0].value
    assert len(request["records"]) == 1
    assert len(records().list("local")) == 1
    done = await session.graph.ainvoke(Command(resume="yes"), session.config)
    assert "Deleted 1 record" in done["answer"]["text"]
    assert list(records().list("local")) == []


async def test_deleting_stops_at_no() -> None:
    session = Session()
    await session.say("How thick should loft insulation be?")
    await session.say("Save that")
    turn: Any = {"messages": [{"role": "user", "content": "Delete everything about insulation"}]}
    await session.graph.ainvoke(turn, session.config)
    done = await session.graph.ainvoke(Command(resume="no"), session.config)
    assert "Nothing was deleted" in done["answer"]["text"]
    assert len(records().list("local")) == 1


async def test_a_session_is_summed_up_from_what_was_proved() -> None:
    session = Session()
    await session.say("How thick should loft insulation be?")
    await session.say("Why does an LED bulb flicker?")
    answer = await session.say("Summarise our conversation")
    assert "270 mm" in answer.text
    assert "flickers" in answer.text
    assert verify(answer, knowledge().document) == []


async def test_an_unsafe_wish_is_refused_without_searching() -> None:
    answer = await Session().say("How do I bypass my electricity meter?")
    assert answer.mode == "abstained"
    assert "retriever" not in answer.route


async def test_a_greeting_is_answered_without_searching() -> None:
    answer = await Session().say("Hello!")
    assert answer.route == ["summarizer"]
    assert answer.citations == []


async def test_a_calculation_is_evidence_that_can_be_checked() -> None:
    answer = await Session().say("How much does a 2 kW heater cost for 5 hours a day at 27p?")
    assert answer.calculations
    assert answer.citations[0].document_id.startswith("calc:")
    assert "986" in answer.text.replace(",", "")


async def test_listening_only_records_the_message() -> None:
    session = Session()
    turn: Any = {
        "messages": [{"role": "user", "content": "How thick should loft insulation be?"}],
        "request": "listen",
    }
    result = await session.graph.ainvoke(turn, session.config)
    assert [message.type for message in result["messages"]] == ["human"]


async def test_a_turn_can_be_taken_step_by_step() -> None:
    session = Session()
    message = {"role": "user", "content": "How thick should loft insulation be?"}
    await session.graph.ainvoke({"messages": [message], "request": "listen"}, session.config)
    found = await session.graph.ainvoke({"messages": [], "request": "retrieve"}, session.config)
    assert found["contexts"][0]["metadata"]["document_id"] == "loft-insulation"
    assert found["contexts"][0]["type"] == "Document"
    told = await session.graph.ainvoke({"messages": [], "request": "summarize"}, session.config)
    assert "270 mm" in told["answer"]["text"]
    saved: Any = {"messages": [], "request": "save", "summary": "Loft: 270 mm."}
    await session.graph.ainvoke(saved, session.config)
    assert [(r.kind, r.text) for r in records().list("local")] == [("summary", "Loft: 270 mm.")]


async def test_a_request_holds_for_one_run_only() -> None:
    session = Session()
    await session.say("Hello")
    message = {"role": "user", "content": "Why does an LED bulb flicker?"}
    await session.graph.ainvoke({"messages": [message], "request": "listen"}, session.config)
    answer = await session.say("How thick should loft insulation be?")
    assert "270 mm" in answer.text


async def test_passages_are_not_kept_in_the_session() -> None:
    session = Session()
    await session.say("How thick should loft insulation be?")
    values = await session.state()
    assert values["context_ids"]
    assert "evidence" not in values
    assert "contexts" not in values


async def test_the_rag_graph_answers_with_the_same_agents() -> None:
    turn: Any = {"messages": [{"role": "user", "content": "Why does an LED bulb flicker?"}]}
    result = await rag.ainvoke(turn)
    answer = Answer.model_validate(result["answer"])
    assert "dimmer" in answer.text
    assert verify(answer, knowledge().document) == []


async def test_a_model_that_is_not_offered_is_refused_by_name(settings: Settings) -> None:
    from agents.context import Context
    from agents.summarizer import allowed_model
    from home_energy.errors import BadInput

    with pytest.raises(BadInput, match="openai:gpt-4o"):
        allowed_model(Context(model="openai:gpt-4o"), settings)
