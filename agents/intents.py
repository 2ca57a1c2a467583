"""What the user wants: the nearest labelled examples, after a few rules."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from agents.state import Command

Embed = Callable[[list[str]], NDArray[np.float32]]

RECORD_INTENTS = frozenset({"save", "list", "find", "delete", "export", "profile", "summarise"})
ANSWER_INTENTS = frozenset({"ask", "calculate", "off_topic"})

MIN_SIMILARITY = 0.35
"""Below this cosine no example is near, and the words count as a question."""
NEAREST = 3
"""So many nearest examples have a say, the nearer the more."""
SURELY_UNSAFE = 0.6
"""An example of an unsafe wish must be this near; many safe questions are about dangers."""

# A new wish starts here: "how thick should it be, and save that". The verbs are those of
# the records agent, so that "and" inside a question does not split it.
_NEXT_WISH = re.compile(
    r"(?:[,;.?!]\s*|\s+)(?:and|then|also|please)(?:\s+(?:then|also|please))*\s+"
    r"(?=(?:save|keep|store|remember|note|bookmark|record|list|show me what|delete|remove|forget"
    r"|export|summari[sz]e|recap|tell me|write (?:that|it|this) down)\b)|(?<=[.?!;])\s+",
    re.IGNORECASE,
)
_PLEASE = r"(?:(?:ok(?:ay)?|now|please|can you|could you|would you|i want (?:you )?to)[, ]+)*"
_SAVE = re.compile(
    rf"^{_PLEASE}(?:save|keep|store|remember|bookmark|record|note|write)"
    r"\s+(?:that|this|it|the (?:\w+ )?(?:answer|tip|advice|summary)|a (?:note|record))"
    r"(?:\s+(?:down|please|for|in|as|to|of|too|now)\b.*)?\s*[.!?]*$",
    re.IGNORECASE,
)
_DELETE = re.compile(
    rf"^{_PLEASE}(?:delete|erase|forget|remove|clear|wipe)\b"
    r"(?:.*\b(?:everything|saved?|kept|tips?|records?|notes?|summar(?:y|ies)|profile|history"
    r"|about me|my data)\b"
    r"|\s+(?:all of )?(?:that|this|it|them|those|all|the (?:last|first|second|third) one)\s*[.!?]*$)",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"^(?:and|but|so|ok(?:ay)?|also|then)?[, ]*(?:how|what|which|why|when|where|who|is|are|do|does"
    r"|did|can|could|should|would|will|may)\b"
    r"|\?|[,.:;]\s*(?:and |but |so )?(?:how|what|which|why|when|where|who|is|are|do|does|can|could"
    r"|should|would|will|any)\b",
    re.IGNORECASE,
)
_KEPT = (
    r"\b(?:saved|kept|stored|bookmarked|noted|jotted)\b|\b(?:did|have) (?:i|you) (?:ever )?(?:save|keep"
    r"|store|note|bookmark)\w*\b|\bmy (?:\w+ )?(?:records?|notes?|tips?|summar(?:y|ies)|bookmarks?"
    r"|data|profile|list)\b|\babout me\b|\b(?:remember|know) of me\b"
)
_CUES = {
    "save": r"\b(?:save|keep|store|remember|bookmark|record|note|write|jot|add|pin|put)\b.*"
    r"\b(?:this|that|it|these|those|one|tips?|answers?|advice|summary|records?|notes?|for later)\b",
    "list": _KEPT,
    "find": _KEPT,
    "delete": _KEPT,
    "export": _KEPT + r"|\b(?:export|download)\b",
    "profile": r"\b(?:i|we)(?:'ve| have)?(?: (?:now|just|only|both|all|do|don't))? (?:live|rent|own|heat|cook"
    r"|pay|have|got|use|drive|bought|moved|work|am|are)\b|\b(?:i'm|we're) (?:on|a|an|in|renting|the)\b"
    r"|\bthere (?:are|is|'s) .*\bof us\b|\b(?:my|our) [\w -]+ (?:is|are|was|has|have|costs?|runs?|uses?)\b"
    r"|\bremember that (?:i|we|my|our)\b",
    "summarise": r"\b(?:conversation|chat|session|discuss\w*|talk\w*|told|said|covered|recap|so far"
    r"|went over)\b|^(?:\W*please\W+)?(?:summari[sz]e|sum up|wrap up)"
    r"(?: (?:that|this|it|all|everything|up))*\W*$",
}
"""What the words of a record intent must have, whatever they are near to.

