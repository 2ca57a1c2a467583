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
    sentence_weight: float = 0.2
    """Of the best sentence's cosine, the heading taken for one; 0 is without this stage."""
    heading_weight: float = 0.2
    """Of the cosine of the heading right above: it often is the question itself."""
    bm25_weight: float = 0.015
    """Of a point of BM25: it counts more, the more of a long query's rare words are found."""
    feedback: int = 5
    """How many of the best passages the question is moved towards before the last scoring."""
    feedback_weight: float = 1.0
    """Of these passages together, where the question has 1."""
    feedback_spread: float = 0.05
    """A passage whose score is this much lower has e times less say among them."""
    near_duplicate: float = 0.95
    """From this cosine on, the second of two passages says nothing new."""
    per_document: int = 3
    """How many passages one document may give, while others have any."""
    region_penalty: float = 0.1
    """Taken off the score of another region's passages, when a region is asked for."""
    language_penalty: float = 0.1
    """The same for passages known to be in another language than asked for."""


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
    for candidate in candidates.values():
        candidate.found_by["fused"] = round(candidate.score, 4)
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
    vectors = np.stack([chunk.vector for chunk in chunks])
    # Row by row: a threaded product now and then waits for its threads longer than it takes.
    cosines = np.vecdot(vectors, query)
    headings = np.vecdot(
        np.stack([chunk.heading_vector for chunk in chunks]).astype(np.float32), query
    )
    sentences = np.concatenate([chunk.sentence_vectors for chunk in chunks]).astype(np.float32)
    ends = np.cumsum([len(chunk.sentences) for chunk in chunks])
    for candidate, cosine, heading, spans in zip(
        candidates,
        cosines.tolist(),
        headings.tolist(),
        np.split(np.vecdot(sentences, query), ends[:-1]),
        strict=True,
    ):
        candidate.cosine = cosine
        candidate.sentence_cosines = spans
        best = float(spans.max(initial=-1.0))
        candidate.found_by |= {"sentence": round(best, 4), "heading": round(heading, 4)}
    if options.rescore:
        _score(candidates, vectors, cosines, query, options)


def _score(
    candidates: Sequence[Candidate],
    vectors: Vectors,
    cosines: Vectors,
    query: Vectors,
    options: SearchOptions,
) -> None:
    found = [candidate.found_by for candidate in candidates]
    beside = (
        options.sentence_weight * np.array([max(how["sentence"], how["heading"]) for how in found])
        + options.heading_weight * np.array([how["heading"] for how in found])
        + options.bm25_weight * np.array([how.get("bm25", 0.0) for how in found])
    )
    passage_weight = 1 - options.sentence_weight - options.heading_weight
    scores = beside + passage_weight * cosines
    if options.feedback:
        cosines = np.vecdot(vectors, _shifted(query, vectors, scores, options))
        scores = beside + passage_weight * cosines
        for how, cosine in zip(found, cosines.tolist(), strict=True):
            how["feedback"] = round(cosine, 4)
    for candidate, score in zip(candidates, scores.tolist(), strict=True):
        candidate.score = score


def _shifted(
    query: Vectors, vectors: Vectors, scores: NDArray[np.floating], options: SearchOptions
) -> Vectors:
    """Return the query moved towards the best passages (Rocchio's pseudo-relevance feedback).

    They tell in many words what the question tells in few.
    """
    best = np.argsort(-scores, kind="stable")[: options.feedback]
    # Weighed by how near they come to the best, or many poor ones would outvote it.
    weights = np.exp((scores[best] - scores[best[0]]) / options.feedback_spread)
    moved = query + options.feedback_weight * (weights / weights.sum()) @ vectors[best]
    shifted: Vectors = (moved / np.linalg.norm(moved)).astype(np.float32)
    return shifted


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
