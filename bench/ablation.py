"""What each stage of the search brings: all of it, and all without one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import mean
from typing import Any

from rich.table import Table

from bench.corpus import PASSAGES, Corpus, ndcg, recall
from home_energy.evidence.passage import Passage
from home_energy.knowledge.documents import Document
from home_energy.knowledge.ranking import SearchOptions
from home_energy.knowledge.search import Knowledge

STAGES: Mapping[str, SearchOptions] = {
    "everything": SearchOptions(),
    "no dense search": SearchOptions(dense=False),
    "no BM25 at all": SearchOptions(lexical=False),
    "no BM25 score": SearchOptions(bm25_weight=0.0),
    "no heading": SearchOptions(heading_weight=0.0),
    "no best sentence": SearchOptions(sentence_weight=0.0),
    "no feedback": SearchOptions(feedback=0),
    "no diversity": SearchOptions(diversify=False),
    "ranks fused only": SearchOptions(rescore=False, diversify=False),
}
_SHOWN = 6
"""How many passages an answer draws on."""


def measure(knowledge: Knowledge, corpus: Corpus) -> dict[str, dict[str, float]]:
    """Return the figures of each of STAGES; half A is what was tuned on."""
    return {name: figures(knowledge, corpus, options) for name, options in STAGES.items()}


def figures(knowledge: Knowledge, corpus: Corpus, options: SearchOptions) -> dict[str, float]:
    """Return how well the documents are ranked, and how soon the facts are told."""
    found = {
        query: knowledge.search(text, limit=PASSAGES, options=options)
        for query, text in corpus.queries.items()
    }
    documents = {
        query: list(dict.fromkeys(passage.document_id for passage in passages))
        for query, passages in found.items()
    }
    scores = {query: ndcg(documents[query], corpus.qrels[query]) for query in found}
    known: dict[str, float] = {
        "nDCG@10": mean(scores.values()),
        "half A": mean([score for query, score in scores.items() if query in corpus.tuned] or [0]),
        "half B": mean([scores[query] for query in scores if query not in corpus.tuned] or [0]),
        "recall@5": mean(recall(documents[q], corpus.qrels[q], 5) for q in found),
    }
    asked = [query for query in found if corpus.facts.get(query)]
    if asked:
        first = {query: found[query][:_SHOWN] for query in asked}
        known["facts@1"] = mean(tells(first[q][:1], corpus.facts[q]) for q in asked)
        known["facts@6"] = mean(tells(first[q], corpus.facts[q]) for q in asked)
        known["distinct@6"] = mean(_distinct(first[q]) for q in asked)
    return {name: round(value, 4) for name, value in known.items()}


def tells(passages: Sequence[Passage], facts: Sequence[str]) -> bool:
    """Say whether the passages together hold all that is asked for."""
    told = "\n".join(f"{passage.heading}\n{passage.text}" for passage in passages)
    return all(re.search(fact, told, re.IGNORECASE | re.DOTALL) for fact in facts)


def _distinct(passages: Sequence[Passage]) -> float:
    return len({passage.text for passage in passages}) / max(len(passages), 1)


def with_copies(documents: Sequence[Document]) -> list[Document]:
    """Return each document and two copies of it, as people's folders have them."""
    return [
        replace(document, id=f"{document.id}{suffix}")
        for document in documents
        for suffix in ("", "-copy", "-final")
    ]


def table(corpus: str, figures: Mapping[str, Mapping[str, Any]]) -> Table:
    """Return a row for each stage that is left out."""
    columns = list(next(iter(figures.values())))
    shown = Table("search", *columns, title=f"what each stage brings: {corpus}")
    for name, row in figures.items():
        shown.add_row(name, *(f"{row[column]:.3f}" for column in columns))
    return shown
