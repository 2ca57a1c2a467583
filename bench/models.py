"""How well a small local model answers beside the quotes: `python -m bench.models`.

Without --base-url it asks SmolLM2-135M through a llama.cpp server that it starts itself.
"""

import argparse
import asyncio
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from statistics import mean, median
from typing import Any

import structlog
from rich.console import Console
from rich.table import Table

from agents import models
from evals import datasets
from graphs.assistant import graph
from home_energy.evidence.answer import Answer
from home_energy.evidence.verify import verify
from home_energy.settings import PROJECT_ROOT, get_settings
from tools.knowledge import knowledge

QUESTIONS = 24
"""As many dev questions, evenly spread over the dataset."""
SECONDS = 120
"""A model's deadline: its speed is a column, and no reason to count it as wrong."""


@dataclass(frozen=True)
class Taken:
    """One turn: its answer, and what became of each sentence the model wrote."""

    case: datasets.Case
    answer: Answer
    sentences: Counter[str] = field(default_factory=Counter)
    withdrawn: str = ""
    """Why all that the model had said was taken back, if it was."""


def cases(count: int) -> list[datasets.Case]:
    """Return single questions of the dev split that the documents answer."""
    able = [
        case
        for case in datasets.load()
        if case.split == "dev" and case.facts and case.documents and len(case.turns) == 1
    ]
    return able[:: max(1, len(able) // count)][:count]


async def take(case: datasets.Case) -> Taken:
    """Ask one question through the graph."""
    turn: Any = {"messages": [{"role": "user", "content": case.turns[0]}]}
    sentences: Counter[str] = Counter()
    withdrawn, final = "", {}
    async for mode, event in graph.astream(turn, stream_mode=["custom", "values"]):
        if mode == "values":
            final = event
        elif event["type"] == "sentence":
            sentences[event["status"]] += 1
        elif event["type"] == "withdrawn":
            withdrawn = event["reason"]
    return Taken(case, Answer.model_validate(final["answer"]), sentences, withdrawn)


def row(taken: Sequence[Taken]) -> dict[str, Any]:
    """Sum up the turns of one model: shares from 0 to 1, tokens and ms a turn."""
    answers = [one.answer for one in taken]
    sentences = sum((one.sentences for one in taken), Counter[str]())
    modes = Counter(answer.mode for answer in answers)
    facts = [
        mean(bool(re.search(fact, one.answer.text, re.IGNORECASE)) for fact in one.case.facts)
        for one in taken
    ]
    return {
        "questions": len(taken),
        "answered by the model": round(modes["model"] / len(taken), 2),
        "fell back to quotes": round(modes["extractive"] / len(taken), 2),
        "abstained": round(modes["abstained"] / len(taken), 2),
        "sentences written": sentences.total(),
        "sentences proved": round(sentences["proved"] / max(1, sentences.total()), 2),
        "gold facts": round(mean(facts), 2),
        "citations valid": round(
            mean(verify(answer, knowledge().document) == [] for answer in answers), 2
        ),
        "prompt tokens": round(mean(answer.usage.input_tokens for answer in answers)),
        "answer tokens": round(mean(answer.usage.output_tokens for answer in answers)),
        "ms, median": round(median(answer.usage.milliseconds for answer in answers)),
        "taken back": dict(Counter(one.withdrawn for one in taken if one.withdrawn)),
    }


@contextmanager
def _llama_server() -> Iterator[Any]:
    # What tests and benchmarks both start is kept with the tests, which are no package.
    sys.path.insert(0, str(PROJECT_ROOT / "tests"))
    server = import_module("llama_server")
    with server.running(server.model_file(get_settings().data_dir / "models")) as running:
        yield f"openai:{server.NAME}", running.base_url


def _use(name: str, base_url: str = "") -> None:
    os.environ["HOME_ENERGY_MODEL"] = name
    os.environ["HOME_ENERGY_MODEL_BASE_URL"] = base_url
    os.environ["HOME_ENERGY_MODEL_TIMEOUT_SECONDS"] = str(SECONDS)
    get_settings.cache_clear()
    models.health.retry_at.clear()


async def _all(chosen: Sequence[datasets.Case]) -> list[Taken]:
    return [await take(case) for case in chosen]


def _measure(name: str, base_url: str, chosen: Sequence[datasets.Case]) -> dict[str, Any]:
    _use(name, base_url)
    return row(asyncio.run(_all(chosen)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table, then one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.models", description=__doc__)
    parser.add_argument("--model", help="provider:name, as HOME_ENERGY_MODEL takes it")
    parser.add_argument("--base-url", default="", help="where its server listens")
    parser.add_argument("--count", type=int, default=QUESTIONS, help="how many questions")
    asked = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    chosen = cases(asked.count)
    report = {models.EXTRACTIVE: _measure(models.EXTRACTIVE, "", chosen)}
    if asked.model:
        report[asked.model] = _measure(asked.model, asked.base_url, chosen)
    else:
        with _llama_server() as (name, base_url):
            report[name] = _measure(name, base_url, chosen)
    table = Table("", *report, title="Answers with and without a model")
    for figure in report[models.EXTRACTIVE]:
        table.add_row(figure, *(str(measured[figure]) for measured in report.values()))
    Console().print(table)
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
