"""Whether a sentence is true to the passages it stands on."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from home_energy.evidence.alignment import Match, coherent, cover, heads, match
from home_energy.evidence.binding import has_figures
from home_energy.evidence.claims import is_claim
from home_energy.evidence.passage import Passage, SentenceSpan
from home_energy.evidence.thesaurus import entry
from home_energy.evidence.wording import Wording, analyse, plain
from home_energy.knowledge.split import sentences

__all__ = [
    "THRESHOLDS",
    "Proof",
    "Thresholds",
    "Verdict",
    "is_claim",
    "prove",
    "warm_up",
]


class Verdict(StrEnum):
    """What the passages say to a sentence."""

    SUPPORTED = "supported"
    """One or two neighbouring sentences of a passage it may cite say it."""
    MISATTRIBUTED = "misattributed"
    """Only a passage that it does not cite says it."""
    STITCHED = "stitched"
    """Its parts are said, but in places that do not belong together."""
    CONTRADICTED = "contradicted"
    """The passages speak of the same, and say the contrary."""
    NOT_FOUND = "not_found"
    """Nothing says it, or not with these figures."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A verdict, and the verbatim span it rests on: `document.text[start:end]`."""

    verdict: Verdict
    passage_index: int | None
    """0-based, of the passage with the span; None where nothing comes near."""
    start: int
    end: int
    score: float
    """Share of the sentence's weight that the span has, 0 to 1."""
    reason: str
    """In a few words, for logs and people; never parsed."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the lines are; set on evals/datasets/proof.jsonl and proof_hard.jsonl."""

    covered: float = 0.73
    """A supporting span has at least this share of the sentence's weight."""
    speaks_of: float = 0.6
    """From here a span speaks of the same thing, so that a contrary word is a contradiction."""
    stitched: float = 0.8
    """Two places that have this share together, and neither alone, are stitched."""


THRESHOLDS = Thresholds()


@dataclass(frozen=True, slots=True)
class _Window:
    """One sentence of a passage, or two neighbours."""

    passage: int
    start: int
    end: int
    wordings: tuple[Wording, ...]
    context: frozenset[str]
    """What the headings and the sentence before say it is about."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A window with what the claim found there."""

    window: _Window
    match: Match

    @property
    def holds(self) -> bool:
        return self.match.says_it and self.match.covered >= THRESHOLDS.covered


def prove(
    sentence: str, passages: Sequence[Passage], *, cited: Sequence[int] | None = None
) -> Proof:
    """Say whether `passages` bear out `sentence`, and where.

    `cited` are the 1-based numbers of the passages the sentence names; without any, each may
    support it. Deterministic; about a millisecond a sentence, once the passages were seen.
    """
    allowed = {number - 1 for number in cited or () if 0 < number <= len(passages)}
    quoted = [found for i, p in enumerate(passages) if (found := _verbatim(sentence, i, p))]
    if quoted:
        return _attributed(quoted, allowed, cited)
    claim = analyse(sentence)
    if not claim.terms and not claim.figures:
        return Proof(Verdict.NOT_FOUND, None, 0, 0, 0.0, "it says nothing that can be looked up")
    held = [
        _Held(window, match(claim, window.wordings, window.context, THRESHOLDS.speaks_of))
        for index, passage in enumerate(passages)
        for window in _windows(index, passage)
    ]
    proofs = [_proof(h) for h in held if h.holds and _together(claim, h.window)]
    myths = [] if claim.denials else [h for h in held if _is_myth(h)]
    if myths:
        return _failed(Verdict.CONTRADICTED, myths[0], "a myth")
    if proofs:
        return _attributed(proofs, allowed, cited)
    return _refused(claim, held, passages)


def _is_myth(held: _Held) -> bool:
    """Whether a source calls a myth what the claim says."""
    match = held.match
    return match.conflict == "a myth" and match.covered >= _SAME_MYTH and not match.missing


_SAME_MYTH = 0.95
"""Share of a claim that a myth has where the claim only repeats it."""


def _together(claim: Wording, window: _Window) -> bool:
    return len(window.wordings) == 1 or coherent(claim, window.wordings, window.context)


def _attributed(proofs: list[Proof], allowed: set[int], cited: Sequence[int] | None) -> Proof:
    """Choose the best proof, of a cited passage where one has it."""
    own = [proof for proof in proofs if proof.passage_index in allowed]
    # The shorter span of two equals: one sentence rather than two.
    best = max(own or proofs, key=lambda proof: (proof.score, proof.start - proof.end))
    if own or not cited:
        return best
    return Proof(
        Verdict.MISATTRIBUTED, best.passage_index, best.start, best.end, best.score,
        "another passage than the cited one says it",
    )  # fmt: skip


def _proof(held: _Held) -> Proof:
    window = held.window
    return Proof(
        Verdict.SUPPORTED,
        window.passage,
        window.start,
        window.end,
        held.match.covered,
        "said there",
    )


