"""Writes the answer from the evidence, proves each sentence, or says what is missing."""

import asyncio
import time
import uuid
from typing import Any

from langchain_core.messages import AIMessage
from langgraph.errors import NodeError, NodeTimeoutError
from langgraph.graph import END
from langgraph.runtime import Runtime
from langgraph.types import Command

from agents import models
from agents.context import Context
from agents.failures import opaque
from agents.identity import owner_of, run_of
from agents.state import Evidence, State
from agents.writer import Draft, Unwritten, write
from home_energy.calculators.recognise import Recognition
from home_energy.calculators.render import document, sentences
from home_energy.errors import BadInput
from home_energy.evidence.answer import QUOTED, Answer
from home_energy.evidence.cite import Statement, cite
from home_energy.evidence.extractive import compose
from home_energy.evidence.passage import Passage
from home_energy.evidence.sufficiency import NOTHING_DIRECT
from home_energy.knowledge.documents import Document
from home_energy.settings import Settings, get_settings
from tools.records import keep_document

GREETING = (
    "Hello. I answer questions about saving energy at home from documents that I quote, "
    "calculate what things cost or save, and keep what you ask me to keep."
)
UNSAFE = "I cannot help with that."
UNSAFE_WHY = (
    "It could hurt someone or break the law. For gas, fixed wiring, asbestos or a meter, ask a "
    "registered engineer or your network operator."
)
CANNOT = "I cannot answer that from my documents."
WRITE_SECONDS = 600.0
"""How long the node may take: far beyond the deadline of a model, which is a setting."""


@opaque
async def summarizer(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Answer the turn's question as one message that carries its proof."""
    plan = state.get("plan")
    intents = plan["intents"] if plan else []
    evidence = state.get("evidence")
    if "unsafe" in intents:
        draft, text = Draft(mode="abstained", missing=UNSAFE_WHY), UNSAFE
    elif evidence is None:
        draft, text = Draft(mode="abstained"), GREETING
    else:
        draft, text = await _write(evidence, runtime), CANNOT
    return _told(draft, text, state, runtime)


async def quoted_instead(state: State, runtime: Runtime[Context], error: NodeError) -> Command[str]:
    """Answer by quotes what the model could not; what failed otherwise is raised again."""
    failed, evidence = error.error, state.get("evidence")
    if evidence is None or not isinstance(failed, Unwritten | NodeTimeoutError):
        raise failed
    draft = failed.draft if isinstance(failed, Unwritten) else Draft()
    update = _told(await _by_quotes(draft, evidence), CANNOT, state, runtime)
    # The edges of a node that failed are not followed. Only a turn with a plan goes on.
    return Command(update=update, goto="supervisor" if state.get("plan") else END)


def _told(draft: Draft, otherwise: str, state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    plan = state.get("plan")
    answer = _answer(draft, otherwise)
    answer.route = [*(plan["route"] if plan else ["retriever"]), "summarizer"]
    answer.run_id = run_of(runtime)
    if plan:
        answer.usage.milliseconds = round((time.time() - plan["started"]) * 1000)
    return {**as_update(answer, draft.message_id), "reported": "summarizer"}


def as_update(answer: Answer, message_id: str | None = None) -> dict[str, Any]:
    """Return the state update that says an answer, and keeps it on its message."""
    content = answer.model_dump(mode="json")
    message = AIMessage(
        answer.text,
        id=message_id or str(uuid.uuid4()),
        additional_kwargs={"answer": content},
    )
    return {"messages": [message], "answer": content}


def allowed_model(context: Context, settings: Settings) -> str:
    """Return the model a run may use; BadInput names the choices."""
    name = context.model or settings.model
    choices = [models.EXTRACTIVE, settings.model, *settings.models]
    if name not in choices:
        offered = ", ".join(dict.fromkeys(choices))
        raise BadInput(f"This server does not offer the model {name!r}; it offers: {offered}.")
    return name


async def _write(evidence: Evidence, runtime: Runtime[Context]) -> Draft:
    settings = get_settings()
    name = allowed_model(runtime.context or Context(), settings)
    recognition = evidence.recognition
    if recognition and recognition.calculations:
        return await _calculated(recognition, owner_of(runtime))
    if not evidence.enough:
        asked_for = " ".join(recognition.missing) if recognition else ""
        return Draft(mode="abstained", missing=asked_for or evidence.missing)
    draft = Draft()
    if models.is_configured(name):
        draft = await write(name, evidence, settings, runtime)
    return draft if draft.mode != "extractive" else await _by_quotes(draft, evidence)


async def _by_quotes(draft: Draft, evidence: Evidence) -> Draft:
    draft.mode = "extractive"
    draft.statements = await asyncio.to_thread(_quoted, evidence)
    draft.missing = evidence.missing
    if not draft.statements:
        draft.mode, draft.missing = "abstained", f"{NOTHING_DIRECT}."
    return draft


async def _calculated(recognition: Recognition, owner: str) -> Draft:
    draft = Draft(calculations=list(recognition.calculations))
    for calculation in recognition.calculations:
        text = document(calculation)
        kept = Document(
            id=f"calc:{Document('', '', text, '').sha256[:32]}",
            title=f"Calculation: {calculation.name.replace('_', ' ')}",
            text=text,
            source="calculator",
        )
        await asyncio.to_thread(keep_document, owner, kept)
        passage = _whole(kept)
        for sentence in [*sentences(calculation), *calculation.assumptions]:
            start = text.find(sentence)
            if start >= 0:
                draft.statements.append(Statement(sentence, passage, start, start + len(sentence)))
    draft.missing = " ".join(recognition.missing) or None
    return draft


def _quoted(evidence: Evidence) -> list[Statement]:
    quotes = compose(evidence.query, evidence.passages)
    return [Statement(quote.text, quote.passage, quote.start, quote.end) for quote in quotes]


def _answer(draft: Draft, otherwise: str) -> Answer:
    text, citations = cite(draft.statements)
    if not draft.statements:
        text = f"{otherwise} {draft.missing}" if draft.missing else otherwise
    elif draft.mode == "extractive" and not draft.calculations:
        text = f"{text}\n\n{QUOTED} {draft.missing or ''}".rstrip()
    return Answer(
        text=text,
        citations=citations,
        calculations=draft.calculations,
        mode=draft.mode,
        missing=draft.missing,
        usage=draft.usage,
    )


def _whole(kept: Document) -> Passage:
    return Passage(
        document_id=kept.id,
        title=kept.title,
        source=kept.source,
        text=kept.text,
        start=0,
        end=len(kept.text),
        sha256=kept.sha256,
    )
