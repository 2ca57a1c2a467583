"""The spans of a passage that can be quoted alone: a sentence with what it leans on."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from home_energy.evidence.cite import may_be_shown
from home_energy.evidence.passage import Passage

MAX_ITEMS = 7
"""A longer list is quoted item by item."""

# A sentence that starts so leans on the one before it.
_DANGLING = re.compile(
    r"^(?:[-*•]\s+)?(?:it|its|they|their|them|these|those|this|that|such|he|she|both|either|neither"
    r"|so|but|and|or|however|then|instead|otherwise|also|therefore|thus|another|fact"
    r"|for (?:example|instance)|the (?:former|latter|same|result|reason|rest|other|sum|two|work)"
    r"|the (?:effect|answer|comparison|guide|difference|gain|loss|provider|measure|performance"
    r"|figures?|numbers?|letter|unit|machine|motor|trap|saving (?:is|ranged|comes)|rules bind)"
    r"|current models|newer (?:devices|ones|models)|some newer|other studies"
    r"|(?:one|two|some|most|all|each|none|many) of (?:the|these|them|those)\b(?! (?:us|uk)\b))\b",
    re.IGNORECASE,
)
_DANGLING_INSIDE = re.compile(
    r"\bthe same (?:study|tests?|trial|basis|programme|source|survey|report|(?:dated )?example)\b"
    r"|\bsuch an? \b|\bthat (?:fan|pump|test|study|wall|value|limit|figure|level|rate|price|claim"
    r"|number|share|function)\b"
    r"|\b(?:in|of|for|from|by|with|at|to) (?:these|those) (?:\w+ ){0,2}(?:homes|houses|studies"
    r"|tests|models|devices|systems|values|figures|numbers|prices|rates|rules|limits)\b"
    r"|\b(?:most|much|all) of the rest\b"
)
# What only says where to read on answers nothing here.
_POINTER = re.compile(
    r"\b(?:the|this|our|another|a) (?:topic|page|document|section|chapter|article|guide)"
    r" (?:on|about)\b"
    r"|\b(?:as|see|read) (?:also |in )?the (?:topic|page|document|section|chapter|article|guide)\b"
    r"|^(?:[-*•]\s+)?see (?:also|above|below)\b",
    re.IGNORECASE,
)
_MYTH = re.compile(r"^(?:[-*•]\s+)?(?:\*\*)?myth\b", re.IGNORECASE)
_MARK = re.compile(r"[-*•]\s|\d+[.)]\s")
_LABEL = re.compile(r"^[^.:]{2,60}: (?:[^.]|\.\d){1,40}(?:\(|\.$)|^[^.]{1,60};$")


@dataclass(frozen=True)
class Window:
    """One or a few sentences of a passage that read well alone."""

    passage: Passage
    spans: tuple[tuple[int, int], ...]
    """In document offsets: one, or the line that introduces a list and the item."""
    score: float
    """Cosine of its main sentence with the question."""
    sentences: float
    """How long it is: the items of a list count as half sentences."""
    opens: bool = False
    """Whether it begins the passage."""
    is_item: bool = False
    """Whether it is an item of a list, quoted without the line that introduces it."""

    @property
    def text(self) -> str:
        """What is quoted."""
        at = self.passage.start
        return " ".join(self.passage.text[start - at : end - at] for start, end in self.spans)

    def overlaps(self, other: "Window") -> bool:
        """Say whether both quote some of the same words."""
        return self.passage.document_id == other.passage.document_id and any(
            start < theirs_end and theirs < end
            for start, end in self.spans
            for theirs, theirs_end in other.spans
        )


def windows(passage: Passage) -> Iterator[Window]:
    """Yield what of a passage can be quoted alone, in order."""
    whole = _bare_list(passage)
    if whole is not None and may_be_shown(whole.text):
        yield whole
    for index in range(len(passage.sentences)):
        window = _window(passage, index)
        if window is not None and may_be_shown(window.text):
            yield window


def _window(passage: Passage, index: int) -> Window | None:
    text = _text(passage, index)
    if text.endswith("?") or _POINTER.search(text):
        return None
    if text.endswith(":"):
        return _list(passage, index)
    if _MYTH.match(text):
        if index + 1 >= len(passage.sentences) or not _adjacent(passage, index):
            return None
        return _span(passage, index, index, index + 1)
    if _is_item(passage, index) and _LABEL.search(text):
        return _item(passage, index)
    first = index
    while _DANGLING.match(_text(passage, first)) or _DANGLING_INSIDE.search(_text(passage, first)):
        if first == 0 or first < index - 1 or not _adjacent(passage, first - 1):
            return None
        first -= 1
    if _text(passage, first).endswith((":", "?")) or _MYTH.match(_text(passage, first)):
        return None
    if _text(passage, first)[:1].islower():
        return None
    return _span(passage, index, first, index)


def _list(passage: Passage, index: int) -> Window | None:
    """Quote a short list whole, with the line that introduces it."""
    last = index
    while last + 1 < len(passage.sentences) and _is_item(passage, last + 1):
        last += 1
    if last == index or last - index > MAX_ITEMS:
        return None
    scores = [span.score for span in passage.sentences[index : last + 1]]
    # A question for one item is better answered by that item.
    score = (max(scores) + sum(scores) / len(scores)) / 2
    span = (passage.sentences[index].start, passage.sentences[last].end)
    return Window(passage, (span,), score, 0.5 + (last - index) / 2, opens=index == 0)


def _bare_list(passage: Passage) -> Window | None:
    """Quote whole a short list that stands right under its heading, which introduces it."""
    count = len(passage.sentences)
    last = next((n for n in range(count) if not _is_item(passage, n)), count) - 1
    if not 1 <= last < MAX_ITEMS:
        return None
    span = (passage.sentences[0].start, passage.sentences[last].end)
    score = max(one.score for one in passage.sentences[: last + 1])
    return Window(passage, (span,), score, (last + 1) / 2, opens=True, is_item=True)


def _item(passage: Passage, index: int) -> Window | None:
    """Quote an item that says little alone, with the line that introduces its list."""
    head = index
    while head > 0 and _is_item(passage, head):
        head -= 1
    if not _text(passage, head).endswith(":"):
        return None
    (start, head_end), (item, end) = _bounds(passage, head), _bounds(passage, index)
    spans = ((start, end),) if head + 1 == index else ((start, head_end), (item, end))
    return Window(passage, spans, passage.sentences[index].score, 1.5)


def _span(passage: Passage, main: int, first: int, last: int) -> Window:
    span = (passage.sentences[first].start, passage.sentences[last].end)
    score = passage.sentences[main].score
    size = (last - first + 1) * (0.5 if _is_item(passage, main) else 1.0)
    item = _is_item(passage, main)
    return Window(passage, (span,), score, size, opens=first == 0, is_item=item)


def _text(passage: Passage, index: int) -> str:
    return passage.quote(passage.sentences[index])


def _bounds(passage: Passage, index: int) -> tuple[int, int]:
    return passage.sentences[index].start, passage.sentences[index].end


def _is_item(passage: Passage, index: int) -> bool:
    start = passage.sentences[index].start - passage.start
    line = passage.text.rfind("\n", 0, start) + 1
    return bool(_MARK.match(passage.text[line : start + 2].lstrip()))


def _adjacent(passage: Passage, index: int) -> bool:
    """Say whether nothing but white space or a list mark parts a sentence from the next."""
    here, after = passage.sentences[index], passage.sentences[index + 1]
    between = passage.text[here.end - passage.start : after.start - passage.start]
    return re.fullmatch(r"[\s\-*•]*", between) is not None
