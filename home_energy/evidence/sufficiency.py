"""Whether the evidence answers the question, and what is missing where it does not."""

from collections.abc import Sequence
from dataclasses import dataclass

from home_energy.evidence.passage import Passage
from home_energy.evidence.question import Question
from home_energy.evidence.subject import is_about
from home_energy.evidence.words import (
    content_words,
    is_light,
    is_other_thing,
    meaning,
    written_words,
)

ELSEWHERE = "The documents here are about saving energy at home only."

NOTHING_DIRECT = "I found nothing in my documents that answers this directly"
"""Only what the closest passages lack is known: other documents may well mention it."""


@dataclass(frozen=True)
class Limits:
    """When evidence is enough: a sum of what speaks for it, fitted to the project's questions.

    Cosines are those of all-MiniLM-L6-v2. None of them decides alone: a near miss is as near
    as an answer in other words, but it lacks words of the question or the figure asked for.
    """

    off_topic: float = 0.30
    """Best passage's cosine below this: the documents are about something else."""
    doubtful: float = 0.45
    """The same for a question whose intent was taken for off topic."""
    passage: float = 3.0
    """Weight of the passage's cosine with the question."""
    same: float = 0.7
    """From this cosine on, a heading is this question, or a sentence its answer."""
    semantic: float = 4.7
    """Weight of by how much the heading or the best sentence is nearer than that."""
    figure: float = 2.35
    """Weight of the cosine of its best sentence with a figure of the kind asked for."""
    coverage: float = 2.7
    """Weight of the share of the question's words in the passage, its title and headings."""
    strange: float = 1.2
    """How many times a word of weight counts that no passage found has."""
    enough: float = 3.9
    """The sum must reach this."""


@dataclass(frozen=True)
class Sufficiency:
    """The verdict on the evidence for one question."""

    enough: bool
    missing: str | None = None
    """A sentence for the user; None when nothing is missing."""
    support: float = 0.0
    """By how much the best passage's sum is above `Limits.enough`; negative if below."""


def judge(
    query: str,
    passages: Sequence[Passage],
    *,
    off_topic: bool = False,
    limits: Limits | None = None,
) -> Sufficiency:
    """Say whether the passages answer the question; `query` is as for `Question.read`.

    A name or a year of the question that the evidence lacks is decisive: the price cap of 2019
    is no answer for 2027, nor a grant in Wales one for Ireland.
    """
    bounds = limits or Limits()
    near = max((passage.cosine for passage in passages), default=0.0)
    if near < (bounds.doubtful if off_topic else bounds.off_topic):
        return Sufficiency(False, ELSEWHERE, near - bounds.off_topic - bounds.enough)
    asked = Question.read(query)
    best, support = _best(asked, passages, bounds)
    nearest = [best]
    if len(asked.parts) > 1:
        # Each part may have a passage of its own.
        parts = [_best(Question(part, asked.earlier), passages, bounds) for part in asked.parts]
        nearest += [passage for passage, _ in parts]
        support = max(support, min(alone for _, alone in parts))
        if unknown := _part_missing(asked, passages):
            # What is known of the other part is still worth saying.
            known = [
                alone
                for part, (_, alone) in zip(asked.parts, parts, strict=True)
                if part.strip(" ?.") not in unknown
            ]
            support = max([support, *known])
    decisive = _decisive(asked, nearest, passages)
    if asked.asks_payback and not _gives_payback(asked, passages):
        decisive = f"{NOTHING_DIRECT}: the closest passages give no payback."
    if decisive:
        return Sufficiency(False, decisive, min(support, -bounds.enough))
    if support >= 0:
        return Sufficiency(True, _part_missing(asked, passages), support)
    return Sufficiency(False, _missing(asked, best, passages), support)


