"""A graph that answers one turn at a time on each thread, on whatever engine it runs."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from langchain_core.runnables import RunnableConfig
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import StateUpdate
from langgraph.typing import ContextT, InputT, OutputT, StateT

from home_energy import turns
from home_energy.errors import Busy
from home_energy.settings import get_settings

T = TypeVar("T")

WAIT_SECONDS = 60.0
"""How long a turn waits for the one before it, once an engine has started it."""
_LOOK_SECONDS = 0.05


class OneTurn(CompiledStateGraph[StateT, ContextT, InputT, OutputT]):
    """Holds a thread's turn from before its state is read until it is written.

    A run that read the state while another one answers would not know that answer, and what
    it writes would fork the conversation. `ainvoke` and `astream_events` pass through `astream`.
    """

    async def astream(
        self,
        input: Any,  # noqa: A002, ANN401 - langgraph's
        config: RunnableConfig | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> AsyncIterator[Any]:
        """Stream the graph's steps; raises Busy when the turn before does not end."""
        async with _turn(config):
            async for part in super().astream(input, config, **kwargs):
                yield part

    async def abulk_update_state(
        self, config: RunnableConfig, supersteps: Sequence[Sequence[StateUpdate]]
    ) -> RunnableConfig:
        """Write to the state, when no turn runs; raises Busy as `astream` does."""
        async with _turn(config):
            return await super().abulk_update_state(config, supersteps)


def one_turn(
    graph: CompiledStateGraph[StateT, ContextT, InputT, OutputT],
) -> OneTurn[StateT, ContextT, InputT, OutputT]:
    """Return the graph as one that answers one turn at a time on each thread."""
    return OneTurn(**vars(graph))


@asynccontextmanager
async def _turn(config: RunnableConfig | None) -> AsyncIterator[None]:
    thread_id = (config or {}).get("configurable", {}).get("thread_id")
    if thread_id is None:
        yield
        return
    turn = await _begun(str(thread_id))
    try:
        yield
    finally:
        await asyncio.shield(_in_thread(turn.end))


async def _begun(thread_id: str) -> turns.Turn:
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        beginning = _in_thread(_begin, thread_id)
        try:
            return await asyncio.shield(beginning)
        except Busy:
            if time.monotonic() > deadline:
                raise
        except asyncio.CancelledError:
            beginning.add_done_callback(_give_back)
            raise
        await asyncio.sleep(_LOOK_SECONDS)


def _begin(thread_id: str) -> turns.Turn:
    return turns.begin(get_settings().data_dir, thread_id)


def _give_back(beginning: "asyncio.Future[turns.Turn]") -> None:
    if not beginning.cancelled() and beginning.exception() is None:
        _in_thread(beginning.result().end)


def _in_thread(function: Callable[..., T], *args: object) -> "asyncio.Future[T]":
    """Begin a call that blocks; unlike a task, it ends even if nobody waits for it."""
    return asyncio.get_running_loop().run_in_executor(None, function, *args)
