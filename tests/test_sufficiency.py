"""Whether evidence is enough is told from what it says, not from how near it is alone."""

import pytest

from home_energy.evidence.passage import Passage, SentenceSpan
from home_energy.evidence.sufficiency import Limits, judge


def passage(
    heading: str, *sentences: str, title: str = "Electricity", near: float = 0.5, best: float = 0.5
) -> Passage:
    """A passage as near to the question as said, whatever its words."""
    text = " ".join(sentences)
    spans, at = [], 0
    for sentence in sentences:
        spans.append(SentenceSpan(at, at + len(sentence), best))
        at += len(sentence) + 1
    return Passage(
        document_id="d",
        title=title,
        source="d.md",
        text=text,
        start=0,
        end=len(text),
        sha256="0" * 64,
        heading=f"{title} > {heading}",
        cosine=near,
        score=near,
        sentences=tuple(spans),
        found_by={"heading": best},
    )


CAP = passage(
    "What is the price cap?",
    "The price cap for October to December 2025 meant 1,755 pounds a year for a typical home.",
    "It limits unit rates and standing charges.",
)
DRYER = passage(
    "How much does a dryer use?",
    "A tumble dryer draws 2,300 to 2,700 W.",
    "A heat pump dryer draws 800 to 900 W.",
    title="Tumble dryers",
)


def test_an_answered_question_has_enough() -> None:
    assert judge("What was the price cap in 2025?", [CAP]).enough


def test_another_year_is_another_question() -> None:
    verdict = judge("What will the price cap be in January 2027?", [CAP])
    assert not verdict.enough
    assert (verdict.missing or "").endswith("the closest passages do not speak of 2027.")


def test_a_name_that_nothing_has_is_named_as_missing() -> None:
    verdict = judge("What was the price cap in Ruritania?", [CAP])
    assert not verdict.enough
    # Another document of the index may well have it, so that none has is not said.
    assert (verdict.missing or "").endswith("the closest passages do not mention: Ruritania.")
    assert "No document" not in (verdict.missing or "")


def test_how_long_a_thing_lasts_is_not_how_soon_it_pays_back() -> None:
    lasts = passage(
        "How long does loft insulation last?",
        "Loft insulation lasts 42 years.",
        title="Loft insulation",
        near=0.9,
        best=0.9,
    )
    pays = passage(
        "What is the payback of loft insulation?",
        "Loft insulation pays for itself in 3 years.",
        title="Loft insulation",
        near=0.9,
        best=0.9,
    )
    other = passage(
        "What is the payback of solar panels?",
        "Solar panels pay back in 9 years.",
        title="Solar panels",
        near=0.9,
        best=0.9,
    )
    question = "What's the payback of loft insulation?"
    assert judge(question, [lasts, pays]).enough
    verdict = judge(question, [lasts, other])
    assert not verdict.enough
    assert "payback" in (verdict.missing or "")


def test_an_electric_blanket_is_no_tank_jacket() -> None:
    tank = passage(
        "Does a tank blanket save electric heat?",
        "A blanket on an electric tank saves money.",
        title="Electric tanks and blankets",
        near=0.8,
        best=0.8,
    )
    assert judge("Does a tank blanket save money?", [tank]).enough
    verdict = judge("Do electric blankets save money?", [tank])
    assert not verdict.enough
    assert "electric blankets" in (verdict.missing or "")


def test_every_router_is_one_for_the_internet() -> None:
    router = passage(
        "Should I leave the router on?", "Leave the router on for alarms.", title="Routers"
    )
    plain = judge("should I leave my router on?", [router]).support
    assert judge("should I leave my wifi router on?", [router]).support == plain


def test_an_unknown_word_before_a_known_thing_makes_it_another_thing() -> None:
    assert judge("how many watts does a tumble dryer draw", [DRYER]).enough
    verdict = judge("how many watts does a hair dryer draw", [DRYER])
    assert not verdict.enough
    assert "hair" in (verdict.missing or "")


def test_words_of_talk_need_not_be_in_the_documents() -> None:
    plain = judge("how much does a tumble dryer draw", [DRYER]).support
    chatty = judge("ok roughly how much does my old tumble dryer guzzle, any idea?", [DRYER])
    other = judge("how much does a tumble dryer of caramel toffee draw", [DRYER])
    assert plain > chatty.support > other.support


def test_a_figure_of_another_kind_speaks_less_for_an_answer() -> None:
    power = judge("how many watts does a tumble dryer draw", [DRYER]).support
    litres = judge("how many litres does a tumble dryer draw", [DRYER]).support
    assert power > litres


@pytest.mark.parametrize("near", [0.0, 0.2, 0.29])
def test_far_documents_are_about_something_else(near: float) -> None:
    verdict = judge("What was the price cap in 2025?", [passage("x", "y.", near=near)])
    assert not verdict.enough
    assert "saving energy at home" in (verdict.missing or "")


def test_a_question_taken_for_off_topic_needs_nearer_documents() -> None:
    close = passage("What is the price cap?", CAP.text, near=0.4)
    assert judge("What was the price cap in 2025?", [close]).enough
    assert not judge("What was the price cap in 2025?", [close], off_topic=True).enough


def test_without_passages_nothing_is_enough() -> None:
    assert not judge("What was the price cap in 2025?", []).enough


def test_each_part_of_a_question_may_have_its_own_passage() -> None:
    question = "What was the price cap in 2025 and how many watts does a tumble dryer draw?"
    assert judge(question, [CAP, DRYER]).enough
    assert judge(question, [CAP, DRYER]).missing is None


def test_a_part_that_nothing_speaks_of_is_named_as_missing() -> None:
    verdict = judge("What was the price cap in 2025 and how much does a sauna use?", [CAP])
    assert verdict.enough
    assert verdict.missing == (
        "I found nothing in my documents on this part: how much does a sauna use."
    )


def test_a_leaning_question_is_judged_by_its_own_words_first() -> None:
    assert judge("how many watts does it draw? (tumble dryer)", [DRYER]).enough


def test_a_higher_bar_refuses_more() -> None:
    question = "What was the price cap in 2025?"
    assert not judge(question, [CAP], limits=Limits(enough=50)).enough


def test_an_answer_in_other_words_is_enough_where_its_heading_is_the_question() -> None:
    near = passage(
        "Should I unplug my TV at night?", "Unplugging saves little.", near=0.8, best=0.9
    )
    assert judge("Should I unplug the TV at bedtime?", [near]).enough
    far = passage("Should I unplug my TV at night?", "Unplugging saves little.", near=0.5, best=0.5)
    assert not judge("Should I unplug the toaster at bedtime?", [far]).enough
