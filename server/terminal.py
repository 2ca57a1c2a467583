"""What the command line shows: colours on a terminal only, and no control characters ever."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

# A document must not be able to steer the terminal of who reads it.
_UNSEEN = dict.fromkeys([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F, *range(0x80, 0xA0)])


def say(text: str, style: str = "", console: Console = out) -> None:
    """Print text as it is, folded at words where a person reads it."""
    console.print(plain(text, style), soft_wrap=not console.is_terminal)


def complain(sentence: str) -> None:
    """Print what went wrong, as one line."""
    say(" ".join(sentence.split()), "red", err)


def say_json(content: object) -> None:
    """Print JSON that any terminal's encoding can take."""
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    sys.stdout.write(json.dumps(content, ensure_ascii=not is_utf8, indent=2) + "\n")


def say_table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """Print rows under headings."""
    table = Table(*columns)
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else plain(cell) for cell in row))
    out.print(table)


def say_answer(answer: Mapping[str, Any], *, model: str = "extractive") -> None:
    """Print an answer and what it quotes; `model` is the one that should have written it."""
    say(answer["text"])
    for citation in answer["citations"]:
        page = f", page {citation['page']}" if citation["page"] else ""
        say(f"[{citation['n']}] {citation['title']} ({citation['source']}{page})", "dim")
    tried = answer["usage"]["model_calls"] > 0
    if tried and answer["mode"] == "extractive":
        say(f"{model} gave no answer that could be proved.", "yellow", err)


def say_quotes(answer: Mapping[str, Any] | None) -> None:
    """Print the words that prove an answer, each with where it stands."""
    if answer is None or not answer["citations"]:
        say("There is nothing quoted yet.", "dim")
        return
    for citation in answer["citations"]:
        as_of = f", as of {citation['as_of']}" if citation["as_of"] else ""
        say(f"[{citation['n']}] {citation['title']} ({citation['source']}{as_of})", "bold")
        say(f"    {citation['quote']}")
        say(f"    {citation['document_id']} {citation['start']}-{citation['end']}", "dim")


def plain(text: str, style: str = "") -> Text:
    """Return text without markup or control characters."""
    return Text(text.translate(_UNSEEN), style)


def sound(words: str) -> str:
    """Replace what is no text in words that were typed: a terminal may hand over any bytes."""
    return words.encode(errors="replace").decode()
