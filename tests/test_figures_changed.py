"""No number, unit or sign that was changed in a sentence of our documents passes the proof."""

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from home_energy.evidence.numbers import Quantity, quantities
from home_energy.evidence.passage import Passage
from home_energy.evidence.proof import Verdict, prove, warm_up
from home_energy.knowledge.split import sentences

DOCUMENTS = Path(__file__).parents[1] / "knowledge"
UNITS = (
    ("kWh", "MWh"), ("kWh", "W"), ("W", "kW"), ("mm", "cm"), ("°C", "°F"), ("%", " kWh"),
    ("£", "$"), ("$", "€"), ("inches", "feet"), ("litres", "gallons"), ("year", "month"),
    ("hours", "minutes"), ("pence", "pounds"), ("cents", "dollars"), ("kW", "kWh"),
)  # fmt: skip
WORDS = {
    "half": "a third", "a third": "a quarter", "a quarter": "a fifth", "two-thirds": "one-third",
    "two": "four", "three": "five", "four": "three", "five": "six", "ten": "twelve",
    "twice": "three times", "double": "triple", "dozen": "score",
}  # fmt: skip
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
EACH = 3


def passages() -> Iterator[Passage]:
    for path in sorted(DOCUMENTS.glob("*.md")):
        text = path.read_text("utf-8").split("---\n", 2)[2]
        title = text.strip().splitlines()[0].removeprefix("# ")
        for part in re.split(r"^## ", text, flags=re.M)[1:]:
            heading, body = part.split("\n", 1)
            yield Passage(
                document_id=path.stem, title=title, source="", text=body.strip(), start=0,
                end=len(body.strip()), sha256="0" * 64, heading=heading,
            )  # fmt: skip


def changed(sentence: str) -> Iterator[str]:
    for figure in quantities(sentence):
        for text in figure_changed(figure, sentence[figure.start : figure.end]):
            yield sentence[: figure.start] + text + sentence[figure.end :]


def figure_changed(figure: Quantity, text: str) -> Iterator[str]:
    numbers = list(NUMBER.finditer(text))
    for match in numbers:
        value = float(match[0].replace(",", ""))
        for other in (value * 10, value + 1, value * 2, value * 1.1, abs(value - 1) or value + 3):
            yield text[: match.start()] + written(other, like=match[0]) + text[match.end() :]
    for one, other in UNITS:
        if re.search(rf"\d\s*{re.escape(one)}(?!\w)", text) or (one in "£$" and one in text):
            yield text.replace(one, other, 1)
    for one, other in WORDS.items():
        if re.search(rf"\b{one}\b", text, re.I):
            yield re.sub(rf"\b{one}\b", other, text, count=1, flags=re.I)
    if numbers and figure.kind in ("temperature", "degrees", "money_gbp", "money_usd", "percent"):
        bare = text.lstrip("-−")
        if float(numbers[0][0].replace(",", "")):
            yield bare if bare != text else f"-{text}"


def written(value: float, *, like: str) -> str:
    text = f"{value:,.2f}" if "," in like else f"{value:.2f}"
    return text.rstrip("0").rstrip(".")


def is_vacuous(sentence: str) -> bool:
    """Whether it now says one figure twice: "3 or 3"."""
    return bool(re.search(r"(?<![\d.])(\d\S*) (?:to|or|and) \1(?!\d)", sentence))


@pytest.mark.slow
def test_no_changed_number_unit_or_sign_passes():
    warm_up()
    chance, tried, passed = random.Random(7), 0, []
    for passage in passages():
        for start, end in sentences(passage.text, 0, len(passage.text)):
            sentence = passage.text[start:end].removeprefix("- ")
            wrong = list(changed(sentence))
            for one in chance.sample(wrong, min(EACH, len(wrong))):
                if one == sentence or is_vacuous(one):
                    continue
                tried += 1
                if prove(one, [passage]).verdict is Verdict.SUPPORTED:
                    passed.append(one)
    assert tried >= 2_000
    assert passed == []
