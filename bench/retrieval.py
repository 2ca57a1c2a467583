"""Measures how well search finds what it should, on any corpus in BEIR's format."""

import argparse
import csv
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from home_energy.knowledge import index
from home_energy.knowledge.documents import Document
from home_energy.knowledge.embedding import Embedder, EmbeddingModel, Vectors
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
_PASSAGES = 40
"""Asked for a query, so that ten documents are left when passages are collapsed."""

Qrels = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Corpus:
    """A BEIR folder in memory; only queries that have a relevant document."""

    documents: Sequence[Document]
    queries: Mapping[str, str]
    qrels: Qrels


def read_corpus(folder: Path) -> Corpus:
    """Read corpus.jsonl, queries.jsonl and qrels.tsv (or qrels/test.tsv) from `folder`."""
    qrels: dict[str, dict[str, int]] = {}
    judged = folder / "qrels.tsv"
    for query, document, score in _rows(judged if judged.exists() else folder / "qrels/test.tsv"):
        if int(score) > 0:
            qrels.setdefault(query, {})[document] = int(score)
    documents = [
        Document(id=row["_id"], title=row.get("title") or "", text=row["text"], source=row["_id"])
        for row in _lines(folder / "corpus.jsonl")
    ]
    queries = {
        row["_id"]: row["text"] for row in _lines(folder / "queries.jsonl") if row["_id"] in qrels
    }
    return Corpus(documents, queries, qrels)


def ndcg(ranked: Sequence[str], relevant: Mapping[str, int], k: int = 10) -> float:
    """Return nDCG@k with linear gains, as trec_eval has it."""
    gains = [relevant.get(document, 0) for document in ranked[:k]]
    ideal = sorted(relevant.values(), reverse=True)[:k]
    return _dcg(gains) / _dcg(ideal)


def reciprocal_rank(ranked: Sequence[str], relevant: Mapping[str, int], k: int = 10) -> float:
    """Return 1 / rank of the first relevant document, 0 beyond k."""
    return next((1 / n for n, found in enumerate(ranked[:k], 1) if found in relevant), 0.0)


def recall(ranked: Sequence[str], relevant: Mapping[str, int], k: int) -> float:
    """Return the share of the relevant documents among the first k."""
    return len(set(ranked[:k]) & relevant.keys()) / len(relevant)


def measure(knowledge: Knowledge, corpus: Corpus, options: SearchOptions) -> dict[str, float]:
    """Ask every query once, one after the other."""
    runs, seconds = {}, []
    for query, text in corpus.queries.items():
        started = time.perf_counter()
        found = knowledge.search(text, limit=_PASSAGES, options=options)
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
                progress=lambda done, _: bar.update(task, completed=done),
            )
        knowledge = Knowledge.open(data_dir, _Forgetful(embedder))
        knowledge.search("warm up")
        index_bytes = index.size(index.current(data_dir).folder)
        measured = {name: measure(knowledge, corpus, options) for name, options in MODES.items()}
    return {
        "corpus": folder.name,
        "documents": len(corpus.documents),
        "queries": len(corpus.queries),
        "chunks": report.chunks,
        "build_seconds": round(report.seconds, 1),
        **{name: {**row, "index_bytes": index_bytes} for name, row in measured.items()},
    }


class _Forgetful:
    """The embedder without its memory of queries, which would flatter all modes but one."""

    def __init__(self, embedder: EmbeddingModel) -> None:
        self._embedder = embedder
        self.model_id = embedder.model_id
        self.dimensions = embedder.dimensions
        self.max_tokens = embedder.max_tokens
        self.embed = embedder.embed
        self.count_tokens = embedder.count_tokens

    def embed_query(self, text: str) -> Vectors:
        vector: Vectors = self._embedder.embed([text])[0]
        return vector


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / log2(rank + 1) for rank, gain in enumerate(gains, start=1))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def _rows(path: Path) -> Iterator[list[str]]:
    """Yield query, document, score; a header has no number in its last column."""
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if len(row) >= 3 and row[-1].lstrip("-").isdigit():
                yield [row[0], row[-2], row[-1]]


def _table(result: Mapping[str, Any]) -> Table:
    columns = [name for name in result["full"] if name != "index_bytes"]
    size = result["full"]["index_bytes"] / 1e6
    title = f"{result['corpus']}: {result['chunks']:,} passages, {size:,.0f} MB"
    table = Table("search", *columns, title=title)
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
    console.print(_table(result))
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
