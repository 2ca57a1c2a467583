"""The figures of a sentence: value, unit, and how firmly it is said."""

import re
from collections.abc import Iterator

from home_energy.evidence.bounds import bound
from home_energy.evidence.measures import measured, money, per_what
from home_energy.evidence.quantity import Quantity, same
from home_energy.evidence.ranges import bounded, completed, joined
from home_energy.evidence.units import written_unit

__all__ = ["Quantity", "quantities", "same", "span"]
_WORDS = {
    word: value
    for value, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve".split(), start=1
    )
} | {
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "ninety": 90,
    "hundred": 100,
    "thousand": 1000,
}
_MULTIPLES = {
    "hundred": 1e2,
    "thousand": 1e3,
    "k": 1e3,
    "million": 1e6,
    "m": 1e6,
    "billion": 1e9,
    "bn": 1e9,
}
_PARTS = {
    "half": 2,
    "third": 3,
    "thirds": 3,
    "quarter": 4,
    "quarters": 4,
    "fifth": 5,
    "fifths": 5,
    "sixth": 6,
    "sixths": 6,
    "eighth": 8,
    "eighths": 8,
    "tenth": 10,
    "tenths": 10,
}
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_CURRENCY = {"£": "GBP", "$": "USD", "US$": "USD", "€": "EUR"}
_word = "|".join(_WORDS)
_month = "(?:" + "|".join(f"{m}[a-z]*" for m in _MONTHS) + r")\b\.?"
_NOT_FIGURES = re.compile(
    r"\[\d+(?:\s*[,–-]\s*\d+)*\]"  # citation markers
    r"|(?m:^)\s*\d{1,2}[.)]\s+(?=\D)"  # numbers of list items
    r"|\b\d?[A-Z]+\d+[A-Za-z]*\b(?!\d)"  # PS5, R290, F2
    r"|\b4K\b|(?i:\b(?:double|triple|single|secondary)[ -](?:glaz\w*|pane\w*))"
    r"|\b(?:one|two|three) of (?:the|these|those|them)\b|\b(?:the|these|those|all|other|first"
    r"|last) (?:two|three|four)\b(?!-)",
)
_DATE = re.compile(
    rf"(?<![\d.,])\b(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? )?(?P<month>{_month})"
    rf"(?: (?P<us_day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d),?)?(?:,? (?P<year>(?:19|20)\d\d)\b)?",
    re.IGNORECASE,
)
_R_VALUE = re.compile(r"\bR-?(?:values? (?:of )?)?(\d+(?:\.\d+)?)\b(?!\d)")
_SHARE = re.compile(rf"\b(?P<n>\d+|{_word}) (?:in|out of) (?:every )?(?P<of>\d+|{_word})\b", re.I)
_PART = re.compile(
    rf"\b(?:(?P<n>a|an|another|one|two|three)[ -])?(?P<part>{'|'.join(_PARTS)})\b"
    r"(?=(?P<unit>[\s-]+(?:an? |of an? )?(?:hour|day|year|litre|inch|degree"
    r"|kilowatt[ -]hour|kWh|per ?cent)\b)?)"
    r"|(?<![\d/.])(?P<over>[1-3])/(?P<under>[2-9]|10)(?![\d/.])|½",
    re.I,
)
_RATIO = re.compile(
    r"\b(?P<half>halv(?:e[sd]?|ing))\b|\b(?P<two>twice|doubl(?:e[sd]?|ing)|twofold)\b"
    r"|\b(?P<three>thrice|tripl(?:e[sd]?|ing)|threefold)\b|\b(?P<four>quadrupl(?:e[sd]?|ing)"
    r"|fourfold)\b",
    re.I,
)
_ONCE = re.compile(r"\bfor an? (?P<unit>hour|day|week|month|year|minute)\b", re.I)
_NUMBER = re.compile(
    r"(?<![\w.,£$€])(?P<minus>(?<![\d\w])(?<!\d\s)[-−](?=[£$€]|US\$))?"
    r"(?:(?P<currency>US\$|[£$€])\s?)?(?P<sign>(?<!\d)(?<!\d\s)[-−](?=\d))?"
    rf"(?:(?P<digits>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    rf"|(?P<word>\b(?:{_word})\b))"
    r"(?:[ -]?(?P<multiple>hundred|thousand|million|billion|bn)\b|(?P<short>m|k)\b(?!\s?[²³23]))?",
    re.I,
)
_GAP = re.compile(r"(?: or (?:more|fewer|less)(?= ))?[\s\u00a0-]?")


