"""A turn as a run of the server's queue: started on the caller's thread, followed to its end."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID, uuid4

import structlog
from fastapi import Request
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import ConflictError, InternalServerError, NotFoundError, RateLimitError
from langgraph_sdk.schema import Command, StreamPart

from agents.replies import reply_of
from home_energy.errors import Busy, NotFound, SetupError
from home_energy.evidence.answer import Answer
from home_energy.turns import BUSY
from server.problems import NOT_READY, OPAQUE, RefusedError, headers_of, request_id_of
from server.threads import GRAPH

log = structlog.stdlib.get_logger(__name__)

NO_SESSION = "There is no such session: start one with POST /get_session_id."
_TIMEOUT = "The answer took too long and was stopped: ask again, or ask for less."

_NOT_READY_ERRORS = {
    # SQLite's, for a file of conversations that is locked or cannot be written.
    sqlite3.OperationalError.__name__,
    SetupError.__name__,
    *(kind.__name__ for kind in SetupError.__subclasses__()),
}
"""What a run fails with while a person has to mend something first."""

_CANCEL_SECONDS = 10
"""How long a deletion waits for a run to end; what it writes later is dropped."""


@dataclass(frozen=True, slots=True)
class Event:
    """What is known of a turn while it runs."""

    kind: Literal["progress", "token"]
    data: dict[str, Any]


@dataclass(slots=True)
class Turn:
    """What a turn came to."""

    run_id: str | None = None
    answer: Answer | None = None
    contexts: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class _Stream:
    """What the stream of a run has told so far."""

    turn: Turn = field(default_factory=Turn)
    error: str | None = None
    """Name of the exception the run ended with; its text stays in the log."""
    interrupt: Any = None


def clean_session_id(session_id: str) -> str:
    """Return the id as the server writes it; NotFound when it cannot be one."""
    try:
        return str(UUID(session_id))
    except ValueError:
        raise NotFound(NO_SESSION) from None


async def take_turn(request: Request, session_id: str, turn_input: Mapping[str, Any]) -> Turn:
    """Run a turn to its end.

    Raises NotFound (not the caller's session), Busy (another turn runs) and RefusedError (the run
    failed or took too long).
    """
    async with aclosing(follow_turn(request, session_id, turn_input, tokens=False)) as events:
        async for event in events:
            if isinstance(event, Turn):
                return event
    raise AssertionError("a followed turn ends with a Turn")


async def follow_turn(
    request: Request, session_id: str, turn_input: Mapping[str, Any], *, tokens: bool = True
) -> AsyncGenerator[Event | Turn, None]:
    """Run a turn and tell what happens, the Turn last; raises as `take_turn` does."""
    session_id = clean_session_id(session_id)
    turn_input, message_id = _with_message_id(turn_input)
    stream = _Stream()
    try:
        client = await calling_as(request)
        command = await _reply(client, session_id, turn_input)
        parts = client.runs.stream(
            session_id,
            GRAPH,
            input=None if command else dict(turn_input),
            command=command,
            stream_mode=["updates", "messages-tuple", "custom"] if tokens else ["updates"],
            multitask_strategy="reject",
            durability="exit",
            headers={"x-request-id": request_id_of(request)},
        )
        async for part in parts:
            for event in _read(part, stream):
                yield event
        if stream.error is None and stream.interrupt is None and stream.turn.answer is None:
            await _read_final_state(client, session_id, message_id, stream)
    except NotFoundError as exc:
        raise NotFound(NO_SESSION) from exc
    except ConflictError as exc:
        raise Busy(BUSY) from exc
    except RateLimitError as exc:
        raise RefusedError(429, "too_many_requests", exc.message, headers_of(exc)) from exc
    except InternalServerError as exc:
        # The auth handlers say so of a database that cannot be used.
        if exc.status_code != 503:
            raise
        raise RefusedError(503, "unavailable", NOT_READY) from exc
    if stream.error == Busy.__name__:
        raise Busy(BUSY)
    if stream.error in _NOT_READY_ERRORS:
        raise RefusedError(503, "unavailable", NOT_READY)
    if stream.error is not None:
        raise RefusedError(500, "run_failed", OPAQUE)
    if stream.interrupt is not None:
        stream.turn.answer = _question_back(stream.interrupt)
    answer = stream.turn.answer
    if answer is not None and answer.run_id is None:
        answer.run_id = stream.turn.run_id
    yield stream.turn


async def calling_as(request: Request) -> LangGraphClient:
    """Return the in-process client, acting as the request's user for the rest of the request.

    `langgraph_api.utils.set_auth_ctx` is semi-private; a test proves that users stay apart.
    """
    # langgraph_api has no types.
    from langgraph_api.utils import set_auth_ctx  # type: ignore[import-untyped]

    set_auth_ctx(request.user, request.auth)
    return _client()


@lru_cache(maxsize=1)
def _client() -> LangGraphClient:
    return get_client(url=None)


def _with_message_id(turn_input: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """Name the turn's message, so that its answer can be told from an earlier one."""
    messages = [{**message, "id": str(uuid4())} for message in turn_input["messages"]]
    return {**turn_input, "messages": messages}, messages[-1]["id"] if messages else None


