"""An answer made of the documents' own sentences, chosen and ordered to read like one."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from home_energy.evidence.passage import Passage
from home_energy.evidence.question import Question
from home_energy.evidence.subject import (
    is_about,
    is_of_another_thing,
    is_other_kind,
    is_rival,
    is_vague,
    things,
)
from home_energy.evidence.windows import Window, windows
from home_energy.evidence.words import content_words, sides


@dataclass(frozen=True)
class Options:
    """How the answer is composed; measured on the project's own questions."""

    words: int = 110
    """At most so many words in all."""
    sentences: int = 4
    """At most so many sentences in all; the items of a list count as half ones."""
    steps: int = 6
    """The same for a question how to do something, which a whole section answers."""
    semantic: float = 1.0
    """Weight of a sentence's cosine with the question."""
    heading: float = 0.5
    """Weight of the cosine of the heading right above: it often is the question itself."""
    lexical: float = 0.8
    """Weight of the share of the question's words in the sentence, half of it above."""
    opening: float = 0.12
    """Bonus for the first sentence under a heading: it answers, the others add."""
    figure: float = 0.25
    """Bonus for a figure of the kind asked for."""
    aside: float = 0.2
    """Taken off a worked example or a myth, and off a sentence about a place not asked about."""
    fresh: float = 0.5
    """Weight of the share of the question's words that a further sentence is first to have."""
    keep: float = 0.72
    """A further sentence of the first one's passage must score at least this share of it."""
    keep_elsewhere: float = 0.92
    """The same for one of another passage: it is more often off the point."""
    said: float = 0.8
    """A part of the question is answered when so much of it is in what was chosen."""
    novelty: float = 0.35
    """At least this share of a further sentence's words must be new."""
    rival: float = 0.4
    """Taken off a sentence about another thing than the question names."""
    unnamed: float = 0.15
    """Taken off one that does not name the thing, nor stands under what names it."""
    very_same_question: float = 0.85
    """A heading at least this near is this question, and what opens under it the answer."""
    lead: float = 0.7
    """The first sentence to the point must score at least this share of the best."""
    near: float = 0.6
    """A sentence at least this near answers in whatever words, as a myth's fact does."""
    same_question: float = 0.6
    """A heading at least this near is the same question, which "Yes, …" under it answers."""


@dataclass(frozen=True)
class Quote:
    """A verbatim span of one passage, in document offsets: `text` is what is said."""

    passage: Passage
    start: int
    end: int

    @property
    def text(self) -> str:
        """The quoted words."""
        return self.passage.text[self.start - self.passage.start : self.end - self.passage.start]


@dataclass(frozen=True)
class _Candidate:
    window: Window
    score: float
    words: frozenset[str]

    @property
    def passage(self) -> Passage:
        return self.window.passage


