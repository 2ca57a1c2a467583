"""Quantities in plain language: numbers with their units and what they are per."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from home_energy.calculators.spelling import plain
from home_energy.calculators.unit_words import RATES, UNIT_WORDS

NUMBER = r"(?<![\w.])(\d+(?:\.\d+)?|\.\d+)"
_GAP = r"[ -]?"
_PER = r" ?(?:/|\ba\b|\ban\b|\bper\b|\beach\b|\bevery\b) ?"
_TIME = r"(day|night|evening|morning|week|month|year|annum|h|hour)\b"
_MONEY_PER = (
    r"(?: ?(?:/|\ba\b|\ban\b|\bper\b|\bfor each\b|\bfor a\b) ?"
    r"(kwh|kilowatt[ -]?hours?|units?|lit(?:re|er)s?|l|gal(?:lon)?s?|therms?|watts?|w|day|year|"
    r"month|bulbs?|lamps?|leds?|piece)\b| ?(each)\b| ?(electricity|power)\b)?"
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit, as found at `start:end` of the reading's text."""

    value: float
    unit: str
    """One of the names in `UNIT_WORDS`, or GBP, USD, EUR, `` for a bare number."""
    start: int
    end: int
    per: str = ""
    """What it is per: day, week, month, year, kwh, litre, gallon, therm, each, ..."""


_UNIT = re.compile(
    "|".join(f"(?P<u{n}>{spelling})" for n, (spelling, _, _) in enumerate(UNIT_WORDS))
)
_NUMBER = re.compile(NUMBER)
_PER_TIME = re.compile(
    rf"(?: (?:of [a-z]+ )?)?{_PER}{_TIME}| ?(daily|nightly|weekly|monthly|yearly)\b"
)
_MONEY_FIRST = re.compile(rf"([£$€]|\b(?:gbp|usd|eur) ?) ?(\d+(?:\.\d+)?|\.\d+){_MONEY_PER}")
_MONEY_LAST = re.compile(
    rf"{NUMBER} ?(p|pence|pounds?(?! of)|gbp|quid|cents?|¢|c(?=/| per)|ct|dollars?|bucks|usd|"
    r"euros?|eur|€)"
    rf"(?![\w²³]){_MONEY_PER}"
)
_PRICE_WITHOUT_CURRENCY = re.compile(
    rf"{NUMBER} ?(?:/|per|a) ?(?:kwh|unit)\b"
    r"|(?:\b(?:at|price of|rate of|paying|pay)|@) ?(0?\.\d+)\b(?![.\d]| ?[a-z%°/])"
)
_R_VALUE = re.compile(
    r"\br(?:-| |-value (?:of )?| value (?:of )?)?"
    # 32, 134, 290 and 410 are refrigerants.
    r"(?!(?:32|134|290|410)\b)(\d+(?:\.\d+)?)\b"
)
_LABELLED = re.compile(
    r"\b(scop|cop|hspf|seer|eer|afue|hdd|u-values?|u(?= ?\d)|spf)(?: ?(?:of|=|:|is))? ?"
    r"(\d+(?:\.\d+)?)( ?%)?"
)
_PAIR_BEFORE = re.compile(
    rf"{NUMBER} ?(?:to|vs\.?|versus|->|→|down to|up to|and|instead of|rather than) ?$"
)
_PAIR_AFTER = re.compile(
    rf" ?(?:->|→|(?:down |up )?to) {NUMBER}(?! ?-?(?:%|°|[a-z][a-z-]*s\b)|[\d.:])"
)
_COMPARED = {"ACH", "ACH50", "U", "R", "W", "C", "F", "degree", "kWh", "l/min", "gal/min", "min"}
_MINUS = re.compile(r"(?:^|[\s(])(?:-|minus )$")
_SIGNED = {"C", "F"}
_NEGATIVE = re.compile(r"(?:^|[\s(])(?:-|minus )\d")
_CLAUSE = re.compile(r"[,;]| and ")
_PERIOD = {
    "night": "day",
    "evening": "day",
    "morning": "day",
    "annum": "year",
    "h": "hour",
    "daily": "day",
    "nightly": "day",
    "weekly": "week",
    "monthly": "month",
    "yearly": "year",
}
_CURRENCY = {"£": "GBP", "gbp": "GBP", "$": "USD", "usd": "USD", "€": "EUR", "eur": "EUR"}
_CENTS = {"cents", "cent", "¢", "c", "ct"}


