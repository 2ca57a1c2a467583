import json
from io import StringIO
from math import log2

import pytest
from rich.console import Console

from bench import corpus, retrieval


def test_metrics_equal_their_definitions():
    relevant = {"a": 2, "b": 1}
    ranked = ["x", "a", "y", "b"]
    ideal = 2 + 1 / log2(3)
    assert corpus.ndcg(ranked, relevant) == pytest.approx((2 / log2(3) + 1 / log2(5)) / ideal)
    assert corpus.ndcg(["a", "b"], relevant) == 1
    assert corpus.reciprocal_rank(ranked, relevant) == 0.5
    assert corpus.reciprocal_rank(["x"], relevant) == 0
    assert corpus.recall(ranked, relevant, 2) == 0.5


@pytest.mark.parametrize(
    ("name", "header"), [("qrels.tsv", ""), ("qrels/test.tsv", "query-id\tcorpus-id\tscore\n")]
)
def test_any_beir_folder_is_measured(tmp_path, embedder, name, header):
    texts = {"1": "Loft insulation keeps heat in.", "2": "A kettle boils water.", "3": "Cars."}
    (tmp_path / "corpus.jsonl").write_text(
        "".join(
            json.dumps({"_id": key, "title": "", "text": text}) + "\n"
            for key, text in texts.items()
        )
    )
    queries = [{"_id": "q", "text": "boiling water"}, {"_id": "unjudged", "text": "x"}]
    (tmp_path / "queries.jsonl").write_text("\n".join(json.dumps(query) for query in queries))
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(header + "q\t2\t1\nq\t3\t0\n")
    result = retrieval.run(tmp_path, embedder=embedder, console=Console(file=StringIO()))
    assert (result["documents"], result["queries"]) == (3, 1)
    for mode in ("bm25", "dense", "fused", "full"):
        assert result[mode]["nDCG@10"] == result[mode]["MRR@10"] == 1
        assert result[mode]["index_bytes"] > 0
    assert {row["nDCG@10"] for row in result["stages"].values()} == {1}
