"""Answers without a model read like answers: to the point, in order, nothing dangling."""

import pytest

from home_energy.evidence.extractive import Options, Quote, compose
from home_energy.evidence.passage import Passage, SentenceSpan
from home_energy.knowledge.split import sentences


def passage(
    text: str,
    heading: str = "",
    *,
    scores: dict[str, float] | None = None,
    document: str = "d",
    near: float = 0.5,
    title: str = "Home energy",
) -> Passage:
    """A passage whose sentences have the cosine given by what they contain, else 0.4."""

    def score(sentence: str) -> float:
        found = (value for part, value in (scores or {}).items() if part in sentence)
        return next(found, 0.4)

    spans = tuple(
        SentenceSpan(start, end, score(text[start:end]))
        for start, end in sentences(text, 0, len(text))
    )
    return Passage(
        document_id=document,
        title=title,
        source=f"{document}.md",
        text=text,
        start=0,
        end=len(text),
        sha256="0" * 64,
        heading=f"{title} > {heading}",
        cosine=near,
        score=near,
        sentences=spans,
        found_by={"heading": near},
    )


def texts(quotes: list[Quote]) -> list[str]:
    return [quote.text for quote in quotes]


def test_without_passages_there_is_no_answer() -> None:
    assert compose("How thick should loft insulation be?", []) == []


def test_quotes_are_verbatim_spans() -> None:
    found = passage("Loft insulation should be 270 mm thick. Lay it in two layers.")
    for quote in compose("How thick should loft insulation be?", [found]):
        assert found.text[quote.start : quote.end] == quote.text


def test_the_sentence_with_the_figure_asked_for_leads() -> None:
    found = passage("Loft insulation keeps a loft warm. Loft insulation should be 270 mm thick.")
    assert "270 mm" in texts(compose("How thick should loft insulation be?", [found]))[0]


def test_a_verdict_answers_the_question_of_its_heading_only() -> None:
    text = "No, standby costs little. Smart plugs switch off standby loads by themselves."
    same = passage(text, "Does standby cost a lot?", near=0.9)
    other = passage(text, "Does standby cost a lot?", near=0.3)
    assert texts(compose("Does standby cost a lot?", [same]))[0].startswith("No,")
    assert not any(
        t.startswith("No,") for t in texts(compose("Do smart plugs cost a lot?", [other]))
    )
    assert not any(t.startswith("No,") for t in texts(compose("What are smart plugs?", [same])))


def test_a_verdict_on_the_contrary_is_not_the_answer() -> None:
    found = passage("Yes, the dryer is safe at night. Clean the filter.", "Is it safe?", near=0.9)
    quotes = texts(compose("Is the dryer dangerous at night?", [found]))
    assert not any(text.startswith("Yes") for text in quotes)


def test_a_leaning_sentence_brings_what_it_leans_on() -> None:
    found = passage(
        "A pool cover stops evaporation. It halves the heating cost of a pool.",
        scores={"halves": 0.8},
    )
    assert texts(compose("How does a pool cover cut the heating cost?", [found]))[0].startswith(
        "A pool cover stops"
    )


def test_a_leaning_sentence_without_support_is_left_out() -> None:
    found = passage("It halves the heating cost of a pool.", scores={"halves": 0.9})
    assert compose("How can I cut the heating cost of a pool?", [found]) == []


def test_an_item_that_is_a_label_comes_with_the_line_that_introduces_it() -> None:
    found = passage(
        "Published values give a scale:\n- An existing home: 15 (A, 2011).\n"
        "- The Passive House limit: 0.6 (B, 2025).",
        scores={"Passive": 0.8, "existing": 0.2, "Published": 0.1},
    )
    answer = " ".join(texts(compose("What is the Passive House limit?", [found])))
    assert answer.startswith("Published values give a scale:")
    assert "0.6" in answer


def test_a_myth_comes_with_its_correction() -> None:
    found = passage("Myth: screen savers save power. Fact: a screen saver uses as much power.")
    for text in texts(compose("Do screen savers save power?", [found])):
        assert text.startswith("Myth")
        assert "Fact" in text


def test_each_part_of_a_question_is_answered() -> None:
    cavity = passage("An unfilled brick cavity loses 1.44 W/m²K.", document="a")
    solid = passage("A solid brick wall loses 2.1 W/m²K.", document="b")
    question = "What is the U-value of an unfilled cavity and of a solid brick wall?"
    answer = " ".join(texts(compose(question, [cavity, solid])))
    assert "1.44" in answer
    assert "2.1" in answer


