"""Keeps, lists, finds and forgets what the user wants kept, each turn exactly once."""

import asyncio
import hashlib
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from langchain_core.messages import AnyMessage
from langgraph.runtime import Runtime
from langgraph.types import interrupt

from agents.context import Context
from agents.failures import opaque
from agents.identity import owner_of, run_of, thread_of
from agents.state import Command, Plan, State
from agents.summarizer import QUOTED, as_update
from home_energy.evidence.answer import Answer, Citation
from home_energy.evidence.cite import renumber
from home_energy.records.store import Record
from tools.records import records as open_records

SHOWN = 10
"""How many records, or answers, one reply lists."""
NOTHING_TO_SAVE = "There is no answer yet that I could save."

_TOPIC = re.compile(r"\b(?:about|on|for|regarding|mention\w*|with)\s+(.+?)[?.!]*$", re.IGNORECASE)
_ALL = re.compile(r"\b(?:everything|all|every|my records|my saved|what you saved)\b", re.IGNORECASE)
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
_YES = frozenset({"y", "yes", "true", "ok", "okay", "confirm", "delete", "sure", "please do"})


@dataclass
class _Reply:
    """What the agent says about one command."""

    text: str
    citations: list[Citation] = field(default_factory=list)


@opaque
async def records(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Carry out the turn's commands and add what was done to the turn's answer."""
    plan = state["plan"]
    owner, thread = owner_of(runtime), thread_of(runtime)
    given = _turn_answer(state, plan)
    replies = []
    for number, command in enumerate(plan["commands"]):
        key = _idempotency_key(thread, plan, number)
        replies.append(await _carry_out(command, key, owner, thread, state, given, plan))
    answer = given[0].model_copy(deep=True) if given else Answer(text="", mode="extractive")
    for reply in replies:
        text, citations = renumber(reply.text, reply.citations, len(answer.citations))
        answer.text = f"{answer.text}\n\n{text}".strip()
        answer.citations += citations
    answer.route = [*plan["route"], "records"]
    answer.run_id = run_of(runtime)
    answer.usage.milliseconds = round((time.time() - plan["started"]) * 1000)
    return {**as_update(answer, given[1] if given else None), "reported": "records"}


def _turn_answer(state: State, plan: Plan) -> tuple[Answer, str | None] | None:
    """Return the answer this very turn already gave, with its message's id."""
    message = state["messages"][-1]
    if "summarizer" not in plan["route"] or message.type != "ai":
        return None
    return Answer.model_validate(message.additional_kwargs["answer"]), message.id


async def _carry_out(
    command: Command,
    key: str,
    owner: str,
    thread: str | None,
    state: State,
    given: tuple[Answer, str | None] | None,
    plan: Plan,
) -> _Reply:
    match command["intent"]:
        case "list" | "export":
            return _listed(await asyncio.to_thread(_all, owner), "You have saved nothing yet.")
        case "find":
            topic = _topic(command["text"])
            return _listed(
                await asyncio.to_thread(_find, owner, topic), f"Nothing saved on {topic}."
            )
        case "delete":
            return await _delete(command, owner, plan)
        case "summarise":
            return _summary(state["messages"])
        case "profile":
            return await _save(owner, thread, key, "profile", command["text"], [])
        case "save_summary":
            return await _save_summary(plan["summary"], key, owner, thread, state)
        case _:
            answer = given[0] if given else _last_answer(state["messages"])
            return await _save_tip(answer, command["text"], key, owner, thread)


async def _save_summary(
    summary: str | None, key: str, owner: str, thread: str | None, state: State
) -> _Reply:
    if summary:
        return await _save(owner, thread, key, "summary", summary, [])
    answer = _last_answer(state["messages"])
    if answer is None:
        return _Reply(NOTHING_TO_SAVE)
    return await _save(owner, thread, key, "summary", *_chosen_part(answer, ""))


async def _save_tip(
    answer: Answer | None, words: str, key: str, owner: str, thread: str | None
) -> _Reply:
    if answer is None or not answer.citations:
        return _Reply(NOTHING_TO_SAVE)
    text, citations = _chosen_part(answer, words)
    return await _save(owner, thread, key, "tip", text, citations)


async def _save(
    owner: str,
    thread: str | None,
    key: str,
    kind: str,
    text: str,
    citations: Sequence[Citation],
) -> _Reply:
    data = {"citations": [citation.model_dump(mode="json") for citation in citations]}
    await asyncio.to_thread(
        lambda: open_records().save(
            owner, kind=kind, text=text, idempotency_key=key, session_id=thread, data=data
        )
    )
    return _Reply(f"Saved as a {kind}." if kind != "profile" else "Noted in your profile.")


async def _delete(command: Command, owner: str, plan: Plan) -> _Reply:
    before = datetime.fromtimestamp(plan["started"], UTC)
    # Asked again after the interrupt, so only what could have been shown then may go.
    doomed = [
        record
        for record in await asyncio.to_thread(_meant, owner, command["text"])
        if record.created_at <= before
    ]
    if not doomed:
        return _Reply("I found nothing saved that matches, so nothing was deleted.")
    reply = interrupt(
        {
            "action": "delete_records",
            "question": f"Delete {_count(doomed)}? Answer yes or no.",
            "records": [{"id": record.record_id, "text": record.text} for record in doomed],
        }
    )
    if not _is_yes(reply):
        return _Reply("Nothing was deleted.")
    ids = [record.record_id for record in doomed]
    await asyncio.to_thread(lambda: open_records().delete(owner, ids))
    return _Reply(f"Deleted {_count(doomed)}.")


def _summary(messages: Sequence[AnyMessage]) -> _Reply:
    """Repeat what each answer said first, with the citations that prove it, the newest last."""
    said = {text: citations for text, citations in map(_first_part, messages) if text}
    lines, citations = [], list[Citation]()
    for text, cited in list(said.items())[-SHOWN:]:
        line, cited_here = renumber(text, cited, len(citations))
        lines.append(f"- {line}")
        citations += cited_here
    if not lines:
        return _Reply("There is nothing to sum up yet: ask me something first.")
    return _Reply("So far:\n" + "\n".join(lines), citations)


def _first_part(message: AnyMessage) -> tuple[str, list[Citation]]:
    """Return the first sentence of an answer; nothing for what was only done, or for questions."""
    stored = message.additional_kwargs.get("answer") if message.type == "ai" else None
    if not stored or not stored["citations"] or stored["route"] == ["records"]:
        return "", []
    return _part(Answer.model_validate(stored), 0)


def _chosen_part(answer: Answer, words: str) -> tuple[str, list[Citation]]:
    """Return the whole answer, or the one tip that "the second tip" names."""
    for index, ordinal in enumerate(_ORDINALS):
        if re.search(rf"\b{ordinal}\b", words, re.IGNORECASE):
            return _part(answer, index)
    return answer.text.removesuffix(QUOTED).strip(), answer.citations


def _part(answer: Answer, index: int) -> tuple[str, list[Citation]]:
    """Return one marked sentence of an answer with its citations; the last if there are fewer."""
    parts = re.findall(r".+?(?:\[\d+\])+", answer.text, re.DOTALL)
    text = parts[min(index, len(parts) - 1)].strip(" -\n")
    cited = {int(number) for number in re.findall(r"\[(\d+)\]", text)}
    first = min(cited) - 1
    chosen = [citation for citation in answer.citations if citation.n in cited]
    return renumber(text, chosen, -first)


def _listed(found: Sequence[Record], otherwise: str) -> _Reply:
    if not found:
        return _Reply(otherwise)
    lines, citations = [], list[Citation]()
    for number, record in enumerate(found[:SHOWN], start=1):
        kept = [Citation.model_validate(item) for item in (record.data or {}).get("citations", [])]
        text, kept = renumber(record.text, kept, len(citations))
        citations += kept
        lines.append(f"{number}. {record.kind}: {text}")
    more = len(found) - SHOWN
    if more > 0:
        lines.append(f"… and {more} more.")
    return _Reply("You have saved:\n" + "\n".join(lines), citations)


def _all(owner: str) -> Sequence[Record]:
    return open_records().list(owner, limit=1_000)


def _find(owner: str, topic: str) -> Sequence[Record]:
    return open_records().find(owner, topic, limit=1_000)


def _meant(owner: str, words: str) -> Sequence[Record]:
    """Return the records that a request to delete means; [] where it is not clear."""
    if _TOPIC.search(words):
        return _find(owner, _topic(words))
    found = _all(owner)
    if re.search(r"\b(?:last|latest|that)\b", words, re.IGNORECASE):
        return found[:1]
    return found if _ALL.search(words) else []


def _topic(words: str) -> str:
    match = _TOPIC.search(words)
    return match.group(1).strip() if match else words


def _last_answer(messages: Sequence[AnyMessage]) -> Answer | None:
    for message in reversed(messages):
        stored = message.additional_kwargs.get("answer") if message.type == "ai" else None
        if stored and stored["citations"]:
            return Answer.model_validate(stored)
    return None


def _is_yes(reply: object) -> bool:
    if isinstance(reply, dict):
        reply = reply.get("confirm", reply.get("value"))
    return reply is True or str(reply).strip().strip(".!").lower() in _YES


def _count(found: Sequence[Record]) -> str:
    return "1 record" if len(found) == 1 else f"{len(found)} records"


def _idempotency_key(thread: str | None, plan: Plan, number: int) -> str:
    """Name one wish of one turn, so that a retried or replayed run saves it once."""
    wish = [thread, plan["turn"], number, plan["commands"][number]["intent"], plan["summary"]]
    return hashlib.sha256(json.dumps(wish).encode()).hexdigest()
