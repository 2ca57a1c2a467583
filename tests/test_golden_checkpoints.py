"""Conversations that released versions wrote are read whole and go on; newer ones are refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from langgraph.types import Command

from agents.state import STATE_VERSION
from graphs.assistant import build_graph
from home_energy.errors import BadInput
from home_energy.evidence.answer import Answer
from home_energy.settings import Settings
from server.persistence import CHECKPOINTS_FILE, checkpointer

GOLDEN = Path(__file__).parent / "golden"
RELEASES = sorted(path.stem for path in GOLDEN.glob("*.sqlite"))
TALK, WAITING, PRUNED, LONG = (f"10000000-0000-4000-8000-00000000000{n}" for n in range(1, 5))


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest, settings: Settings) -> str:
    shutil.copyfile(GOLDEN / f"{request.param}.sqlite", settings.data_dir / CHECKPOINTS_FILE)
    return request.param


def expected(release: str) -> dict[str, Any]:
    return json.loads((GOLDEN / f"{release}.json").read_text(encoding="utf-8"))


def config(thread: str) -> Any:
    return {"configurable": {"thread_id": thread}}


def said(text: str) -> Any:
    return {"messages": [{"role": "user", "content": text}]}


def told(messages: list[Any]) -> list[dict[str, Any]]:
    return [
        {
            "type": message.type,
            "text": message.text,
            "answer": message.additional_kwargs.get("answer"),
        }
        for message in messages
    ]


def test_there_is_a_conversation_of_a_release():
    assert "0.1.0" in RELEASES


async def test_every_message_answer_and_citation_is_still_there(release: str):
    async with checkpointer() as saver:
        graph = build_graph().compile(checkpointer=saver)
        for thread, talk in expected(release).items():
            state = await graph.aget_state(config(thread))
            assert told(state.values["messages"]) == talk["messages"]
            assert bool(state.interrupts) == talk["waits"]
            for message in talk["messages"]:
                assert message["answer"] is None or Answer.model_validate(message["answer"])
        state = await graph.aget_state(config(LONG))
        heard = [message.text for message in state.values["messages"]]
        assert heard == [f"Heard {number}" for number in range(410)]


@pytest.mark.parametrize("thread", [TALK, PRUNED, LONG])
async def test_a_conversation_goes_on(release: str, thread: str):
    async with checkpointer() as saver:
        graph = build_graph().compile(checkpointer=saver)
        before = (await graph.aget_state(config(thread))).values["messages"]
        result = await graph.ainvoke(said("How thick should loft insulation be?"), config(thread))
        assert "270 mm" in result["answer"]["text"]
        assert told(result["messages"])[: len(before)] == told(before)
        again = (await graph.aget_state(config(thread))).values["messages"]
        assert told(again) == told(result["messages"])


async def test_a_question_that_waits_can_be_answered(release: str):
    async with checkpointer() as saver:
        graph = build_graph().compile(checkpointer=saver)
        before = len(expected(release)[WAITING]["messages"])
        result = await graph.ainvoke(Command(resume="no"), config(WAITING))
        assert len(result["messages"]) == before + 1
        assert not (await graph.aget_state(config(WAITING))).interrupts


async def test_what_a_newer_version_wrote_is_refused_and_kept(release: str):
    async with checkpointer() as saver:
        graph = build_graph().compile(checkpointer=saver)
        await graph.aupdate_state(
            config(TALK), {"state_version": STATE_VERSION + 1}, as_node="supervisor"
        )
        before = told((await graph.aget_state(config(TALK))).values["messages"])
        with pytest.raises(BadInput, match="newer version"):
            await graph.ainvoke(said("And now?"), config(TALK), durability="exit")
        state = await graph.aget_state(config(TALK))
        assert told(state.values["messages"])[: len(before)] == before
        assert state.values["state_version"] == STATE_VERSION + 1
