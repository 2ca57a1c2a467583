"""Which questions are answered and which refused, and what that risks: a risk-coverage curve."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from rich.console import Console
from rich.table import Table

from agents.supervisor import intent_model
from bench.ablation import tells
from evals import datasets
from evals.datasets import Case
from home_energy.evidence.sufficiency import judge
from home_energy.knowledge.search import Knowledge
from home_energy.settings import get_settings
from server.prepare import prepare
from tools.knowledge import knowledge

KINDS = {
    "factual": "answerable",
    "howto": "answerable",
    "numeric": "answerable",
    "comparison": "answerable",
    "multihop": "answerable",
    "unanswerable": "near miss",
    "offtopic": "off topic",
}
"""Of a case, by its slice; the other slices are not about whether the evidence is enough."""

PASSAGES = 6


@dataclass(frozen=True, slots=True)
class Judged:
    """What the retriever said about one case."""

    split: str
    kind: str
    enough: bool
    support: float
    """What it rests on: enough means at least 0."""
    cosine: float
    """Of the best passage, which a plain cut-off would rest on."""
    wrong: bool
    """Whether an answer would be: none is due, or the passages lack what it needs."""


def judged(search: Knowledge, cases: Sequence[Case]) -> list[Judged]:
    """Search for each case of one turn and judge what was found, as a turn does."""
    return [_judge(search, case) for case in cases if case.slice in KINDS and len(case.turns) == 1]


def _judge(search: Knowledge, case: Case) -> Judged:
    wishes = intent_model().understand(case.turns[0])
    question = wishes.question or case.turns[0]
    passages = search.search(question, limit=PASSAGES, language="en")
    verdict = judge(question, passages, off_topic="off_topic" in wishes.intents)
    return Judged(
        split=case.split,
        kind=KINDS[case.slice],
        enough=verdict.enough,
        support=verdict.support,
        cosine=max((passage.cosine for passage in passages), default=0.0),
        wrong=case.refuse or not tells(passages, case.facts),
    )


def curve(wrong: Sequence[bool], scores: Sequence[float]) -> list[tuple[float, float]]:
    """Return (coverage, risk) from answering only the surest question to answering all."""
    surest = [failed for _, failed in sorted(zip(scores, wrong, strict=True), reverse=True)]
    points, failures = [], 0
    for answered, failed in enumerate(surest, start=1):
        failures += failed
        points.append((answered / len(surest), failures / answered))
    return points


def figures(some: Sequence[Judged]) -> dict[str, Any]:
    """Return the rates of one split, where it stands on the curve, and the area under it."""

    def refused(kind: str) -> float:
        mine = [one for one in some if one.kind == kind]
        return round(sum(not one.enough for one in mine) / len(mine), 3) if mine else 0.0

    answered = [one for one in some if one.enough]
    wrong = [one.wrong for one in some]
    supported = curve(wrong, [one.support for one in some])
    plain = curve(wrong, [one.cosine for one in some])
    return {
        "questions": len(some),
        "off_topic_refused": refused("off topic"),
        "near_miss_refused": refused("near miss"),
        "answerable_refused": refused("answerable"),
        "coverage": round(len(answered) / len(some), 3),
        "risk": round(sum(one.wrong for one in answered) / max(len(answered), 1), 3),
        "area": _area(supported),
        "area_of_cosine": _area(plain),
        "curve": supported,
        "cosine_curve": plain,
    }


def _area(points: Sequence[tuple[float, float]]) -> float:
    return round(sum(risk for _, risk in points) / len(points), 4)


def run(search: Knowledge, cases: Sequence[Case]) -> dict[str, dict[str, Any]]:
    """Return the figures of each split: `dev` may be tuned on, `held-back` never was."""
    found = judged(search, cases)
    return {
        split: figures([one for one in found if one.split == split])
        for split in ("dev", "held-back")
    }


def table(report: dict[str, dict[str, Any]]) -> Table:
    """Return a row for each figure."""
    names = [name for name in report["dev"] if not name.endswith("curve")]
    shown = Table("figure", *report, title="sufficiency")
    for name in names:
        shown.add_row(name, *(f"{row[name]:,}" for row in report.values()))
    return shown


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table, then one line of JSON; draw if asked."""
    parser = argparse.ArgumentParser(prog="python -m bench.sufficiency", description=__doc__)
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the curves as PNG")
    given = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    prepare(get_settings(), Console(stderr=True))
    report = run(knowledge(), datasets.load())
    Console().print(table(report))
    if given.plot:
        from bench.plots import draw_sufficiency

        draw_sufficiency(report, given.plot)
    shown = {
        split: {name: value for name, value in row.items() if not name.endswith("curve")}
        for split, row in report.items()
    }
    sys.stdout.write(json.dumps(shown) + "\n")


if __name__ == "__main__":
    main()
