"""Gathers the evidence for a question: knowledge, calculators and, if allowed, the web."""

import asyncio
import re
from dataclasses import replace
from typing import Any

import structlog
from langgraph.runtime import Runtime

from agents.context import Context
from agents.failures import opaque
from agents.identity import owner_of
from agents.state import Evidence, State, earlier_questions, last_question
from home_energy.calculators.recognise import Recognition, recognise
from home_energy.evidence.passage import Passage
from home_energy.evidence.sufficiency import judge
from home_energy.evidence.words import content_words, is_light, written_words
from home_energy.settings import get_settings
from tools.knowledge import knowledge
from tools.records import keep_document
from tools.web import web_passages

log = structlog.get_logger(__name__)

_CONTINUES = re.compile(
    r"^(?:and|but|so|or|also|then|what about|how about|really|ok(?:ay)?)\b", re.IGNORECASE
)
_ELLIPTIC = re.compile(
    r"^(?:(?:and|but|so|or|also|then|ok(?:ay)?)[, ]+)?(?:what about|how about|for|in|with|if)\b"
    r"|^(?:and|but|or)\b(?!.*\b(?:how|what|which|why|when|where|who|is|are|do|does|did|can|could"
    r"|should|would|will)\b)",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"\b(?:it|its|that|those|these|they|them|this|ones?|there|same|instead|else)\b", re.IGNORECASE
)
ALONE = 1
"""A question with at most so many content words cannot stand alone."""
POINTING = 3
"""One that points back leans on the turn before if it has no more content words than these."""
CONTINUING = 5
"""The same for one that begins as if it went on."""


@opaque
async def retriever(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Find passages and calculations for the turn's question, and say whether they are enough."""
    context = runtime.context or Context()
    question = question_of(state)
    query = stand_alone(question, earlier_questions(state["messages"]))
    recognition = recognise(
        question,
        region=context.region,
        units=context.units,
        previous=state.get("calculation"),
    )
    # "General" prefers no region; to the search it would be one that others give way to.
    region = None if context.region == "general" else context.region
    passages = await asyncio.to_thread(
        lambda: knowledge().search(
            query, limit=context.passages, region=region, language=context.language
        )
    )
    plan = state.get("plan")
    # Words that lean on the turn before do not tell what they are about.
    off_topic = plan is not None and "off_topic" in plan["intents"] and query == question
    verdict = judge(query, passages, off_topic=off_topic)
    if not verdict.enough and not _calculated(recognition) and get_settings().web_search:
        found = await _ask_web(query, passages, owner_of(runtime))
        verdict, passages = judge(query, found, off_topic=off_topic), found
    log.info("evidence_found", passages=len(passages), enough=verdict.enough)
    evidence = Evidence(
        query=query,
        passages=tuple(passages),
        recognition=recognition,
        enough=verdict.enough,
        missing=verdict.missing,
    )
    return {
        "evidence": evidence,
        "context_ids": [passage.id for passage in passages],
        "contexts": [as_document(passage) for passage in passages],
        "calculation": _remembered(recognition) or state.get("calculation"),
        "reported": "retriever",
    }


def question_of(state: State) -> str:
    """Return what the turn asks: the plan's question, or the last message where none is made."""
    plan = state.get("plan")
    if plan and plan["question"]:
        return plan["question"]
    message = last_question(state["messages"])
    return str(message.text) if message else ""


def stand_alone(question: str, earlier: list[str]) -> str:
    """Add to a question that leans on earlier ones what it leans on, in brackets.

    "And for a flat?" goes on with the whole question before it, "how long do they last?" only
    with what that was about.
    """
    subject = _subject(question, earlier)
    return f"{question} ({subject})" if subject else question


def _subject(question: str, earlier: list[str]) -> str:
    if not earlier or not _leans(question):
        return ""
    *others, before = earlier
    words = written_words(before)
    about = " ".join([word for word in words if not is_light(word)] or words)
    told = before if _ELLIPTIC.search(question) else about
    return re.sub(r"[()]", " ", f"{told} {_subject(before, others)}").strip()


def _leans(question: str) -> bool:
    size = len(content_words(question))
    return bool(
        size <= ALONE
        or (size <= POINTING and _POINTS_BACK.search(question))
        or (size <= CONTINUING and _CONTINUES.search(question))
    )


def as_document(passage: Passage) -> dict[str, Any]:
    """Show a passage the way LangChain serialises a document."""
    return {
        "id": passage.id,
        "metadata": {
            "document_id": passage.document_id,
            "source": passage.source,
            "title": passage.title,
            "page": passage.page,
            "heading": passage.heading,
            "start": passage.start,
            "end": passage.end,
            "sha256": passage.sha256,
            "as_of": passage.as_of,
            "region": passage.region,
            "score": passage.score,
            "found_by": passage.found_by,
        },
        "page_content": passage.text,
        "type": "Document",
    }


async def _ask_web(query: str, passages: list[Passage], owner: str) -> list[Passage]:
    pages = await web_passages(query, get_settings())
    for document, _ in pages:
        await asyncio.to_thread(keep_document, owner, document)
    found = [passage for _, passage in pages] + [replace(p, score=p.cosine) for p in passages]
    return sorted(found, key=lambda passage: -passage.cosine)


def _calculated(recognition: Recognition | None) -> bool:
    return recognition is not None and bool(recognition.calculations)


def _remembered(recognition: Recognition | None) -> dict[str, Any] | None:
    if recognition is None:
        return None
    return {
        "name": recognition.name,
        "inputs": dict(recognition.inputs),
        "missing": recognition.missing,
    }