class Reading:
    """A text with the quantities that were found in it."""

    def __init__(self, text: str, *, cents: str = "USD") -> None:
        """Read the text; `cents` is the currency that a bare "cents" or "c" stands for."""
        self.text = plain(text)
        self._cents = cents
        self.quantities = self._all()

    def again(self, text: str) -> "Reading":
        """Return the reading of another text by the same rules."""
        return Reading(text, cents=self._cents)

    def all(self, *units: str, per: str | None = None) -> list[Quantity]:
        """Return the quantities in these units in the order of the text."""
        return [q for q in self.quantities if q.unit in units and (per is None or q.per == per)]

    def value(self, *units: str, per: str | None = None) -> float | None:
        """Return the first value in these units, None where there is none."""
        found = self.all(*units, per=per)
        return found[0].value if found else None

    def has(self, pattern: str) -> bool:
        """Return whether the text holds the pattern, at a word boundary, in lower case."""
        return re.search(rf"\b(?:{pattern})", self.text) is not None

    @property
    def is_negative(self) -> bool:
        """Whether a quantity that is no temperature has a minus sign, so that it means nothing."""
        signs = [m.end() - 1 for m in _NEGATIVE.finditer(self.text)]
        kept = [q.start for q in self.quantities if q.unit in _SIGNED | {"degree", "K"}]
        return any(start not in kept for start in signs)

    def near(self, quantity: Quantity, pattern: str, before: int = 25, after: int = 25) -> bool:
        """Return whether the pattern stands near the quantity, in the same clause."""
        others = [q for q in self.quantities if q != quantity]
        left = max([q.end for q in others if q.end <= quantity.start] + [quantity.start - before])
        right = min([q.start for q in others if q.start >= quantity.end] + [quantity.end + after])
        ahead = _CLAUSE.split(self.text[max(left, 0) : quantity.start])[-1]
        behind = _CLAUSE.split(self.text[quantity.end : right])[0]
        return re.search(rf"\b(?:{pattern})", f"{ahead} | {behind}") is not None

    @cached_property
    def rest(self) -> str:
        """The text with every quantity blanked, for words that stand by themselves."""
        rest = list(self.text)
        for quantity in self.quantities:
            rest[quantity.start : quantity.end] = " " * (quantity.end - quantity.start)
        return "".join(rest)

    def _all(self) -> list[Quantity]:
        found: list[Quantity] = []
        finders: tuple[Callable[[], list[Quantity]], ...] = (
            self._labelled,
            self._money,
            self._measures,
            self._r_values,
            lambda: self._first_of_pairs(found),
            lambda: self._second_of_pairs(found),
            lambda: self._bare(found),
        )
        for finder in finders:
            found += [one for one in finder() if not _overlaps(one, found)]
        return sorted(found, key=lambda quantity: quantity.start)

    def _labelled(self) -> list[Quantity]:
        names = {"u-value": "U", "u-values": "U", "spf": "SCOP", "hdd": "HDD"}
        return [
            Quantity(
                float(m[2]) / (100 if m[3] else 1),
                names.get(m[1], m[1].upper()),
                m.start(),
                m.end(),
            )
            for m in _LABELLED.finditer(self.text)
        ]

    def _money(self) -> list[Quantity]:
        found = [
            Quantity(
                float(m[2]), _CURRENCY[m[1].strip()], m.start(), m.end(), _per_word(*m.groups()[2:])
            )
            for m in _MONEY_FIRST.finditer(self.text)
        ]
        for m in _MONEY_LAST.finditer(self.text):
            value, currency = float(m[1]), m[2]
            if currency in {"p", "pence"}:
                value, currency = value / 100, "GBP"
            elif currency in _CENTS:
                value, currency = value / 100, self._cents
            else:
                currency = {
                    "q": "GBP",
                    "p": "GBP",
                    "g": "GBP",
                    "d": "USD",
                    "b": "USD",
                    "u": "USD",
                }.get(currency[0], "EUR")
            found.append(Quantity(value, currency, m.start(), m.end(), _per_word(*m.groups()[2:])))
        bare = [
            Quantity(float(m[1] or m[2]), "money", m.start(), m.end(), "kwh")
            for m in _PRICE_WITHOUT_CURRENCY.finditer(self.text)
        ]
        return found + [one for one in bare if not _overlaps(one, found)]

    def _measures(self) -> list[Quantity]:
        found: list[Quantity] = []
        for number in _NUMBER.finditer(self.text):
            gap = re.compile(_GAP).match(self.text, number.end())
            unit = _UNIT.match(self.text, gap.end() if gap else number.end())
            if unit is None or unit.lastgroup is None:
                continue
            _, name, factor = UNIT_WORDS[int(unit.lastgroup[1:])]
            per = _PER_TIME.match(self.text, unit.end()) if name in RATES else None
            word = (per[1] or per[2]) if per else ""
            end = per.end() if per else unit.end()
            if found and number.start() < found[-1].end:
                # The 100 of kWh/100 km is of the unit.
                continue
            value = float(number[1]) * factor
            if name in _SIGNED and _MINUS.search(self.text, 0, number.start()):
                value = -value
            found.append(Quantity(value, name, number.start(), end, _PERIOD.get(word, word)))
        return found

    def _r_values(self) -> list[Quantity]:
        return [
            Quantity(float(m[1]), "R", m.start(), m.end()) for m in _R_VALUE.finditer(self.text)
        ]

    def _first_of_pairs(self, found: list[Quantity]) -> list[Quantity]:
        """Return numbers that borrow the unit of the one they are compared with: 60 to 9 W."""
        pairs = []
        for second in found:
            first = _PAIR_BEFORE.search(self.text, 0, second.start)
            if first and second.unit not in {"", "times", "person", "bedroom"}:
                scale = _scale(second, self.text)
                pairs.append(
                    Quantity(
                        float(first[1]) * scale,
                        second.unit,
                        first.start(1),
                        first.end(1),
                        second.per,
                    )
                )
        return pairs

    def _second_of_pairs(self, found: list[Quantity]) -> list[Quantity]:
        """Return numbers that borrow the unit of the one before them: from 12 ACH50 to 7."""
        pairs = []
        for first in found:
            second = _PAIR_AFTER.match(self.text, first.end)
            if (
                second
                and first.unit in _COMPARED
                and self.has(r"from\b|down\b|go(?:es|ing)\b|went")
            ):
                value = float(second[1]) * _scale(first, self.text)
                pairs.append(Quantity(value, first.unit, second.start(1), second.end(1), first.per))
        return pairs

    def _bare(self, found: list[Quantity]) -> list[Quantity]:
        numbers = [
            Quantity(float(m[1]), "", m.start(1), m.end(1)) for m in _NUMBER.finditer(self.text)
        ]
        return [one for one in numbers if not _overlaps(one, found)]


def _overlaps(one: Quantity, others: list[Quantity]) -> bool:
    return any(one.start < other.end and other.start < one.end for other in others)


def _per_word(*groups: str | None) -> str:
    word = next((group for group in groups if group), "")
    starts = {
        "kwh": "kwh",
        "kil": "kwh",
        "uni": "kwh",
        "ele": "kwh",
        "pow": "kwh",
        "lit": "litre",
        "l": "litre",
        "gal": "gallon",
        "the": "therm",
        "wat": "watt",
        "w": "watt",
        "bul": "each",
        "lam": "each",
        "led": "each",
        "pie": "each",
        "eac": "each",
    }
    return starts.get(word[:3], word)


def _scale(quantity: Quantity, text: str) -> float:
    """Return what the written number of a quantity was multiplied by."""
    written = re.search(r"\d+(?:\.\d+)?|\.\d+", text[quantity.start : quantity.end])
    return quantity.value / float(written[0]) if written and float(written[0]) else 1.0
