import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from home_energy.knowledge.documents import Document, Page
from home_energy.knowledge.split import MAX_CHARACTERS, MAX_TOKENS, sentences, split


def words(text: str) -> int:
    """Count tokens as words, which is enough for a splitter."""
    return len(text.split())


def quotes(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text, 0, len(text))]


def document(text: str, **more) -> Document:
    return Document(id="d", title="D", text=text, source="d.md", **more)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("It saves 3.5 kWh a day. That is much.", ["It saves 3.5 kWh a day.", "That is much."]),
        ("Seal gaps, e.g. Doors. Then stop.", ["Seal gaps, e.g. Doors.", "Then stop."]),
        ("Ask Dr. Smith. He knows.", ["Ask Dr. Smith.", "He knows."]),
        ("J. Smith wrote it. R-values help.", ["J. Smith wrote it.", "R-values help."]),
        (
            "See no. 5 for more. No. That is wrong.",
            ["See no. 5 for more.", "No.", "That is wrong."],
        ),
        ("Sold c. 2016 in the U.K. at cost. Yes.", ["Sold c. 2016 in the U.K. at cost.", "Yes."]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("It works (see below). Good.", ["It works (see below).", "Good."]),
        ("Wait… no. 20 of them left.", ["Wait… no. 20 of them left."]),
        ("It fell. 20 % went.", ["It fell.", "20 % went."]),
        ("a first thing . then a second .", ["a first thing .", "then a second ."]),
        ("暖かい。寒い。", ["暖かい。", "寒い。"]),
        ("Saved £20 [1]. More follows.", ["Saved £20 [1].", "More follows."]),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text, expected):
    assert quotes(text) == expected


def test_list_items_are_sentences_without_their_marks():
    text = "Do this:\n- Close *all* doors\n- [x] Bleed radiators.\n  Then wait.\n2) Call help"
    assert quotes(text) == [
        "Do this:",
        "Close *all* doors",
        "Bleed radiators.",
        "Then wait.",
        "Call help",
    ]


def test_headings_rules_table_heads_and_link_definitions_are_no_sentences():
    text = (
        "# Title\n\nBody one\ngoes on. Two.\n\n---\n\n| Lamp | Watts |\n|---|---|\n| LED | 9 W |\n"
        "| Old | 60 W |\n\n## Next\n[a]: https://example.org\n```\ncode here. more\n```\n> Quoted."
    )
    assert quotes(text) == [
        "Body one\ngoes on.",
        "Two.",
        "LED | 9 W",
        "Old | 60 W",
        "code here. more",
        "Quoted.",
    ]


@given(st.text(alphabet=string.ascii_letters + " .!?\n|#->*`0159£。\t", max_size=300))
def test_sentence_spans_are_trimmed_ordered_and_apart(text):
    end = 0
    for start, stop in sentences(text, 0, len(text)):
        assert end <= start < stop
        assert text[start:stop] == text[start:stop].strip()
        end = stop


@given(st.text(alphabet=string.ascii_letters + " .\n|#-", max_size=2000), st.integers(0, 2000))
def test_chunks_hold_every_sentence_once_whatever_the_text(text, middle):
    middle = min(middle, len(text))
    pages = (Page(1, 0, middle), Page(2, middle, len(text)))
    parts = [sentences(text, page.start, page.end) for page in pages]
    chunks = split(document(text, pages=pages), words)
    assert [span for chunk in chunks for span in chunk.sentences] == parts[0] + parts[1]


def test_a_chunk_spans_its_sentences_and_fits_the_model():
    text = "# T\n\n" + "\n\n".join(
        f"Sentence {n} says something about heating homes. It has a second part {n}."
        for n in range(80)
    )
    chunks = split(document(text), words)
    assert len(chunks) > 3
    sizes = [words(text[chunk.start : chunk.end]) for chunk in chunks]
    assert max(sizes) <= MAX_TOKENS
    assert min(sizes) > MAX_TOKENS / 2
    for chunk in chunks:
        assert chunk.start == chunk.sentences[0][0]
        assert chunk.end == chunk.sentences[-1][1]


def test_a_chunk_knows_its_headings():
    text = (
        "# Guide\n\nIntro here.\n\n## Loft\n\nDeep wool.\n\n### Cost\n\nCheap.\n\n## Wall\n\nThick."
    )
    found = {text[chunk.start : chunk.end]: chunk.heading for chunk in split(document(text), words)}
    assert found == {
        "Intro here.": "Guide",
        "Deep wool.\n\n### Cost\n\nCheap.": "Guide > Loft",
        "Thick.": "Guide > Wall",
    }


def test_a_chunk_never_crosses_a_page():
    text = "One page.\n\nAnother page."
    pages = (Page(1, 0, 9), Page(2, 11, len(text)))
    chunks = split(document(text, pages=pages), words)
    assert [(chunk.page, text[chunk.start : chunk.end]) for chunk in chunks] == [
        (1, "One page."),
        (2, "Another page."),
    ]


def test_a_chunk_of_a_list_begins_with_its_mark():
    text = "- First thing\n- Second thing"
    (chunk,) = split(document(text), words)
    assert text[chunk.start : chunk.end] == text
    assert [text[a:b] for a, b in chunk.sentences] == ["First thing", "Second thing"]


def test_only_a_sentence_too_long_for_a_chunk_is_cut():
    text = "Short one. " + "word " * 500 + "end. Short two."
    chunks = split(document(text), words)
    assert max(words(text[chunk.start : chunk.end]) for chunk in chunks) <= MAX_TOKENS
    assert "".join(text[a:b] for c in chunks for a, b in c.sentences).replace(" ", "") == (
        text.replace(" ", "")
    )


@pytest.mark.parametrize("line", ["x" * 100_000, "好" * 50_000, "- " * 20_000, "|" * 100_000])
def test_a_monstrous_line_is_cut_quickly(line):
    for chunk in split(document(line), words):
        assert chunk.end - chunk.start <= MAX_CHARACTERS


def test_a_unit_of_one_letter_ends_a_sentence() -> None:
    text = "Whole homes drew 14 to 169 W. Standby power adds up. Set it to 65 °F. J. Smith agrees."
    found = [text[start:end] for start, end in sentences(text, 0, len(text))]
    assert found == [
        "Whole homes drew 14 to 169 W.",
        "Standby power adds up.",
        "Set it to 65 °F.",
        "J. Smith agrees.",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "." * 60_000,
        "Hi " + "!" * 60_000 + "x",
        "# x" + " " * 60_000 + "x",
        "# x" + "#" * 60_000 + "x",
        "| a |\n|-" + "| " * 30_000 + "x",
        " " * 60_000 + "x",
        "-" + " " * 60_000 + "x",
    ],
    ids=lambda line: repr(line[:6]),
)
def test_a_line_made_to_be_slow_is_split_at_once(line):
    started = time.monotonic()
    split(document(line), words)
    assert time.monotonic() - started < 5


def test_the_marks_that_close_a_heading_are_no_part_of_it():
    text = "# Lofts and C# ##  \n\nSeal the hatch."
    assert split(document(text), words)[0].heading == "Lofts and C#"
