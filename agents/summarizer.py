"""Writes the answer from the evidence, proves each sentence, or says what is missing."""

import asyncio
import re
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata
from langgraph.runtime import Runtime

from agents import models
from agents.context import Context
from agents.failures import opaque
from agents.identity import owner_of, run_of
from agents.prompts import answer_prompt, fit
from agents.retriever import question_of
from agents.state import Evidence, State
from home_energy.calculators.recognise import Recognition
from home_energy.calculators.render import document, sentences
from home_energy.errors import BadInput, ModelUnavailable
from home_energy.evidence.answer import Answer, Calculation, Mode, Usage
from home_energy.evidence.cite import Statement, cite, displayed, may_be_shown
from home_energy.evidence.extractive import compose
from home_energy.evidence.passage import Passage
from home_energy.evidence.proof import Verdict, is_claim, prove
from home_energy.evidence.sufficiency import NOTHING_DIRECT
from home_energy.knowledge.documents import Document
from home_energy.knowledge.split import sentences as sentence_spans
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
SHORTEST_SENTENCE = 4
"""Words that a sentence of a model must have to be looked at."""
QUOTED = "Quoted word for word from the sources cited."

_MARKERS = re.compile(r"\s*\[(\d+(?:\s*,\s*\d+)*)\]")
_MARKERS_AFTER_STOP = re.compile(r"([.!?])((?:\s*\[\d+(?:\s*,\s*\d+)*\])+)")
# What is said of the passages themselves is no answer, and no passage can prove it.
_ABOUT_THE_TEXT = re.compile(
    r"\b(?:the|this|these|those|no|each|given|provided) (?:passages?|texts?|documents?)\b"
    r"|\bdo(?:es)? not (?:provide|mention|say|specify|contain)\b",
    re.IGNORECASE,
)
_NOT_FOUND = re.compile(r"\bNOT FOUND\b")


@dataclass
class _Draft:
    """What a writer wrote, before it becomes an answer."""

    statements: list[Statement] = field(default_factory=list)
    calculations: list[Calculation] = field(default_factory=list)
    mode: Mode = "extractive"
    missing: str | None = None
    usage: Usage = field(default_factory=Usage)
    message_id: str | None = None
    """Of the streamed message that the answer replaces."""


