"""Where a document's sentences and chunks are, in exact spans of its text."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil

from home_energy.knowledge.documents import Document

MAX_TOKENS = 200
"""Of a chunk: the embedding model cuts at 256, and a title and headings go before it."""
MAX_CHARACTERS = 2_000
"""Of a chunk, for text whose tokens are few and long."""
SMALL_TOKENS = 40
"""A section with fewer joins its neighbour below the same top-level heading."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Chunk:
    """What is embedded and found as one: `document.text[start:end]`."""

    start: int
    end: int
    heading: str
    """Headings above it, outermost first, joined by ` > `."""
    page: int | None
    sentences: tuple[Span, ...]
    """In document offsets, in order."""


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that belong together: a paragraph, a list item, a table row."""

    start: int
    """With its list marker or pipe, so that a chunk begins at a line."""
    body: int
    end: int
    one: bool = False
    """Whether it is one sentence whatever its punctuation."""
    heading: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence, or a part of one too long for a chunk, with what it costs."""

    start: int
    end: int
    tokens: int
    heading: tuple[str, ...]
    sentence: Span


# Possessive, so that a line of 100,000 characters made to be slow takes no longer than others.
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*)$")
_TABLE_RULE = re.compile(r"[ \t]*+\|?[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-*+:?[ \t]*+)++$")
_FENCE = re.compile(r" {0,3}(?:```|~~~)")
_LINE = r"[ \t]*+(?:[-=*_][ \t]*+){3,}+$"
_LINK = r" {0,3}\[[^\]^][^\]]*\]:[ \t]*\S+"
_NOTHING = re.compile(f"{_LINE}|{_LINK}|{_TABLE_RULE.pattern}")
_ITEM = re.compile(
    r"[ \t]*(?:>[ \t]?)*(?:[-*+•◦▪‣][ \t]+(?:\[[ xX]\][ \t]+)?|\d{1,3}[.)][ \t]+|>[ \t]*)"
)


def _blocks(text: str, start: int, end: int, heading: tuple[str, ...] = ()) -> Iterator[_Block]:
    """Yield the blocks of `text[start:end]`; headings, rules and table heads are none."""
    lines = list(_lines(text, start, end))
    opened: _Block | None = None
    fenced = False
    for at, (first, last) in enumerate(lines):
        line = text[first:last]
        below = text[slice(*lines[at + 1])] if at + 1 < len(lines) else ""
        if _FENCE.match(line):
            fenced = not fenced
            ends, block = True, None
        elif fenced:
            ends, block = True, _row(text, first, last, heading)
        elif found := _HEADING.match(line):
            ends, block = True, None
            heading = _below(heading, len(found[1]), _title(found[2]))
        elif not line.strip() or _NOTHING.match(line) or ("|" in line and _TABLE_RULE.match(below)):
            ends, block = True, None
        elif line.lstrip().startswith("|"):
            ends, block = True, _row(text, first, last, heading)
        else:
            item = _ITEM.match(line)
            ends = item is not None
            block = _Block(first, first + (item.end() if item else 0), last, heading=heading)
        if opened and block and not ends:
            opened = _Block(opened.start, opened.body, last, heading=heading)
            continue
        if opened:
            yield opened
        opened = block
        if block and block.one:
            yield block
            opened = None
    if opened:
        yield opened


