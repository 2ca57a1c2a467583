"""What the user wants: the nearest labelled examples, after a few rules."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from agents import cues
from agents.state import Command

Embed = Callable[[list[str]], NDArray[np.float32]]

RECORD_INTENTS = frozenset(
    {"save", "note", "list", "find", "delete", "export", "profile", "summarise"}
)
ANSWER_INTENTS = frozenset({"ask", "calculate", "off_topic"})

MIN_SIMILARITY = 0.35
"""Below this cosine no example is near, and the words count as a question."""
NEAREST = 3
"""So many nearest examples have a say, the nearer the more."""
SURELY_UNSAFE = 0.6
"""An example of an unsafe wish must be this near; many safe questions are about dangers."""


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
        """Embed the examples in `intents.jsonl`: about a second."""
        lines = files("agents").joinpath("intents.jsonl").read_text(encoding="utf-8").splitlines()
        examples = [json.loads(line) for line in lines]
        return cls(
            [example["intent"] for example in examples],
            embed([example["text"] for example in examples]),
            embed,
        )

    def classify(self, text: str) -> str:
        """Return the intent of one wish."""
        for surely, intent in cues.SURE:
            if surely.search(text):
                return intent
        similarity = self._vectors @ self._embed([text])[0]
        able = {intent for intent in set(self._intents) if _may_mean(intent, text)}
        order = (index for index in np.argsort(-similarity) if self._intents[index] in able)
        nearest = list(islice(order, NEAREST))
        votes: dict[str, float] = {}
        for index in nearest:
            intent = self._intents[index]
            votes[intent] = votes.get(intent, 0.0) + float(similarity[index]) ** 3
        intent = max(votes, key=lambda name: votes[name])
        least = SURELY_UNSAFE if intent == "unsafe" else MIN_SIMILARITY
        return intent if similarity[nearest[0]] >= least else "ask"

    def understand(self, text: str) -> Wishes:
        """Split a turn into wishes and label each; the questions among them stay together."""
        parts = [part.strip(" ,;") for part in cues.NEXT_WISH.split(text)]
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
    cue = cues.CUES.get(intent)
    if cue is None:
        return True
    # A question is never an order to keep something.
    ordered = intent not in {"save", "profile"} or not cues.QUESTION.search(text)
    return ordered and bool(cue.search(text))


def _in_context(labelled: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Take what is told beside a question as part of it, unless it is to be remembered."""
    kinds = {intent for intent, part in labelled if cues.QUESTION.search(part)}
    if not kinds & {"ask", "calculate"}:
        return labelled
    return [
        ("ask" if intent == "off_topic" or (intent == "profile" and not cues.TO_KEEP.search(part))
         else intent, part)
        for intent, part in labelled
    ]  # fmt: skip