def quantities(text: str) -> list[Quantity]:
    """Return every figure of `text` in order; citation markers and list numbers are none."""
    taken = [match.span() for match in _NOT_FIGURES.finditer(text)]
    found: list[Quantity] = []
    for find in (_dates, _r_values, _ratios, _shares, _parts, _numbers):
        for quantity in find(text):
            if all(quantity.end <= start or quantity.start >= end for start, end in taken):
                found.append(quantity)
                taken.append((quantity.start, quantity.end))
    found.sort(key=lambda quantity: quantity.start)
    return bounded(completed(joined(found, text), text), text)


def _dates(text: str) -> Iterator[Quantity]:
    for match in _DATE.finditer(text):
        day, year = match["day"] or match["us_day"], match["year"]
        if not (day or year):
            continue
        month = _MONTHS.index(match["month"][:3].lower()) + 1
        value = float(int(year or 0) * 10000 + month * 100 + int(day or 0))
        yield Quantity(*match.span(), value, value, "", "date", match[0], "exact")


def _r_values(text: str) -> Iterator[Quantity]:
    for match in _R_VALUE.finditer(text):
        value = float(match[1])
        yield _plain(match, value, "R", "r_value")


def _ratios(text: str) -> Iterator[Quantity]:
    for match in _RATIO.finditer(text):
        if match["half"]:
            yield _plain(match, 50.0, "percent", "percent")
        else:
            value = {"two": 2.0, "three": 3.0, "four": 4.0}[str(match.lastgroup)]
            yield _plain(match, value, "times", "ratio")


def _shares(text: str) -> Iterator[Quantity]:
    for match in _SHARE.finditer(text):
        part, whole = _count(match["n"]), _count(match["of"])
        if 0 < part < whole <= 100:
            yield _plain(match, 100 * part / whole, "percent", "percent")


def _parts(text: str) -> Iterator[Quantity]:
    for match in _PART.finditer(text):
        part = (match["part"] or "half").lower()
        if match["over"]:
            value = int(match["over"]) / int(match["under"])
        elif part != "half" and not match["n"]:
            continue  # the third, quarterly
        else:
            value = _count(match["n"] or "one") / _PARTS[part]
        if unit := match["unit"]:
            name = re.sub(r"^[\s-]*(?:(?:of )?an? )?", "", unit)
            found = written_unit().match(name)
            if found:
                yield measured(match.start(), match.end() + len(unit), text, value, found)
        else:
            yield _plain(match, 100 * value, "percent", "percent")
    for match in _ONCE.finditer(text):
        found = written_unit().match(match["unit"])
        if found:
            yield measured(match.start() + 4, match.end(), text, 1.0, found)


def _count(word: str) -> int:
    word = word.lower()
    return int(word) if word.isdigit() else 1 if word in ("a", "an", "another") else _WORDS[word]


def _plain(match: re.Match[str], value: float, unit: str, kind: str) -> Quantity:
    return Quantity(*match.span(), value, value, unit, kind, match[0], "exact", "", (value, value))


def _numbers(text: str) -> Iterator[Quantity]:
    for match in _NUMBER.finditer(text):
        quantity = _number(match, text)
        if quantity:
            yield quantity


def _number(match: re.Match[str], text: str) -> Quantity | None:
    digits, word, end = match["digits"], match["word"], match.end()
    value = float(digits.replace(",", "")) if digits else float(_WORDS[word.lower()])
    short = match["short"]
    if match["multiple"]:
        value *= _MULTIPLES[match["multiple"].lower()]
    elif short and match["currency"]:
        value *= _MULTIPLES[short.lower()]
    elif short:
        end = match.start("short")
    if match["sign"] or match["minus"]:
        value = -value
    if match["currency"]:
        return money(match.start(), end, text, value, _CURRENCY[match["currency"].upper()])
    gap = _GAP.match(text, end)
    unit = written_unit().match(text, gap.end() if gap else end)
    if unit and not (word and len(unit[0]) == 1):
        return measured(match.start(), unit.end(), text, value, unit)
    if word and (word.lower() in ("one", "hundred", "thousand")):
        return None  # a pronoun or an article, as a rule
    if digits and re.match(r"[A-Za-z]", text[end : end + 1] or " "):
        return None  # 25D, 2nd: names, not figures
    whole = digits and len(digits) == 4 and value.is_integer() and 1900 <= value < 2100
    kind = "year" if whole and not match["multiple"] and not match["sign"] else "count"
    per, stop = per_what(text, end) if kind == "count" else ("", end)
    return Quantity(
        match.start(), stop, value, value, "", kind, text[match.start() : stop], "exact", per,
        (value, value),
    )  # fmt: skip


def span(quantity: Quantity, text: str) -> tuple[int, int]:
    """Return where a figure is in `text` together with the words of its bound."""
    _, start, end = bound(quantity, text)
    return start, end
