"""Which agent speaks next: a plan made once a turn, followed, and stopped in time."""

import asyncio
import time
from functools import lru_cache
from typing import Any, Literal

from langgraph.runtime import Runtime

from agents.context import Context
from agents.failures import opaque
from agents.intents import RECORD_INTENTS, IntentModel, Wishes
from agents.state import STATE_VERSION, Agent, Command, Plan, Request, State, last_question
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
        return {"plan": await _plan(state), "state_version": STATE_VERSION}
    plan = state["plan"]
    steps = [step for step in plan["steps"] if step != reported]
    if len(plan["route"]) * 2 + 2 >= MAX_STEPS or state["remaining_steps"] <= 2:
        steps = []
    return {"plan": {**plan, "steps": steps, "route": [*plan["route"], reported]}}


def next_agent(state: State) -> Literal["retriever", "summarizer", "records", "__end__"]:
    """Name the next agent of the plan."""
    steps = state["plan"]["steps"]
    return steps[0] if steps else "__end__"


async def _plan(state: State) -> Plan:
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
        intents=list(wishes.intents),
        steps=list(steps),
        route=[],
        question=wishes.question,
        commands=list(wishes.commands),
        summary=state.get("summary"),
        started=time.time(),
    )


def _steps(wishes: Wishes) -> list[Agent]:
    steps: list[Agent] = []
    if wishes.question and "unsafe" not in wishes.intents:
        steps.append("retriever")
    if wishes.question or not wishes.commands:
        steps.append("summarizer")
    if RECORD_INTENTS & set(wishes.intents) and "unsafe" not in wishes.intents:
        steps.append("records")
    return steps
