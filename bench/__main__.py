"""`make bench`: every benchmark there is, as tables and one last line of JSON.

BENCH_DATA may name a folder in BEIR's format, which is searched as well as our own documents.
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from operator import ge, le, lt
from pathlib import Path
from typing import Any

import structlog
from rich.console import Console
from rich.table import Table

from bench import ablation, proof, questions, retrieval, scale, sufficiency, turns
from evals import datasets
from home_energy.evidence.proof import warm_up
from home_energy.knowledge.embedding import Embedder
from home_energy.knowledge.search import Knowledge
from home_energy.settings import PROJECT_ROOT, Settings, get_settings
from server.prepare import prepare
from tools import knowledge

BUILD = PROJECT_ROOT / "build" / "bench"
"""The one folder that is written to: an index of the shipped documents stays there."""

BUDGETS: Mapping[str, tuple[str, float]] = {
    "turn_ms_p50": ("<=", 80),
    "turn_ms_p95": ("<=", 200),
    "turn_100_to_turn_10": ("<=", 1.3),
    "disk_kb_100_turns": ("<=", 1000),
    "own_recall_at_5": (">=", 0.95),
    "cranfield_ndcg_at_10": (">=", 0.43),
    "p95_growth_exponent": ("<", 1),
    "search_p95_ms": ("<=", 40),
    "off_topic_refused": (">=", 0.95),
    "near_miss_refused": (">=", 0.70),
    "answerable_refused": ("<=", 0.05),
}
"""What DESIGN allows, in the unit of the figure's name."""

_MEETS: Mapping[str, Callable[[float, float], bool]] = {"<=": le, "<": lt, ">=": ge}

SIZES = (1_000, 10_000)
"""Of the indices that are searched here; `python -m bench.scale` takes 100,000 as well."""


def main() -> None:
    """Run the benchmarks one after the other."""
    console = Console()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    settings = _settings()
    prepare(settings, console)
    cases = datasets.load()
    embedder = Embedder.open(settings.data_dir)
    report: dict[str, Any] = {"proof": _proof()}
    console.print(_figures("proof", report["proof"]))
    report["retrieval"] = _retrieval(settings, cases, embedder, console)
    report["sufficiency"] = _sufficiency(cases, console)
    report["scale"] = _scale(settings, embedder, console)
    with _fresh(settings):
        asked = [case.turns[0] for case in cases if case.documents and len(case.turns) == 1]
        report["turns"] = turns.measure(asked)
    console.print(_figures("turns", report["turns"]))
    sys.stdout.write(json.dumps(report) + "\n")


def _settings() -> Settings:
    """Return settings of a data folder of our own, which borrows the weights."""
    data = BUILD / "data"
    data.mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = str(BUILD)
    own = get_settings().data_dir / "models"
    if not (data / "models").exists():
        (data / "models").symlink_to(own, target_is_directory=True)
    _use(data)
    return get_settings()


def _use(data: Path) -> None:
    os.environ["HOME_ENERGY_DATA_DIR"] = str(data)
    os.environ["HOME_ENERGY_MODEL"] = "extractive"
    os.environ.pop("HOME_ENERGY_DATABASE_URL", None)
    get_settings.cache_clear()
    knowledge.forget()


@contextmanager
def _fresh(settings: Settings) -> Iterator[None]:
    """Use a data folder with weights and index, and no conversations."""
    with tempfile.TemporaryDirectory(dir=BUILD) as temporary:
        folder = Path(temporary)
        shutil.copytree(settings.data_dir / "index", folder / "index")
        (folder / "models").symlink_to(settings.data_dir / "models", target_is_directory=True)
        _use(folder)
        yield


def _proof() -> dict[str, Any]:
    cases = proof.load()
    warm_up()
    p50, p95 = proof.milliseconds(cases)
    judged = proof.summary(proof.judge(cases))
    return {**judged, "answer_ms_p50": p50, "answer_ms_p95": p95}


def _retrieval(
    settings: Settings, cases: list[datasets.Case], embedder: Embedder, console: Console
) -> dict[str, Any]:
    """Search for our own questions, and for BENCH_DATA's if it is set."""
    report = {"own": questions.run(settings.data_dir, cases, embedder)}
    budgeted = {"own_recall_at_5": report["own"]["full"]["recall@5"]}
    if data := os.environ.get("BENCH_DATA"):
        folder = Path(data).resolve()
        report[folder.name] = retrieval.run(folder, embedder=embedder, console=console)
        if "cranfield" in folder.name:
            budgeted["cranfield_ndcg_at_10"] = report[folder.name]["full"]["nDCG@10"]
    for result in report.values():
        console.print(retrieval.table(result))
        console.print(ablation.table(result["corpus"], result["stages"]))
    console.print(ablation.table("two copies of each document", report["own"]["copies"]))
    console.print(_figures("retrieval", budgeted))
    return report


def _sufficiency(cases: list[datasets.Case], console: Console) -> dict[str, Any]:
    """Judge evidence; the held-back half is what has to be within its budgets."""
    report = sufficiency.run(knowledge.knowledge(), cases)
    console.print(sufficiency.table(report))
    names = ("off_topic_refused", "near_miss_refused", "answerable_refused")
    console.print(
        _figures("sufficiency, held-back", {name: report["held-back"][name] for name in names})
    )
    return report


def _scale(settings: Settings, embedder: Embedder, console: Console) -> dict[str, Any]:
    documents = Knowledge.open(settings.data_dir, embedder).documents()
    report = scale.run(SIZES, documents, embedder)
    console.print(scale.table(report))
    largest = report["sizes"][-1]
    budgeted = {
        "search_p95_ms": largest["full with embedding"]["p95_ms"],
        "p95_growth_exponent": report["growth"]["full"],
    }
    console.print(_figures(f"scale, {largest['passages']:,} passages", budgeted))
    return report


def _figures(title: str, figures: Mapping[str, Any]) -> Table:
    table = Table("figure", "measured", "budget", "", title=title)
    for name, value in figures.items():
        table.add_row(name, f"{value:,}", *_verdict(name, value))
    return table


def _verdict(name: str, value: float) -> tuple[str, str]:
    """Return the budget of a figure, and whether it is kept; nothing where there is none."""
    if name not in BUDGETS:
        return "", ""
    sign, limit = BUDGETS[name]
    kept = _MEETS[sign](value, limit)
    return f"{sign} {limit:,}", "[green]pass[/]" if kept else "[bold red]FAIL[/]"


if __name__ == "__main__":
    main()
