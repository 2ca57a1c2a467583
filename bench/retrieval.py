"""Measures how well search finds what it should, on any corpus in BEIR's format."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench import ablation
from bench.corpus import PASSAGES, Corpus, ndcg, read_corpus, recall, reciprocal_rank
from bench.forgetful import Forgetful
from home_energy.knowledge import index
from home_energy.knowledge.embedding import Embedder, EmbeddingModel
from home_energy.knowledge.ingest import ingest_documents
from home_energy.knowledge.ranking import SearchOptions
from home_energy.knowledge.search import Knowledge
from home_energy.settings import get_settings

MODES: Mapping[str, SearchOptions] = {
    "bm25": SearchOptions(dense=False, rescore=False, diversify=False),
    "dense": SearchOptions(lexical=False, rescore=False, diversify=False),
    "fused": SearchOptions(rescore=False, diversify=False),
    "full": SearchOptions(),
}


def measure(knowledge: Knowledge, corpus: Corpus, options: SearchOptions) -> dict[str, float]:
    """Ask every query once, one after the other."""
    runs, seconds = {}, []
    for query, text in corpus.queries.items():
        started = time.perf_counter()
        found = knowledge.search(text, limit=PASSAGES, options=options)
        seconds.append(time.perf_counter() - started)
        runs[query] = list(dict.fromkeys(passage.document_id for passage in found))

    def average(metric: Callable[..., float], *args: int) -> float:
        pairs = [(runs[query], corpus.qrels[query]) for query in corpus.queries]
        return round(mean(metric(ranked, relevant, *args) for ranked, relevant in pairs), 4)

    p50, p95 = np.percentile(seconds, [50, 95]) * 1000
    return {
        "nDCG@10": average(ndcg, 10),
        "MRR@10": average(reciprocal_rank, 10),
        "recall@5": average(recall, 5),
        "recall@10": average(recall, 10),
        "queries/s": round(len(seconds) / sum(seconds), 1),
        "p50_ms": round(float(p50), 2),
        "p95_ms": round(float(p95), 2),
    }


def run(folder: Path, *, embedder: EmbeddingModel, console: Console) -> dict[str, Any]:
    """Index the corpus in a temporary folder and measure each of MODES on it."""
    corpus = read_corpus(folder)
    with tempfile.TemporaryDirectory() as temporary:
        data_dir = Path(temporary)
        with Progress(console=console, transient=True) as bar:
            task = bar.add_task("indexing", total=len(corpus.documents))
            report = ingest_documents(
                corpus.documents,
                data_dir=data_dir,
                embedder=embedder,
                progress=lambda _, done, __: bar.update(task, completed=done),
            )
        knowledge = Knowledge.open(data_dir, Forgetful(embedder))
        knowledge.search("warm up")
        index_bytes = index.size(index.current(data_dir).folder)
        measured = {name: measure(knowledge, corpus, options) for name, options in MODES.items()}
        # What is measured here is quality alone: queries may be remembered.
        stages = ablation.measure(Knowledge.open(data_dir, embedder), corpus)
    return {
        "corpus": folder.name,
        "documents": len(corpus.documents),
        "queries": len(corpus.queries),
        "chunks": report.chunks,
        "build_seconds": round(report.seconds, 1),
        **{name: {**row, "index_bytes": index_bytes} for name, row in measured.items()},
        "stages": stages,
    }


def table(result: Mapping[str, Any]) -> Table:
    """Return a row for each of MODES."""
    columns = [name for name in result["full"] if name != "index_bytes"]
    table = Table("search", *columns, title=f"{result['corpus']}: {result['queries']:,} queries")
    for name in MODES:
        table.add_row(name, *(f"{result[name][column]:,}" for column in columns))
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table, then one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.retrieval", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder in BEIR's format")
    folder = parser.parse_args(arguments).folder
    console = Console()
    try:
        embedder = Embedder.open(get_settings().data_dir)
        result = run(folder.resolve(), embedder=embedder, console=console)
    except (OSError, KeyError, ValueError) as exc:
        parser.exit(2, f"{folder} is not a corpus in BEIR's format: {exc!r}\n")
    console.print(table(result))
    console.print(ablation.table(result["corpus"], result["stages"]))
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
