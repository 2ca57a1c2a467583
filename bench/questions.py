"""How well search finds our own documents for the evaluation's questions."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import ablation, retrieval
from bench.corpus import Corpus
from bench.forgetful import Forgetful
from evals.datasets import Case
from home_energy.knowledge.documents import Document
from home_energy.knowledge.embedding import EmbeddingModel
from home_energy.knowledge.ingest import ingest_documents
from home_energy.knowledge.ranking import SearchOptions
from home_energy.knowledge.search import Knowledge


def corpus(documents: Sequence[Document], cases: Sequence[Case]) -> Corpus:
    """Return the cases of one turn as queries; any of a case's documents will do."""
    asked = [case for case in cases if case.documents and len(case.turns) == 1]
    return Corpus(
        documents,
        {case.name: case.turns[0] for case in asked},
        {case.name: dict.fromkeys(case.documents, 1) for case in asked},
        {case.name for case in asked if case.split == "dev"},
        {case.name: case.facts for case in asked},
    )


def run(data_dir: Path, cases: Sequence[Case], embedder: EmbeddingModel) -> dict[str, Any]:
    """Search the index in `data_dir`."""
    opened = Knowledge.open(data_dir, embedder)
    own = corpus(opened.documents(), cases)
    forgetful = Knowledge.open(data_dir, Forgetful(embedder))
    forgetful.search("warm up")
    return {
        "corpus": "our own questions",
        "queries": len(own.queries),
        **{
            mode: retrieval.measure(forgetful, own, options)
            for mode, options in retrieval.MODES.items()
        },
        "stages": ablation.measure(opened, own),
        "copies": _copies(own, embedder),
    }


def _copies(own: Corpus, embedder: EmbeddingModel) -> dict[str, dict[str, float]]:
    """Search the same documents with two copies of each, as people's folders have them."""
    with tempfile.TemporaryDirectory() as temporary:
        ingest_documents(
            ablation.with_copies(own.documents), data_dir=Path(temporary), embedder=embedder
        )
        crowded = Knowledge.open(Path(temporary), embedder)
        return {
            name: ablation.figures(crowded, own, options)
            for name, options in {
                "everything": SearchOptions(),
                "no diversity": SearchOptions(diversify=False),
            }.items()
        }
