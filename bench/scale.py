"""How search and index grow with the number of passages: `python -m bench.scale`."""

import argparse
import json
import random
import re
import resource
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from rich.console import Console
from rich.table import Table

from bench.forgetful import Forgetful
from evals import datasets
from home_energy.knowledge import index
from home_energy.knowledge.build import embedded_text
from home_energy.knowledge.documents import Document
from home_energy.knowledge.embedding import Embedder, Vectors
from home_energy.knowledge.filters import Filters
from home_energy.knowledge.ingest import ingest, ingest_documents
from home_energy.knowledge.ranking import SearchOptions
from home_energy.knowledge.search import Knowledge
from home_energy.knowledge.split import split
from home_energy.settings import get_settings

SIZES = (1_000, 10_000, 100_000)
BUDGET_MS, BUDGET_AT = 40, 100_000
"""The most that 95 of 100 searches may take, at that many passages."""
NEWEST = date(2026, 11, 22)

SEARCHES: Mapping[str, SearchOptions] = {
    "bm25": SearchOptions(dense=False, rescore=False, diversify=False),
    "dense": SearchOptions(lexical=False, rescore=False, diversify=False),
    "full": SearchOptions(),
}
_FILTERS: Mapping[str, Filters] = {
    "region": Filters(region="uk"),
    "as_of, a tenth": Filters(as_of=NEWEST - timedelta(days=9)),
    "source, one document": Filters(source="variant-00000/loft"),
}
_WORD = re.compile(r"\b[a-z]{4,}\b")
_REPLACED = 0.1
"""The share of words that a variant has others for."""
_NOISE = 0.6
"""How long the noise on a vector of length 1 is: as near as two passages on one topic."""