A question about the home that is taken for an order would be answered with "Nothing saved".
"""
_TO_KEEP = re.compile(r"\b(?:remember|note|save|keep in mind|for the record)\b", re.IGNORECASE)
_HAS_CUE = {intent: re.compile(cue, re.IGNORECASE) for intent, cue in _CUES.items()}
_BY_HAND = r"(?:bypass|bridg\w+|defeat|overrid\w+|jumper|short out|tamper\w*(?: with)?|hack|fiddle)"
_SAFEGUARD = (
    r"(?:meters?|cut-?outs?|fuse|breaker|interlock|limit(?: switch|er)?|thermal (?:link|fuse)"
    r"|pressure (?:switch|relief)|relief valve|safety|rcd|gfci|flame sensor)"
)
_GAS_PARTS = r"(?:gas (?:valve|pipe|line|supply|fire|hob|boiler|burner|meter)|burner|combustion)"
_UNSAFE = re.compile(
    rf"\b{_BY_HAND}\b[^.?!]*\b{_SAFEGUARD}\b"
    r"|\bsteal\w*\b[^.?!]*\b(?:electricity|gas|power)"
    r"|\bignore\b[^.?!]*\b(?:instructions|rules)\b"
    r"|\b(?:reveal|print|show|repeat)\b[^.?!]*\b(?:system|hidden) prompt\b"
    r"|\b(?:disable|remove|silence|disconnect|switch off|turn off|cover)\b[^.?!]*"
    r"\b(?:carbon monoxide|co|smoke)\s+(?:alarm|detector)"
    r"|\b(?:carbon monoxide|co|smoke)\s+(?:alarm|detector)\b[^?!]*\b(?:disable|disconnect|silence)\b"
    r"|\b(?:nail|foil|coin|wire)\b[^.?!]*\b(?:instead of|in place of|as) (?:a|the) fuse\b"
    rf"|\b(?:adjust|repair|fix|open|move|replace|disconnect|connect|install|take (?:apart|off)|fit)\b"
    rf"[^.?!]*\b{_GAS_PARTS}\b[^.?!]*\b(?:myself|ourselves|without an? (?:engineer|fitter))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Wishes:
    """One turn's wishes, in the user's order."""

    intents: tuple[str, ...]
    question: str
    """The words that want an answer, joined; empty if none do."""
    commands: tuple[Command, ...]


class IntentModel:
    """Labelled example sentences and their vectors; build one a process with `load`."""

    def __init__(self, intents: list[str], vectors: NDArray[np.float32], embed: Embed) -> None:
        self._intents = intents
        self._vectors = vectors
        self._embed = embed

    @classmethod
    def load(cls, embed: Embed) -> "IntentModel":
        """Embed the examples in `intents.jsonl`: about half a second."""
        lines = files("agents").joinpath("intents.jsonl").read_text(encoding="utf-8").splitlines()
        examples = [json.loads(line) for line in lines]
        return cls(
            [example["intent"] for example in examples],
            embed([example["text"] for example in examples]),
            embed,
        )

    def classify(self, text: str) -> str:
        """Return the intent of one wish."""
        if _UNSAFE.search(text):
            return "unsafe"
        if _SAVE.match(text):
            return "save"
        if _DELETE.match(text):
            return "delete"
        similarity = self._vectors @ self._embed([text])[0]
        able = {intent for intent in set(self._intents) if _may_mean(intent, text)}
        order = (index for index in np.argsort(-similarity) if self._intents[index] in able)
        nearest = list(islice(order, NEAREST))
        votes: dict[str, float] = {}
        for index in nearest:
            intent = self._intents[index]
            votes[intent] = votes.get(intent, 0.0) + float(similarity[index]) ** 3
        intent = max(votes, key=lambda name: votes[name])
        surely = SURELY_UNSAFE if intent == "unsafe" else MIN_SIMILARITY
        return intent if similarity[nearest[0]] >= surely else "ask"

    def understand(self, text: str) -> Wishes:
        """Split a turn into wishes and label each; the questions among them stay together."""
        parts = [part.strip(" ,;") for part in _NEXT_WISH.split(text)]
        labelled = _in_context([(self.classify(part), part) for part in parts if part])
        asked = [(intent, part) for intent, part in labelled if intent in ANSWER_INTENTS]
        # Small talk beside a wish is politeness, not a wish of its own.
        serious = [pair for pair in labelled if pair[0] != "greeting"] or labelled
        return Wishes(
            intents=tuple(dict.fromkeys(intent for intent, _ in serious)),
            question=" ".join(part for _, part in asked),
            commands=tuple(
                Command(intent=intent, text=part)
                for intent, part in labelled
                if intent in RECORD_INTENTS
            ),
        )


def _may_mean(intent: str, text: str) -> bool:
    """Say whether the words allow a record intent; any may be a question."""
    cue = _HAS_CUE.get(intent)
    if cue is None:
        return True
    # A question is never an order to keep something.
    ordered = intent not in {"save", "profile"} or not _QUESTION.search(text)
    return ordered and bool(cue.search(text))


def _in_context(labelled: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Take what is told beside a question as part of it, unless it is to be remembered."""
    kinds = {intent for intent, part in labelled if _QUESTION.search(part)}
    if not kinds & {"ask", "calculate"}:
        return labelled
    return [
        ("ask" if intent == "off_topic" or (intent == "profile" and not _TO_KEEP.search(part))
         else intent, part)
        for intent, part in labelled
    ]  # fmt: skip
