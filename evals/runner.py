"""Runs the cases through `langsmith.evaluate` on this machine only, and gathers the scores."""

import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from langsmith import Client, evaluate
from langsmith.schemas import Example, Run

from evals.datasets import Case, examples
from evals.evaluators import EVALUATORS, Evaluator, citations_hold
from evals.targets import answer_last_turn
from home_energy import kept
from home_energy.keys import LOCAL_USER
from home_energy.knowledge.documents import Document
from tools.knowledge import knowledge
from tools.records import database


@dataclass(frozen=True)
class Result:
    """The judged answer to one case."""

    case: Case
    answer: dict[str, Any] | None
    """None where the target crashed."""
    scores: dict[str, float]


def run(
    cases: Sequence[Case],
    *,
    target: Callable[[dict[str, Any]], dict[str, Any]] = answer_last_turn,
    evaluators: Sequence[Evaluator] = EVALUATORS,
) -> list[Result]:
    """Judge every case, one after another; a crash of target or evaluator scores 0.

    Nothing leaves the machine: the client has no key and is never asked to send.
    """
    # Were anything traced by mistake, it would be tried at once and not by a thread later.
    client = Client(
        api_key="offline", api_url="http://127.0.0.1:9", info={}, auto_batch_tracing=False
    )
    judges = (*evaluators, citations_hold(_find))
    with warnings.catch_warnings():
        # Only the parameter that keeps everything here is "in beta".
        warnings.filterwarnings("ignore", message=".*upload_results.*beta")
        rows = evaluate(
            target,
            data=examples(cases),
            evaluators=[_judge(judge) for judge in judges],
            client=client,
            upload_results=False,
            max_concurrency=1,
            blocking=True,
        )
    by_id = {example.id: case for example, case in zip(examples(cases), cases, strict=True)}
    names = [judge.__name__ for judge in judges]
    results = [_result(by_id[row["example"].id], row, names) for row in rows]
    if len(results) != len(cases):
        raise RuntimeError(f"{len(cases)} cases went in and {len(results)} came out")
    return results


def means(results: Sequence[Result]) -> dict[str, float]:
    """Return the mean of each metric, over all cases and (`metric/slice`) over each slice."""
    scores: dict[str, list[float]] = defaultdict(list)
    for result in results:
        for metric, score in result.scores.items():
            scores[metric].append(score)
            scores[f"{metric}/{result.case.slice}"].append(score)
    return {metric: fmean(values) for metric, values in sorted(scores.items())}


def _judge(judge: Evaluator) -> Any:  # noqa: ANN401 - langsmith has no name for this type
    def judged(run: Run, example: Example) -> dict[str, Any]:
        expected = example.outputs or {}
        if run.error or not run.outputs:
            return {"key": judge.__name__, "score": 0.0}
        return {"key": judge.__name__, "score": judge(run.outputs, expected)}

    return judged


def _result(
    case: Case,
    row: Any,  # noqa: ANN401 - langsmith's rows are untyped dicts
    names: Sequence[str],
) -> Result:
    # langsmith reports a crashed evaluator under a name of its own, so the name is missing here.
    found = {one.key: one.score for one in row["evaluation_results"]["results"] if not one.extra}
    judged = {name: found.get(name, 0.0) for name in names}
    scores = {name: float(score) for name, score in judged.items() if score is not None}
    outputs = row["run"].outputs
    return Result(case, (outputs or {}).get("answer"), scores)


def _find(document_id: str) -> Document | None:
    return knowledge().document(document_id) or kept.find(database(), LOCAL_USER, document_id)
