"""Proved statements in, text with `[n]` markers and numbered citations out."""

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from home_energy.evidence.answer import Citation
from home_energy.evidence.instructions import instructs
from home_energy.evidence.passage import Passage

_MARKER = re.compile(r"\[(\d+)\]")

# What a document's text may hold that a client would render, or take for a citation of ours.
_FOREIGN = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), kept)
    for pattern, kept in (
        (r"<!--.*?(?:-->|\Z)", ""),
        (r"<(script|style|iframe|object|svg|template)\b.*?(?:</\1\s*>|\Z)", ""),
        (r"</?[a-z!?][^<>]*>", ""),
        (r"!\[[^\[\]]*\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\[\]]*\])?", ""),
        (r"[\[［【]\s*\^?\d+(?:\s*[,;–-]\s*\d+)*\s*[\]］】]", ""),
        (r"(?m:^)[ ]{0,3}\[[^\[\]]+\]:\s*\S[^\n]*", ""),
        (r"\[([^\[\]]*)\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\[\]]*\])", r"\1"),
    )
)
_ADDRESS = re.compile(
    r"\(?(?:\b(?:https?|ftp|file)://|\b(?:javascript|data|mailto):|\bwww\.)[^\s()]+\)?",
    re.IGNORECASE,
)
_LEFT_OVER = (("[", "("), ("]", ")"), ("`", ""))
_OPENS_TAG = re.compile(r"<(?=[a-z/!?])", re.IGNORECASE)
_OPENS_BLOCK = re.compile(r"^[ \t]*(?:#{1,6}|>)+[ \t]*", re.MULTILINE)
_GAP = re.compile(r"[ \t]+(?=[.,;:!?](?:\s|$))|(?<=\S)[ \t]+(?=[ \t])")
LEAST_SHOWN = 0.4
"""A sentence that keeps a smaller share of its letters when shown is mostly markup."""


def displayed(text: str) -> str:
    """Return a document's words as an answer may show them.

    Markers that are not ours, images, HTML and addresses are dropped, links become their text,
    and what is left of their brackets can open none. The quote of a citation stays verbatim.
    """
    shown = _readable(text)
    before = None
    # What one pass drops may have hidden another tag or link.
    while shown != before:
        before = shown
        shown = html.unescape(shown)
        for pattern, kept in _FOREIGN:
            shown = pattern.sub(kept, shown)
    shown = _ADDRESS.sub("", shown)
    for character, instead in _LEFT_OVER:
        shown = shown.replace(character, instead)
    shown = _OPENS_BLOCK.sub("", _OPENS_TAG.sub("", shown))
    return text if shown == text else _GAP.sub("", shown).strip()


def may_be_shown(text: str) -> bool:
    """Say whether a document's words are advice: not mostly markup, nor orders to an assistant."""
    shown = displayed(text)
    letters = sum(map(str.isalnum, text))
    if sum(map(str.isalnum, shown)) < max(LEAST_SHOWN * letters, 1):
        return False
    return not (instructs(text) or instructs(shown))


def _readable(text: str) -> str:
    """Drop the characters that no one sees, but which change how the others are shown."""
    return "".join(
        " " if c == "\t" else c
        for c in text
        if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf"}
    )


@dataclass(frozen=True)
class Statement:
    """A sentence to be sent, and the verbatim span that proves it, in document offsets."""

    text: str
    passage: Passage
    start: int
    end: int


def cite(statements: Sequence[Statement]) -> tuple[str, list[Citation]]:
    """Join statements into a text; one citation for each span, numbered as they appear."""
    numbers: dict[tuple[str, int, int], int] = {}
    citations: list[Citation] = []
    text = ""
    for statement in statements:
        shown = _flat(displayed(statement.text))
        if not shown:
            continue
        key = (statement.passage.document_id, statement.start, statement.end)
        if key not in numbers:
            numbers[key] = len(numbers) + 1
            citations.append(_citation(numbers[key], statement))
        marked = f"{shown} [{numbers[key]}]"
        separator = "\n" if "\n" in marked or text.endswith("\n") else " "
        text = f"{text}{separator}{marked}" if text else marked
    return text, citations


def _flat(text: str) -> str:
    """Fold a quote's line breaks, but keep the items of a list on lines of their own."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    folded = ""
    for line in lines:
        is_item = line[:2] in {"- ", "* ", "• "}
        folded += ("\n" if is_item else " ") + line if folded else line.removeprefix("- ")
    return folded


def _citation(number: int, statement: Statement) -> Citation:
    passage = statement.passage
    return Citation(
        n=number,
        document_id=passage.document_id,
        title=on_a_line(passage.title),
        source=on_a_line(passage.source),
        page=passage.page,
        quote=passage.text[statement.start - passage.start : statement.end - passage.start],
        start=statement.start,
        end=statement.end,
        sha256=passage.sha256,
        as_of=passage.as_of,
    )


def on_a_line(text: str) -> str:
    """Return a title on one line, without the characters that no one sees."""
    return " ".join(_readable(text).split())


def renumber(text: str, citations: Sequence[Citation], offset: int) -> tuple[str, list[Citation]]:
    """Add an offset to a text's markers and to the citations they point to."""
    known = {citation.n for citation in citations}
    shifted = _MARKER.sub(
        lambda match: f"[{int(match[1]) + offset}]" if int(match[1]) in known else match[0], text
    )
    return shifted, [c.model_copy(update={"n": c.n + offset}) for c in citations]