def test_how_to_is_answered_by_the_section_in_its_order() -> None:
    steps = "Turn the heating off. Open the bleed valve with a key. Close the valve gently."
    found = passage(steps, "How do I bleed a radiator?", scores={"Close": 0.8}, near=0.9)
    assert " ".join(texts(compose("How do I bleed a radiator?", [found]))) == steps


def test_what_is_off_the_point_is_left_out() -> None:
    answer = passage(
        "Home batteries last 10 to 15 years.", scores={"batteries": 0.8}, document="a", near=0.8
    )
    other = passage("Loft insulation lasts 42 years.", scores={"Loft": 0.4}, document="b", near=0.3)
    quotes = compose("How long do home batteries last?", [answer, other])
    assert [quote.passage.document_id for quote in quotes] == ["a"]


def test_the_same_thing_is_not_said_twice() -> None:
    one = passage("LED bulbs last 20 years.", document="a")
    two = passage("LED bulbs last 20 years.", document="b")
    assert len(compose("How long do LED bulbs last?", [one, two])) == 1


def test_an_answer_is_short() -> None:
    long = passage(" ".join(f"LED bulb number {n} lasts {n} years in home use." for n in range(40)))
    quotes = compose("How long do LED bulbs last?", [long])
    assert 1 <= len(quotes) <= Options().sentences
    assert sum(len(text.split()) for text in texts(quotes)) <= Options().words


def test_a_questions_own_words_count_more_than_what_it_leans_on() -> None:
    found = passage("A fridge should be at 5 C. A freezer should be at -18 C.")
    assert "freezer" in texts(compose("how cold should a freezer be? (fridge)", [found]))[0]


@pytest.mark.parametrize("verdict", ["Mostly yes:", "Usually yes,", "Often yes,", "Not usually:"])
def test_a_hedged_verdict_answers_the_question_of_its_heading_only(verdict: str) -> None:
    text = f"{verdict} a heat pump runs best all day. A heat pump is quiet when it is mounted well."
    found = passage(text, "Should a heat pump run constantly?", scores={"all day": 0.7})
    quotes = texts(compose("Is a heat pump quiet?", [found]))
    assert quotes == ["A heat pump is quiet when it is mounted well."]


def test_leaving_on_is_not_answered_by_a_verdict_on_switching_off() -> None:
    text = "Yes for most homes. Leave the router on where alarms need it."
    found = passage(
        text, "Is it all right to switch off the router?", scores={"Yes": 0.95}, near=0.8
    )
    quotes = texts(compose("Is it all right to leave the router on?", [found]))
    assert quotes == ["Leave the router on where alarms need it."]


@pytest.mark.parametrize(
    "leaning", ["The effect is small.", "Current models do better.", "The comparison is unfair."]
)
def test_a_definite_subject_brings_the_sentence_that_it_is_about(leaning: str) -> None:
    scores = {leaning: 0.9}
    alone = passage(leaning, "Do full freezers save?", scores=scores)
    assert compose("Do full freezers save?", [alone]) == []
    both = passage(
        f"Full freezers save a little. {leaning}", "Do full freezers save?", scores=scores
    )
    assert texts(compose("Do full freezers save?", [both]))[0].startswith("Full freezers save")


def test_what_points_elsewhere_is_never_quoted() -> None:
    found = passage(
        "The topic on thermostats gives safe room temperatures. Bedrooms may be at 18 C.",
        scores={"topic": 0.9},
    )
    quotes = texts(compose("What is the best temperature for a bedroom?", [found]))
    assert quotes == ["Bedrooms may be at 18 C."]


@pytest.mark.parametrize(
    ("title", "heading", "text"),
    [
        (
            "Pool heating and heat pumps",
            "Is a heat pump good for a pool?",
            "A heat pump warms a pool.",
        ),
        ("Tumble dryers", "How does a heat pump dryer work?", "A heat pump dryer reuses its heat."),
    ],
)
def test_further_sentences_are_about_the_thing_asked_about(
    title: str, heading: str, text: str
) -> None:
    own = passage(
        "A heat pump moves heat from outdoors.",
        "How efficient is a heat pump?",
        title="Heat pump efficiency",
        document="a",
    )
    other = passage(text, heading, title=title, document="b", scores={text: 0.9}, near=0.9)
    quotes = texts(compose("What is a heat pump?", [own, other]))
    assert quotes == ["A heat pump moves heat from outdoors."]


