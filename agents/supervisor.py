"""Which agent speaks next: a plan made once a turn, followed, and stopped in time."""

import asyncio
import time
from functools import lru_cache
from typing import Any, Literal
from uuid import uuid4

from langgraph.runtime import Runtime

from agents.context import Context
from agents.failures import opaque
from agents.identity import owner_of, run_of
from agents.intents import RECORD_INTENTS, IntentModel, Wishes
from agents.state import (
    STATE_VERSION,
    Agent,
    Command,
    Plan,
    Request,
    State,
    last_question,
    require_known,
)
from agents.wanted import to_delete
from home_energy.evidence.instructions import without_orders
from tools.knowledge import embedder

MAX_STEPS = 8
"""Supersteps a turn may take; the supervisor's own visits count."""

_STEPS_OF: dict[Request, list[Agent]] = {
    "listen": [],
    "retrieve": ["retriever"],
    "summarize": ["retriever", "summarizer"],
    "save": ["records"],
}


@lru_cache(maxsize=1)
def intent_model() -> IntentModel:
    """Return the process's intent model. Blocks while it loads: call it in a thread."""
    return IntentModel.load(lambda texts: embedder().embed(texts))


@opaque
async def supervisor(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Plan the turn on the first visit; tick off who has worked on the others."""
    reported = state.get("reported")
    if reported is None:
        require_known(state)
        return {"plan": await _plan(state, runtime), "state_version": STATE_VERSION}
    plan = state["plan"]
    steps = [step for step in plan["steps"] if step != reported]
    if len(plan["route"]) * 2 + 2 >= MAX_STEPS or state["remaining_steps"] <= 2:
        steps = []
    return {"plan": {**plan, "steps": steps, "route": [*plan["route"], reported]}}


def next_agent(state: State) -> Literal["retriever", "summarizer", "records", "__end__"]:
    """Name the next agent of the plan."""
    steps = state["plan"]["steps"]
    return steps[0] if steps else "__end__"


async def _plan(state: State, runtime: Runtime[Context]) -> Plan:
    message = last_question(state["messages"])
    text = str(message.text) if message else ""
    turn = (message.id if message else None) or ""
    request = state.get("request") or "answer"
    if request == "answer":
        wishes = await asyncio.to_thread(lambda: intent_model().understand(text))
        steps = _steps(wishes)
    else:
        commands = (Command(intent="save_summary", text=""),) if request == "save" else ()
        wishes = Wishes(intents=(request,), question=text, commands=commands)
        steps = _STEPS_OF[request]
    return Plan(
        turn=turn,
        run=run_of(runtime) or uuid4().hex,
        intents=list(wishes.intents),
        steps=list(steps),
        route=[],
        # What only orders an assistant about is no part of a question.
        question=without_orders(wishes.question) or wishes.question,
        commands=[await _settled(command, owner_of(runtime)) for command in wishes.commands],
        summary=state.get("summary"),
        started=time.time(),
    )


async def _settled(command: Command, owner: str) -> Command:
    """Name the records a wish to delete means, so that a later look cannot mean others."""
    if command["intent"] != "delete":
        return command
    doomed = await asyncio.to_thread(to_delete, owner, command["text"])
    return {**command, "record_ids": [record.record_id for record in doomed]}


def _steps(wishes: Wishes) -> list[Agent]:
    steps: list[Agent] = []
    if wishes.question and "unsafe" not in wishes.intents:
        steps.append("retriever")
    if wishes.question or not wishes.commands:
        steps.append("summarizer")
    if RECORD_INTENTS & set(wishes.intents) and "unsafe" not in wishes.intents:
        steps.append("records")
    return steps
