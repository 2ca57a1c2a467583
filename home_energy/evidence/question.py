"""What a question asks: about which words, for what kind of figure, of when, yes or no."""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import zip_longest

from home_energy.evidence.units import UNITS, written_unit
from home_energy.evidence.words import content_words, is_known, is_light, is_subject, meaning, written_words

LIGHT_WEIGHT = 0.25
"""Of a word of talk, where a word of the subject counts 1."""
EARLIER_WEIGHT = 0.3
"""Of a word of the turn before, which only says what the question is about."""

MODIFIER_WEIGHT = 2.5
"""Of an unknown word right before the name of a thing: a hair dryer is no tumble dryer."""

_MONEY = frozenset({"money"})
_LENGTHS = frozenset({"length", "area", "volume", "r_value"})
_WARMTH = frozenset({"temperature"})
_ANY = frozenset({"any"})

# The first that matches tells which kinds of figure answer.
_ASKS: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kinds)
    for pattern, kinds in (
        (r"\b(?:what|which|by what) (?:year|date)\b|^when (?:did|was|were|will|does|do|is)\b(?=.*"
         r"\b(?:begin|start|end|expire|launch|come|be|close|open)\w*\b)", frozenset({"year"})),
        (r"\bhow (?:many|much) (?:kwh|kilowatt[- ]hours?)\b|\bkwh (?:per|for|does|do)\b",
         frozenset({"energy"})),
        (r"\b(?:how many|what) (?:watts?|kilowatts?|kw)\b|\bwattage\b", frozenset({"power"})),
        (r"\bdecibels?\b", frozenset({"sound"})),
        (r"\bhow (?:many|much) (?:lit(?:re|er)s?|gallons?|water)\b",
         frozenset({"volume", "flow", "percent"})),
        (r"\bhow many (?:kilos?|kg|kilograms?|grams?|tonnes?)\b", frozenset({"mass"})),
        (r"\b(?:what|which) (?:temperature|temp)\b|\bhow (?:hot|warm|cold|cool) should\b", _WARMTH),
        (r"\b(?:how thick|how deep|what depth|what thickness|how far|how wide)\b", _LENGTHS),
        (r"\bu-values?\b", frozenset({"u_value", "count"})),
        (r"\b(?:percentage|per ?cent|what share|what proportion)\b", frozenset({"percent"})),
        (r"\bhow (?:long|many (?:years|months|weeks|days|hours|minutes)) (?!is the|are the)"
         r"|\blife(?: ?span| ?time| expectancy)\b", frozenset({"duration"})),
        (r"\bhow (?:much|expensive)\b.*\b(?:costs?|pay|price|charge|grant|rebate|worth)\b"
         r"|\b(?:what|how)(?:'s| is| are| was| were| will| does| do| would| did)?\b.*\b(?:costs?|prices?)\b"
         r"|\bhow much (?:is|are|was|were)\b(?=.*\b(?:install|bills?|grant|tariff|discount|rebate|cap)\w*\b)"
         r"|\bcosts? of\b|\bprice of\b|\bprice cap\b|\b(?:unit|night|day) rate\b", _MONEY),
        (r"\bhow (?:much|many|big|large|high|low|often|old|loud)\b|\bwhat (?:rate|level|number|size)\b"
         r"|\b(?:limit|level|average|saving|lumens|target)\b", _ANY),
    )
)  # fmt: skip
_FIGURE = re.compile(
    r"(?P<currency>[£$€]\s?)?(?:(?P<digits>\d[\d,]*(?:\.\d+)?)"
    r"|\b(?P<word>half|a third|a quarter|twice|two|three|four|five|six|ten))[ -]?(?![\d.])",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"\([^)]*\)")
_YEAR = re.compile(r"(?<![\d,.])(?:19|20)\d\d(?![\d,])")
_CLOSED = re.compile(
    r"(?:^|[?.;,:]\s+|\b(?:and|but|so)\s+)(?:is|are|was|were|do|does|did|can|could|should|would"
    r"|will|has|have|may|must|am|worth)\b(?!n't)|\bor\b|\bcheaper\b",
    re.IGNORECASE,
)
_PARTS = re.compile(
    r"[?;]\s+|,?\s+(?:and|or)\s+(?=(?:by |for |in |at |to )?(?:how|what|which|why|when|where|who|is"
    r"|are|do|does|can|of|in)\b)",
    re.IGNORECASE,
)
_LEANING = re.compile(r"(?P<text>.*\S)\s*\((?P<earlier>[^()]+)\)", re.DOTALL)
_HOW_TO = re.compile(
    r"\bhow (?:do|can|should|could|would) (?:i|we|you)\b|\bhow to\b|\b(?:tips|steps|ways) (?:to|for|on)\b"
    r"|\bbest way to\b|, how\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-Z][a-z]{2,}|[A-Z]{2,}[a-z]?\d*$|[A-Z&]{3,}")


