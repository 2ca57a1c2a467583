"""A graph with the assistant's contract and no knowledge, that does what a message tells it to."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, NotRequired

from langchain_core.messages import AIMessage, AnyMessage
from langgraph.channels.untracked_value import UntrackedValue
from langgraph.config import get_stream_writer
from langgraph.graph import START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.types import interrupt
from typing_extensions import TypedDict

from agents.context import Context
from graphs.one_turn import one_turn
from home_energy.errors import IndexUnavailable
from home_energy.evidence.answer import Answer

CANARY = "canary-4711 in /secret/path"


class InputState(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]
    request: NotRequired[str]
    summary: NotRequired[str]


class State(InputState):
    context_ids: NotRequired[list[str]]
    saved: NotRequired[list[str]]
    answer: NotRequired[Annotated[dict[str, Any], UntrackedValue]]
    contexts: NotRequired[Annotated[list[dict[str, Any]], UntrackedValue]]


class OutputState(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]
    answer: NotRequired[Annotated[dict[str, Any], UntrackedValue]]
    contexts: NotRequired[Annotated[list[dict[str, Any]], UntrackedValue]]


async def retriever(state: State) -> dict[str, Any]:
    if state.get("request") in ("listen", "save"):
        return {}
    question = _last(state["messages"])
    context = {
        "id": "doc@00000000#0-3",
        "metadata": {"source": "doc.md", "title": "Doc", "page": None},
        "page_content": f"passage for {question}",
        "type": "Document",
    }
    return {"context_ids": [context["id"]], "contexts": [context]}


async def summarizer(state: State) -> dict[str, Any]:
    request = state.get("request", "answer")
    if request == "save":
        return _said(f"Saved: {state['summary']}")
    if request in ("listen", "retrieve"):
        return {}
    question = _last(state["messages"])
    get_stream_writer()({"step": "writing"})
    if question.startswith("sleep"):
        await asyncio.sleep(float(question.split()[1]))
    if question == "fail":
        raise RuntimeError(CANARY)
    if question == "not ready":
        raise IndexUnavailable(CANARY)
    if question == "delete it":
        reply = interrupt({"question": "Delete 1 record? Answer yes or no."})
        return _said(f"You replied {reply}.")
    count = sum(message.type == "human" for message in state["messages"])
    return _said(f"Turn {count}: {question}")


def _said(text: str) -> dict[str, Any]:
    answer = Answer(text=text, mode="extractive").model_dump(mode="json")
    return {"answer": answer, "messages": [AIMessage(text, additional_kwargs={"answer": answer})]}


def _last(messages: Sequence[AnyMessage]) -> str:
    return next((m.text for m in reversed(messages) if m.type == "human"), "")


def build_graph() -> StateGraph[State, Context, InputState, OutputState]:
    builder = StateGraph(
        State, context_schema=Context, input_schema=InputState, output_schema=OutputState
    )
    builder.add_node(retriever)
    builder.add_node(summarizer)
    builder.add_edge(START, "retriever")
    builder.add_edge("retriever", "summarizer")
    return builder


graph = one_turn(build_graph().compile(name="assistant"))
rag = one_turn(build_graph().compile(name="rag"))
