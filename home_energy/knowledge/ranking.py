"""In which order passages serve: ranks fused, then scored by what they say, then varied."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from home_energy.knowledge.store import StoredChunk

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """Every parameter of a search; `python -m bench.retrieval` measures what each brings."""

    dense: bool = True
    """Whether to look for candidates by meaning."""
    lexical: bool = True
    """Whether to look for candidates by words."""
    rescore: bool = True
    """Whether candidates are scored by what they say, or only by the fused ranks."""
    diversify: bool = True
    """Whether near-duplicates and a document's many passages give way to others."""
    candidates: int = 60
    """How many each of the two searches proposes."""
    rank_constant: int = 60
    """k of reciprocal rank fusion: higher makes the first ranks less special."""
    lexical_weight: float = 1.0
    """Of a lexical rank in the fusion, where a dense one has 1."""
    sentence_weight: float = 0.15
    """Of the best sentence's cosine; what the two leave is for the passage's own."""
    heading_weight: float = 0.3
    """Of the cosine of the heading right above: it often is the question itself."""
    bm25_weight: float = 0.015
    """Of a point of BM25: it counts more, the more of a long query's rare words are found."""
    near_duplicate: float = 0.95
    """From this cosine on, the second of two passages says nothing new."""
    per_document: int = 3
    """How many passages one document may give, while others have any."""
    region_penalty: float = 0.1
    """Taken off the score of another region's passages, when a region is asked for."""


@dataclass(slots=True)
class Candidate:
    """A chunk on its way to become a passage."""

    id: int
    score: float = 0.0
    cosine: float = 0.0
    sentence_cosines: Vectors = field(default_factory=lambda: np.zeros(0, np.float32))
    found_by: dict[str, float] = field(default_factory=dict)


def fuse(
    dense: Sequence[tuple[int, float]],
    lexical: Sequence[tuple[int, float]],
    options: SearchOptions,
) -> list[Candidate]:
    """Fuse two rankings by reciprocal rank; the score of a first place in both is 1."""
    candidates: dict[int, Candidate] = {}
    weights = {"dense": 1.0 * options.dense, "bm25": options.lexical_weight * options.lexical}
    best = sum(weights.values()) / (options.rank_constant + 1)
    for name, hits in (("dense", dense), ("bm25", lexical)):
        for rank, (chunk, score) in enumerate(hits, start=1):
            candidate = candidates.setdefault(chunk, Candidate(chunk))
            candidate.score += weights[name] / (options.rank_constant + rank) / best
            candidate.found_by |= {f"{name}_rank": rank, name: round(score, 4)}
    return sorted(candidates.values(), key=lambda c: (-c.score, c.id))


def measure(
    candidates: Sequence[Candidate],
    chunks: Sequence[StoredChunk],
    query: Vectors,
    options: SearchOptions,
) -> None:
    """Fill in the cosines of each candidate and its sentences, and the score they make."""
    if not candidates:
        return
    cosines = np.stack([chunk.vector for chunk in chunks]) @ query
    headings = np.stack([chunk.heading_vector for chunk in chunks]).astype(np.float32) @ query
    sentences = np.concatenate([chunk.sentence_vectors for chunk in chunks]).astype(np.float32)
    sentence_cosines = sentences @ query
    at = 0
    for row, (candidate, chunk) in enumerate(zip(candidates, chunks, strict=True)):
        candidate.cosine = float(cosines[row])
        candidate.sentence_cosines = sentence_cosines[at : at + len(chunk.sentences)]
        at += len(chunk.sentences)
        best = float(candidate.sentence_cosines.max(initial=-1.0))
        heading = float(headings[row])
        candidate.found_by |= {"sentence": round(best, 4), "heading": round(heading, 4)}
        if options.rescore:
            candidate.score = _score(candidate, best, heading, options)


def _score(candidate: Candidate, sentence: float, heading: float, options: SearchOptions) -> float:
    passage_weight = 1 - options.sentence_weight - options.heading_weight
    return (
        passage_weight * candidate.cosine
        + options.sentence_weight * sentence
        + options.heading_weight * heading
        + options.bm25_weight * candidate.found_by.get("bm25", 0.0)
    )


def diversify(
    ranked: Sequence[tuple[Candidate, StoredChunk]], limit: int, options: SearchOptions
) -> list[Candidate]:
    """Return `limit` of them, best first; repeats only fill what is left, duplicates nothing."""
    chosen: list[tuple[Candidate, StoredChunk]] = []
    spare: list[tuple[Candidate, StoredChunk]] = []
    counts: dict[str, int] = {}
    for candidate, chunk in ranked:
        if len(chosen) == limit:
            break
        if chosen and (np.stack([c.vector for _, c in chosen]) @ chunk.vector).max() >= (
            options.near_duplicate
        ):
            continue
        if counts.get(chunk.document_id, 0) >= options.per_document:
            spare.append((candidate, chunk))
            continue
        counts[chunk.document_id] = counts.get(chunk.document_id, 0) + 1
        chosen.append((candidate, chunk))
    return [candidate for candidate, _ in (chosen + spare)[:limit]]
