"""The evaluation cases: one JSON object a line, with a name a person would use."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal
from uuid import NAMESPACE_URL, uuid5

from langsmith.schemas import Example
from pydantic import BaseModel, ConfigDict

DATASETS = Path(__file__).parent / "datasets"
Split = Literal["dev", "held-back"]
_SPLIT_SEED = 177
"""Chosen before anything was measured, so that every slice is divided about 60 to 40."""
_DATASET_ID = uuid5(NAMESPACE_URL, "home-energy-assistant/answers")


class Case(BaseModel):
    """One question, or one conversation whose last turn is judged."""

    model_config = ConfigDict(extra="forbid")

    name: str
    slice: str
    """What kind of case it is, e.g. `factual` or `unanswerable`."""
    turns: list[str]
    """What the user says, in order; the last turn is judged."""
    split: Split
    """`dev` may be tuned on; `held-back` is only counted. Always `split_of(name)`."""
    documents: list[str] = []
    """Ids of documents that hold the answer; any of them will do."""
    facts: list[str] = []
    """Regular expressions, each of which the answer must match."""
    never: list[str] = []
    """Regular expressions, none of which the answer may match."""
    refuse: bool = False
    """Whether the assistant must say that it does not know."""
    route: list[str] | None = None
    """The agents that must work, in order."""


def split_of(name: str) -> Split:
    """Return the half a case belongs to for good: its name alone decides."""
    digest = hashlib.sha256(f"{_SPLIT_SEED}/{name}".encode()).digest()
    return "dev" if int.from_bytes(digest, "big") % 5 < 3 else "held-back"


def load(name: str = "answers") -> list[Case]:
    """Read one dataset; ValueError names the line that is wrong."""
    path = DATASETS / f"{name}.jsonl"
    cases = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            cases.append(Case.model_validate_json(line))
        except ValueError as exc:
            raise ValueError(f"{path.name}, line {number}: {exc}") from exc
    return cases


def examples(cases: Sequence[Case]) -> list[Example]:
    """Turn cases into LangSmith examples with stable ids."""
    return [
        Example(
            id=uuid5(_DATASET_ID, case.name),
            dataset_id=_DATASET_ID,
            inputs={"turns": case.turns},
            outputs=_expected(case),
            metadata={"name": case.name, "slice": case.slice, "split": case.split},
        )
        for case in cases
    ]


def _expected(case: Case) -> dict[str, Any]:
    expected: dict[str, Any] = json.loads(case.model_dump_json(exclude={"turns", "name", "split"}))
    return expected
