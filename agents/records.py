"""Keeps, lists, finds and forgets what the user wants kept, each turn exactly once."""

import asyncio
import hashlib
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AnyMessage
from langgraph.runtime import Runtime
from langgraph.types import interrupt

from agents.context import Context
from agents.cues import NOTE
from agents.failures import opaque
from agents.identity import owner_of, run_of, thread_of
from agents.replies import reply_of
from agents.said import answer_of, chosen_part, first_part, last_answer
from agents.state import Command, Plan, State
from agents.summarizer import as_update
from agents.wanted import every, found, topic_of
from home_energy.evidence.answer import Answer, Citation
from home_energy.evidence.cite import displayed, renumber
from home_energy.records.store import Record
from tools.records import records as open_records

SHOWN = 10
"""How many records, or answers, one reply lists."""
SHORT = 80
"""Characters of a record that a question shows of it."""
NOTHING_TO_SAVE = "There is no answer yet that I could save."
DELETED_SINCE = "That was saved before and deleted since, so it was not saved again."

_MARKERS = re.compile(r"\s*\[\d+\]")


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
        keeper = _keeper(command, number, plan, owner, thread)
        replies.append(await _carry_out(command, keeper, state, given[0] if given else None))
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
    if "summarizer" not in plan["route"] or not state["messages"]:
        return None
    message = state["messages"][-1]
    answer = answer_of(message)
    return (answer, message.id) if answer else None


async def _carry_out(
    command: Command, keeper: "_Keeper", state: State, given: Answer | None
) -> _Reply:
    text = command["text"]
    match command["intent"]:
        case "list" | "export":
            kept = await asyncio.to_thread(every, keeper.owner)
            return _listed(kept, "You have saved nothing yet.")
        case "find":
            kept = await asyncio.to_thread(found, keeper.owner, text)
            return _listed(kept, f"Nothing saved on {topic_of(text) or 'that'}.")
        case "delete":
            return await _delete(command.get("record_ids", []), keeper.owner)
        case "summarise":
            return _summary(state["messages"])
        case "profile":
            return await keeper.save("profile", text, [])
        case "note":
            return await keeper.save("note", NOTE.sub("", text, count=1).strip(), [])
        case "save_summary":
            return await _save_summary(state["plan"]["summary"], keeper, state)
        case _:
            return await _save_tip(given or last_answer(state["messages"]), text, keeper)


async def _save_summary(summary: str | None, keeper: "_Keeper", state: State) -> _Reply:
    if summary:
        return await keeper.save("summary", summary, [])
    answer = last_answer(state["messages"])
    if answer is None:
        return _Reply(NOTHING_TO_SAVE)
    return await keeper.save("summary", *chosen_part(answer, ""))


async def _save_tip(answer: Answer | None, words: str, keeper: "_Keeper") -> _Reply:
    if answer is None or not answer.citations:
        return _Reply(NOTHING_TO_SAVE)
    return await keeper.save("tip", *chosen_part(answer, words))


@dataclass(frozen=True)
class _Keeper:
    """Where one command keeps things."""

    owner: str
    thread: str | None
    key: str
    unless_kept: bool
    """Whether the same text is not kept twice, whichever run wants it."""

    async def save(self, kind: str, text: str, citations: Sequence[Citation]) -> _Reply:
        data = {"citations": [citation.model_dump(mode="json") for citation in citations]}
        record, _ = await asyncio.to_thread(
            lambda: open_records().save(
                self.owner,
                kind=kind,
                text=text,
                idempotency_key=self.key,
                session_id=self.thread,
                data=data,
                unless_kept=self.unless_kept,
            )
        )
        if record.deleted_at is not None:
            return _Reply(DELETED_SINCE)
        return _Reply(f"Saved as a {kind}." if kind != "profile" else "Noted in your profile.")


def _keeper(command: Command, number: int, plan: Plan, owner: str, thread: str | None) -> _Keeper:
    """Name one wish of one turn, so that a retried or replayed run saves it once.

    A wish in words is named by its message, one without by its run.
    """
    in_words = command["intent"] != "save_summary"
    turn = plan["turn"] if in_words else plan["run"]
    wish = [thread, turn, number, command["intent"], plan["summary"]]
    key = hashlib.sha256(json.dumps(wish).encode()).hexdigest()
    return _Keeper(owner, thread, key, unless_kept=not in_words)


async def _delete(ids: Sequence[str], owner: str) -> _Reply:
    if not ids:
        return _Reply("I found nothing saved that matches, so nothing was deleted.")
    doomed = [r for r in await asyncio.to_thread(every, owner) if r.record_id in ids]
    # Asked even when all are gone: a second question's reply must not be taken for this one's.
    reply = interrupt(
        {
            "action": "delete_records",
            "question": f"Delete {_count(doomed)}?\n{_named(doomed)}\nAnswer yes or no.",
            "records": [{"id": record.record_id, "text": record.text} for record in doomed],
        }
    )
    agreed = _is_yes(reply)
    if agreed is None:
        return _Reply("That was neither yes nor no, so nothing was deleted.")
    if not agreed:
        return _Reply("Nothing was deleted.")
    await asyncio.to_thread(lambda: open_records().delete(owner, ids))
    return _Reply(f"Deleted {_count(ids)}.")


def _named(doomed: Sequence[Record]) -> str:
    lines = [f"{number}. {_short(r.text)}" for number, r in enumerate(doomed[:SHOWN], start=1)]
    return "\n".join([*lines, *_more(doomed)])


def _short(text: str) -> str:
    line = " ".join(_MARKERS.sub("", text).split())
    return line if len(line) <= SHORT else f"{line[: SHORT - 1].rstrip()}…"


def _more(kept: Sequence[Record]) -> list[str]:
    more = len(kept) - SHOWN
    return [f"… and {more} more."] if more > 0 else []


def _summary(messages: Sequence[AnyMessage]) -> _Reply:
    """Repeat what each answer said first, with the citations that prove it, the newest last."""
    said = {text: citations for text, citations in map(first_part, messages) if text}
    lines, citations = [], list[Citation]()
    for text, cited in list(said.items())[-SHOWN:]:
        line, cited_here = renumber(text, cited, len(citations))
        lines.append(f"- {line}")
        citations += cited_here
    if not lines:
        return _Reply("There is nothing to sum up yet: ask me something first.")
    return _Reply("So far:\n" + "\n".join(lines), citations)


def _listed(kept: Sequence[Record], otherwise: str) -> _Reply:
    if not kept:
        return _Reply(otherwise)
    lines, citations = [], list[Citation]()
    for number, record in enumerate(kept[:SHOWN], start=1):
        cited = [Citation.model_validate(item) for item in (record.data or {}).get("citations", [])]
        # A text without citations may hold markers and links of its own, which prove nothing.
        said = record.text if cited else displayed(record.text)
        text, cited = renumber(said, cited, len(citations))
        citations += cited
        lines.append(f"{number}. {record.kind}: {text}")
    return _Reply("You have saved:\n" + "\n".join([*lines, *_more(kept)]), citations)


def _is_yes(reply: object) -> bool | None:
    """Tell a yes from a no; None for neither."""
    if isinstance(reply, dict):
        reply = reply.get("confirm", reply.get("value"))
    return reply if isinstance(reply, bool) else reply_of(str(reply))


def _count(things: Sequence[object]) -> str:
    return "1 record" if len(things) == 1 else f"{len(things)} records"
