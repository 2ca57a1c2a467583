"""What a turn carries from agent to agent, and what of it a session keeps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired, Required, cast

from langchain_core.messages import AnyMessage, RemoveMessage
from langgraph.channels.delta import DeltaChannel
from langgraph.channels.ephemeral_value import EphemeralValue
from langgraph.channels.untracked_value import UntrackedValue
from langgraph.graph.message import Messages, add_messages
from langgraph.managed import RemainingSteps
from typing_extensions import TypedDict

from home_energy.calculators.recognise import Recognition
from home_energy.errors import BadInput
from home_energy.evidence.passage import Passage

STATE_VERSION = 1
"""Of what checkpoints hold; one more for each change that older conversations do not survive.

The supervisor writes it into each conversation. None was ever needed: a field that is new is
NotRequired, and tests/golden has a conversation of each released version to prove it.
"""

SNAPSHOT_EVERY = 400
"""Messages between two copies of the whole list in the checkpoints: fewer copies take less disk,
and replaying up to so many takes milliseconds."""

MAX_QUESTION = 4_000
"""Characters of one message of the user's; longer ones are no questions."""
TOO_LONG = f"The message is too long: {MAX_QUESTION:,} characters at most."

Request = Literal["answer", "listen", "retrieve", "summarize", "save"]
"""What a run does with the turn: all of it, or one of the steps the REST doors take."""

Agent = Literal["retriever", "summarizer", "records"]


def merge_messages(current: list[AnyMessage], updates: Sequence[Messages]) -> list[AnyMessage]:
    """Apply `add_messages` to each update in turn; safe to replay in larger batches.

    Updates without removals are applied in one call, since each call walks the whole list:
    replaying a long session stays linear.
    """
    batches: Sequence[Messages] = updates
    if not any(isinstance(message, RemoveMessage) for message in _each(updates)):
        batches = [list(_each(updates))]
    merged = current
    for batch in batches:
        # add_messages returns messages whenever it is given a list of them on the left.
        merged = cast("list[AnyMessage]", add_messages(cast("Messages", merged), batch))
    return merged


def _each(updates: Sequence[Messages]) -> Iterator[Any]:
    for update in updates:
        yield from update if isinstance(update, list) else [update]


class Command(TypedDict):
    """One thing the records agent is asked to do."""

    intent: str
    text: str
    """The user's words that ask for it."""
    record_ids: NotRequired[list[str]]
    """With `delete`: the records meant when the turn was planned; no other one may go."""


class Plan(TypedDict):
    """The supervisor's plan of one turn."""

    turn: str
    """Id of the user's message; with the thread it makes records idempotent."""
    run: str
    """Names the run that made the plan: what one run saves, a later run may save anew."""
    intents: list[str]
    steps: list[Agent]
    """Who is still to work, in order."""
    route: list[Agent]
    """Who has worked, in order."""
    question: str
    """The part of the user's words that wants an answer; empty if none does."""
    commands: list[Command]
    summary: str | None
    """With the request `save`: the text to keep instead of the last answer."""
    started: float
    """Seconds since the epoch, for the turn's duration."""


@dataclass(frozen=True)
class Evidence:
    """What the retriever found for one question."""

    query: str
    """What was searched for: the question, made to stand alone."""
    passages: tuple[Passage, ...] = ()
    recognition: Recognition | None = None
    """The calculation the question asks for, if it asks for one."""
    enough: bool = False
    missing: str | None = None
    """A sentence that names what the documents do not say."""


class InputState(TypedDict):
    """What a client sends."""

    messages: Required[
        Annotated[list[AnyMessage], DeltaChannel(merge_messages, snapshot_frequency=SNAPSHOT_EVERY)]
    ]
    """The new user message; earlier ones are remembered by the thread."""
    request: NotRequired[Annotated[Request, EphemeralValue]]
    """`answer` unless the caller takes the turn step by step."""
    summary: NotRequired[Annotated[str, EphemeralValue]]
    """With request `save`: the text to keep, instead of the last answer."""


class State(InputState):
    """Everything; only messages and the small fields are kept in checkpoints."""

    state_version: NotRequired[int]
    plan: NotRequired[Plan]
    reported: NotRequired[Annotated[Agent, EphemeralValue]]
    """Which agent has just worked; absent at the start of a run."""
    context_ids: NotRequired[list[str]]
    """Ids of the passages found for the last question (see Passage.id)."""
    calculation: NotRequired[dict[str, Any] | None]
    """Name and inputs of the last calculation, so that a follow-up can change one."""
    evidence: NotRequired[Annotated[Evidence, UntrackedValue]]
    answer: NotRequired[Annotated[dict[str, Any], UntrackedValue]]
    contexts: NotRequired[Annotated[list[dict[str, Any]], UntrackedValue]]
    remaining_steps: RemainingSteps


class OutputState(TypedDict):
    """What a client gets back."""

    messages: Annotated[
        list[AnyMessage], DeltaChannel(merge_messages, snapshot_frequency=SNAPSHOT_EVERY)
    ]
    answer: NotRequired[Annotated[dict[str, Any], UntrackedValue]]
    """An Answer (home_energy.evidence.answer); also kept on the last AI message."""
    contexts: NotRequired[Annotated[list[dict[str, Any]], UntrackedValue]]
    """The passages found, as LangChain documents in JSON."""


def require_known(state: State) -> None:
    """Raise BadInput for a conversation that a newer version of the program has written."""
    version = state.get("state_version", STATE_VERSION)
    if version > STATE_VERSION:
        raise BadInput(
            f"A newer version of this program wrote the session (state {version}, known are up "
            f"to {STATE_VERSION}): start that version, or a new session."
        )


def last_question(messages: Sequence[AnyMessage]) -> AnyMessage | None:
    """Return the user's last message, or None before the first; BadInput when it is too long."""
    found = next((message for message in reversed(messages) if message.type == "human"), None)
    if found is not None and len(found.text) > MAX_QUESTION:
        raise BadInput(TOO_LONG)
    return found


def earlier_questions(messages: Sequence[AnyMessage]) -> list[str]:
    """Return the texts of the user's messages before the last, oldest first."""
    return [str(message.text) for message in messages if message.type == "human"][:-1]
