"""What the doors of a session take and give."""

import re
import unicodedata
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from agents.state import MAX_QUESTION, TOO_LONG
from home_energy.evidence.answer import Answer

MAX_SUMMARY = 20_000
"""Characters of a summary to be kept."""
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
"""NUL, and halves of characters, which no encoding can write."""


def usable_message(value: object) -> object:
    """Refuse a message that is empty, too long or no text, in a sentence."""
    if isinstance(value, str) and not _says_something(value):
        raise ValueError("The message is empty: ask a question.")
    if isinstance(value, str) and _NO_TEXT.search(value):
        raise ValueError("The message holds characters that are no text: leave them out.")
    if isinstance(value, str) and len(value) > MAX_QUESTION:
        raise ValueError(TOO_LONG)
    return value


def usable_summary(value: object) -> object:
    """Refuse a summary that is empty or no text, in a sentence."""
    if isinstance(value, str) and not _says_something(value):
        raise ValueError("The summary is empty: send the text to keep.")
    if isinstance(value, str) and _NO_TEXT.search(value):
        raise ValueError("The summary holds characters that are no text: leave them out.")
    return value


def _says_something(text: str) -> bool:
    """Tell whether anything in a text can be seen: no space, no control, no zero width."""
    return any(unicodedata.category(character)[0] not in "CZM" for character in text)


_SAYS_SOMETHING = {"pattern": r"^[^\u0000]*[\p{L}\p{N}\p{P}\p{S}][^\u0000]*$"}
"""What `usable_message` and `usable_summary` ask for, for the API's description."""
Message = Annotated[
    str,
    BeforeValidator(usable_message),
    Field(min_length=1, max_length=MAX_QUESTION, json_schema_extra=_SAYS_SOMETHING),
]
_SESSION = "01a2042c-af18-752b-9590-3ec213502f21"
SessionId = Annotated[
    str, Query(description="As POST /get_session_id returned it.", examples=[_SESSION])
]
GivenSessionId = Annotated[str, Field(examples=[_SESSION])]
"""The same in a body or an answer."""
HistoryMessage = str | dict[str, Any]


class SessionCreated(BaseModel):
    """A new session."""

    session_id: GivenSessionId


class Question(BaseModel):
    """What the user says."""

    message: Message = Field(examples=["How thick should loft insulation be?"])


class Asked(BaseModel):
    """The message was received, and answered unless only recorded."""

    message: Literal["Message received"] = "Message received"
    session_id: GivenSessionId
    answer: Answer | None = None


class Context(BaseModel):
    """A passage that was found, as a LangChain document."""

    model_config = ConfigDict(extra="allow")

    id: str
    metadata: dict[str, Any]
    """`source`, `title`, `page` and more."""
    page_content: str
    type: Literal["Document"] = "Document"


class HistoryEntry(BaseModel):
    """One message of a session."""

    type: str
    """`human` or `ai`."""
    content: str
    id: str | None = None


class Retrieved(BaseModel):
    """What was found for the session's last question."""

    session_id: GivenSessionId
    contexts: list[Context]
    message_history: list[HistoryEntry]


class SummaryWanted(BaseModel):
    """A history whose last question is to be answered from what was found."""

    session_id: GivenSessionId
    message_history: Annotated[
        list[HistoryMessage], Field(examples=[["How thick should loft insulation be?"]])
    ]
    """Texts, or messages with `type` (or `role`) and `content`; oldest first."""


class Summary(BaseModel):
    """The answer to the last question of a history."""

    session_id: GivenSessionId
    summary: str
    retrieved_contexts: list[Context]
    question: str
    answer: Answer
    """The same answer, with what proves it."""


class RecordWanted(BaseModel):
    """A summary to be kept among the user's records."""

    session_id: GivenSessionId
    summary: Annotated[
        str,
        BeforeValidator(usable_summary),
        Field(
            min_length=1,
            max_length=MAX_SUMMARY,
            examples=["Loft insulation: 270 mm."],
            json_schema_extra=_SAYS_SOMETHING,
        ),
    ]


class Saved(BaseModel):
    """The summary is kept."""

    message: Literal["Session data saved"] = "Session data saved"
    session_id: GivenSessionId


class SessionListed(BaseModel):
    """One of the user's sessions."""

    session_id: GivenSessionId
    title: str | None
    created_at: datetime
    last_at: datetime


class SessionList(BaseModel):
    """The user's sessions, the one used last first."""

    sessions: list[SessionListed]