async def _reply(
    client: LangGraphClient, session_id: str, turn_input: Mapping[str, Any]
) -> Command | None:
    """Return the message as the reply to a run that waits for one, if it is that."""
    text = turn_input["messages"][-1]["content"] if turn_input["messages"] else ""
    if turn_input.get("request", "answer") != "answer" or reply_of(text) is None:
        return None
    # The state and not the thread's status, which a crash may lose.
    tasks = (await client.threads.get_state(session_id))["tasks"] or []
    return Command(resume=text) if any(task.get("interrupts") for task in tasks) else None


def _read(part: StreamPart, stream: _Stream) -> list[Event]:
    """Note what one part of the stream tells; return what a listener may hear of it."""
    match part.event:
        case "metadata":
            stream.turn.run_id = part.data.get("run_id")
        case "error":
            stream.error = str(part.data.get("error", "unknown"))
            log.error("run_failed", run_id=stream.turn.run_id, error=stream.error)
        case "updates":
            return _read_updates(part.data, stream)
        case "messages":
            chunk, metadata = part.data
            node, text = metadata.get("langgraph_node"), chunk.get("content")
            if node == "summarizer" and chunk.get("type") == "AIMessageChunk" and text:
                return [Event("token", {"text": text})]
        case "custom" if isinstance(part.data, dict):
            return [Event("progress", part.data)]
    return []


def _read_updates(updates: Mapping[str, Any], stream: _Stream) -> list[Event]:
    events = []
    for node, update in updates.items():
        if node == "__interrupt__":
            stream.interrupt = update[0]["value"] if update else {}
            continue
        # An agent's error handler speaks for the agent.
        events.append(Event("progress", {"agent": node.removeprefix("__error_handler__")}))
        if isinstance(update, dict):
            if update.get("answer") is not None:
                stream.turn.answer = Answer.model_validate(update["answer"])
            if update.get("contexts") is not None:
                stream.turn.contexts = update["contexts"]
    return events


async def _read_final_state(
    client: LangGraphClient, session_id: str, message_id: str | None, stream: _Stream
) -> None:
    """Take from the run and its thread what the stream did not tell: engines may lose its end."""
    run_id = stream.turn.run_id
    if run_id is not None:
        status = (await client.runs.get(session_id, run_id))["status"]
        if status == "timeout":
            raise RefusedError(503, "timeout", _TIMEOUT)
        if status not in ("success", "interrupted"):
            log.error("run_ended", run_id=run_id, status=status)
            raise RefusedError(503, "stopped", "The turn was stopped before it was answered.")
    messages = await messages_of(client, session_id)
    own = [index for index, message in enumerate(messages) if message.get("id") == message_id]
    for message in messages[own[0] + 1 :] if own else []:
        if answer := message.get("additional_kwargs", {}).get("answer"):
            stream.turn.answer = Answer.model_validate(answer)


async def stop_runs(client: LangGraphClient, session_id: str) -> None:
    """End what runs, or waits to run, on a session; NotFoundError when there is no session."""
    # Those that wait first, so that none starts when the one before it ends.
    for status in ("pending", "running"):
        for run in await client.runs.list(session_id, status=status):
            # A run that has just ended cannot be cancelled.
            with suppress(NotFoundError, ConflictError, TimeoutError):
                async with asyncio.timeout(_CANCEL_SECONDS):
                    await client.runs.cancel(session_id, run["run_id"], wait=True)


async def messages_of(client: LangGraphClient, session_id: str) -> list[dict[str, Any]]:
    """Return every message of a session, oldest first."""
    values = (await client.threads.get_state(session_id))["values"]
    found = values.get("messages", []) if isinstance(values, dict) else []
    return [message for message in found if isinstance(message, dict)]


def _question_back(interrupt: Any) -> Answer:  # noqa: ANN401 - JSON
    """Tell a question that a run waits on, in the form of an answer."""
    question = interrupt.get("question") if isinstance(interrupt, dict) else interrupt
    return Answer(
        text=str(question),
        mode="abstained",
        missing="Your reply: send it as the next message.",
    )