def _refused(claim: Wording, held: list[_Held], passages: Sequence[Passage]) -> Proof:
    if not held:
        return Proof(Verdict.NOT_FOUND, None, 0, 0, 0.0, "no passages")
    contrary = [
        h
        for h in held
        if h.match.conflict
        and h.match.covered >= THRESHOLDS.speaks_of
        and not h.match.missing
        and not h.match.figures
    ]
    if contrary:
        best = max(contrary, key=lambda h: h.match.covered)
        return _failed(Verdict.CONTRADICTED, best, f"the contrary is said of {best.match.conflict}")
    best = max(held, key=lambda h: h.match.covered - len(h.match.missing) - len(h.match.figures))
    if _stitched(claim, passages):
        return _failed(Verdict.STITCHED, best, "no one place says all of it")
    lacks = best.match.figures or best.match.missing
    return _failed(
        Verdict.NOT_FOUND, best, f"not said: {', '.join(lacks)}" if lacks else "not said"
    )


def _failed(verdict: Verdict, held: _Held, reason: str) -> Proof:
    window = held.window
    return Proof(verdict, window.passage, window.start, window.end, held.match.covered, reason)


def _stitched(claim: Wording, passages: Sequence[Passage]) -> bool:
    """Whether all the places together have what no one place has."""
    wordings = [w for passage in passages for w in _prepared(passage).wordings if not w.question]
    context = frozenset[str]().union(*(_context(passage) for passage in passages))
    covered, missing = cover(claim, wordings, context)
    return covered >= THRESHOLDS.stitched and not missing and has_figures(claim, wordings)


def _verbatim(sentence: str, index: int, passage: Passage) -> Proof | None:
    """Find the sentence word for word, as one or several whole sentences of the passage."""
    wanted = _squeezed(sentence)
    if not wanted:
        return None
    prepared = _prepared(passage)
    for first, span in enumerate(prepared.spans):
        said = ""
        for last in range(first, min(first + 3, len(prepared.spans))):
            said = f"{said} {prepared.squeezed[last]}".lstrip()
            if said == wanted:
                return Proof(
                    Verdict.SUPPORTED, index, span.start, prepared.spans[last].end, 1.0, "verbatim"
                )
    return None


def _squeezed(text: str) -> str:
    """Return what is left to compare when spaces, marks and the full stops are no matter."""
    words = [word.rstrip(".:;,") for word in plain(text).lower().split()]
    return " ".join(word for word in words if word)


def _windows(index: int, passage: Passage) -> Iterator[_Window]:
    prepared = _prepared(passage)
    spans, wordings = prepared.spans, prepared.wordings
    context = _context(passage)
    before: int | None = None
    named = frozenset[str]()
    for at, (span, wording) in enumerate(zip(spans, wordings, strict=True)):
        if wording.question:
            before = None
            continue
        near = context | named
        yield _Window(index, span.start, span.end, (wording,), near)
        myth = before is not None and wordings[before].refuted
        if before is not None and not myth and _follows(wording, wordings[before]):
            both = (wordings[before], wording)
            yield _Window(index, spans[before].start, span.end, both, context)
        before = at
        named |= _named(wording) | heads(_named(wording))


def _follows(second: Wording, first: Wording) -> bool:
    """Whether two neighbours speak of one thing, so that together they may support a claim."""
    if second.leans or second.continues:
        return True
    return not _subjects(second) or bool(_subjects(first) & _subjects(second))


@lru_cache(maxsize=1024)
def _subjects(wording: Wording) -> frozenset[str]:
    return frozenset(term.key for term in wording.terms if term.word.subject)


@lru_cache(maxsize=1024)
def _named(wording: Wording) -> frozenset[str]:
    """Return what a sentence names that the next ones may be about."""
    return frozenset(
        t.key for t in wording.terms if t.word.subject or entry(t.form).kind in ("t", "p")
    )


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What every claim about a passage needs of it."""

    spans: tuple[SentenceSpan, ...]
    wordings: tuple[Wording, ...]
    squeezed: tuple[str, ...]


def _prepared(passage: Passage) -> _Prepared:
    return _prepare(passage.text, passage.start, passage.sentences)


@lru_cache(maxsize=128)
def _prepare(text: str, start: int, given: tuple[SentenceSpan, ...]) -> _Prepared:
    whole = [(span.start - start, span.end - start) for span in given] or sentences(
        text, 0, len(text)
    )
    parts = [part for low, high in whole for part in _apart(text, low, high)]
    quotes = [text[low:high] for low, high in parts]
    return _Prepared(
        spans=tuple(SentenceSpan(start + low, start + high) for low, high in parts),
        wordings=tuple(map(analyse, quotes)),
        squeezed=tuple(map(_squeezed, quotes)),
    )


def _apart(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Part what a unit's letter held together: "... 169 W. Standby ..." is two sentences."""
    edges = [start, *(stop.end() for stop in _UNIT_STOP.finditer(text, start, end)), end]
    for low, high in pairwise(edges):
        if text[low:high].strip():
            yield low, low + len(text[low:high].rstrip())


_UNIT_STOP = re.compile(r"(?<=\d)[ °]{0,2}[WVCFKAJL]\.\s+(?=[A-Z])|(?<=[.?!])\s+(?=Fact:)")


def _context(passage: Passage) -> frozenset[str]:
    """Return what the title, the headings and the region say a passage is about."""
    return _about(passage.title, passage.heading, passage.region)


@lru_cache(maxsize=256)
def _about(title: str, heading: str, region: str) -> frozenset[str]:
    keys = analyse(title).keys | analyse(heading).keys
    return keys | heads(keys) | {region}


def warm_up() -> None:
    """Read the words and the units library's definitions before the first turn needs them."""
    entry("warm")
    analyse("Loft insulation of 10 inches saves 1 MJ a day.")