def _lines(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        yield start, stop
        start = stop + 1


def _row(text: str, start: int, end: int, heading: tuple[str, ...]) -> _Block:
    body, stop = _trim(text, start, end, " \t|")
    return _Block(start, body, stop, one=True, heading=heading)


def _title(text: str) -> str:
    """Return the words of a heading, without the marks that may close it."""
    return text.rstrip(" \t").rstrip("#").strip(" \t")


def _below(heading: tuple[str, ...], level: int, title: str) -> tuple[str, ...]:
    # A skipped level keeps its place, so that a later one of the same depth replaces it.
    padded = (heading + ("",) * level)[: level - 1]
    return (*padded, title)


def _trim(text: str, start: int, end: int, characters: str = " \t\n\r\f\v\u00a0") -> Span:
    while start < end and text[start] in characters:
        start += 1
    while end > start and text[end - 1] in characters:
        end -= 1
    return start, end


_MAY_CONTINUE = """
e.g i.e eg ie cf ca approx vs fig figs eq vol sec pp ed eds est incl excl temp
dr mr mrs ms prof sr jr dept gov u.s u.k e.u a.m p.m
"""
_ABBREVIATIONS = frozenset(_MAY_CONTINUE.split())
# These end a sentence as often as not: only a digit after them tells.
_BEFORE_A_DIGIT = """
c no nos p v ch min max st mt jan feb mar apr jun jul aug sep sept oct nov dec
"""
_BEFORE_DIGITS = frozenset(_BEFORE_A_DIGIT.split())
_END = re.compile(
    r"(?:(?<![.!?…])[.!?…]++[\"'”’)\]*_]*+(?:\[\^?[\w, -]{1,12}\])*+(?=\s)|[。！？])\s*"
)
_OPENING = "\"'“‘([*_`"
_UNIT_BEFORE = re.compile(r"[\d°]\s?[A-Z]\Z")
_WORD_BEFORE = re.compile(r"[^\s(\[\"'“‘*_]+$")


def sentences(text: str, start: int, end: int) -> list[Span]:
    """Return the spans of the sentences in `text[start:end]`, trimmed and in order.

    Headings, rules and table heads are none; a table row or a line of code is one.
    """
    return [span for block in _blocks(text, start, end) for span in _sentences(text, block)]


def _sentences(text: str, block: _Block) -> list[Span]:
    if block.one:
        spans = [(block.body, block.end)]
    else:
        spans, at = [], block.body
        for match in _END.finditer(text, block.body, block.end):
            if match.end() < block.end and _ends_here(text, match, at):
                spans.append((at, match.end()))
                at = match.end()
        spans.append((at, block.end))
    trimmed = (_trim(text, *span) for span in spans)
    return [(a, b) for a, b in trimmed if any(c.isalnum() for c in text[a:b])]


def _ends_here(text: str, match: re.Match[str], start: int) -> bool:
    mark = text[match.start()]
    if mark in "。！？":
        return True
    # Tokenised text has a space before its full stops, and no capitals to go by.
    if match.start() > start and text[match.start() - 1].isspace():
        return True
    following = text[match.end() : match.end() + 4].lstrip(_OPENING)[:1]
    if following.islower():
        return False
    if mark != "." or text[match.start() + 1 : match.start() + 2] == ".":
        return True
    before = _WORD_BEFORE.search(text, max(start, match.start() - 24), match.start())
    word = before[0].lower() if before else ""
    if len(word) == 1 and word.isalpha() and before and before[0].isupper():
        # "14 to 169 W." ends with a unit; "J. Smith" does not end at all.
        return bool(_UNIT_BEFORE.search(text, start, match.start())) or not following.isupper()
    if word in _BEFORE_DIGITS:
        return not following.isdigit()
    return word not in _ABBREVIATIONS


def split(document: Document, count_tokens: Callable[[str], int]) -> list[Chunk]:
    """Cut a document into chunks of whole sentences, at most MAX_TOKENS each.

    A chunk never crosses a page or a top-level heading; a sentence is cut only when it
    alone is too long. langchain's splitters lose the spans that citations need.
    """
    pages: list[tuple[int | None, int, int]]
    pages = [(page.number, page.start, page.end) for page in document.pages]
    pages = pages or [(None, 0, len(document.text))]
    return [
        _chunk(group, number)
        for number, start, end in pages
        for section in _sections(list(_pieces(document.text, start, end, count_tokens)))
        for group in _groups(section)
    ]


def _pieces(
    text: str, start: int, end: int, count_tokens: Callable[[str], int]
) -> Iterator[_Piece]:
    for block in _blocks(text, start, end):
        for number, sentence in enumerate(_sentences(text, block)):
            for part, tokens in _parts(text, *sentence, count_tokens):
                first = block.start if number == 0 and part[0] == sentence[0] else part[0]
                first, last = _trim(text, first, part[1])
                yield _Piece(first, last, tokens, block.heading, part)


def _parts(
    text: str, start: int, end: int, count_tokens: Callable[[str], int]
) -> list[tuple[Span, int]]:
    """Halve a sentence at a space until each part fits."""
    start, end = _trim(text, start, end)
    if start == end:
        return []
    if end - start <= MAX_CHARACTERS:
        tokens = count_tokens(text[start:end])
        if tokens <= MAX_TOKENS:
            return [((start, end), tokens)]
    middle = (start + end) // 2
    space = text.rfind(" ", start + 1, middle)
    cut = space if space > start + (end - start) // 4 else middle
    return _parts(text, start, cut, count_tokens) + _parts(text, cut, end, count_tokens)


def _sections(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    """Group by heading, and join a small section to the one before it where that may be."""
    sections: list[list[_Piece]] = []
    for _, group in groupby(pieces, key=lambda piece: piece.heading):
        section = list(group)
        if sections and _may_join(sections[-1], section):
            sections[-1] += section
        else:
            sections.append(section)
    return sections


def _may_join(above: Sequence[_Piece], below: Sequence[_Piece]) -> bool:
    sizes = [sum(piece.tokens for piece in section) for section in (above, below)]
    same_top = above[0].heading[:2] == below[0].heading[:2]
    return same_top and min(sizes) < SMALL_TOKENS and sum(sizes) <= MAX_TOKENS


def _groups(section: Sequence[_Piece]) -> Iterator[list[_Piece]]:
    """Cut a section into parts of about one size, so that none is a lonely tail."""
    total = sum(piece.tokens for piece in section)
    aim = total / ceil(total / MAX_TOKENS) if total else MAX_TOKENS
    group: list[_Piece] = []
    size = 0
    for piece in section:
        wide = group and piece.end - group[0].start > MAX_CHARACTERS
        if group and (size >= aim or size + piece.tokens > MAX_TOKENS or wide):
            yield group
            group, size = [], 0
        group.append(piece)
        size += piece.tokens
    if group:
        yield group


def _chunk(group: Sequence[_Piece], page: int | None) -> Chunk:
    heading = group[0].heading
    for piece in group:
        shared = [a == b for a, b in zip(heading, piece.heading, strict=False)]
        heading = heading[: shared.index(False) if False in shared else len(shared)]
    return Chunk(
        start=group[0].start,
        end=group[-1].end,
        heading=" > ".join(title for title in heading if title),
        page=page,
        sentences=tuple(piece.sentence for piece in group),
    )
