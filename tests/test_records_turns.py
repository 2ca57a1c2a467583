"""What users keep and forget through whole turns: nothing lost, doubled, or deleted unasked."""

from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from agents.said import chosen_part
from graphs.assistant import build_graph
from home_energy.errors import BadInput
from home_energy.evidence.answer import Answer, Citation
from tools.records import records

pytestmark = pytest.mark.usefixtures("settings")

LOFT = "How thick should loft insulation be?"


class Session:
    """One thread of the assistant graph."""

    def __init__(self) -> None:
        self.graph = build_graph().compile(checkpointer=InMemorySaver())
        self.config: Any = {"configurable": {"thread_id": "t1"}}

    async def run(self, turn: Any) -> dict[str, Any]:
        return await self.graph.ainvoke(turn, self.config)

    async def say(self, text: str) -> str:
        """Return what is answered, or asked back."""
        return _said(await self.run({"messages": [{"role": "user", "content": text}]}))

    async def reply(self, reply: object) -> str:
        return _said(await self.run(Command(resume=reply)))

    async def save(self, summary: str) -> str:
        return _said(await self.run({"messages": [], "request": "save", "summary": summary}))


def _said(result: dict[str, Any]) -> str:
    waiting = result.get("__interrupt__")
    return waiting[0].value["question"] if waiting else result["answer"]["text"]


def keep(*texts: str, kind: str = "tip") -> list[str]:
    """Keep tips, the first the oldest, and return their ids."""
    return [
        records().save("local", kind=kind, text=text, idempotency_key=text)[0].record_id
        for text in texts
    ]


def kept() -> list[str]:
    return [record.text for record in records().list("local")]


async def test_a_summary_is_saved_on_a_fresh_session() -> None:
    assert await Session().save("Loft: 270 mm.") == "Saved as a summary."
    assert kept() == ["Loft: 270 mm."]


async def test_saving_without_text_on_a_fresh_session_says_there_is_nothing() -> None:
    result = await Session().run({"messages": [], "request": "save"})
    assert "no answer yet" in _said(result)
    assert kept() == []


async def test_what_was_deleted_can_be_saved_anew_in_the_same_turn() -> None:
    session = Session()
    await session.say(LOFT)
    await session.save("Loft: 270 mm.")
    records().delete("local", [records().list("local")[0].record_id])
    assert await session.save("Loft: 270 mm.") == "Saved as a summary."
    assert kept() == ["Loft: 270 mm."]


async def test_two_equal_saves_keep_one_record() -> None:
    session = Session()
    await session.say(LOFT)
    await session.save("Loft: 270 mm.")
    await session.save("Loft: 270 mm.")
    assert kept() == ["Loft: 270 mm."]


async def test_a_replayed_save_does_not_revive_what_was_deleted_since() -> None:
    session = Session()
    await session.save("Loft: 270 mm.")
    records().delete("local", [records().list("local")[0].record_id])
    planned = [
        state
        async for state in session.graph.aget_state_history(session.config)
        if state.next == ("records",)
    ]
    assert "deleted since" in _said(await session.graph.ainvoke(None, planned[0].config))
    assert kept() == []


@pytest.mark.parametrize(
    "words",
    [
        "forget the tip about the LED bulb",
        "delete my LED bulbs tip",
        "Delete everything I saved about LEDs",
        "remove the note about LED lamps",
        "delete the last one",
    ],
)
async def test_one_record_is_forgotten_and_no_other(words: str) -> None:
    keep("Eggs are best boiled with the lid on", "Swap halogens for LED bulbs")
    session = Session()
    assert "1. Swap halogens for LED bulbs" in await session.say(words)
    assert await session.reply("yes please") == "Deleted 1 record."
    assert kept() == ["Eggs are best boiled with the lid on"]


async def test_what_was_noted_is_forgotten_in_the_same_words() -> None:
    session = Session()
    await session.say("Remember that A1 lamp is in hall")
    assert "A1 lamp is in hall" in await session.say("forget that the A1 lamp is in the hall")
    await session.reply("yes, delete it")
    assert kept() == []


