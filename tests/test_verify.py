"""That an answer whose proof does not hold is found out."""

import pytest

from home_energy.calculators.registry import calculate
from home_energy.evidence.answer import Answer, Citation
from home_energy.evidence.verify import verify
from home_energy.knowledge.documents import Document

TEXT = """# Loft insulation

## How thick should it be?

Loft insulation of mineral wool should be 270 mm thick in the UK.
The first layer lies between the joists.
"""
LOFT = Document(id="loft", title="Loft insulation", text=TEXT, source="loft.md", region="uk")
QUOTE = "Loft insulation of mineral wool should be 270 mm thick in the UK."


def find(document_id: str) -> Document | None:
    return LOFT if document_id == LOFT.id else None


def answer(text: str = f"{QUOTE} [1]", **changes: object) -> Answer:
    start = TEXT.index(QUOTE)
    citation = {
        "n": 1, "document_id": "loft", "title": LOFT.title, "source": LOFT.source, "quote": QUOTE,
        "start": start, "end": start + len(QUOTE), "sha256": LOFT.sha256,
    }  # fmt: skip
    of_answer = {key: value for key, value in changes.items() if key in Answer.model_fields}
    citation |= {key: value for key, value in changes.items() if key in Citation.model_fields}
    return Answer.model_validate(
        {
            "text": text, "citations": [citation], "mode": "extractive",
            "route": ["retriever", "summarizer"], **of_answer,
        }
    )  # fmt: skip


def test_a_quoted_answer_holds() -> None:
    assert verify(answer(), find) == []


def test_a_quoted_answer_may_say_that_it_quotes() -> None:
    text = f"{QUOTE} [1]\n\nQuoted word for word from the sources cited."
    assert verify(answer(text), find) == []


def test_a_sentence_in_other_words_holds_if_its_quote_says_it() -> None:
    text = "In the UK, mineral wool loft insulation should be 270 mm thick. [1]"
    assert verify(answer(text, mode="model"), find) == []


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (answer(f"{QUOTE.replace('270', '970')} [1]"), "[1] does not say: Loft insulation"),
        (answer(f"{QUOTE} [1] Lay 500 mm in every loft."), "Nothing is cited for: Lay 500 mm"),
        (answer(f"{QUOTE} [2]"), "[2] points to no citation."),
        (answer(document_id="attic"), "there is no such document"),
        (answer(source="https://elsewhere.example"), "the title or the source is not that of"),
        (answer(title="Roofs"), "the title or the source is not that of"),
        (answer(sha256="0" * 64), "the document has changed since"),
        (answer(start=0), "the quote does not stand at its span"),
        (answer(quote="", start=5, end=5), "the quote does not stand at its span"),
        (answer(quote=QUOTE.replace("270", "970")), "the quote does not stand at its span"),
        (answer(citations=[]), "The answer cites nothing."),
        (answer(citations=[], route=[]), "The answer cites nothing."),
        (answer(citations=answer().citations * 2), "Two citations have the same number."),
    ],
    ids=[
        "figure changed", "sentence added", "marker to nothing", "no document", "source changed",
        "title changed", "document changed",
        "span moved", "nothing quoted", "quote changed", "no citations", "nobody answered",
        "number twice",
    ],
)  # fmt: skip
def test_what_does_not_hold_is_said(wrong: Answer, problem: str) -> None:
    assert any(problem in said for said in verify(wrong, find))


@pytest.mark.parametrize(
    "claimless",
    [
        Answer(text="Hello. I answer questions.", mode="extractive", route=["summarizer"]),
        Answer(text="You have saved nothing yet.", mode="extractive", route=["records"]),
        Answer(text="I cannot answer that.", mode="abstained", route=["retriever", "summarizer"]),
    ],
    ids=["greeting", "records", "abstention"],
)
def test_an_answer_that_claims_nothing_needs_no_quote(claimless: Answer) -> None:
    assert verify(claimless, find) == []


def test_a_record_is_checked_for_its_quotes_only() -> None:
    kept = answer(f"You have saved:\n1. tip: {QUOTE} [1]", route=["records"])
    assert verify(kept, find) == []
    assert verify(kept.model_copy(update={"citations": []}), find) == ["[1] points to no citation."]


def test_what_is_missing_may_follow_what_is_quoted() -> None:
    missing = "I found nothing in my documents on this part: how much does a sauna use."
    said = f"{QUOTE} [1]\n\nQuoted word for word from the sources cited."
    assert verify(answer(f"{said} {missing}", missing=missing), find) == []
    assert verify(answer(f"{said} Lay 900 mm of straw.", missing=missing), find)


def test_a_calculation_is_calculated_again() -> None:
    sound = calculate("standby_energy", watts=10)
    assert verify(answer(calculations=[sound]), find) == []
    wrong = sound.model_copy(update={"result": 2 * sound.result})
    (problem,) = verify(answer(calculations=[wrong]), find)
    assert problem.startswith("The calculation 'standby_energy' gives 87.6 kWh/year, not 175.2")
    unknown = sound.model_copy(update={"name": "magic"})
    (problem,) = verify(answer(calculations=[unknown]), find)
    assert "cannot be repeated" in problem
