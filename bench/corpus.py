"""A corpus with judged queries, in BEIR's format, and how well a ranking of it is."""

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from math import log2
from pathlib import Path
from typing import Any

from home_energy.knowledge.documents import Document

PASSAGES = 40
"""Asked for a query, so that ten documents are left when passages are collapsed."""

Qrels = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Corpus:
    """A BEIR folder in memory; only queries that have a relevant document."""

    documents: Sequence[Document]
    queries: Mapping[str, str]
    qrels: Qrels
    tuned: Set[str] = frozenset()
    """The queries that parameters may be set on; the others are for telling how it went."""
    facts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What passages that answer a query say, as regular expressions, where that is known."""


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
    return Corpus(documents, queries, qrels, {query for query in queries if _is_odd(query)})


def _is_odd(query: str) -> bool:
    """Halve the queries by their ids alone."""
    return hashlib.sha256(query.encode()).digest()[-1] % 2 == 1


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
