"""What a question asks: about which words, for what kind of figure, of when, yes or no."""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import zip_longest

from home_energy.evidence.subject import things
from home_energy.evidence.units import UNITS, written_unit
from home_energy.evidence.words import (
    content_words,
    is_known,
    is_light,
    is_subject,
    meaning,
    written_words,
)

LIGHT_WEIGHT = 0.15
"""Of a word of talk, where a word of the subject counts 1."""
EARLIER_WEIGHT = 0.3
"""Of a word of the turn before, which only says what the question is about."""

MODIFIER_WEIGHT = 2.0
"""Of an unknown word right before the name of a thing: a hair dryer is no tumble dryer."""

# The first that matches tells which kinds of figure answer.
_ASKS: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = tuple(
    (re.compile("|".join(patterns), re.IGNORECASE), frozenset(kinds))
    for kinds, *patterns in (
        (
            {"year"},
            r"\b(?:what|which) (?:year|date)\b",
            r"^when (?:did|was|were|will|does|do|is)\b.*\b(?:begin|start|end|expire|be|close)\b",
        ),
        (
            {"energy"},
            r"\bhow (?:many|much) (?:kwh|kilowatt[- ]hours?)\b",
            r"\bkwh (?:per|for|does|do)\b",
        ),
        ({"power"}, r"\b(?:how many|what) (?:watts?|kilowatts?|kw)\b", r"\bwattage\b"),
        ({"sound"}, r"\bdecibels?\b"),
        ({"volume", "flow", "percent"}, r"\bhow (?:many|much) (?:lit(?:re|er)s?|gallons?|water)\b"),
        ({"mass"}, r"\bhow many (?:kilos?|kg|kilograms?|grams?|tonnes?)\b"),
        (
            {"temperature"},
            r"\b(?:what|which) (?:\w+ ){0,2}(?:temperature|temp)\b",
            r"\bwhat(?:'s|’s| is| should)\b(?: \w+){1,3} (?:temperature|temp)\b",
            r"\bhow (?:hot|warm|cold|cool) should\b",
            r"\b(?:hottest|warmest|coldest|coolest)\b",
            r"\bwhat (?:should|do) (?:i|we) (?:set|turn|put|keep)\b.*\b(?:thermostat|heating)\b",
            r"\bthermostat settings?\b",
        ),
        (
            {"length", "area", "volume", "r_value"},
            r"\bhow (?:thick|deep|wide)\b",
            r"\bwhat (?:depth|thickness)\b",
        ),
        ({"u_value", "count"}, r"\bu-values?\b"),
        ({"percent"}, r"\b(?:percentage|per ?cent|what share|what proportion)\b"),
        (
            {"duration"},
            r"\bhow (?:long|many (?:years|months|weeks|days|hours|minutes)) (?!is the|are the)",
            r"\bpay(?:s|ing)? ?back\b|\bpay for itself\b",
            r"\blife(?: ?span| ?time| expectancy)\b",
        ),
        (
            {"money"},
            r"\bhow (?:much|expensive)\b.*\b(?:costs?|pay|price|charge|grant|rebate|worth)\b",
            r"\bhow much (?:is|are|was|were)\b.*\b(?:bills?|grant|tariff|discount|rebate|cap)\b",
            r"\b(?:what|how)\b.*\b(?:costs?|prices?)\b",
            r"\b(?:costs?|price) of\b",
            r"\bprice cap\b",
            r"\b(?:unit|night|day) rate\b",
        ),
        (
            {"any"},
            r"\bhow (?:much|many|big|large|high|low|often|old|loud)\b",
            r"\bwhat (?:rate|size|number)\b",
            r"\bwhat (?:do|does|did|will|would|could|can)\b.*\b(?:sav\w+|use)\b",
            r"\b(?:limit|level|average|saving|lumens|target)\b",
        ),
    )
)
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
    r"\bhow (?:do|can|should|could|would) (?:i|we|you)\b|\bhow to\b|, how\b"
    r"|\b(?:tips|steps|ways) (?:to|for|on)\b|\bbest way to\b",
    re.IGNORECASE,
)
_PAYBACK = re.compile(
    r"\bpa(?:y|ys|ying|id)[- ]?back\b|\bpa(?:y|ys|ying|id) for (?:itself|themselves)\b|\brecoup",
    re.IGNORECASE,
)
_WITHOUT = re.compile(
    r"\b(?:without|instead of|rather than)\s+(?:(?:an?|any|the|my|buying|having|using)\s+)*"
    r"(?:\w+[ -])?\w+",
    re.IGNORECASE,
)
_CALENDAR = frozenset(
    """january february march april may june july august september october november december monday
    tuesday wednesday thursday friday saturday sunday christmas easter""".split()
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
    def topics(self) -> frozenset[str]:
        """What it asks of the things it names: its words of weight that name none."""
        return frozenset(
            meaning(word)
            for word in written_words(_told_and_asked(self.text)[1])
            if not is_light(word) and not things(word)
        )

    @property
    def asks_payback(self) -> bool:
        """Whether it asks how soon something pays for itself, which no other span of years is."""
        return bool(_PAYBACK.search(self.text))

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

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The words written like names, in small letters; a sentence's first is none."""
        written = re.findall(r"(?<![.?!]\s)(?<!^)\b[\w&'-]+", self.text)
        names = {name.lower() for name in written if _NAME.match(name)} - _CALENDAR
        return tuple(word for word in written_words(self.text) if names & set(word.split()))

    @cached_property
    def about(self) -> str:
        """What names the things it is about: its own words and those it leans on.

        What it would do without is not what it is about.
        """
        return _WITHOUT.sub("", f"{self.text} {self.earlier}").strip()

    def as_written(self, word: str) -> str:
        """Return a word of the question with its capitals."""
        found = re.search(re.escape(word), self.text, re.IGNORECASE)
        return found[0] if found else word

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
        if self.asks_payback and not _PAYBACK.search(text):
            return False
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