def _decisive(
    asked: Question, nearest: Sequence[Passage], passages: Sequence[Passage]
) -> str | None:
    """Name a year that the nearest passages lack, or a name that all of them lack."""
    said = " ".join(f"{passage.title} {passage.heading} {passage.text}" for passage in nearest)
    years = sorted(year for year in asked.years if year not in said)
    if years:
        return f"{NOTHING_DIRECT}; the closest passages do not speak of {' and '.join(years)}."
    everywhere = _all_words(passages)
    named = [*asked.names, *(word for word in written_words(asked.text) if is_other_thing(word))]
    strange = [name for name in named if meaning(name) not in everywhere]
    return _says_nothing(asked, strange) if strange else None


def _part_missing(asked: Question, passages: Sequence[Passage]) -> str | None:
    """Name the part of a question with several whose words no passage has."""
    known = _all_words(passages)
    for part in asked.parts if len(asked.parts) > 1 else ():
        words = [word for word in written_words(part) if not is_light(word)]
        if words and not any(meaning(word) in known for word in words):
            return f"I found nothing in my documents on this part: {part.strip(' ?.')}."
    return None


def _gives_payback(asked: Question, passages: Sequence[Passage]) -> bool:
    return any(
        asked.is_answered_by(passage.quote(sentence))
        and is_about(
            asked.about,
            passage.quote(sentence),
            passage.heading.rpartition(" > ")[2],
            passage.title,
        )
        for passage in passages
        for sentence in passage.sentences
    )


def _best(asked: Question, passages: Sequence[Passage], limits: Limits) -> tuple[Passage, float]:
    known = _all_words(passages)
    sums = [_sum(asked, passage, known, limits) - limits.enough for passage in passages]
    support = max(sums)
    return passages[sums.index(support)], support


def _sum(asked: Question, passage: Passage, known: frozenset[str], limits: Limits) -> float:
    heading = passage.found_by.get("heading", 0.0)
    sentences = [span.score for span in passage.sentences]
    figures = [s.score for s in passage.sentences if asked.is_answered_by(passage.quote(s))]
    return (
        limits.passage * passage.cosine
        + limits.semantic * max(0.0, max([heading, *sentences]) - limits.same)
        + limits.figure * max(figures, default=0.0)
        + limits.coverage * _coverage(asked, passage, known, limits)
    )


def _coverage(asked: Question, passage: Passage, known: frozenset[str], limits: Limits) -> float:
    """Return the share of the question's words in a passage, where strange ones count more."""
    strange = sum(
        weight for word, weight in asked.weights.items() if weight >= 1 and word not in known
    )
    total = sum(asked.weights.values())
    if not total:
        return 0.0
    return asked.coverage(_words(passage)) * total / (total + (limits.strange - 1) * strange)


def _words(passage: Passage) -> frozenset[str]:
    return content_words(f"{passage.title} {passage.heading}") | content_words(passage.text)


def _all_words(passages: Sequence[Passage]) -> frozenset[str]:
    return frozenset[str]().union(*(_words(passage) for passage in passages))


def _missing(asked: Question, best: Passage, passages: Sequence[Passage]) -> str:
    words = [word for word in dict.fromkeys(written_words(asked.text)) if not is_light(word)]
    everywhere = _all_words(passages)
    unknown = [word for word in words if meaning(word) not in everywhere]
    if unknown:
        return _says_nothing(asked, unknown)
    if asked.kinds and not any(asked.is_answered_by(best.quote(s)) for s in best.sentences):
        return f"{NOTHING_DIRECT}: the closest passages lack the figure that is asked for."
    apart = [asked.as_written(word) for word in words if meaning(word) not in _words(best)]
    if apart:
        return f"{NOTHING_DIRECT}; the closest passage does not mention: {', '.join(apart[:5])}."
    return f"{NOTHING_DIRECT}."


def _says_nothing(asked: Question, words: Sequence[str]) -> str:
    written = dict.fromkeys(asked.as_written(word) for word in words[:5])
    return f"{NOTHING_DIRECT}; the closest passages do not mention: {', '.join(written)}."
