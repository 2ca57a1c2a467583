"""Checks an answer against the documents it quotes, long after it was given."""

import math
import re
from collections.abc import Callable, Iterator

from home_energy.calculators.registry import calculate
from home_energy.errors import CalculatorInput
from home_energy.evidence.answer import QUOTED, Answer, Calculation, Citation
from home_energy.evidence.cite import displayed, on_a_line
from home_energy.evidence.passage import Passage
from home_energy.evidence.proof import Verdict, is_claim, prove
from home_energy.knowledge.documents import Document

_MARKER = re.compile(r"\[(\d+)\]")
_MARKED = re.compile(r"(?P<text>.*?)(?P<markers>(?:\s*\[\d+\])+)", re.DOTALL)
_HEADING = re.compile(r"^(#{1,6}) +(.+?)\s*#*$", re.MULTILINE)


def verify(answer: Answer, find: Callable[[str], Document | None]) -> list[str]:
    """Return what is wrong with an answer's proof, a sentence each; [] when all of it holds.

    Every quote must stand in its document as the answer saw it, and bear out what it is cited
    for. What the records agent says of the user's own records is not a claim on documents.
    """
    cited = {citation.n: citation for citation in answer.citations}
    problems = []
    if len(cited) != len(answer.citations):
        problems.append("Two citations have the same number.")
    for marker in dict.fromkeys(int(number) for number in _MARKER.findall(answer.text)):
        if marker not in cited:
            problems.append(f"[{marker}] points to no citation.")
    if answer.mode != "abstained" and not answer.citations and _claims(answer):
        problems.append("The answer cites nothing.")
    sound = {}
    for citation in answer.citations:
        document = find(citation.document_id)
        problem = _quote_problem(citation, document)
        if problem:
            problems.append(f"[{citation.n}] {citation.document_id!r}: {problem}")
        elif document is not None:
            sound[citation.n] = _passage(citation, document)
    problems += filter(None, map(_result_problem, answer.calculations))
    if "records" not in answer.route:
        problems += _text_problems(answer, sound)
    return problems


def _claims(answer: Answer) -> bool:
    """Whether it answers from documents: a greeting, or a list of records, does not."""
    return "retriever" in answer.route or not answer.route


def _quote_problem(citation: Citation, document: Document | None) -> str | None:
    if document is None:
        return "there is no such document."
    if document.sha256 != citation.sha256:
        return "the document has changed since."
    if document.text[citation.start : citation.end] != citation.quote or not citation.quote:
        return "the quote does not stand at its span."
    if (citation.title, citation.source) != (on_a_line(document.title), on_a_line(document.source)):
        return "the title or the source is not that of the document."
    return None


def _result_problem(given: Calculation) -> str | None:
    """Calculate again: inputs and formula give one result only."""
    try:
        again = calculate(given.name, **given.inputs)
    except CalculatorInput as exc:
        return f"The calculation {given.name!r} cannot be repeated: {exc}."
    if math.isclose(again.result, given.result, rel_tol=1e-9) and again.unit == given.unit:
        return None
    return (
        f"The calculation {given.name!r} gives {again.result:.6g} {again.unit}, "
        f"not {given.result:.6g} {given.unit}."
    )


def _text_problems(answer: Answer, sound: dict[int, Passage]) -> Iterator[str]:
    """Yield the sentences that their quotes do not bear out."""
    end = 0
    for part in _MARKED.finditer(answer.text):
        end = part.end()
        passages = [sound[n] for n in map(int, _MARKER.findall(part["markers"])) if n in sound]
        text = part["text"].strip()
        # Where a quote itself is wrong, that has been said.
        if _folded(displayed(text)) != _folded(text):
            yield f"{part['markers'].strip()} follows markup: {displayed(text)}"
        elif text and passages and not any(_bears_out(passage, text) for passage in passages):
            yield f"{part['markers'].strip()} does not say: {text}"
    rest = answer.text[end:].strip()
    own = {QUOTED, f"{QUOTED} {answer.missing}"}
    if answer.citations and is_claim(rest) and rest not in own:
        yield f"Nothing is cited for: {rest}"


def _bears_out(passage: Passage, text: str) -> bool:
    if _folded(displayed(passage.text)) == _folded(text):
        return True
    return prove(text, [passage], cited=[1]).verdict is Verdict.SUPPORTED


def _folded(text: str) -> str:
    """Return what is left when line breaks and the marks of lists are no matter."""
    lines = (line.strip().removeprefix("- ") for line in text.split("\n"))
    return " ".join(" ".join(lines).split())


def _passage(citation: Citation, document: Document) -> Passage:
    """Return the quote with the headings it stands under, which say what it is about."""
    headings: dict[int, str] = {}
    for heading in _HEADING.finditer(document.text, 0, citation.start):
        level = len(heading[1])
        headings = {above: text for above, text in headings.items() if above < level}
        headings[level] = heading[2]
    return Passage(
        document_id=document.id,
        title=document.title,
        source=document.source,
        text=citation.quote,
        start=citation.start,
        end=citation.end,
        sha256=document.sha256,
        heading=" > ".join(headings.values()),
        region=document.region,
    )
