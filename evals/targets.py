"""What is evaluated: the assistant graph, driven from outside like any client."""

import asyncio
from typing import Any
from uuid import uuid4

from langgraph.checkpoint.memory import InMemorySaver
from langsmith import tracing_context

from graphs.assistant import build_graph


def answer_last_turn(inputs: dict[str, Any]) -> dict[str, Any]:
    """Say every turn of a case in one session; return the last answer and its contexts."""
    # `evaluate` traces what it runs; without this the traces of the graph would be sent.
    with tracing_context(enabled=False):
        return asyncio.run(_converse(inputs["turns"]))


async def _converse(turns: list[str]) -> dict[str, Any]:
    graph = build_graph().compile(checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": str(uuid4())}}
    result: dict[str, Any] = {}
    for text in turns:
        turn: Any = {"messages": [{"role": "user", "content": text}]}
        result = await graph.ainvoke(turn, config)
    return {"answer": result["answer"], "contexts": result.get("contexts", [])}
