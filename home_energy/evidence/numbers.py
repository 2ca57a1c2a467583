"""The figures of a sentence: value, unit, and how firmly it is said."""

import re
from collections.abc import Iterator
from dataclasses import replace

from home_energy.evidence.bounds import bound
from home_energy.evidence.quantity import Quantity, same
from home_energy.evidence.units import UNITS, celsius, factor, written_unit

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
    rf"\b(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? )?(?P<month>{_month})"
    rf"(?: (?P<us_day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d),?)?(?:,? (?P<year>(?:19|20)\d\d)\b)?",
    re.IGNORECASE,
)
_R_VALUE = re.compile(r"\bR-?(?:values? (?:of )?)?(\d+(?:\.\d+)?)\b(?!\d)")
_SHARE = re.compile(rf"\b(?P<n>\d+|{_word}) (?:in|out of) (?:every )?(?P<of>\d+|{_word})\b", re.I)
_PART = re.compile(
    rf"\b(?:(?P<n>a|an|another|one|two|three)[ -])?(?P<part>{'|'.join(_PARTS)})\b"
    r"(?=(?P<unit>\s+(?:an? |of an? )(?:hour|day|year|litre|inch|degree|kilowatt[ -]hour|kWh)\b)?)"
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
    r"(?<![\w.,£$€])(?:(?P<currency>US\$|[£$€])\s?)?(?P<sign>(?<!\d)(?<!\d\s)[-−](?=\d))?"
    rf"(?:(?P<digits>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    rf"|(?P<word>\b(?:{_word})\b))"
    r"(?:[ -]?(?P<multiple>hundred|thousand|million|billion|bn)\b|(?P<short>m|k)\b(?!\s?[²³23]))?",
    re.I,
)
_PER = re.compile(
    r"\s?/\s?(?:US |UK |sq |sq\. )?(?P<slash>[A-Za-z°µ]+[²³23]?)(?P<more>/\w+)?"
    r"|,?\s+(?P<link>per|for each|for every|each|every|a|an)\s+(?P<word>square (?:foot|metre"
    r"|meter)|sq\.? ?ft|cubic (?:foot|metre|meter)"
    r"|kWh|kilowatt[- ]hour|°?[CF]\b|[A-Za-z]+[²³23]?)(?:\s(?P<noun>home|house|household|person"
    r"|window|room|load))?"
    r"|,?\s+(?P<adverb>yearly|annually|daily|nightly|hourly|weekly|monthly|apiece|pa\b|p\.a\.)",
)
_PER_NAMES = {
    "yearly": "year",
    "annually": "year",
    "annum": "year",
    "yr": "year",
    "pa": "year",
    "p.a.": "year",
    "daily": "day",
    "nightly": "night",
    "hourly": "hour",
    "h": "hour",
    "hr": "hour",
    "weekly": "week",
    "monthly": "month",
    "min": "minute",
    "s": "second",
    "kilowatt-hour": "kwh",
    "kilowatt hour": "kwh",
    "l": "litre",
    "liter": "litre",
    "gal": "gallon",
    "square foot": "ft2",
    "sq ft": "ft2",
    "square metre": "m2",
    "square meter": "m2",
    "m²": "m2",
    "degree": "degree",
    "c": "degree",
    "f": "degree",
    "k": "degree",
    "°c": "degree",
    "°f": "degree",
    "inches": "inch",
    "d": "day",
}
_PER_NOUNS = frozenset(
    """year month week day night hour minute second kwh litre gallon ft2 m2 degree inch cycle load
    wash shower mile km kw kwp watt w person head bedroom room household home house bulb window door
    cfm lb pound kg therm unit season use million thousand million thousand""".split()
)
_JOIN = re.compile(r"\s*(?:-|–|—|−|\bto\b|\band\b|\bor\b|\bup to\b)\s*", re.I)
_LOWER_CUE = re.compile(
    r"(?:\bby|\beach|\bevery|\bper|\ba|\bthan|\bset-?backs?(?: of)?|\bdrops?(?: of)?|\bwithin"
    r"|\bback"
    r"|\bdifference of|\brise of|\bfalls?(?: by)?|\banother|\bextra|\bfirst|\bof)"
    r"(?: (?:up to|about|around|roughly|just|only|at least|at most|a|another))*\s*$",
    re.I,
)
_LOWER_AFTER = re.compile(
    r"\s*(?:(?!or\b|is\b|and\b|to\b)[a-z]+ )?(?:lower|higher|colder|cooler|warmer|hotter|drop"
    r"|rise|reduction|back\b|less|more"
    r"|set-?back|set-?up|difference|swing|change|increase|decrease|turn-?down|off\b|down\b"
    r"|below (?:the )?normal)",
    re.I,
)


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
    return _bounded(_completed(_joined(found, text), text), text)


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
            name = re.sub(r"^\s*(?:of )?an? ", "", unit)
            found = written_unit().match(name)
            if found:
                yield _measured(match.start(), match.end() + len(unit), text, value, found)
        else:
            yield _plain(match, 100 * value, "percent", "percent")
    for match in _ONCE.finditer(text):
        found = written_unit().match(match["unit"])
        if found:
            yield _measured(match.start() + 4, match.end(), text, 1.0, found)


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
    if match["sign"]:
        value = -value
    if match["currency"]:
        return _money(match.start(), end, text, value, _CURRENCY[match["currency"].upper()])
    gap = re.compile(r"[\s\u00a0-]?").match(text, end)
    unit = written_unit().match(text, gap.end() if gap else end)
    if unit and not (word and len(unit[0]) == 1):
        return _measured(match.start(), unit.end(), text, value, unit)
    if word and (word.lower() in ("one", "hundred", "thousand")):
        return None  # a pronoun or an article, as a rule
    if digits and re.match(r"[A-Za-z]", text[end : end + 1] or " "):
        return None  # 25D, 2nd: names, not figures
    whole = digits and len(digits) == 4 and value.is_integer() and 1900 <= value < 2100
    kind = "year" if whole and not match["multiple"] and not match["sign"] else "count"
    per, stop = _per(text, end) if kind == "count" else ("", end)
    return Quantity(
        match.start(), stop, value, value, "", kind, text[match.start() : stop], "exact", per,
        (value, value),
    )  # fmt: skip