@dataclass(frozen=True)
class Question:
    """One question; `read` makes it from a query."""

    text: str
    earlier: str = ""
    """What it leans on, from the turns before; empty where it stands alone."""

    @classmethod
    def read(cls, query: str) -> "Question":
        """Read a query: a question that may end with what it leans on, in brackets."""
        leaning = _LEANING.fullmatch(query.strip())
        return cls(leaning["text"], leaning["earlier"]) if leaning else cls(query)

    @cached_property
    def weights(self) -> dict[str, float]:
        """How much each meaning in the question counts."""
        weights: dict[str, float] = {}
        told, asked = _told_and_asked(self.text)
        for text, share in ((asked, 1.0), (told, EARLIER_WEIGHT), (self.earlier, EARLIER_WEIGHT)):
            words = written_words(text)
            for word, following in zip_longest(words, words[1:], fillvalue=""):
                weight = LIGHT_WEIGHT if is_light(word) else 1.0
                if weight == 1.0 and not is_known(word) and is_subject(following):
                    weight = MODIFIER_WEIGHT
                weights.setdefault(meaning(word), share * weight)
        return weights

    @cached_property
    def kinds(self) -> frozenset[str]:
        """Which kinds of figure answer: `any` for some figure; empty where none is asked for."""
        for text in (self.text, self.earlier):
            for pattern, kinds in _ASKS:
                if pattern.search(text):
                    return kinds
        return frozenset()

    @cached_property
    def years(self) -> frozenset[str]:
        """Return the years named: what holds in one need not hold in another."""
        return frozenset(_YEAR.findall(self.text))

    @cached_property
    def is_closed(self) -> bool:
        """Whether yes or no answers it."""
        return bool(_CLOSED.search(self.text))

    @cached_property
    def is_how_to(self) -> bool:
        """Whether steps answer it."""
        return bool(_HOW_TO.search(self.text))

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The questions it is made of; one where it is not made of several."""
        parts = tuple(part for part in _PARTS.split(self.text) if content_words(part))
        return parts or (self.text,)

    def names(self) -> list[str]:
        """Return the words written like names, in small letters; a sentence's first is none."""
        words = written_words(self.text)
        names = re.findall(r"(?<![.?!]\s)(?<!^)\b[\w&'-]+", self.text)
        lowered = {name.lower() for name in names if _NAME.match(name)}
        return [word for word in words if lowered & set(word.split())]

    def coverage(self, words: frozenset[str], half: frozenset[str] = frozenset()) -> float:
        """Return the weighted share of the question's words among `words`.

        One that is only among `half` counts half.
        """
        total = sum(self.weights.values())
        if not total:
            return 0.0
        found = sum(
            weight * (1.0 if word in words else 0.5 if word in half else 0.0)
            for word, weight in self.weights.items()
        )
        return found / total

    def is_answered_by(self, text: str) -> bool:
        """Say whether a text has a figure of the kind asked for, if one is asked for."""
        return not self.kinds or bool(self.kinds & figure_kinds(text))


def _told_and_asked(text: str) -> tuple[str, str]:
    """Part what is told from what is asked about it: "The radiator is cold. Why?"."""
    sentences = re.split(r"(?<=[.!?])\s+", text.strip())
    asked = [sentence for sentence in sentences if sentence.endswith("?")]
    if not asked or not content_words(" ".join(asked)):
        return "", text
    return " ".join(s for s in sentences if s not in asked), " ".join(asked)


@lru_cache(maxsize=8_192)
def figure_kinds(text: str) -> frozenset[str]:
    """Return the kinds of a text's figures, and `any` if it has one that is not a year.

    What stands in brackets is the source and its year, and not counted.
    """
    kinds = {_kind(match) for match in _FIGURE.finditer(_BRACKETS.sub("", text))}
    return frozenset(kinds | ({"any"} if kinds - {"year"} else set()))


def _kind(match: re.Match[str]) -> str:
    if match["currency"]:
        return "money"
    unit = written_unit().match(match.string, match.end())
    if unit:
        kind = UNITS[int(str(unit.lastgroup)[1:])].kind
        return "money" if kind.startswith("money") else kind
    return "year" if _YEAR.fullmatch(match["digits"] or "") else "count"
