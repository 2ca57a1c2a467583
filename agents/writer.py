"""Lets a model write, sentence by sentence, and keeps what the passages prove."""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from langchain_core.messages.ai import UsageMetadata
from langgraph.runtime import Runtime

from agents import models
from agents.context import Context
from agents.identity import owner_of
from agents.prompts import answer_prompt
from agents.state import Evidence
from agents.tokens import Prompt, fitting
from home_energy.errors import ModelUnavailable
from home_energy.evidence.answer import Calculation, Mode, Usage
from home_energy.evidence.cite import Statement, displayed, may_be_shown
from home_energy.evidence.instructions import instructs
from home_energy.evidence.passage import Passage
from home_energy.evidence.proof import Verdict, is_claim, prove
from home_energy.knowledge.split import sentences as sentence_spans
from home_energy.settings import Settings
from tools.spending import spend

LETTERS_A_TOKEN = 4
"""Of English, about."""
SHORTEST_SENTENCE = 4
"""Words that a sentence of a model must have to be looked at."""
LOOPS = 3
"""A model that says one sentence more often than this is not listened to any longer."""
NOTHING = "The passages found do not answer this."
NOT_ALL = "The passages found do not answer all of this."

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
class Draft:
    """What a writer wrote, before it becomes an answer."""

    statements: list[Statement] = field(default_factory=list)
    calculations: list[Calculation] = field(default_factory=list)
    mode: Mode = "extractive"
    missing: str | None = None
    usage: Usage = field(default_factory=Usage)
    message_id: str | None = None
    """Of the streamed message that the answer replaces."""


class Unwritten(ModelUnavailable):
    """The model's answer came to nothing; the draft says what it cost."""

    def __init__(self, cause: ModelUnavailable, draft: Draft) -> None:
        super().__init__(str(cause), called=cause.called, reason=cause.reason, again=cause.again)
        self.draft = draft


async def write(
    name: str, evidence: Evidence, settings: Settings, runtime: Runtime[Context]
) -> Draft:
    """Return the model's proved sentences; without any, the draft's mode is `extractive`.

    Who watches the stream is told of each sentence, and when all that was shown is withdrawn.
    Raises Unwritten.
    """
    prompt, passages = await _prompt(name, evidence, settings)
    if not passages:
        # Not one passage fits the model's context beside this question.
        return Draft()
    attempt = runtime.execution_info.node_attempt if runtime.execution_info else 1
    draft = Draft(mode="model", usage=Usage(model_calls=attempt))
    script = _Script(runtime, passages)
    counted: UsageMetadata | None = None
    try:
        chunks = models.stream(name, prompt.messages, settings, first=attempt == 1)
        async with aclosing(chunks):
            async for chunk in chunks:
                counted = chunk.usage_metadata or counted
                draft.message_id = draft.message_id or chunk.id
                script.add(chunk.text)
                if script.loops:
                    raise ModelUnavailable("it loops", called=True, reason="too long")
        _count(draft.usage, counted)
        if prompt.was_cut(draft.usage.input_tokens, settings.model_context_tokens):
            raise ModelUnavailable("the prompt was cut", called=True, reason="cut short")
    except ModelUnavailable as exc:
        draft.usage.model_calls = attempt - (not exc.called)
        _count(draft.usage, counted)
        # What had come by then was never finished, so none of it is said.
        draft.mode = "extractive"
        script.withdraw(exc.reason)
        raise Unwritten(exc, draft) from exc
    finally:
        # Whatever came of it, it was paid for.
        cost = _cost(prompt, script.text, counted)
        await asyncio.to_thread(spend, owner_of(runtime), cost)
    script.finish()
    draft.statements, draft.usage.sentences_cut = script.statements, script.cut
    if _NOT_FOUND.search(script.text):
        draft.missing = NOT_ALL if draft.statements else NOTHING
        draft.mode = "model" if draft.statements else "abstained"
    elif not draft.statements:
        draft.mode = "extractive"
    if not draft.statements:
        script.withdraw("not found" if draft.missing else "unproved")
    return draft