def _money(start: int, end: int, text: str, value: float, currency: str) -> Quantity:
    per, stop = _per(text, end)
    kind = f"money_{currency.lower()}"
    return Quantity(
        start, stop, value, value, currency, kind, text[start:stop], "exact", per, (value, value)
    )


def _measured(start: int, end: int, text: str, value: float, found: re.Match[str]) -> Quantity:
    unit = UNITS[int(str(found.lastgroup)[1:])]
    kind = unit.kind
    per, stop = _per(text, end)
    if kind == "temperature":
        kind = _temperature_kind(start, stop, text, value, unit.name)
        base = celsius(value, unit.name, difference=kind == "temperature_difference")
    else:
        base = value * factor(unit)
    name = "times" if unit.name == "fold" else unit.name
    return Quantity(
        start, stop, base, base, name, kind, text[start:stop], "exact", per, (value, value)
    )


def _temperature_kind(start: int, end: int, text: str, value: float, unit: str) -> str:
    """Tell "by 10 °F" from "to 10 °F"; `degrees` where nothing tells."""
    if unit == "kelvin":
        return "colour_temperature" if value >= 1000 else "temperature_difference"
    if value > (60 if unit == "degF" else 33):
        return "temperature"
    if _LOWER_AFTER.match(text, end) or _LOWER_CUE.search(text[max(0, start - 40) : start]):
        return (
            "temperature_difference"
            if not re.search(r"\bset(?:ting)? of\s*$", text[:start])
            else "degrees"
        )
    if re.search(
        r"\b(?:to|at|from|below|above|between|under|around)(?: (?:about|least|most|a|the))*\s*$",
        text[:start],
        re.I,
    ):
        return "temperature"
    return "degrees"


def _per(text: str, end: int) -> tuple[str, int]:
    """Return what the figure that ends at `end` is per, and where that is written to."""
    match = _PER.match(text, end)
    if not match:
        return "", end
    written = next(group for group in (match["slash"], match["word"], match["adverb"]) if group)
    name = (match["noun"] or written).lower()
    name = _PER_NAMES.get(name, name)
    name = _PER_NAMES.get(name.rstrip("s"), name)
    if match["word"] and match["link"] != "per" and name not in _PER_NOUNS:
        return "", end
    first_end = match.end()
    if match["slash"] and match["more"]:
        second = match["more"][1:].lower()
        return "/".join(sorted((name, _PER_NAMES.get(second, second)))), first_end
    more = _PER.match(text, first_end)
    if more and not more["slash"]:
        second, stop = _per(text, first_end)
        if second:
            return "/".join(sorted((name, *second.split("/")))), stop
    return name, first_end