def test_a_machine_without_a_name_is_that_of_its_document_only() -> None:
    fridge = passage("The EU label of fridges runs from A to G.", title="Fridges", document="a")
    other = passage(
        "A machine earns class A on the EU label with an index under 32.",
        title="Buying a dishwasher",
        document="b",
        scores={"machine": 0.6},
    )
    quotes = texts(compose("What is the EU label class A of a fridge?", [fridge, other]))
    assert quotes == ["The EU label of fridges runs from A to G."]


def test_what_is_so_of_one_kind_of_lamp_is_not_said_of_another() -> None:
    found = passage("Fluorescent lamps contain mercury.", scores={"mercury": 0.9})
    assert compose("Do LED bulbs contain mercury?", [found]) == []
    assert compose("Do fluorescent lamps contain mercury?", [found])


def test_one_of_many_causes_is_not_stated_as_what_is_so() -> None:
    found = passage(
        "- The last bill was estimated too low, and a real reading has caught up.\n"
        "- The bill covers more days than the last one.",
        "Why did my bill rise?",
        near=0.64,
    )
    assert compose("my bill is too high what do i do", [found]) == []
    assert compose("Why is my bill so high?", [found])


def test_what_to_switch_off_is_not_answered_by_how_to_fill_it() -> None:
    found = passage("A full freezer loses less cold air.", "Does a full freezer use less?")
    assert compose("Should I turn my freezer off?", [found]) == []


def test_a_myth_that_is_the_question_leads_with_its_fact() -> None:
    found = passage(
        "A fan pulls cool air in through the room. Myth: a fan cools the room. "
        "Fact: a fan cools people.",
        "Myths",
        scores={"Myth": 0.8, "pulls": 0.6},
    )
    quotes = texts(compose("Is it true that fans cool the room?", [found]))
    assert quotes[0] == "Myth: a fan cools the room. Fact: a fan cools people."


def test_a_colour_temperature_is_no_room_temperature() -> None:
    light = passage(
        "Light of 2,700 K suits a bedroom.",
        "What colour temperature is best for a bedroom?",
        document="a",
        near=0.8,
    )
    room = passage(
        "Keep a bedroom at 18 C.", "How warm should bedrooms be?", document="b", near=0.6
    )
    quotes = texts(compose("What is the best temperature for a bedroom?", [light, room]))
    assert quotes == ["Keep a bedroom at 18 C."]


def test_to_pay_off_is_not_to_switch_off() -> None:
    found = passage("A heat pump water heater is often worth it.", "Is it worth it?", near=0.7)
    assert compose("Would a heat pump water heater pay off?", [found])


def test_what_holds_for_one_machine_is_not_said_of_all() -> None:
    narrow = passage(
        "Go back 1 to 2 C at night.",
        "Should I set back a heat pump at night?",
        title="Thermostats",
        document="a",
        near=0.6,
    )
    plain = passage(
        "A set-back of 4 C at night saved 6.5% of the gas.",
        "How deep should a set-back be?",
        title="Thermostats",
        document="b",
        near=0.55,
    )
    quotes = texts(compose("What should I set the thermostat to at night?", [narrow, plain]))
    assert quotes == [plain.text]


def test_what_one_would_do_without_is_not_what_is_asked_about() -> None:
    found = passage(
        "Renters can use window fans.",
        "What can renters use for cooling?",
        title="Ceiling fans and night cooling",
        document="a",
        near=0.6,
    )
    other = passage(
        "Set the air conditioner to 26 C in summer.",
        "What should I set in summer?",
        title="Air conditioners",
        document="b",
        near=0.5,
    )
    quotes = texts(compose("How can I stay cool in summer without aircon?", [found, other]))
    assert quotes[0] == "Renters can use window fans."


def test_a_short_list_under_its_heading_is_quoted_whole() -> None:
    text = "- Medical equipment.\n- Fridges in use.\n- Smoke alarms."
    found = passage(text, "What must never be switched off?", near=0.7)
    assert texts(compose("What should I never switch off?", [found])) == [text.lstrip("- ")]


@pytest.mark.parametrize(
    "leaning",
    [
        "Standby took 5% of electricity in those ten homes.",
        "Most halogen bulbs cannot reach that value.",
    ],
)
def test_what_points_back_inside_a_sentence_is_not_quoted_alone(leaning: str) -> None:
    found = passage(leaning, "How much is standby?", near=0.9, scores={leaning: 0.9})
    assert compose("How much electricity is standby?", [found]) == []