async def _prompt(
    name: str, evidence: Evidence, settings: Settings
) -> tuple[Prompt, Sequence[Passage]]:
    """Return the prompt with as many of the best passages as fit whole."""
    room = settings.model_context_tokens - models.MAX_ANSWER_TOKENS
    choices = [evidence.passages[:count] for count in range(len(evidence.passages), 0, -1)]
    prompts = [Prompt(answer_prompt(evidence.query, chosen)) for chosen in choices]
    fits = await fitting(prompts, room, name, settings)
    return (prompts[fits], choices[fits]) if fits < len(choices) else (Prompt([]), ())


class _Script:
    """A model's text as it grows, and which of its sentences stay."""

    def __init__(self, runtime: Runtime[Context], passages: Sequence[Passage]) -> None:
        self.text = ""
        self.statements: list[Statement] = []
        self.cut = 0
        self._runtime = runtime
        self._passages = passages
        self._read = 0
        self._times = Counter[str]()
        self._most_often = 0

    def add(self, text: str) -> None:
        """Take what has come, and judge each sentence that it finishes."""
        self.text += text
        pieces = split_marked(self.text)
        # The last one goes on, and so does one whose marker may still be coming.
        unfinished = 2 if pieces and pieces[-1].startswith("[") else 1
        self._judge(pieces[self._read : max(self._read, len(pieces) - unfinished)])

    def finish(self) -> None:
        """Judge what is left when the model has come to its end."""
        self._judge(split_marked(self.text)[self._read :])

    @property
    def loops(self) -> bool:
        """Whether it says the same again and again, and so would never end."""
        return self._most_often > LOOPS

    def withdraw(self, reason: str) -> None:
        """Take back everything that was shown, if anything was."""
        if self.text:
            self._runtime.stream_writer({"type": "withdrawn", "reason": reason})

    def _judge(self, sentences: Sequence[str]) -> None:
        for sentence in sentences:
            self._read += 1
            self._times[sentence] += 1
            self._most_often = max(self._most_often, self._times[sentence])
            statement = _proved(sentence, self._passages)
            if statement and statement.text in {other.text for other in self.statements}:
                # Said before; once is enough, and it is not counted as false.
                statement = None
            elif statement:
                self.statements.append(statement)
            else:
                self.cut += 1
            self._runtime.stream_writer(
                {
                    "type": "sentence",
                    "number": self._read,
                    "text": _plain(sentence),
                    "status": "proved" if statement else "withdrawn",
                }
            )


def split_marked(text: str) -> list[str]:
    """Split into sentences, each with the `[n]` markers that belong to it."""
    moved = _MARKERS_AFTER_STOP.sub(r"\2\1", text)
    return [moved[start:end] for start, end in sentence_spans(moved, 0, len(moved))]


def _proved(sentence: str, passages: Sequence[Passage]) -> Statement | None:
    cited = [int(number) for marker in _MARKERS.findall(sentence) for number in marker.split(",")]
    plain = _plain(sentence)
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
    passage = passages[proof.passage_index]
    # What an order says is no fact, however truly it is repeated.
    if instructs(passage.text[proof.start - passage.start : proof.end - passage.start]):
        return None
    return Statement(plain, passage, proof.start, proof.end)


def _plain(sentence: str) -> str:
    return displayed(_MARKERS.sub("", sentence)).strip()


def _is_sentence(text: str) -> bool:
    """Tell a sentence from a loop or a scrap, whose few words any passage has."""
    words = text.lower().split()
    return len(words) >= SHORTEST_SENTENCE and 2 * len(set(words)) > len(words)


def _cost(prompt: Prompt, written: str, counted: UsageMetadata | None) -> int:
    """Return the tokens of one call; where the model's server does not say, by its letters."""
    if counted:
        return counted["input_tokens"] + counted["output_tokens"]
    sent = sum(len(message.text) for message in prompt.messages)
    return (sent + len(written)) // LETTERS_A_TOKEN


def _count(usage: Usage, counted: UsageMetadata | None) -> None:
    if counted:
        usage.input_tokens = counted["input_tokens"]
        usage.output_tokens = counted["output_tokens"]
