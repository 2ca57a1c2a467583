import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.proof import DATASET, HARD, judge, load, milliseconds, summary
from home_energy.evidence.passage import Passage, SentenceSpan
from home_energy.evidence.proof import Verdict, is_claim, prove, warm_up


def passage(text: str, title: str = "", heading: str = "", start: int = 0) -> Passage:
    return Passage(
        document_id="d",
        title=title,
        source="s",
        text=text,
        start=start,
        end=start + len(text),
        sha256="0" * 64,
        heading=heading,
    )


LOFT = passage(
    "The recommended depth of mineral wool in a UK loft is 270 mm. Going from a bare loft to "
    "270 mm saves a gas-heated semi about £580 a year. Topping up from 100 mm to 270 mm saves "
    "about £135 a year. Never cover recessed lights.",
    title="Loft insulation",
)
FANS = passage(
    "A ceiling fan lets you raise the thermostat by about 4 °F. Fans cool people, not rooms, so "
    "switch them off in empty rooms. Above roughly 35 °C a fan alone may not protect against heat "
    "illness.",
    title="Cooling",
    heading="Fans",
)
BULBS = passage(
    "LED bulbs use at least 75% less energy than incandescent bulbs. They can last up to 25 times "
    "longer. An incandescent bulb turns about 90% of its energy into heat.",
    title="Lighting",
)
PASSAGES = [LOFT, FANS, BULBS]


@pytest.mark.parametrize(
    "sentence",
    [
        "Topping up loft insulation from 100 mm to 270 mm saves roughly £135 every year [1].",
        "In the UK, 270 mm of mineral wool is the recommended loft depth.",
        "With a ceiling fan you can set the thermostat about 4 °F higher.",
        "Fans cool people rather than rooms.",
        "LEDs need at least 75% less energy than incandescents and can last up to 25 times longer.",
        "Recessed lights must never be covered.",
    ],
)
def test_a_true_paraphrase_is_supported(sentence):
    assert prove(sentence, PASSAGES).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(
    "sentence",
    [
        "Topping up from 100 mm to 270 mm saves about £580 a year.",
        "Topping up from 100 mm to 270 mm saves about £135 a month.",
        "Topping up from 100 mm to 270 mm saves about $135 a year.",
        "The recommended depth of mineral wool in a UK loft is 270 cm.",
        "With a ceiling fan you can set the thermostat about 4 °F lower.",
        "Fans cool rooms.",
        "Leave fans on in empty rooms.",
        "A fan alone protects against heat illness above roughly 35 °C.",
        "LED bulbs use at most 75% less energy than incandescent bulbs.",
        "Incandescent bulbs use at least 75% less energy than LED bulbs.",
        "An LED bulb turns about 90% of its energy into heat.",
        "Cover recessed lights.",
        "Heat pumps use at least 75% less energy than boilers.",
        "LED bulbs save a gas-heated semi about £580 a year.",
        "Loft insulation pays back within three years.",
        "",
    ],
)
def test_a_false_sentence_is_not_supported(sentence):
    assert prove(sentence, PASSAGES).verdict not in (Verdict.SUPPORTED, Verdict.MISATTRIBUTED)


def test_the_span_is_verbatim_in_document_offsets():
    document = "Preface. " + LOFT.text
    at_nine = passage(LOFT.text, title=LOFT.title, start=9)
    proof = prove("Topping up from 100 mm to 270 mm saves some £135 a year.", [at_nine])
    assert document[proof.start : proof.end] == (
        "Topping up from 100 mm to 270 mm saves about £135 a year."
    )


def test_given_sentences_are_used_as_the_spans():
    text = "Panels work on cloudy days | at reduced power"
    given_spans = (SentenceSpan(0, 26), SentenceSpan(29, 45))
    one = Passage("d", "Solar", "s", text, 0, len(text), "0" * 64, sentences=given_spans)
    proof = prove("Panels work on cloudy days.", [one])
    assert (proof.verdict, proof.start, proof.end) == (Verdict.SUPPORTED, 0, 26)


def test_a_verbatim_sentence_is_supported_whatever_its_words():
    for one in PASSAGES:
        for sentence in one.text.replace(". ", ".\n").split("\n"):
            assert prove(sentence, PASSAGES).score == 1.0
            assert prove(sentence, PASSAGES).verdict is Verdict.SUPPORTED


def test_another_passage_than_the_cited_one_is_reported_for_citing_anew():
    proof = prove("A ceiling fan lets you raise the thermostat by about 4 °F.", PASSAGES, cited=[1])
    assert (proof.verdict, proof.passage_index) == (Verdict.MISATTRIBUTED, 1)


def test_one_right_citation_of_several_is_enough():
    proof = prove(
        "A ceiling fan lets you raise the thermostat by about 4 °F.", PASSAGES, cited=[1, 2]
    )
    assert (proof.verdict, proof.passage_index) == (Verdict.SUPPORTED, 1)


def test_citations_of_no_passage_are_not_taken_for_right():
    assert prove("Never cover recessed lights.", PASSAGES, cited=[9]).verdict is (
        Verdict.MISATTRIBUTED
    )


def test_the_contrary_is_told_from_the_unsaid():
    assert prove("Fans cool rooms.", [FANS]).verdict is Verdict.CONTRADICTED
    assert prove("Fans are made of brass.", [FANS]).verdict is Verdict.NOT_FOUND


