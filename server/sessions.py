"""The REST doors of a session: start one, ask, take a turn step by step, list and delete."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from langgraph_sdk.errors import NotFoundError
from starlette.responses import Response, StreamingResponse

from home_energy import sessions
from home_energy.errors import BadInput, NotFound
from server.caller import in_database
from server.problems import RefusedError, described, from_error, request_id_of
from server.runs import (
    NO_SESSION,
    Turn,
    calling_as,
    clean_session_id,
    follow_turn,
    messages_of,
    stop_runs,
    take_turn,
)
from server.session_forms import (
    Asked,
    Context,
    HistoryEntry,
    HistoryMessage,
    Question,
    RecordWanted,
    Retrieved,
    Saved,
    SessionCreated,
    SessionId,
    SessionList,
    SessionListed,
    Summary,
    SummaryWanted,
    usable_message,
)
from server.threads import GRAPH

router = APIRouter(tags=["Sessions"], generate_unique_id_function=lambda route: route.name)

_EVENTS = """event: progress
data: {"agent": "retriever"}

event: token
data: {"text": "Mineral wool "}

event: answer
data: {"text": "Mineral wool should be 270 mm thick [1].", "mode": "extractive"}

"""
"""What a streamed answer looks like, shortened."""


@router.post("/get_session_id", responses=described())
async def get_session_id(request: Request) -> SessionCreated:
    """Start a session; its id is also a thread id for the SDK, Studio and A2A."""
    client = await calling_as(request)
    thread = await client.threads.create(graph_id=GRAPH)
    return SessionCreated(session_id=thread["thread_id"])


@router.post(
    "/ask",
    response_model=Asked,
    responses={
        **described(404, 409),
        200: {
            "description": "The answer; or, with `Accept: text/event-stream`, the events "
            "`progress`, `token` and, last, `answer` (or `error`, a problem).",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EVENTS}},
        },
    },
)
async def ask(
    request: Request,
    session_id: SessionId,
    question: Question,
    answer: Annotated[bool, Query(description="false: only record the message.")] = True,
) -> Asked | Response:
    """Ask a question, and get an answer whose every sentence is proved."""
    turn_input = {
        "messages": [{"role": "user", "content": question.message}],
        "request": "answer" if answer else "listen",
    }
    if answer and "text/event-stream" in request.headers.get("accept", ""):
        return await _streamed(request, session_id, turn_input)
    turn = await take_turn(request, session_id, turn_input)
    if answer and turn.answer is None:
        raise RefusedError(500, "no_answer", "The turn ended without an answer.")
    return Asked(session_id=session_id, answer=turn.answer)


@router.post("/retrieve_contexts", responses=described(400, 404, 409))
async def retrieve_contexts(request: Request, session_id: SessionId) -> Retrieved:
    """Find passages for the session's last question."""
    history = await _history(request, session_id)
    if not any(entry.type == "human" for entry in history):
        raise RefusedError(
            400, "empty_history", "The session has no question yet: POST /ask first."
        )
    turn = await take_turn(request, session_id, {"messages": [], "request": "retrieve"})
    return Retrieved(session_id=session_id, contexts=_contexts(turn), message_history=history)


@router.post("/generate_summary", responses=described(400, 404, 409))
async def generate_summary(request: Request, wanted: SummaryWanted) -> Summary:
    """Answer the history's last question from the passages found for it; the answer is stored."""
    if not wanted.message_history:
        raise RefusedError(
            400, "empty_history", "message_history is empty: send the messages so far."
        )
    question = _last_question(wanted.message_history)
    asked = [entry for entry in await _history(request, wanted.session_id) if entry.type == "human"]
    known = bool(asked) and asked[-1].content == question
    turn_input = {
        "messages": [] if known else [{"role": "user", "content": question}],
        "request": "summarize",
    }
    turn = await take_turn(request, wanted.session_id, turn_input)
    if turn.answer is None:
        raise RefusedError(500, "no_answer", "The turn ended without an answer.")
    return Summary(
        session_id=wanted.session_id,
        summary=turn.answer.text,
        retrieved_contexts=_contexts(turn),
        question=question,
        answer=turn.answer,
    )