class StandIn:
    """Gives texts the vectors of real passages, each a little changed, at no cost that counts.

    Questions get their real vectors, since a search's time depends on them.
    """

    def __init__(self, real: Embedder, passages: Sequence[str]) -> None:
        self.model_id = "stand-in"
        self.dimensions = real.dimensions
        self.max_tokens = real.max_tokens
        self.embed_query = real.embed_query
        self.count_tokens = real.count_tokens
        self._known = real.embed(passages)
        noise = np.random.default_rng(0).normal(size=(8_192, self.dimensions))
        noise *= _NOISE / np.linalg.norm(noise, axis=1, keepdims=True)
        self._noise: Vectors = noise.astype(np.float32)

    def embed(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """Return (len(texts), dimensions); equal texts get equal vectors."""
        hashes = np.array([zlib.crc32(text.encode()) for text in texts], np.int64)
        vectors = self._known[hashes % len(self._known)] + self._noise[hashes % len(self._noise)]
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        if progress is not None:
            progress(len(texts))
        return vectors


def variants(documents: Sequence[Document], count: int) -> Iterator[Document]:
    """Yield so many documents: each time round, other words are replaced and it is a day older."""
    words = sorted({word for document in documents for word in _WORD.findall(document.text)})
    for number in range(count):
        document, round_ = documents[number % len(documents)], number // len(documents)
        yield replace(
            document,
            id=f"variant-{round_:05}/{document.id}",
            text=_WORD.sub(partial(_other, words, random.Random(number)), document.text),
            as_of=(NEWEST - timedelta(days=round_ % 100)).isoformat(),
            pages=(),
        )


def _other(words: Sequence[str], chance: random.Random, word: re.Match[str]) -> str:
    return chance.choice(words) if chance.random() < _REPLACED else word[0]


def measure(
    size: int, documents: Sequence[Document], embedder: StandIn, real: Embedder
) -> dict[str, Any]:
    """Make an index of about `size` passages in a temporary folder, and search it."""
    passages = sum(len(split(document, embedder.count_tokens)) for document in documents)
    questions = [case.turns[0] for case in datasets.load() if case.documents]
    with tempfile.TemporaryDirectory() as temporary:
        data_dir = Path(temporary)
        built = ingest_documents(
            variants(documents, max(round(size * len(documents) / passages), 1)),
            data_dir=data_dir,
            embedder=embedder,
        )
        knowledge = Knowledge.open(data_dir, embedder)
        knowledge.search("warm up")
        for question in questions:
            embedder.embed_query(question)
        row: dict[str, Any] = {
            "passages": built.chunks,
            "build_seconds": round(built.seconds, 1),
            "passages_per_second": round(built.chunks / built.seconds),
            "index_mb": round(index.size(index.current(data_dir).folder) / 1e6, 1),
        }
        for name, options in SEARCHES.items():
            row[name] = _times(knowledge, questions, options)
        fresh = Knowledge.open(data_dir, Forgetful(real, embedder.model_id))
        row["full with embedding"] = _times(fresh, questions, SEARCHES["full"])
        row["filtered"] = {
            name: {"first_ms": _first(knowledge, questions[0], filters)}
            | _times(knowledge, questions, SEARCHES["full"], filters)
            for name, filters in _FILTERS.items()
        }
    return row


def _first(knowledge: Knowledge, question: str, filters: Filters) -> float:
    started = time.perf_counter()
    knowledge.search(question, filters=filters)
    return round(1000 * (time.perf_counter() - started), 1)


def _times(
    knowledge: Knowledge,
    questions: Sequence[str],
    options: SearchOptions,
    filters: Filters | None = None,
) -> dict[str, float]:
    """Ask twice, since what the system has to read from the disk first is another figure."""
    seconds: list[float] = []
    worked: list[float] = []
    for _ in range(2):
        seconds, worked = [], []
        for question in questions:
            started, busy = time.perf_counter(), time.process_time()
            knowledge.search(question, options=options, filters=filters)
            worked.append(time.process_time() - busy)
            seconds.append(time.perf_counter() - started)
    # On a machine that does other things as well, only the second figure is the search's own.
    return percentiles(seconds) | {"p95_cpu_ms": percentiles(worked)["p95_ms"]}


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return the median and the 95th per cent, in milliseconds."""
    p50, p95 = np.percentile(seconds, [50, 95]) * 1000
    return {"p50_ms": round(float(p50), 2), "p95_ms": round(float(p95), 2)}


def exponent(sizes: Sequence[float], times: Sequence[float]) -> float:
    """Return e where times grow like sizes ** e: 1 is linear, below 1 slower."""
    return round(float(np.polyfit(np.log(sizes), np.log(times), 1)[0]), 2)


def embedding(real: Embedder, documents: Sequence[Document]) -> dict[str, float]:
    """Measure the real model: passages with all their sentences, and single questions."""
    sample = list(documents)[:8]
    chunks = [
        (document, chunk) for document in sample for chunk in split(document, real.count_tokens)
    ]
    texts = [
        text
        for document, chunk in chunks
        for text in (
            embedded_text(document.title, chunk.heading, document.text[chunk.start : chunk.end]),
            chunk.heading,
            *(document.text[start:end] for start, end in chunk.sentences),
        )
    ]
    started = time.perf_counter()
    real.embed(texts)
    seconds = time.perf_counter() - started
    times = []
    for case in datasets.load()[:200]:
        started = time.perf_counter()
        real.embed([case.turns[0]])
        times.append(time.perf_counter() - started)
    query = percentiles(times)
    return {
        "texts_per_second": round(len(texts) / seconds, 1),
        "passages_per_second": round(len(chunks) / seconds, 1),
        "query_p50_ms": query["p50_ms"],
        "query_p95_ms": query["p95_ms"],
    }


def run(sizes: Sequence[int], documents: Sequence[Document], real: Embedder) -> dict[str, Any]:
    """Measure each size, and how times grow with it."""
    # Some of them are enough to vary, and embedding them all is what takes long.
    passages = [
        embedded_text(document.title, chunk.heading, document.text[chunk.start : chunk.end])
        for document in documents[::3]
        for chunk in split(document, real.count_tokens)
    ]
    report: dict[str, Any] = {"bench": "scale", "embedding": embedding(real, documents)}
    stand_in = StandIn(real, passages)
    rows = [measure(size, documents, stand_in, real) for size in sizes]
    report["sizes"] = rows
    if len(rows) > 1:
        known = [row["passages"] for row in rows]
        report["growth"] = {
            name: exponent(known, [row[name]["p95_ms"] for row in rows]) for name in SEARCHES
        }
    largest = rows[-1]
    if largest["passages"] >= 0.9 * BUDGET_AT:
        report["budget_ms"] = BUDGET_MS
        report["within_budget"] = largest["full with embedding"]["p95_ms"] <= BUDGET_MS
    report["memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)
    return report


def table(report: Mapping[str, Any]) -> Table:
    """Return a row for each size."""
    searches = [*SEARCHES, "full with embedding"]
    title = "scale: p50 / p95 in ms (p95 of processor time)"
    shown = Table("passages", "build/s", "MB", *searches, title=title)
    for row in report["sizes"]:
        shown.add_row(
            f"{row['passages']:,}",
            f"{row['passages_per_second']:,}",
            f"{row['index_mb']:,}",
            *(
                f"{row[name]['p50_ms']} / {row[name]['p95_ms']} ({row[name]['p95_cpu_ms']})"
                for name in searches
            ),
        )
    return shown


def shipped(real: Embedder) -> list[Document]:
    """Return the shipped documents, as an ingest reads them."""
    with tempfile.TemporaryDirectory() as temporary:
        data_dir = Path(temporary)
        ingest([get_settings().knowledge_dir], data_dir=data_dir, embedder=real)
        return Knowledge.open(data_dir, real).documents()


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table, then one line of JSON; draw if asked."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="e.g. 1000,10000")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the figures as PNG")
    given = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    sizes = [int(size) for size in given.sizes.split(",")]
    real = Embedder.open(get_settings().data_dir)
    report = run(sizes, shipped(real), real)
    Console().print(table(report))
    if given.plot:
        from bench.plots import draw_scale

        draw_scale(report, given.plot)
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
