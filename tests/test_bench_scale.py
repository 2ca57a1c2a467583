"""The benchmarks of growth and of sufficiency measure what they say."""

import numpy as np
import pytest

from bench import scale
from bench.plots import draw_scale, draw_sufficiency
from bench.sufficiency import Judged, curve, figures
from home_energy.knowledge.documents import Document

DOCUMENTS = [
    Document(name, name.title(), f"Insulate the {name} well.\n\nA warm {name} saves money.", name)
    for name in ("loft", "wall", "floor")
]


def test_the_exponent_of_growth_is_that_of_the_times():
    assert scale.exponent([10, 100, 1000], [3, 30, 300]) == 1
    assert scale.exponent([10, 100, 1000], [5, 5, 5]) == 0
    assert scale.exponent([10, 1000], [1, 10]) == 0.5


def test_variants_differ_from_each_other_and_are_the_same_each_time():
    made = list(scale.variants(DOCUMENTS, 9))
    assert len({document.id for document in made}) == 9
    assert made == list(scale.variants(DOCUMENTS, 9))
    assert made[0].as_of > made[3].as_of


def test_vectors_of_the_stand_in_have_length_1_and_are_near_the_known_ones(embedder):
    stand_in = scale.StandIn(embedder, [document.text for document in DOCUMENTS])
    texts = [f"text {n}" for n in range(50)]
    vectors = stand_in.embed(texts)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(50), abs=1e-5)
    assert (vectors == stand_in.embed(texts)).all()
    known = embedder.embed([document.text for document in DOCUMENTS])
    assert (vectors @ known.T).max(axis=1).min() > 0.6


@pytest.mark.slow
def test_each_size_is_built_and_searched(tmp_path, embedder):
    report = scale.run([3, 60], DOCUMENTS, embedder)
    few, many = report["sizes"]
    assert 3 <= few["passages"] < many["passages"] <= 90
    assert many["index_mb"] > few["index_mb"]
    assert many["full"]["p95_ms"] >= many["full"]["p50_ms"] > 0
    assert "within_budget" not in report
    draw_scale(report, tmp_path / "scale.png")
    assert (tmp_path / "scale.png").read_bytes().startswith(b"\x89PNG")


def test_the_surest_questions_come_first_on_the_curve():
    assert curve([True, False, False, True], [0.1, 0.9, 0.5, 0.3]) == [
        (0.25, 0),
        (0.5, 0),
        (0.75, pytest.approx(1 / 3)),
        (1, 0.5),
    ]


def test_rates_are_counted_by_kind_and_drawn(tmp_path):
    some = [
        Judged("dev", "answerable", True, 1.0, 0.7, wrong=False),
        Judged("dev", "answerable", False, -0.5, 0.4, wrong=False),
        Judged("dev", "near miss", True, 0.2, 0.6, wrong=True),
        Judged("dev", "off topic", False, -3.0, 0.1, wrong=True),
    ]
    known = figures(some)
    assert (known["off_topic_refused"], known["near_miss_refused"]) == (1, 0)
    assert (known["answerable_refused"], known["coverage"], known["risk"]) == (0.5, 0.5, 0.5)
    draw_sufficiency({"dev": known}, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