@router.post("/save_records", responses=described(404, 409))
async def save_records(request: Request, wanted: RecordWanted) -> Saved:
    """Keep a summary among the user's records."""
    turn_input = {"messages": [], "request": "save", "summary": wanted.summary}
    await take_turn(request, wanted.session_id, turn_input)
    return Saved(session_id=wanted.session_id)


@router.get("/sessions", responses=described())
async def list_sessions(
    request: Request, limit: Annotated[int, Query(ge=1, le=1_000)] = 100
) -> SessionList:
    """List one's own sessions."""
    found = await in_database(sessions.list_for, request.user.identity, limit=limit)
    return SessionList(
        sessions=[
            SessionListed(
                session_id=session.session_id,
                title=session.title,
                created_at=session.created_at,
                last_at=session.last_at,
            )
            for session in found
        ]
    )


@router.delete("/sessions/{session_id}", status_code=204, responses=described(404))
async def delete_session(request: Request, session_id: str) -> None:
    """Delete a session with its history; the records that were kept stay."""
    client = await calling_as(request)
    session_id = clean_session_id(session_id)
    try:
        # Read first, which gives the session its thread back if another process made it.
        await client.threads.get(session_id)
        await stop_runs(client, session_id)
        await client.threads.delete(session_id)
    except NotFoundError as exc:
        raise NotFound(NO_SESSION) from exc


async def _streamed(request: Request, session_id: str, turn_input: dict[str, Any]) -> Response:
    events = follow_turn(request, session_id, turn_input)
    # Read before the answer's status is sent, so that 404 and 409 are still theirs.
    first = await anext(events)

    async def lines() -> AsyncIterator[str]:
        yield _line(first)
        try:
            async for event in events:
                yield _line(event)
        except Exception as error:
            # The status is sent already; from_error keeps the error's text inside.
            told = from_error(error, request_id_of(request))
            yield f"event: error\ndata: {told.model_dump_json(exclude_none=True)}\n\n"

    return StreamingResponse(lines(), media_type="text/event-stream")


def _line(event: Any) -> str:  # noqa: ANN401 - Event or Turn
    if isinstance(event, Turn):
        data = event.answer.model_dump_json() if event.answer else "null"
        return f"event: answer\ndata: {data}\n\n"
    return f"event: {event.kind}\ndata: {json.dumps(event.data, ensure_ascii=False)}\n\n"


async def _history(request: Request, session_id: str) -> list[HistoryEntry]:
    client = await calling_as(request)
    try:
        messages = await messages_of(client, clean_session_id(session_id))
    except NotFoundError as exc:
        raise NotFound(NO_SESSION) from exc
    return [
        HistoryEntry(
            type=str(message.get("type", "")),
            content=_text(message.get("content")),
            id=message.get("id"),
        )
        for message in messages
    ]


def _contexts(turn: Turn) -> list[Context]:
    return [Context.model_validate(context) for context in turn.contexts]


def _last_question(history: list[HistoryMessage]) -> str:
    """Return the text of the last message of the user's; BadInput when it cannot be answered."""
    for message in reversed(history):
        if isinstance(message, str):
            text = message
        elif message.get("type", message.get("role")) in ("human", "user"):
            text = _text(message.get("content"))
        else:
            continue
        try:
            usable_message(text)
        except ValueError as exc:
            raise BadInput(str(exc)) from exc
        return text
    raise BadInput("message_history holds no question: add a message of type human.")


def _text(content: object) -> str:
    """Return the text of a message's content, be it a string or a list of blocks."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        blocks = [block for block in content if isinstance(block, dict)]
        return "".join(str(block.get("text", "")) for block in blocks)
    return ""
