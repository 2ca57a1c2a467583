"""Proved statements in, text with `[n]` markers and numbered citations out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from home_energy.evidence.answer import Citation
from home_energy.evidence.passage import Passage

_MARKER = re.compile(r"\[(\d+)\]")


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
        key = (statement.passage.document_id, statement.start, statement.end)
        if key not in numbers:
            numbers[key] = len(numbers) + 1
            citations.append(_citation(numbers[key], statement))
        marked = f"{_flat(statement.text)} [{numbers[key]}]"
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
        title=passage.title,
        source=passage.source,
        page=passage.page,
        quote=passage.text[statement.start - passage.start : statement.end - passage.start],
        start=statement.start,
        end=statement.end,
        sha256=passage.sha256,
        as_of=passage.as_of,
    )


def renumber(text: str, citations: Sequence[Citation], offset: int) -> tuple[str, list[Citation]]:
    """Add an offset to a text's markers and to the citations they point to."""
    known = {citation.n for citation in citations}
    shifted = _MARKER.sub(
        lambda match: f"[{int(match[1]) + offset}]" if int(match[1]) in known else match[0], text
    )
    return shifted, [c.model_copy(update={"n": c.n + offset}) for c in citations]
