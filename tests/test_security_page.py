"""That SECURITY.md names every risk of both lists, each with tests that are there."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "SECURITY.md").read_text(encoding="utf-8")
RISKS = [*(f"API{number}" for number in range(1, 11)), *(f"LLM{n:02}" for n in range(1, 11))]


def rows() -> dict[str, str]:
    """Return the row of each risk."""
    found = re.findall(r"^\| ((?:API|LLM)\d+) .*$", PAGE, re.MULTILINE)
    lines = [line for line in PAGE.splitlines() if re.match(r"\| (?:API|LLM)\d", line)]
    return dict(zip(found, lines, strict=True))


def test_every_risk_of_both_lists_is_there():
    assert list(rows()) == RISKS


def test_every_risk_has_tests_and_each_is_there():
    for risk, row in rows().items():
        named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", row)
        assert named, risk
        for file, name in named:
            tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
            defined = {
                node.name
                for node in tree.body
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            }
            assert name in defined, f"{file}::{name}"
