"""An answer made of the documents' own sentences, chosen and ordered to read like one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from home_energy.evidence.candidates import ASIDE, Candidate, Weights, ranked
from home_energy.evidence.passage import Passage
from home_energy.evidence.pertinence import (
    SAME_QUESTION,
    above,
    goes_on,
    heading_cosine,
    may_lead,
)
from home_energy.evidence.question import Question


@dataclass(frozen=True)
class Options:
    """How the answer is composed; measured on the project's own questions."""

    words: int = 110
    """At most so many words in all."""
    sentences: int = 4
    """At most so many sentences in all; the items of a list count as half ones."""
    steps: int = 6
    """The same for a question how to do something, which a whole section answers."""
    weights: Weights = field(default_factory=Weights)
    """What makes a sentence an answer."""
    part_words: float = 4.0
    """How many times a part's own words count: cosines are those of the whole question."""
    fresh: float = 0.5
    """Bonus for the share of the question's words that a further sentence is first to have."""
    beside: float = 0.3
    """A further sentence of a passage already quoted may score so much less than the first."""
    elsewhere: float = 0.1
    """The same for one of another passage: it is more often off the point."""
    said: float = 0.8
    """A part of the question is answered when so much of it is in what was chosen."""
    novelty: float = 0.3
    """At least this share of a further sentence's words must be new."""
    lead: float = 1.0
    """The first sentence to the point may score at most so much less than the best."""


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


def compose(query: str, passages: Sequence[Passage], options: Options | None = None) -> list[Quote]:
    """Choose quotes that answer the question, the leading one first; [] without passages.

    Each part of a question with several parts gets its best sentence before any gets a second.
    The query may end with what the question leans on, in brackets (see `Question.read`).
    """
    bounds = options or Options()
    asked = Question.read(query)
    able = _from_the_point(asked, ranked(asked, passages, bounds.weights), bounds)
    if not able:
        return []
    chosen = _steps(asked, able, bounds) or _leads(asked, passages, able, bounds)
    while (further := _next(asked, able, chosen, bounds)) is not None:
        chosen.append(further)
    return [
        Quote(candidate.passage, start, end)
        for candidate in _ordered(chosen)
        for start, end in candidate.window.spans
    ]


def _from_the_point(
    asked: Question, able: Sequence[Candidate], options: Options
) -> Sequence[Candidate]:
    """Drop what stands first and is off the point; all of it where the rest is far worse."""
    for index, candidate in enumerate(able):
        if candidate.score < able[0].score - options.lead:
            break
        if may_lead(asked, candidate.window):
            return able[index:]
    return []


def _steps(asked: Question, able: Sequence[Candidate], options: Options) -> list[Candidate]:
    """Return what stands under the heading that asks how to do the same, in its order."""
    if not asked.is_how_to:
        return []
    sections = [c.passage for c in able if Question(above(c.passage)[0]).is_how_to]
    best = max(sections, key=heading_cosine, default=None)
    if best is None or heading_cosine(best) < SAME_QUESTION:
        return []
    bounds = replace(options, sentences=options.steps, novelty=0.0)
    chosen: list[Candidate] = []
    section = [c for c in able if c.passage.id == best.id and not ASIDE.match(c.window.text)]
    for candidate in sorted(section, key=lambda c: c.window.spans[0][0]):
        if _fits(candidate, chosen, bounds):
            chosen.append(candidate)
    return chosen


def _leads(
    asked: Question, passages: Sequence[Passage], able: Sequence[Candidate], options: Options
) -> list[Candidate]:
    """Return the best sentence for each part of the question."""
    chosen: list[Candidate] = []
    weights = replace(options.weights, lexical=options.part_words * options.weights.lexical)
    # A question that goes on from the turn before is a part of the whole.
    several = len(asked.parts) > 1 or asked.earlier
    for part in asked.parts if several else ():
        said = frozenset[str]().union(*(candidate.words for candidate in chosen))
        if Question(part).coverage(said) >= options.said:
            continue
        asks = Question(part, f"{asked.text} {asked.earlier}")
        fitting = (
            candidate
            for candidate in ranked(asks, passages, weights)
            if may_lead(asks, candidate.window) and _fits(candidate, chosen, options)
        )
        chosen += list(islice(fitting, 1))
    return chosen or [able[0]]


def _next(
    asked: Question,
    able: Sequence[Candidate],
    chosen: Sequence[Candidate],
    options: Options,
) -> Candidate | None:
    """Return the sentence that adds most to those chosen; None when none adds enough."""
    known = frozenset[str]().union(*(candidate.words for candidate in chosen))
    before = asked.coverage(known)
    begun = {candidate.passage.id for candidate in chosen}

    def worth(candidate: Candidate) -> float:
        """Compare with the least that a further sentence must score."""
        margin = options.beside if candidate.passage.id in begun else options.elsewhere
        fresh = asked.coverage(known | candidate.words) - before
        return candidate.score + options.fresh * fresh - (able[0].score - margin)

    enough = [
        candidate
        for candidate in able
        if worth(candidate) >= 0
        and goes_on(asked, chosen[0].window, candidate.window, candidate.words)
        and _fits(candidate, chosen, options)
    ]
    return max(enough, key=worth, default=None)


def _fits(candidate: Candidate, chosen: Sequence[Candidate], options: Options) -> bool:
    """Say whether a sentence is new and leaves the answer short."""
    if not chosen:
        return True
    windows = [*(other.window for other in chosen), candidate.window]
    if sum(len(window.text.split()) for window in windows) > options.words:
        return False
    if sum(window.sentences for window in windows) > options.sentences:
        return False
    if any(candidate.window.overlaps(other.window) for other in chosen):
        return False
    known = frozenset[str]().union(*(other.words for other in chosen))
    return len(candidate.words - known) >= options.novelty * max(len(candidate.words), 1)


def _ordered(chosen: Sequence[Candidate]) -> Iterator[Candidate]:
    """Keep the lead first, then what stands beside it, then document by document."""
    documents = list(dict.fromkeys(candidate.passage.document_id for candidate in chosen))
    yield chosen[0]
    yield from sorted(
        chosen[1:],
        key=lambda c: (documents.index(c.passage.document_id), c.window.spans[0][0]),
    )
