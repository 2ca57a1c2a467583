"""What one turn may ask, and how much of the model one user's turns may cost a day."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from langgraph_sdk import Auth

from agents.state import MAX_QUESTION, TOO_LONG
from home_energy import spending
from home_energy.keys import LOCAL_USER
from home_energy.settings import get_settings
from server.caller import in_database

_NOT_THE_USERS = {"ai", "AIMessage", "AIMessageChunk", "assistant", "tool", "ToolMessage"}


def refuse_long(kwargs: Mapping[str, Any]) -> None:
    """Refuse a run whose user says more at once than anybody reads; at every door that makes runs.

    Answers of the assistant that a client sends back with its history are not looked at.
    """
    command = kwargs.get("command") or {}
    said = [*_messages(kwargs.get("input")), *_messages(command.get("update"))]
    if any(_length(message) > MAX_QUESTION for message in [*said, command.get("resume")]):
        raise Auth.exceptions.HTTPException(status_code=422, detail=TOO_LONG)


async def refuse_spent(user: str) -> None:
    """Refuse a run of a user who has no tokens left until midnight, UTC."""
    allowed = get_settings().model_tokens_per_day
    if not allowed or user == LOCAL_USER:
        return
    now = datetime.now(UTC)
    if await in_database(spending.spent, user, day=now.date()) >= allowed:
        raise Auth.exceptions.HTTPException(
            status_code=429,
            detail="Your tokens of today are spent: ask again after midnight, UTC.",
            headers={"retry-after": str(spending.seconds_left(now))},
        )


def _messages(values: object) -> list[object]:
    """Return the messages of an input or update, each as the client wrote it."""
    messages = values.get("messages") if isinstance(values, Mapping) else values
    return messages if isinstance(messages, list) else [messages]


def _length(message: object) -> int:
    return sum(map(len, _texts(message)))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, Mapping):
        # LangChain goes by the role where there is one.
        if (value.get("role") or value.get("type")) in _NOT_THE_USERS:
            return
        for name in ("content", "text", "kwargs"):
            yield from _texts(value.get(name))