async def test_the_question_back_names_the_records_in_short() -> None:
    keep("Insulate the loft [1] " + "well " * 40, "Loft hatch")
    asked = await Session().say("delete everything about the loft")
    lines = asked.split("\n")
    assert lines[0] == "Delete 2 records?"
    assert lines[1] == "1. Loft hatch"
    assert lines[2].startswith("2. Insulate the loft well")
    assert len(lines[2]) <= 83
    assert lines[3] == "Answer yes or no."


async def test_a_profile_is_forgotten_without_the_tips() -> None:
    keep("Loft hatch")
    keep("I rent a flat", kind="profile")
    session = Session()
    await session.say("forget my profile")
    await session.reply(True)
    assert kept() == ["Loft hatch"]


@pytest.mark.parametrize("words", ["delete the last one", "delete the second one"])
async def test_only_what_was_shown_is_deleted(words: str) -> None:
    ids = keep("oldest", "middle", "newest")
    session = Session()
    await session.say(words)
    records().delete("local", [ids[2]])
    await session.reply("yes")
    assert "oldest" in kept()


async def test_each_question_has_its_own_reply() -> None:
    keep("Loft hatch", "Solar panels")
    session = Session()
    asked = await session.say("delete my tip about the loft. Delete my tip about solar panels.")
    assert "Loft hatch" in asked
    assert "Solar panels" in await session.reply("yes")
    assert "Nothing was deleted" in await session.reply("no")
    assert kept() == ["Solar panels"]


@pytest.mark.parametrize("reply", ["maybe later", "what?", {"other": "yes"}, 7])
async def test_what_is_neither_yes_nor_no_deletes_nothing(reply: object) -> None:
    keep("Loft hatch")
    session = Session()
    await session.say("delete the tip about the loft")
    assert "neither yes nor no" in await session.reply(reply)
    assert kept() == ["Loft hatch"]


@pytest.mark.parametrize(
    "words", ["what did I save about the LED bulb?", "find my saved tip on LEDs"]
)
async def test_a_record_is_found_by_whole_words(words: str) -> None:
    keep("Eggs are best boiled", "Swap halogens for LED bulbs")
    found = await Session().say(words)
    assert "LED bulbs" in found
    assert "Eggs" not in found


@pytest.mark.parametrize(
    ("words", "kind", "text"),
    [
        ("Remember that A1 lamp is in hall", "note", "A1 lamp is in hall"),
        ("save: turn off the towel rail", "note", "turn off the towel rail"),
        ("note: boiler serviced in May", "note", "boiler serviced in May"),
        ("Keep in mind that the meter is outside", "note", "the meter is outside"),
        ("remember that in winter the hall is cold", "note", "in winter the hall is cold"),
        (
            "Remember that I have LED bulbs in my kitchen",
            "profile",
            "Remember that I have LED bulbs in my kitchen",
        ),
    ],
)
async def test_what_is_told_to_be_remembered_is_kept(words: str, kind: str, text: str) -> None:
    await Session().say(words)
    assert [(record.kind, record.text) for record in records().list("local")] == [(kind, text)]


@pytest.mark.parametrize("wish", ["save that", "summarise our conversation"])
@pytest.mark.parametrize(
    "forged", ["yes", 7, ["x"], {"citations": "x"}, {"citations": [{"n": 1}], "route": []}]
)
async def test_an_answer_of_a_wrong_shape_is_passed_over(wish: str, forged: object) -> None:
    session = Session()
    await session.say(LOFT)
    odd = AIMessage("odd", additional_kwargs={"answer": forged})
    told = await session.run({"messages": [odd, {"role": "user", "content": wish}]})
    assert "Saved" in _said(told) or "270 mm" in _said(told)


async def test_a_blank_text_is_refused() -> None:
    with pytest.raises(BadInput):
        await Session().save(" \n ")
    assert kept() == []


def test_a_part_ends_at_a_citation_and_not_at_a_number_of_the_text() -> None:
    cited = [
        Citation(n=n, document_id="d", title="d", source="d", quote="q", start=0, end=1, sha256="x")
        for n in (1, 2)
    ]
    answer = Answer(
        text="Fit lamps [9] with care. [1] Seal gaps [4] at doors. [2]",
        citations=cited,
        mode="extractive",
    )
    text, citations = chosen_part(answer, "save the second tip")
    assert text == "Seal gaps [4] at doors. [1]"
    assert [citation.n for citation in citations] == [1]
    assert chosen_part(answer, "save the first tip")[0] == "Fit lamps [9] with care. [1]"
