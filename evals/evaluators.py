"""Pure, short judges of one answer; each returns a score from 0 to 1, or None where it is moot."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from home_energy.evidence.answer import Answer
from home_energy.evidence.verify import verify
from home_energy.knowledge.documents import Document

Outputs = Mapping[str, Any]
_FIGURE = re.compile(r"\d[\d,.]*\d|\d")
_MARKS = re.compile(r"\[\d+\]|^\d+\. ", re.MULTILINE)
"""Citation markers, and the numbers of a list of records."""

Evaluator = Callable[[Outputs, Mapping[str, Any]], float | None]


def recall_at_5(outputs: Outputs, expected: Mapping[str, Any]) -> float | None:
    """Whether a document that holds the answer is among the first five passages."""
    if not expected["documents"]:
        return None
    found = {context["metadata"]["document_id"] for context in outputs["contexts"][:5]}
    return float(bool(found & set(expected["documents"])))


def reciprocal_rank(outputs: Outputs, expected: Mapping[str, Any]) -> float | None:
    """Return one divided by the rank of the first passage of a document that holds the answer."""
    if not expected["documents"]:
        return None
    found = [context["metadata"]["document_id"] for context in outputs["contexts"]]
    ranks = [rank for rank, one in enumerate(found, start=1) if one in expected["documents"]]
    return 1 / ranks[0] if ranks else 0.0


def gold_facts(outputs: Outputs, expected: Mapping[str, Any]) -> float | None:
    """Return the share of the expected facts that the answer states."""
    if not expected["facts"]:
        return None
    text = _answer(outputs).text
    return sum(bool(re.search(fact, text, re.IGNORECASE)) for fact in expected["facts"]) / len(
        expected["facts"]
    )


def never_said(outputs: Outputs, expected: Mapping[str, Any]) -> float | None:
    """Whether the answer keeps clear of what someone tried to make it say."""
    if not expected["never"]:
        return None
    answer = _answer(outputs)
    # What is missing is named in the words of the user, who may well have said it.
    text = answer.text.replace(answer.missing or "", "")
    return float(not any(re.search(bad, text, re.IGNORECASE) for bad in expected["never"]))


def refusal(outputs: Outputs, expected: Mapping[str, Any]) -> float | None:
    """Whether a question that the documents do not answer is refused."""
    return float(_answer(outputs).mode == "abstained") if expected["refuse"] else None


def no_over_refusal(outputs: Outputs, expected: Mapping[str, Any]) -> float | None:
    """Whether a question that the documents do answer is not refused."""
    if expected["refuse"] or not expected["documents"]:
        return None
    return float(_answer(outputs).mode != "abstained")


def citations_given(outputs: Outputs, expected: Mapping[str, Any]) -> float | None:
    """Whether an answer from the documents cites anything at all."""
    answer = _answer(outputs)
    if not expected["documents"] or answer.mode == "abstained":
        return None
    return float(bool(answer.citations))


def citations_cover(outputs: Outputs, expected: Mapping[str, Any]) -> float | None:
    """Return the share of the answer's figures that stand in a quote it cites."""
    answer = _answer(outputs)
    if answer.mode == "abstained" or not answer.citations:
        return None
    said = _FIGURE.findall(_MARKS.sub("", answer.text))
    quoted = {figure for one in answer.citations for figure in _FIGURE.findall(one.quote)}
    return sum(figure in quoted for figure in said) / len(said) if said else 1.0


def route(outputs: Outputs, expected: Mapping[str, Any]) -> float | None:
    """Whether the expected agents worked, in order."""
    if expected["route"] is None:
        return None
    return float(_answer(outputs).route == expected["route"])


def few_model_calls(outputs: Outputs, expected: Mapping[str, Any]) -> float | None:
    """Whether the turn cost at most one model call."""
    return float(_answer(outputs).usage.model_calls <= 1)


def citations_hold(find: Callable[[str], Document | None]) -> Evaluator:
    """Build the judge of whether each quote stands verbatim at its span of its document."""

    def citations_valid(outputs: Outputs, expected: Mapping[str, Any]) -> float | None:
        answer = _answer(outputs)
        return float(not verify(answer, find)) if answer.citations else None

    return citations_valid


EVALUATORS: tuple[Evaluator, ...] = (
    recall_at_5,
    reciprocal_rank,
    gold_facts,
    never_said,
    refusal,
    no_over_refusal,
    citations_given,
    citations_cover,
    route,
    few_model_calls,
)


def _answer(outputs: Outputs) -> Answer:
    return Answer.model_validate(outputs["answer"])