def _joined(found: list[Quantity], text: str) -> list[Quantity]:
    """Make one range of "5 to 15 %", "between 3 and 4 hours", "£10–£20"."""
    joined: list[Quantity] = []
    for quantity in found:
        before = joined[-1] if joined else None
        if before and _is_range(before, quantity, text):
            joined[-1] = _range(before, quantity, text)
        else:
            joined.append(quantity)
    return joined


def _completed(found: list[Quantity], text: str) -> list[Quantity]:
    """Give a bare number the unit of the figure before it: "2.5 gallons and at most 2.0"."""
    complete: list[Quantity] = []
    for quantity in found:
        before = complete[-1] if complete else None
        bare = (
            quantity.kind == "count"
            and not quantity.per
            and bool(_BARE.match(text, quantity.end))
            and not _LABEL.search(text[: quantity.start])
        )
        if before and bare and before.unit and before.kind not in ("ratio", "duration", "r_value"):
            scale = before.high / before.stated[1] if before.stated[1] else 1.0
            if not before.kind.startswith(("temp", "degrees")):
                quantity = replace(
                    quantity,
                    low=quantity.low * scale,
                    high=quantity.high * scale,
                    unit=before.unit,
                    kind=before.kind,
                    per=before.per,
                )
        complete.append(quantity)
    return complete


_BARE = re.compile(
    r"\s*(?:[,.;)](?!\d)|$|(?:and|or)\b(?! (?:more|less|above|below|over|higher|fewer)\b))"
)
_LABEL = re.compile(
    r"\b(?:zones?|levels?|class(?:es)?|sections?|chapters?|steps?|parts?|figures?|tables?|tiers?"
    r"|types?|phases?"
    r"|groups?|category|categories|grades?|bands?)(?: \d+(?:,| and| or| to))*\s*$",
    re.I,
)


def _is_range(a: Quantity, b: Quantity, text: str) -> bool:
    link = text[a.end : b.start]
    if a.bound == "range" or not _JOIN.fullmatch(link):
        return False
    if a.kind == "year" and b.kind in ("year", "count"):
        return link.strip() in "-–—" and bool(link.strip())
    plain = a.kind in ("count", "year") and not a.unit and not a.per
    if not (plain or (a.kind == b.kind and a.unit == b.unit) or _one_scale(a, b)):
        return False
    joint = link.strip().lower()
    if joint in ("and", "or"):
        return joint == "and" and bool(re.search(r"\bbetween[\w ]{0,12}$", text[: a.start], re.I))
    return a.stated[0] <= b.stated[1] or not plain


def _one_scale(a: Quantity, b: Quantity) -> bool:
    warm = {"temperature", "temperature_difference", "degrees"}
    return {a.kind, b.kind} <= warm and a.unit in (b.unit, "degree")


def _range(a: Quantity, b: Quantity, text: str) -> Quantity:
    """Join two ends; a falling pair ("140 to 120 °F") stays in the order it is written."""
    low = a.low
    if a.unit != b.unit and b.stated[0]:
        low = a.stated[0] * (b.low / b.stated[0])
    if a.kind == "year" and b.kind == "count":  # 2025-26
        high = a.low - a.low % 100 + b.low
        return replace(
            a, end=b.end, high=high, bound="range", stated=(a.low, high), text=text[a.start : b.end]
        )
    if b.kind.startswith(("temp", "degrees")):
        # What stands before the first figure tells for both.
        kind = _temperature_kind(a.start, b.end, text, b.stated[0], b.unit)
        a_low, a_high = a.stated[0], b.stated[0]
        low, high = (
            celsius(v, b.unit, difference=kind == "temperature_difference") for v in (a_low, a_high)
        )
        b = replace(b, kind=kind, high=high)
    return replace(
        b, start=a.start, low=low, bound="range", stated=(a.stated[0], b.stated[1]),
        text=text[a.start : b.end], per=b.per or a.per,
    )  # fmt: skip


def _bounded(found: list[Quantity], text: str) -> list[Quantity]:
    return [replace(q, bound=bound(q, text)[0]) if q.bound != "range" else q for q in found]


def span(quantity: Quantity, text: str) -> tuple[int, int]:
    """Return where a figure is in `text` together with the words of its bound."""
    _, start, end = bound(quantity, text)
    return start, end