def test_words_of_two_places_are_stitched():
    proof = prove("A ceiling fan lasts up to 25 times longer than an incandescent bulb.", PASSAGES)
    assert proof.verdict is Verdict.STITCHED


def test_a_question_in_a_document_supports_nothing():
    asks = passage("Do heat pumps work below freezing? It depends on the model.")
    assert prove("Heat pumps work below freezing.", [asks]).verdict is not Verdict.SUPPORTED


def test_a_myth_in_a_document_supports_nothing():
    myth = passage("**Myth:** Lighting is the biggest part of the bill.")
    assert prove("Lighting is the biggest part of the bill.", [myth]).verdict is (
        Verdict.CONTRADICTED
    )


def test_no_passages_prove_nothing():
    assert prove("Fans cool people.", []).verdict is Verdict.NOT_FOUND


@pytest.mark.parametrize(
    "sentence",
    [
        "I hope this helps!",
        "Here is what the documents say:",
        "Let me know if you have more questions.",
        "Would you like more tips?",
        "Sure!",
        "**Summary:**",
        "---",
    ],
)
def test_filler_is_no_claim(sentence):
    assert not is_claim(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Heat rises.",
        "Insulate the loft first:",
        "I hope this helps you save £200 a year.",
        "Did you know that LEDs use 75% less?",
        "Sure, heat pumps always pay back.",
        "According to the documents, fans cool rooms.",
    ],
)
def test_what_states_something_is_a_claim(sentence):
    assert is_claim(sentence)


@given(st.text(max_size=200), st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_text_gets_a_verdict_within_its_passage(sentence, text):
    one = passage(text, start=7)
    proof = prove(sentence, [one])
    assert proof.passage_index in (None, 0)
    assert proof.passage_index is None or 7 <= proof.start <= proof.end <= one.end


def test_the_same_question_gets_the_same_proof():
    sentence = "Topping up from 100 mm to 270 mm saves £135 a year."
    assert prove(sentence, PASSAGES) == prove(sentence, PASSAGES)


@pytest.mark.parametrize(("path", "false", "true"), [(DATASET, 1, 10), (HARD, 5, 32)])
def test_the_seen_sentences_stay_judged_as_they_were(path, false, true):
    figures = summary(judge(load(path)))
    assert figures["false_accepted_percent"] <= false
    assert figures["true_rejected_percent"] <= true


@pytest.mark.parametrize(
    ("source", "claim"),
    [
        (
            "Brush strips close letterboxes, foam strips close frames.",
            "Foam strips close letterboxes.",
        ),
        (
            "A landlord is legally responsible for keeping tenants safe from harm.",
            "A tenant is legally responsible for keeping landlords safe from harm.",
        ),
        ("Old dimmers may hum with LED lamps.", "Old dimmers hum with LED lamps."),
        ("Dried boards usually do not grow mould.", "Dried boards never grow mould."),
        ("Use enclosed fittings only with marked bulbs.", "Use enclosed fittings with all bulbs."),
        ("Switch the box off unless it must record.", "Switch the box off even if it must record."),
        (
            "Never scrape the freezer wall with sharp tools.",
            "Scrape the freezer wall with sharp tools.",
        ),
        (
            "Heating took 62% of the energy but only 44% of the money.",
            "Heating took 44% of the energy.",
        ),
        (
            "A litre cost 2.1 pence on gas and 2.7 in a kettle.",
            "A litre cost 2.1 pence in a kettle.",
        ),
        (
            "Certified fans move air 20% more efficiently.",
            "Certified fans move air 20% more quietly.",
        ),
        (
            "Wash hard surfaces with detergent and water.",
            "Wash hard surfaces with vinegar and water.",
        ),
        ("Myth: bleach solves mould for good.", "Bleach solves mould for good."),
        ("Cells work better when they are cool.", "Cells work better when they are hot."),
    ],
)
def test_a_sentence_that_says_more_or_joins_wrongly_is_not_supported(source, claim):
    assert prove(claim, [passage(source)]).verdict is not Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("source", "claim"),
    [
        ("Squeezing a batt lowers its value.", "Squashing a batt makes its value lower."),
        (
            "Never mix bleach with acids, because poisonous gas forms.",
            "Bleach must never be mixed with acids, since a toxic gas forms.",
        ),
        (
            "Repair the leak first, or the mould returns.",
            "Unless the leak is repaired first, mould comes back.",
        ),
        (
            "Rapid boiling cooks no faster than a gentle boil.",
            "Rapid boiling cooks no faster than a gentle boil does.",
        ),
        (
            "A corded mower is cheapest for a small lawn.",
            "For a small lawn nothing is cheaper than a corded mower.",
        ),
        ("The pipe is 20 mm thick.", "The pipe is 2 cm thick."),
        ("The heater draws 1 kW.", "The heater draws 1,000 W."),
        ("A fridge must not exceed 5 °C.", "A fridge should be kept at or below 5 °C."),
    ],
)
def test_the_same_in_other_words_is_supported(source, claim):
    assert prove(claim, [passage(source)]).verdict is Verdict.SUPPORTED


def test_no_false_figure_unit_or_bound_is_let_through():
    cases = [case for case in load() if case.kind in ("number", "unit", "bound")]
    assert [one.case.name for one in judge(cases) if one.false_accepted] == []


def test_an_answer_is_proved_in_time():
    warm_up()
    median, _ = milliseconds(load(), rounds=10)
    assert median < 30
