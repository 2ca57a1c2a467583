"""How long a turn takes without a server, and what a long conversation costs: `python -m bench`."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import numpy as np
from langchain_core.messages import AIMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, MessagesState, StateGraph

from graphs.assistant import build_graph
from server.checkpoints import Checkpointer
from server.persistence import checkpointer

TURNS = 100
"""On one thread, and on as many threads of one turn each."""
CLIENTS = 16
_EDGE = 10
"""Turns around the 10th, and after the 100th, that are timed, since one alone is noise."""
_COPIES = 3
"""How often those turns are taken, each time on a copy of the same conversation."""

Turn = Callable[[str, str], Awaitable[object]]
"""Takes a question on a thread."""


def measure(questions: Sequence[str]) -> dict[str, Any]:
    """Take turns with the settings' own data folder, which should be new; times are in ms."""
    return asyncio.run(_measure(questions))


async def _measure(questions: Sequence[str]) -> dict[str, Any]:
    async with checkpointer() as saver:
        turn = _turn(build_graph().compile(checkpointer=saver))
        empty = _turn(_empty_graph(saver))
        for question in questions[:5]:
            await turn(question, "warm up")
            await empty(question, "warm up, empty")
        floor = [await _timed(empty, question, f"empty {n}") for n, question in _each(questions)]
        apart = [await _timed(turn, question, f"apart {n}") for n, question in _each(questions)]
        before = await _pages(saver)
        # The same ten questions again and again, so that late turns ask what early ones asked.
        repeated = questions[:_EDGE]
        for _, question in _each(repeated):
            await turn(question, "long")
        after = await _pages(saver)
        for question in repeated[: _EDGE // 2]:
            await turn(question, "short")
        pairs = [pair async for pair in _paired(turn, saver, repeated)]
        per_second = await _throughput(turn, questions)
    p50, p95 = np.percentile(apart, [50, 95])
    tenth, last = np.median(pairs, axis=0)
    return {
        "turn_ms_p50": round(float(p50), 1),
        "turn_ms_p95": round(float(p95), 1),
        "empty_graph_ms_p50": round(float(np.median(floor)), 1),
        "turn_to_empty_graph": round(float(p50 / np.median(floor)), 1),
        "turns_per_second_at_16": round(per_second, 1),
        "turn_10_ms": round(float(tenth), 1),
        "turn_100_ms": round(float(last), 1),
        "turn_100_to_turn_10": round(float(np.median([late / early for early, late in pairs])), 2),
        "disk_kb_100_turns": round((after - before) / 1000),
    }


async def _paired(
    turn: Turn, saver: Checkpointer, questions: Sequence[str]
) -> AsyncIterator[tuple[float, float]]:
    """Time an early turn, then a late one: what else the machine does then slows both alike."""
    for number in range(_COPIES):
        for thread in ("short", "long"):
            await saver.acopy_thread(thread, f"{thread} {number}")
        for question in questions:
            early = await _timed(turn, question, f"short {number}")
            yield early, await _timed(turn, question, f"long {number}")


def _each(questions: Sequence[str]) -> list[tuple[int, str]]:
    return [(number, questions[number % len(questions)]) for number in range(TURNS)]


def _turn(graph: Any) -> Turn:
    async def take(question: str, thread: str) -> object:
        turn = {"messages": [{"role": "user", "content": question}]}
        config = {"configurable": {"thread_id": thread}}
        # As the server's doors run it: one checkpoint a turn.
        return await graph.ainvoke(turn, config, durability="exit")

    return take


def _empty_graph(saver: BaseCheckpointSaver[str]) -> Any:
    """Build the least that can answer: what is above it is ours."""

    async def answer(state: MessagesState) -> dict[str, list[AIMessage]]:
        return {"messages": [AIMessage("Yes.")]}

    builder = StateGraph(MessagesState)
    builder.add_node(answer)
    builder.add_edge(START, "answer")
    builder.add_edge("answer", END)
    return builder.compile(checkpointer=saver)


async def _timed(turn: Turn, question: str, thread: str) -> float:
    started = time.perf_counter()
    await turn(question, thread)
    return 1000 * (time.perf_counter() - started)


async def _throughput(turn: Turn, questions: Sequence[str]) -> float:
    """Return turns a second while as many clients each wait for their own."""

    async def client(number: int) -> None:
        for index, question in _each(questions)[number::CLIENTS]:
            await turn(question, f"client {number}, {index}")

    started = time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    return TURNS / (time.perf_counter() - started)


async def _pages(saver: Any) -> int:
    """Return how many bytes of the conversations' file are in use."""
    sizes = []
    for name in ("page_count", "freelist_count", "page_size"):
        async with saver.conn.execute(f"PRAGMA {name}") as cursor:
            sizes.append(int((await cursor.fetchone())[0]))
    used, free, size = sizes
    return (used - free) * size
