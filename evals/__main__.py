"""`make eval`: run the answer cases offline, print the table, fail under the thresholds."""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog
from rich.console import Console
from rich.table import Table

from evals import datasets, gate, runner
from home_energy.knowledge.embedding import Embedder
from home_energy.knowledge.ingest import ingest
from home_energy.settings import get_settings


def main() -> int:
    """Return 0 when every floor holds, else 1."""
    # The events of hundreds of turns would bury the progress bar.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    console = Console()
    cases = datasets.load("answers")
    with _own_database():
        settings = get_settings()
        embedder = Embedder.open(settings.data_dir)
        ingest([settings.knowledge_dir], data_dir=settings.data_dir, embedder=embedder)
        results = runner.run(cases)
    below = gate.below(runner.means(results), gate.floors())
    _print_failures(console, results)
    console.print(_table(results, below))
    console.print(f"{len(results)} cases, {len(below)} metrics below their floor")
    return 1 if below else 0


@contextmanager
def _own_database() -> Iterator[None]:
    """Keep what the cases save out of the user's records."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOME_ENERGY_DATABASE_URL"] = f"sqlite:///{folder}/evals.sqlite"
        os.environ["HOME_ENERGY_MODEL"] = "extractive"
        get_settings.cache_clear()
        yield


def _print_failures(console: Console, results: Sequence[runner.Result]) -> None:
    for result in results:
        failed = [metric for metric, score in result.scores.items() if score == 0]
        # Held-back cases are counted and not looked at.
        if failed and result.case.split == "dev":
            name = f"{result.case.slice}: {result.case.name}"
            console.print(f"{name}: {', '.join(failed)}", style="yellow", markup=False)


def _table(results: Sequence[runner.Result], below: Sequence[str]) -> Table:
    """Show each metric over all cases, over each half, and its floor."""
    floors = gate.floors()
    dev = runner.means([result for result in results if result.case.split == "dev"])
    held_back = runner.means([result for result in results if result.case.split == "held-back"])
    table = Table("metric", "all", "dev", "held-back", "floor", "")
    for metric, value in runner.means(results).items():
        halves = [f"{half[metric]:.3f}" if metric in half else "" for half in (dev, held_back)]
        floor = f"{floors[metric]:.3f}" if metric in floors else ""
        table.add_row(metric, f"{value:.3f}", *halves, floor, "BELOW" if metric in below else "")
    return table


if __name__ == "__main__":
    sys.exit(main())
