"""What leaves an agent that fails: no inner text; the log says where it happened."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from traceback import extract_tb
from typing import Any, TypeVar
from uuid import uuid4

import structlog
from langgraph.errors import GraphBubbleUp
from langgraph.runtime import Runtime

from agents.context import Context
from agents.state import State
from home_energy.errors import BadInput, ModelUnavailable, TurnFailed

log = structlog.get_logger(__name__)

_END = (asyncio.CancelledError, GeneratorExit, KeyboardInterrupt, SystemExit)
"""What ends a run or the process. Any other BaseException, such as the panic of a library written
in Rust, would leave the run without an end."""

Node = TypeVar("Node", bound=Callable[[State, Runtime[Context]], Awaitable[dict[str, Any]]])


def opaque(node: Node) -> Node:
    """Let a node raise only what a client may read: BadInput as it is, the rest as TurnFailed.

    What a client does read is the server's choice: in a stream it puts a sentence of its own in
    the place of either, while a graph that is called from Python raises them as they are.
    """

    @wraps(node)
    async def guarded(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
        try:
            return await node(state, runtime)
        except (GraphBubbleUp, BadInput, ModelUnavailable, *_END):
            # The graph's error handler takes the last one, and no client sees it.
            raise
        except BaseException as exc:
            failure = uuid4().hex[:12]
            # Where it happened and of which type, without the message: it may hold user text.
            place = extract_tb(exc.__traceback__)[-1]
            log.error(
                "agent_failed",
                agent=node.__name__,
                failure=failure,
                error=type(exc).__name__,
                at=f"{place.name}:{place.lineno}",
            )
            raise TurnFailed(
                f"The turn failed; the server's log says more under {failure}."
            ) from None

    # The wrapper has the node's own signature, which LangGraph reads.
    return guarded  # type: ignore[return-value]
