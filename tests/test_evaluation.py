"""The evaluation: sound cases, honest scores, nothing sent, and a gate that can fail."""

import re
import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evals import gate, runner
from evals.datasets import Case, load, split_of
from evals.evaluators import EVALUATORS
from evals.targets import answer_last_turn

KNOWLEDGE = Path(__file__).parent.parent / "knowledge"
CASES = load("answers")
ANSWERABLE = {"factual", "numeric", "howto", "comparison", "multihop", "followup"}
REFUSED = {"unanswerable", "offtopic", "unsafe"}

Target = Callable[[dict[str, Any]], dict[str, Any]]


def made_up(name: str, slice_: str, *turns: str, **expected: Any) -> Case:
    return Case(name=name, slice=slice_, split=split_of(name), turns=list(turns), **expected)


SMALL = [
    made_up(
        "loft",
        "numeric",
        "How thick should loft insulation be?",
        documents=["loft-insulation"],
        facts=["270 mm"],
    ),
    made_up(
        "bulbs",
        "numeric",
        "How much less energy do LED bulbs use?",
        documents=["led-bulbs"],
        facts=["90%"],
    ),
    made_up(
        "cold",
        "followup",
        "How do heat pumps work?",
        "Do heat pumps work in cold weather?",
        documents=["heat-pumps"],
        facts=["below 0 °C"],
    ),
    made_up("France", "offtopic", "What is the capital of France?", refuse=True),
    made_up("lofts in Japan", "unanswerable", "How thick is a loft in Japan?", refuse=True),
    made_up("hello", "routing", "hello", route=["summarizer"]),
]
"""Questions about the small knowledge base of conftest.py."""

PERFECT = dict.fromkeys(
    [
        "citations_cover",
        "citations_given",
        "citations_valid",
        "gold_facts",
        "no_over_refusal",
        "recall_at_5",
        "reciprocal_rank",
        "refusal",
        "route",
    ],
    1.0,
)


def gold_text(document_id: str) -> str:
    return (KNOWLEDGE / f"{document_id}.md").read_text(encoding="utf-8").split("---\n", 2)[2]


def test_names_are_unique() -> None:
    names = Counter(case.name for case in CASES)
    assert [name for name, count in names.items() if count > 1] == []


def test_there_are_enough_cases_of_every_kind() -> None:
    slices = Counter(case.slice for case in CASES)
    assert sum(slices[name] for name in ANSWERABLE - {"followup"}) >= 110
    least = {"followup": 20, "unanswerable": 45, "offtopic": 25, "unsafe": 10, "routing": 40}
    least |= {"calculation": 15, "injection": 10}
    assert {name: slices[name] for name, count in least.items() if slices[name] < count} == {}
    assert len(CASES) >= 300


def test_a_case_stays_in_the_half_its_name_gives() -> None:
    assert [case.name for case in CASES if case.split != split_of(case.name)] == []


def test_every_kind_has_cases_to_tune_on_and_cases_held_back() -> None:
    for name, count in Counter(case.slice for case in CASES).items():
        dev = sum(case.slice == name and case.split == "dev" for case in CASES)
        assert 0.35 <= dev / count <= 0.71, name


def test_cases_say_what_is_expected() -> None:
    for case in CASES:
        assert case.turns, case.name
        assert all(turn.strip() for turn in case.turns), case.name
        assert case.facts or case.refuse or case.route, case.name
        assert bool(case.documents and case.facts) or case.slice not in ANSWERABLE, case.name
        assert case.refuse or case.slice not in REFUSED, case.name
        assert not (case.refuse and (case.facts or case.documents)), case.name


def test_gold_documents_exist_and_hold_a_gold_fact() -> None:
    for case in CASES:
        for document_id in case.documents:
            assert (KNOWLEDGE / f"{document_id}.md").is_file(), (case.name, document_id)
            text = gold_text(document_id)
            found = [fact for fact in case.facts if re.search(fact, text, re.IGNORECASE)]
            assert found, (case.name, document_id)


def test_every_gold_fact_stands_in_a_gold_document() -> None:
    for case in CASES:
        texts = [gold_text(document_id) for document_id in case.documents]
        for fact in case.facts if case.slice in ANSWERABLE else []:
            assert any(re.search(fact, text, re.IGNORECASE) for text in texts), (case.name, fact)


def test_gold_facts_tell_documents_apart() -> None:
    texts = [path.read_text(encoding="utf-8") for path in KNOWLEDGE.glob("*.md")]
    for case in CASES:
        if case.slice in ANSWERABLE:
            told = [
                text
                for text in texts
                if all(re.search(fact, text, re.IGNORECASE) for fact in case.facts)
            ]
            assert len(told) <= len(texts) / 2, case.name


def test_questions_are_not_copied_from_the_documents() -> None:
    headings = {
        line.lstrip("# ").strip().lower()
        for path in KNOWLEDGE.glob("*.md")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("#")
    }
    asked = [case for case in CASES if case.slice in ANSWERABLE and len(case.turns) == 1]
    assert [case.name for case in asked if case.turns[0].lower() in headings] == []


