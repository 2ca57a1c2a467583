"""What the pages in docs/ tell to type can be typed."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from server.cli import app

FOLDER = Path(__file__).parent.parent / "docs"
UsageError = typer.BadParameter.__bases__[0]
"""Of the command-line library that typer brings along."""
FENCE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[str]:
    """Return the `home-energy …` lines of the fenced blocks."""
    lines = [line.strip() for block in FENCE.findall(text) for line in block.splitlines()]
    return [line for line in lines if line.startswith("home-energy ")]


def parse(line: str) -> None:
    """Parse a command line and run nothing; raises UsageError for what cannot be typed."""
    words = shlex.split(line, comments=True)[1:]
    words = words[: words.index("|")] if "|" in words else words
    command, name, parent = typer.main.get_command(app), "home-energy", None
    while hasattr(command, "resolve_command"):
        parent = command.make_context(name, words[:0], parent=parent, resilient_parsing=True)
        name, command, words = command.resolve_command(parent, words)
        if command is None:
            raise UsageError(f"no such command: {line}")
    command.make_context(name, words, parent=parent)


SHOWN = [
    (path.name, line)
    for path in sorted(FOLDER.glob("*.md"))
    for line in commands(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("page", "line"), SHOWN, ids=[line for _, line in SHOWN])
def test_a_shown_command_can_be_typed(page: str, line: str) -> None:
    parse(line)


def test_commands_are_shown() -> None:
    assert SHOWN


@pytest.mark.parametrize(
    "line", ["home-energy ingest x --no-such", "home-energy no-such", "home-energy search"]
)
def test_a_command_that_cannot_be_typed_is_caught(line: str) -> None:
    with pytest.raises(UsageError):
        parse(line)
