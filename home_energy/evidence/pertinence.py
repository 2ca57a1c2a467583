"""Whether a sentence is said to this question, and not to its contrary or of another thing."""

import re

from home_energy.evidence.passage import Passage
from home_energy.evidence.question import Question
from home_energy.evidence.subject import (
    is_about,
    is_of_another_thing,
    is_other_kind,
    is_rival,
    things,
)
from home_energy.evidence.windows import Window
from home_energy.evidence.words import content_words, sides

SAME_QUESTION = 0.6
"""A heading at least this near is the same question, which "Yes, …" under it answers."""
NEAR = 0.6
"""A sentence at least this near answers in whatever words, as a myth's fact does."""

MYTH = re.compile(r"^(?:[-*•]\s+)?myth\b", re.IGNORECASE)
VERDICT = re.compile(
    r"^(?:[-*•]\s+)?(?:(?:mostly|usually|often|sometimes|generally|rarely|probably|partly|largely"
    r"|almost always)\W+)?(?:yes\b|no(?=\W*[,.:;!–—]|\W+(?:but|for|not)\b))"
    r"|^(?:[-*•]\s+)?not (?:usually|always|really|necessarily|quite|often|by itself|any ?more)\b",
    re.IGNORECASE,
)

_WHY = re.compile(
    r"\b(?:why|what (?:is|are|'s) (?:\w+ ){0,2}(?:causes?|reasons?))\b", re.IGNORECASE
)
_OFF = re.compile(
    r"\b(?:turn|switch|shut|power)\w*\b.{0,40}\boff\b|\boff at\b|\bunplug", re.IGNORECASE
)
_SWITCHES = re.compile(
    r"\b(?:off|unplugging|i unplug|stand-?by|sleep|idle|constant(?:ly)?|set-?back)\b"
    r"|\bleav\w+ .*\bon\b",
    re.IGNORECASE,
)
_LEFT_ON = re.compile(r"\b(?:leav\w+|left|keep\w*|kept|stay)\b.*\bon\b", re.IGNORECASE)


def above(passage: Passage) -> tuple[str, str]:
    """Return the heading right above a passage, and its document's title."""
    return passage.heading.rpartition(" > ")[2], passage.title


def heading_cosine(passage: Passage) -> float:
    """Return the cosine of the heading right above with the question."""
    return max(passage.found_by.get("heading", 0.0), 0.0)


def answers_this(asked: Question, window: Window) -> bool:
    """Say whether a "Yes, …" or "No, …" is said to this question and not to its contrary.

    One of the causes listed under "Why …?" is no statement of what is so here either.
    """
    if is_other_kind(asked.text, window.text):
        return False
    heading, title = above(window.passage)
    if window.is_item and _WHY.match(heading):
        return bool(_WHY.search(asked.text))
    if not VERDICT.match(window.text):
        return True
    same = heading_cosine(window.passage) >= SAME_QUESTION
    about = is_about(asked.about, heading, heading, title)
    contrary = _contrary(sides(asked.text), sides(heading)) or _switched(asked.text, heading)
    return same and about and asked.is_closed and not contrary


def may_lead(asked: Question, window: Window) -> bool:
    """Say whether a sentence stands among what speaks of what is asked."""
    heading, title = above(window.passage)
    if is_off_the_switch(asked, window) or is_rival(asked.about, window.text, heading, title):
        return False
    if heading_cosine(window.passage) >= SAME_QUESTION or window.score >= NEAR:
        return True
    if asked.kinds and asked.is_answered_by(window.text):
        return True
    said = content_words(window.passage.text) | content_words(f"{heading} {title}")
    return not asked.topics or bool(asked.topics & said)


def goes_on(asked: Question, lead: Window, window: Window, words: frozenset[str]) -> bool:
    """Say whether a further sentence is about what the question names and asks of it."""
    heading, title = above(window.passage)
    if MYTH.match(window.text) and window.score < NEAR:
        return False
    if VERDICT.match(window.text) or not is_about(asked.about, window.text, heading, title):
        return False
    if window.passage.id == lead.passage.id:
        return True
    if things(asked.about) and is_narrower(asked, window):
        return False
    if MYTH.match(lead.text) and asked.is_closed:
        return False
    if is_off_the_switch(asked, window):
        return False
    first = f"{lead.text} {lead.passage.title}"
    if not things(asked.about) and is_of_another_thing(first, title):
        return False
    if asked.kinds and not asked.is_answered_by(window.text):
        return False
    return not asked.topics or bool(asked.topics & (words | content_words(heading)))


def is_narrower(asked: Question, window: Window) -> bool:
    """Say whether a sentence leaves to its heading what it holds for, where that was not asked.

    What holds for a heat pump is not said as if it held for every heating.
    """
    heading, _ = above(window.passage)
    return bool(set(things(heading)) - set(things(asked.about)) - set(things(window.text)))


def is_off_the_switch(asked: Question, window: Window) -> bool:
    """Say whether a question about switching off is not what a sentence speaks of."""
    said = f"{window.text} {above(window.passage)[0]}"
    return bool(_OFF.search(asked.text)) and not _SWITCHES.search(said)


def _contrary(one: dict[str, int], other: dict[str, int]) -> bool:
    return any(other.get(axis, sign) != sign for axis, sign in one.items())


def _switched(one: str, other: str) -> bool:
    """Say whether one text asks about leaving on what the other asks about switching off."""
    return any(_LEFT_ON.search(a) and _OFF.search(b) for a, b in ((one, other), (other, one)))
