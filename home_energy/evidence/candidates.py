"""The sentences that may answer a question, scored by how well they do."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from home_energy.evidence.passage import Passage
from home_energy.evidence.pertinence import (
    MYTH,
    above,
    answers_this,
    heading_cosine,
    is_narrower,
    is_off_the_switch,
)
from home_energy.evidence.question import Question
from home_energy.evidence.subject import is_about, is_rival, is_vague, things
from home_energy.evidence.windows import Window, windows
from home_energy.evidence.words import content_words

ASIDE = re.compile(r"^(?:[-*•]\s+)?(?:by arithmetic|worked example|myth\b)", re.IGNORECASE)

_WORKS_OUT = re.compile(
    r"\b(?:work(?:ed)? out|calculat\w*|estimat\w*|example|formula)\b", re.IGNORECASE
)
_IMPERATIVE = re.compile(
    r"^(?:[-*•]\s+|\d+[.)]\s+)?(?:first |then |always |never |only )?(?:do not|don't|add|adjust|aim"
    r"|ask|avoid|block|buy|call|change|charge|check|choose|clean|close|compare|cook|cool|cover|cut"
    r"|defrost|descale|draw|dry|empty|fill|find|fit|fix|get|give|have|heat|hold|insulate|keep|lay"
    r"|leave|let|limit|lower|make|match|measure|move|note|open|pick|place|plug|pull|put|raise|read"
    r"|reduce|remove|replace|run|seal|set|shade|shut|spin|start|stop|switch|take|test|tell|turn"
    r"|unplug|use|vent|ventilate|wait|wash|wear|wipe|write)\b",
    re.IGNORECASE,
)
_PLACES = frozenset({"uk", "england", "us", "eu", "australia", "california", "canada", "norway"})


@dataclass(frozen=True)
class Weights:
    """What makes a sentence an answer; fitted to where the project's questions are answered."""

    passage: float = 1.25
    """Weight of the passage's cosine with the question: its sentences explain each other."""
    same: float = 0.6
    """Weight of the sentence's cosine or that of the heading right above, whichever is higher."""
    semantic: float = 0.25
    """Weight of the sentence's own cosine, on top."""
    lexical: float = 0.3
    """Weight of the share of the question's words in the sentence, half of it above."""
    late: float = 0.03
    """Taken off for each sentence that comes before it: who writes well answers first."""
    figure: float = 0.3
    """Bonus for a figure of the kind asked for."""
    instruction: float = 0.1
    """Bonus for a sentence that says what to do, where that is asked."""
    aside: float = 0.1
    """Taken off a worked example or a myth, and off a sentence about a place not asked about."""
    rival: float = 0.3
    """Taken off a sentence about another thing than the question names."""
    narrower: float = 0.3
    """Taken off one that leaves to its heading what it holds for, where that was not asked."""
    unnamed: float = 0.1
    """Taken off one that does not name the thing, nor stands under what names it."""


@dataclass(frozen=True)
class Candidate:
    """What may be quoted, and how well it answers."""

    window: Window
    score: float
    words: frozenset[str]

    @property
    def passage(self) -> Passage:
        """Where it stands."""
        return self.window.passage


def ranked(asked: Question, passages: Sequence[Passage], weights: Weights) -> list[Candidate]:
    """Return what may be quoted, the best answer first."""
    candidates = [
        Candidate(window, _score(asked, window, index, weights), content_words(window.text))
        for passage in passages
        for index, window in enumerate(windows(passage))
        if answers_this(asked, window)
    ]
    return sorted(candidates, key=lambda candidate: -candidate.score)


def _score(asked: Question, window: Window, index: int, weights: Weights) -> float:
    passage = window.passage
    heading = heading_cosine(passage)
    around = content_words(f"{passage.title} {passage.heading}")
    return (
        weights.passage * passage.cosine
        + weights.same * max(window.score, heading)
        + weights.semantic * window.score
        + weights.lexical * asked.coverage(content_words(window.text), half=around)
        - weights.late * index
        + _bonus(asked, window, weights)
        - _subject(asked, window, weights)
    )


def _bonus(asked: Question, window: Window, weights: Weights) -> float:
    """Return what its form speaks for or against a sentence."""
    bonus = 0.0
    wanted = _WORKS_OUT.search(asked.text) or (MYTH.match(window.text) and asked.is_closed)
    if asked.kinds and asked.is_answered_by(window.text):
        bonus += weights.figure * (2 if asked.asks_payback else 1)
    elif ASIDE.match(window.text) and not wanted:
        bonus -= weights.aside
    if asked.is_how_to and _IMPERATIVE.match(window.text):
        bonus += weights.instruction
    elsewhere = (content_words(window.text) & _PLACES) - asked.weights.keys()
    if elsewhere and _PLACES & asked.weights.keys():
        bonus -= weights.aside
    return bonus


def _subject(asked: Question, window: Window, weights: Weights) -> float:
    """Return what to take off a sentence that is about another thing than is asked about."""
    where = above(window.passage)
    vague = is_vague(window.text) and not set(things(asked.about)) & set(things(where[1]))
    if vague or is_off_the_switch(asked, window) or is_rival(asked.about, window.text, *where):
        return weights.rival
    if not is_about(asked.about, window.text, *where):
        return weights.unnamed
    return weights.narrower if is_narrower(asked, window) else 0.0
