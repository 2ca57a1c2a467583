"""`make bench`: every benchmark there is, as tables and one last line of JSON.

BENCH_DATA may name a folder in BEIR's format to search instead of our own documents.
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from rich.console import Console
from rich.table import Table

from bench import proof, retrieval, turns
from evals import datasets
from home_energy.evidence.proof import warm_up
from home_energy.knowledge.embedding import Embedder
from home_energy.knowledge.search import Knowledge
from home_energy.settings import PROJECT_ROOT, Settings, get_settings
from server.prepare import prepare
from tools import knowledge

BUILD = PROJECT_ROOT / "build" / "bench"
"""The one folder that is written to: an index of the shipped documents stays there."""

BUDGETS = {
    "turn_ms_p50": 80,
    "turn_ms_p95": 200,
    "turn_100_to_turn_10": 1.3,
    "disk_kb_100_turns": 1000,
}
"""The most that DESIGN allows, in the unit of the figure's name."""


def main() -> None:
    """Run the benchmarks one after the other."""
    console = Console()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    data = os.environ.get("BENCH_DATA")
    settings = _settings()
    prepare(settings, console)
    cases = [case for case in datasets.load() if case.documents and len(case.turns) == 1]
    report: dict[str, Any] = {"proof": _proof()}
    console.print(_figures("proof", report["proof"]))
    if data:
        embedder = Embedder.open(settings.data_dir)
        report["retrieval"] = retrieval.run(
            Path(data).resolve(), embedder=embedder, console=console
        )
    else:
        report["retrieval"] = _own_questions(settings, cases)
    console.print(_rows("retrieval", report["retrieval"]))
    with _fresh(settings):
        report["turns"] = turns.measure([case.turns[0] for case in cases])
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


def _own_questions(settings: Settings, cases: list[datasets.Case]) -> dict[str, Any]:
    """Search the shipped documents for the evaluation cases; any of a case's documents will do."""
    opened = Knowledge.open(settings.data_dir, Embedder.open(settings.data_dir))
    corpus = retrieval.Corpus(
        opened.documents(),
        {case.name: case.turns[0] for case in cases},
        {case.name: dict.fromkeys(case.documents, 1) for case in cases},
    )
    measured: dict[str, Any] = {"corpus": "our own", "queries": len(cases)}
    for mode, options in retrieval.MODES.items():
        # A new one for each, since an embedder remembers the queries it was asked.
        search = Knowledge.open(settings.data_dir, Embedder.open(settings.data_dir))
        search.search("warm up")
        measured[mode] = retrieval.measure(search, corpus, options)
    return measured


def _figures(title: str, figures: Mapping[str, Any]) -> Table:
    table = Table("figure", "measured", "budget", title=title)
    for name, value in figures.items():
        table.add_row(name, f"{value:,}", f"<= {BUDGETS[name]:,}" if name in BUDGETS else "")
    return table


def _rows(title: str, result: Mapping[str, Any]) -> Table:
    modes = {name: row for name, row in result.items() if isinstance(row, Mapping)}
    columns = list(next(iter(modes.values())))
    table = Table("search", *columns, title=f"{title}: {result['corpus']}")
    for mode, row in modes.items():
        table.add_row(mode, *(f"{row[column]:,}" for column in columns))
    return table


if __name__ == "__main__":
    main()