_VERDICT = re.compile(
    r"^(?:[-*•]\s+)?(?:(?:mostly|usually|often|sometimes|generally|rarely|probably|partly|largely"
    r"|almost always)\W+)?(?:yes\b|no(?=\W*[,.:;!–—]|\W+(?:but|for|not)\b))"
    r"|^(?:[-*•]\s+)?not (?:usually|always|really|necessarily|quite|often|by itself|any ?more)\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"^(?:[-*•]\s+)?(?:by arithmetic|worked example|myth\b)", re.IGNORECASE)
_MYTH = re.compile(r"^(?:[-*•]\s+)?myth\b", re.IGNORECASE)
_WORKS_OUT = re.compile(
    r"\b(?:work(?:ed)? out|calculat\w*|estimat\w*|example|formula)\b", re.IGNORECASE
)
_PLACES = frozenset({"uk", "england", "us", "eu", "australia", "california", "canada", "norway"})


def compose(query: str, passages: Sequence[Passage], options: Options | None = None) -> list[Quote]:
    """Choose quotes that answer the question, the leading one first; [] without passages.

    Each part of a question with several parts gets its best sentence before any gets a second.
    The query may end with what the question leans on, in brackets (see `Question.read`).
    """
    bounds = options or Options()
    asked = Question.read(query)
    ranked = _from_the_point(asked, _ranked(asked, passages, bounds), bounds)
    if not ranked:
        return []
    chosen = _steps(asked, ranked, bounds) or _leads(asked, passages, ranked, bounds)
    while (further := _next(asked, ranked, chosen, bounds)) is not None:
        chosen.append(further)
    return [
        Quote(candidate.passage, start, end)
        for candidate in _ordered(chosen)
        for start, end in candidate.window.spans
    ]


def _from_the_point(
    asked: Question, ranked: Sequence[_Candidate], options: Options
) -> Sequence[_Candidate]:
    """Drop what stands first and is off the point; all of it where the rest is far worse."""
    for index, candidate in enumerate(ranked):
        if candidate.score < options.lead * ranked[0].score:
            break
        if _is_to_the_point(asked, candidate, options):
            return ranked[index:]
    return []


def _is_to_the_point(asked: Question, lead: _Candidate, options: Options) -> bool:
    """Say whether a lead says something of what is asked, or stands under the same question."""
    heading, title = _above(lead.passage)
    if _is_off_the_switch(asked, lead.window):
        return False
    if _heading(lead.passage) >= options.same_question or lead.window.score >= options.near:
        return not is_rival(asked.about, lead.window.text, heading, title)
    if is_rival(asked.about, lead.window.text, heading, title):
        return False
    if asked.kinds and asked.is_answered_by(lead.window.text):
        return True
    said = lead.words | content_words(heading)
    return not asked.topics or bool(asked.topics & said)


def _ranked(asked: Question, passages: Sequence[Passage], options: Options) -> list[_Candidate]:
    candidates = [
        _Candidate(window, _score(asked, window, options), content_words(window.text))
        for passage in passages
        for window in windows(passage)
        if _may_answer(asked, window, options)
    ]
    return sorted(candidates, key=lambda candidate: -candidate.score)


def _may_answer(asked: Question, window: Window, options: Options) -> bool:
    """Say whether a "Yes, …" or "No, …" is said to this question and not to its contrary.

    One of the causes listed under "Why …?" is no statement of what is so here either.
    """
    if is_other_kind(asked.text, window.text):
        return False
    if window.is_item and _WHY.match(_above(window.passage)[0]):
        return bool(_WHY.search(asked.text))
    if not _VERDICT.match(window.text):
        return True
    passage = window.passage
    same = _heading(passage) >= options.same_question
    heading = passage.heading.rpartition(" > ")[2]
    about = is_about(asked.about, heading, heading, passage.title)
    contrary = _contrary(sides(asked.text), sides(heading)) or _switched(asked.text, heading)
    return same and about and asked.is_closed and not contrary


_WHY = re.compile(
    r"\b(?:why|what (?:is|are|'s) (?:\w+ ){0,2}(?:causes?|reasons?))\b", re.IGNORECASE
)
_OFF = re.compile(r"\b(?:off|unplug(?:ged|ging)?)\b", re.IGNORECASE)
_SWITCHES = re.compile(
    r"\b(?:off|unplugging|i unplug|stand-?by|sleep|idle|constant(?:ly)?|set-?back)\b"
    r"|\bleav\w+ .*\bon\b",
    re.IGNORECASE,
)
_LEFT_ON = re.compile(r"\b(?:leav\w+|left|keep\w*|kept|stay)\b.*\bon\b", re.IGNORECASE)


def _contrary(one: dict[str, int], other: dict[str, int]) -> bool:
    return any(other.get(axis, sign) != sign for axis, sign in one.items())


def _is_off_the_switch(asked: Question, window: Window) -> bool:
    """Say whether a question about switching off is not what a sentence speaks of."""
    said = f"{window.text} {_above(window.passage)[0]}"
    return bool(_OFF.search(asked.text)) and not _SWITCHES.search(said)


def _switched(one: str, other: str) -> bool:
    """Say whether one text asks about leaving on what the other asks about switching off."""
    return any(_LEFT_ON.search(a) and _OFF.search(b) for a, b in ((one, other), (other, one)))


def _subject(asked: Question, window: Window, options: Options) -> float:
    """Return what to take off a sentence that is about another thing than is asked about."""
    where = _above(window.passage)
    vague = is_vague(window.text) and not set(things(asked.about)) & set(things(where[1]))
    if vague or is_rival(asked.about, window.text, *where):
        return options.rival
    return 0.0 if is_about(asked.about, window.text, *where) else options.unnamed


def _above(passage: Passage) -> tuple[str, str]:
    return passage.heading.rpartition(" > ")[2], passage.title


def _score(asked: Question, window: Window, options: Options) -> float:
    passage = window.passage
    above = content_words(f"{passage.title} {passage.heading}")
    score = (
        options.semantic * window.score
        + options.heading * _heading(passage)
        + options.lexical * asked.coverage(content_words(window.text), half=above)
        + (options.opening if window.opens else 0.0)
        - _subject(asked, window, options)
    )
    if window.opens and _heading(passage) >= options.very_same_question:
        score += options.opening
    if _is_off_the_switch(asked, window):
        score -= options.rival
    has_figure = bool(asked.kinds) and asked.is_answered_by(window.text)
    if has_figure:
        score += options.figure
    if has_figure and asked.asks_payback:
        score += options.figure
    is_myth = bool(_MYTH.match(window.text)) and asked.is_closed
    if is_myth and window.score >= options.near:
        score += options.figure
    if _ASIDE.match(window.text) and not is_myth and not _WORKS_OUT.search(asked.text):
        score -= options.aside / 2 if has_figure else options.aside
    elsewhere = (content_words(window.text) & _PLACES) - asked.weights.keys()
    return score - (options.aside if elsewhere and _PLACES & asked.weights.keys() else 0.0)


def _steps(asked: Question, ranked: Sequence[_Candidate], options: Options) -> list[_Candidate]:
    """Return what stands under the heading that asks how to do the same, in its order."""
    best = max((candidate.passage for candidate in ranked), key=_heading)
    if not asked.is_how_to or _heading(best) < options.same_question:
        return []
    bounds = replace(options, sentences=options.steps, novelty=0.0)
    chosen: list[_Candidate] = []
    section = [c for c in ranked if c.passage.id == best.id and not _ASIDE.match(c.window.text)]
    for candidate in sorted(section, key=lambda c: c.window.spans[0][0]):
        if _fits(candidate, chosen, bounds):
            chosen.append(candidate)
    return chosen


def _heading(passage: Passage) -> float:
    """Return the cosine of the heading right above with the question."""
    return max(passage.found_by.get("heading", 0.0), 0.0)


def _leads(
    asked: Question, passages: Sequence[Passage], ranked: Sequence[_Candidate], options: Options
) -> list[_Candidate]:
    """Return the best sentence for each part of the question."""
    chosen: list[_Candidate] = []
    for part in asked.parts if len(asked.parts) > 1 else ():
        said = frozenset[str]().union(*(candidate.words for candidate in chosen))
        if Question(part).coverage(said) >= options.said:
            continue
        best = _ranked(Question(part, f"{asked.text} {asked.earlier}"), passages, options)
        fitting = (candidate for candidate in best if _fits(candidate, chosen, options))
        chosen += list(islice(fitting, 1))
    return chosen or [ranked[0]]


def _next(
    asked: Question,
    ranked: Sequence[_Candidate],
    chosen: Sequence[_Candidate],
    options: Options,
) -> _Candidate | None:
    """Return the sentence that adds most to those chosen; None when none adds enough."""
    known = frozenset[str]().union(*(candidate.words for candidate in chosen))
    before = asked.coverage(known)
    begun = {candidate.passage.id for candidate in chosen}

    def worth(candidate: _Candidate) -> float:
        """Compare with the least that a further sentence must score."""
        keep = options.keep if candidate.passage.id in begun else options.keep_elsewhere
        fresh = asked.coverage(known | candidate.words) - before
        return candidate.score + options.fresh * fresh - keep * ranked[0].score

    able = [
        candidate
        for candidate in ranked
        if worth(candidate) >= 0
        and not _VERDICT.match(candidate.window.text)
        and _goes_on(asked, chosen[0], candidate)
        and _fits(candidate, chosen, options)
    ]
    return max(able, key=worth, default=None)


def _goes_on(asked: Question, lead: _Candidate, candidate: _Candidate) -> bool:
    """Say whether a further sentence is about what the question names and asks of it."""
    heading, title = _above(candidate.passage)
    if not is_about(asked.about, candidate.window.text, heading, title):
        return False
    if candidate.passage.id == lead.passage.id:
        return True
    if _MYTH.match(lead.window.text) and asked.is_closed:
        return False
    if _is_off_the_switch(asked, candidate.window):
        return False
    if not things(asked.about) and is_of_another_thing(
        f"{lead.window.text} {lead.passage.title}", title
    ):
        return False
    if asked.kinds and not asked.is_answered_by(candidate.window.text):
        return False
    return not asked.topics or bool(asked.topics & (candidate.words | content_words(heading)))


def _fits(candidate: _Candidate, chosen: Sequence[_Candidate], options: Options) -> bool:
    """Say whether a sentence is new and leaves the answer short."""
    if not chosen:
        return True
    windows_ = [*(other.window for other in chosen), candidate.window]
    if sum(len(window.text.split()) for window in windows_) > options.words:
        return False
    if sum(window.sentences for window in windows_) > options.sentences:
        return False
    if any(candidate.window.overlaps(other.window) for other in chosen):
        return False
    known = frozenset[str]().union(*(other.words for other in chosen))
    return len(candidate.words - known) >= options.novelty * max(len(candidate.words), 1)


def _ordered(chosen: Sequence[_Candidate]) -> Iterator[_Candidate]:
    """Keep the lead first, then what stands beside it, then document by document."""
    documents = list(dict.fromkeys(candidate.passage.document_id for candidate in chosen))
    yield chosen[0]
    yield from sorted(
        chosen[1:],
        key=lambda c: (documents.index(c.passage.document_id), c.window.spans[0][0]),
    )