def test_every_floor_is_of_something_measured() -> None:
    metrics = {one.__name__ for one in EVALUATORS} | {"citations_valid"}
    slices = {case.slice for case in CASES}
    floors = gate.floors()
    assert floors
    for name, floor in floors.items():
        metric, _, slice_ = name.partition("/")
        assert metric in metrics, name
        assert not slice_ or slice_ in slices, name
        assert 0 < floor <= 1, name


def test_a_wrong_line_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "answers.jsonl").write_text('{"name": "a"}\n', encoding="utf-8")
    monkeypatch.setattr("evals.datasets.DATASETS", tmp_path)
    with pytest.raises(ValueError, match=r"answers\.jsonl, line 1"):
        load("answers")


@pytest.mark.usefixtures("settings")
def test_good_answers_pass_the_gate() -> None:
    measured = runner.means(runner.run(SMALL))
    assert gate.below(measured, PERFECT) == []
    assert measured["gold_facts/numeric"] == 1


@pytest.mark.usefixtures("settings")
def test_nothing_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[object] = []
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def counted_connect(self: socket.socket, address: Any) -> None:
        tried.append(address)
        connect(self, address)

    def counted_look_up(host: Any, *rest: Any, **named: Any) -> Any:
        tried.append(host)
        return look_up(host, *rest, **named)

    monkeypatch.setattr(socket.socket, "connect", counted_connect)
    monkeypatch.setattr(socket, "getaddrinfo", counted_look_up)
    runner.run(SMALL)
    assert tried == []


def no_answer(inputs: dict[str, Any]) -> dict[str, Any]:
    raise RuntimeError("the target crashed")


@pytest.mark.usefixtures("settings")
def test_a_crashed_target_counts_as_nothing() -> None:
    def sometimes(inputs: dict[str, Any]) -> dict[str, Any]:
        return (no_answer if "thick" in inputs["turns"][0] else answer_last_turn)(inputs)

    results = runner.run(SMALL[:2], target=sometimes)
    crashed = next(result for result in results if result.case.name == "loft")
    assert crashed.answer is None
    assert set(crashed.scores.values()) == {0.0}
    assert runner.means(results)["gold_facts"] == 0.5


@pytest.mark.usefixtures("settings")
def test_a_crashed_evaluator_counts_as_nothing() -> None:
    def no_judgement(outputs: Any, expected: Any) -> float | None:
        raise RuntimeError("the evaluator crashed")

    results = runner.run(SMALL[:1], evaluators=[*EVALUATORS, no_judgement])
    assert results[0].scores["no_judgement"] == 0.0
    assert results[0].scores["gold_facts"] == 1.0


def mutated(change: Callable[[dict[str, Any]], None]) -> Target:
    def target(inputs: dict[str, Any]) -> dict[str, Any]:
        outputs = answer_last_turn(inputs)
        change(outputs)
        return outputs

    return target


def drop_refusal(outputs: dict[str, Any]) -> None:
    outputs["answer"]["mode"] = "extractive"


def refuse_all(outputs: dict[str, Any]) -> None:
    outputs["answer"]["mode"] = "abstained"


def break_quotes(outputs: dict[str, Any]) -> None:
    for citation in outputs["answer"]["citations"]:
        citation["quote"] = citation["quote"][::-1]


def drop_citations(outputs: dict[str, Any]) -> None:
    outputs["answer"]["citations"] = []


def change_digits(outputs: dict[str, Any]) -> None:
    answer = outputs["answer"]
    answer["text"] = re.sub(r"(?<!\[)\d", lambda m: str((int(m[0]) + 1) % 10), answer["text"])


def lose_passages(outputs: dict[str, Any]) -> None:
    for context in outputs["contexts"]:
        context["metadata"]["document_id"] = "another"


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(
    ("change", "red"),
    [
        (drop_refusal, {"refusal"}),
        (refuse_all, {"no_over_refusal"}),
        (break_quotes, {"citations_valid"}),
        (drop_citations, {"citations_given"}),
        (change_digits, {"citations_cover", "gold_facts"}),
        (lose_passages, {"recall_at_5", "reciprocal_rank"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_worse_answers_turn_the_gate_red(
    change: Callable[[dict[str, Any]], None], red: set[str]
) -> None:
    measured = runner.means(runner.run(SMALL, target=mutated(change)))
    assert red <= set(gate.below(measured, PERFECT))


@pytest.mark.usefixtures("settings")
def test_shuffled_facts_turn_the_gate_red() -> None:
    facts = [case.facts for case in SMALL[:3]]
    shuffled = [
        case.model_copy(update={"facts": facts[number - 1]})
        for number, case in enumerate(SMALL[:3])
    ]
    measured = runner.means(runner.run(shuffled))
    assert "gold_facts" in gate.below(measured, PERFECT)


def test_an_unmeasured_floor_is_red() -> None:
    assert gate.below({"refusal": 0.9}, {"refusal": 0.9, "route": 0.1}) == ["route"]
