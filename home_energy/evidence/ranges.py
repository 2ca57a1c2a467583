"""Figures that belong together: ranges, repetitions, units said once for two."""

import re
from dataclasses import replace

from home_energy.evidence.bounds import bound
from home_energy.evidence.measures import temperature_kind
from home_energy.evidence.quantity import Quantity
from home_energy.evidence.units import celsius

_JOIN = re.compile(r"\s*(?:-|–|—|−|\bto\b|\band\b|\bor\b|\bup to\b)\s*", re.I)


def joined(found: list[Quantity], text: str) -> list[Quantity]:
    """Make one range of "5 to 15 %", "between 3 and 4 hours", "£10–£20"."""
    joined: list[Quantity] = []
    for quantity in found:
        before = joined[-1] if joined else None
        if before and _is_range(before, quantity, text):
            joined[-1] = _range(before, quantity, text)
        else:
            joined.append(quantity)
    return joined


def completed(found: list[Quantity], text: str) -> list[Quantity]:
    """Give a bare number the unit of the figure before it: "2.5 gallons and at most 2.0"."""
    complete: list[Quantity] = []
    for quantity in found:
        before = complete[-1] if complete else None
        bare = (
            quantity.kind == "count"
            and not quantity.per
            and bool(_BARE.match(text, quantity.end) or _parallel(before, quantity, text))
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


def _parallel(before: Quantity | None, quantity: Quantity, text: str) -> bool:
    """Whether it is the 2.7 of "2.1 pence on gas and 2.7 in a kettle"."""
    if before is None or not before.kind.startswith(("money", "percent", "power", "energy")):
        return False
    link = text[before.end : quantity.start]
    return bool(_SHORT_LINK.fullmatch(link) and _PLACE.match(text, quantity.end))


_SHORT_LINK = re.compile(r"(?: [\w-]+){1,5},? and (?:about |around |some |roughly )?")
_PLACE = re.compile(r"\s(?:in|on|at|for|with|from)\s")
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
    if a.kind == "r_value" and b.kind == "count" and not b.per.strip() and link.strip() != "and":
        return a.stated[0] < b.stated[0]
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
    if a.kind == "r_value":
        b = replace(b, kind=a.kind, unit=a.unit)
    if a.unit != b.unit and b.stated[0]:
        low = a.stated[0] * (b.low / b.stated[0])
    if a.kind == "year" and b.kind == "count":  # 2025-26
        high = a.low - a.low % 100 + b.low
        return replace(
            a, end=b.end, high=high, bound="range", stated=(a.low, high), text=text[a.start : b.end]
        )
    if b.kind.startswith(("temp", "degrees")):
        # What stands before the first figure tells for both.
        kind = temperature_kind(a.start, b.end, text, b.stated[0], b.unit)
        a_low, a_high = a.stated[0], b.stated[0]
        low, high = (
            celsius(v, b.unit, difference=kind == "temperature_difference") for v in (a_low, a_high)
        )
        b = replace(b, kind=kind, high=high)
    return replace(
        b, start=a.start, low=low, bound="range", stated=(a.stated[0], b.stated[1]),
        text=text[a.start : b.end], per=b.per or a.per,
    )  # fmt: skip


def bounded(found: list[Quantity], text: str) -> list[Quantity]:
    """Give each figure its bound; one that only repeats another in other units takes that one's."""
    firm: list[Quantity] = []
    for quantity in found:
        if quantity.bound != "range":
            quantity = replace(quantity, bound=bound(quantity, text)[0])
        before = firm[-1] if firm else None
        if before and _repeats(before, quantity, text):
            quantity = replace(quantity, bound=before.bound)
        firm.append(quantity)
    return firm


def _repeats(a: Quantity, b: Quantity, text: str) -> bool:
    """Whether "10 square feet, roughly one square metre" says one figure twice."""
    if (
        a.kind != b.kind
        or a.unit == b.unit
        or a.bound == "range"
        or b.bound not in ("exact", "about")
    ):
        return False
    link = text[a.end : b.start]
    near = abs(a.high - b.high) <= _REPEATED * max(abs(a.high), abs(b.high))
    return near and bool(_AGAIN.fullmatch(link))


_REPEATED = 0.15
"""How far apart, as a share, a figure and its repetition in other units may be."""
_AGAIN = re.compile(
    r"\s*(?:[,(]|,? or|,? that is,?)\s*(?:about|roughly|around|nearly|approximately)?\s*", re.I
)