@opaque
async def summarizer(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Answer the turn's question as one message that carries its proof."""
    plan = state.get("plan")
    intents = plan["intents"] if plan else []
    evidence = state.get("evidence")
    if "unsafe" in intents:
        draft, text = _Draft(mode="abstained", missing=UNSAFE_WHY), UNSAFE
    elif evidence is None:
        draft, text = _Draft(mode="abstained"), GREETING
    else:
        draft = await _write(question_of(state), evidence, runtime)
        text = CANNOT
    answer = _answer(draft, text)
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


async def _write(question: str, evidence: Evidence, runtime: Runtime[Context]) -> _Draft:
    settings = get_settings()
    name = allowed_model(runtime.context or Context(), settings)
    recognition = evidence.recognition
    if recognition and recognition.calculations:
        return await _calculated(recognition, owner_of(runtime))
    if not evidence.enough:
        asked_for = " ".join(recognition.missing) if recognition else ""
        return _Draft(mode="abstained", missing=asked_for or evidence.missing)
    draft = _Draft()
    if models.is_configured(name):
        draft = await _generated(name, question, evidence, settings, runtime)
        if draft.statements or draft.mode == "abstained":
            return draft
    draft.mode = "extractive"
    draft.statements = await asyncio.to_thread(_quoted, evidence)
    if not draft.statements:
        draft.mode, draft.missing = "abstained", f"{NOTHING_DIRECT}."
    return draft


async def _calculated(recognition: Recognition, owner: str) -> _Draft:
    draft = _Draft(calculations=list(recognition.calculations))
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


async def _generated(
    name: str,
    question: str,
    evidence: Evidence,
    settings: Settings,
    runtime: Runtime[Context],
) -> _Draft:
    """Let the model write, proving each sentence as it is finished."""
    passages = fit(
        question,
        evidence.passages,
        context_tokens=settings.model_context_tokens,
        answer_tokens=models.MAX_ANSWER_TOKENS,
    )
    draft = _Draft(mode="model", usage=Usage(model_calls=1))
    if not passages:
        # Not one passage fits the model's context beside this question.
        return _Draft()
    text, usage, shown = "", None, 0
    try:
        async for chunk in models.stream(name, answer_prompt(evidence.query, passages), settings):
            text += chunk.text
            usage = chunk.usage_metadata or usage
            draft.message_id = draft.message_id or chunk.id
            finished = split_marked(text)[:-1]
            for sentence in finished[shown:]:
                _announce(runtime, sentence, passages)
            shown = max(shown, len(finished))
    except ModelUnavailable as exc:
        draft.usage.model_calls = int(exc.called)
        # What had come by then was never finished, so none of it is said.
        draft.mode = "extractive"
        return draft
    finally:
        _count(draft.usage, usage)
    for sentence in split_marked(text)[shown:]:
        _announce(runtime, sentence, passages)
    if _NOT_FOUND.search(text):
        draft.mode, draft.missing = "abstained", "The passages found do not answer this."
        return draft
    draft.statements, draft.usage.sentences_cut = proved(text, passages)
    return draft


def proved(text: str, passages: Sequence[Passage]) -> tuple[list[Statement], int]:
    """Return the sentences of a model's text that a passage proves, and how many were cut."""
    statements: list[Statement] = []
    cut = 0
    for sentence in split_marked(text):
        statement = _proved(sentence, passages)
        if statement is None:
            cut += 1
        elif statement.text not in {other.text for other in statements}:
            statements.append(statement)
    return statements, cut


def split_marked(text: str) -> list[str]:
    """Split into sentences, each with the `[n]` markers that belong to it."""
    moved = _MARKERS_AFTER_STOP.sub(r"\2\1", text)
    return [moved[start:end] for start, end in sentence_spans(moved, 0, len(moved))]


def _proved(sentence: str, passages: Sequence[Passage]) -> Statement | None:
    cited = [int(number) for marker in _MARKERS.findall(sentence) for number in marker.split(",")]
    plain = displayed(_MARKERS.sub("", sentence)).strip()
    if (
        not may_be_shown(sentence)
        or not is_claim(plain)
        or not _is_sentence(plain)
        or _ABOUT_THE_TEXT.search(plain)
    ):
        return None
    proof = prove(plain, passages, cited=[n for n in cited if 1 <= n <= len(passages)] or None)
    # A sentence that another passage than the one it names proves is true: cite that one.
    if proof.verdict not in {Verdict.SUPPORTED, Verdict.MISATTRIBUTED}:
        return None
    if proof.passage_index is None:
        return None
    return Statement(plain, passages[proof.passage_index], proof.start, proof.end)


def _is_sentence(text: str) -> bool:
    """Tell a sentence from a loop or a scrap, whose few words any passage has."""
    words = text.lower().split()
    return len(words) >= SHORTEST_SENTENCE and 2 * len(set(words)) > len(words)


def _announce(runtime: Runtime[Context], sentence: str, passages: Sequence[Passage]) -> None:
    """Tell who watches the stream whether a sentence stays or is withdrawn."""
    statement = _proved(sentence, passages)
    plain = displayed(_MARKERS.sub("", sentence)).strip()
    runtime.stream_writer(
        {"type": "sentence", "text": plain, "status": "proved" if statement else "withdrawn"}
    )


def _quoted(evidence: Evidence) -> list[Statement]:
    quotes = compose(evidence.query, evidence.passages)
    return [Statement(quote.text, quote.passage, quote.start, quote.end) for quote in quotes]


def _answer(draft: _Draft, otherwise: str) -> Answer:
    text, citations = cite(draft.statements)
    if not draft.statements:
        text = f"{otherwise} {draft.missing}" if draft.missing else otherwise
    elif draft.mode == "extractive" and not draft.calculations:
        text = f"{text}\n\n{QUOTED}"
    return Answer(
        text=text,
        citations=citations,
        calculations=draft.calculations,
        mode=draft.mode,
        missing=draft.missing,
        usage=draft.usage,
    )


def _count(usage: Usage, counted: UsageMetadata | None) -> None:
    if counted:
        usage.input_tokens = counted["input_tokens"]
        usage.output_tokens = counted["output_tokens"]


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
