"""How often the proof lets a false sentence pass or cuts a true one: `python -m bench.proof`."""

import argparse
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from time import process_time
from typing import Any

from home_energy.evidence.passage import Passage
from home_energy.evidence.proof import Proof, Verdict, prove, warm_up

_DATASETS = Path(__file__).parents[1] / "evals" / "datasets"
DATASET = _DATASETS / "proof.jsonl"
"""What the thresholds and the words were set on: all of it counts as seen."""
HARD = _DATASETS / "proof_hard.jsonl"
"""Free paraphrases and subtle changes of our documents, seen as well."""
FRESH = _DATASETS / "proof_fresh.jsonl"
"""Held back: counted, never listed."""
PASSAGES, SENTENCES = 6, 8
"""What an answer is timed with."""


@dataclass(frozen=True)
class Case:
    """One sentence and what the proof should say to it."""

    name: str
    passages: tuple[Passage, ...]
    sentence: str
    cited: tuple[int, ...] | None
    expect: Verdict
    kind: str
    split: str
    """How the case was used once; all of a file counts the same now."""


@dataclass(frozen=True)
class Judged:
    """A case with what the proof did say."""

    case: Case
    proof: Proof

    @property
    def accepted(self) -> bool:
        """Whether it would be sent; a caller may cite anew what is only misattributed."""
        if self.proof.verdict is Verdict.MISATTRIBUTED:
            return self.case.expect is not Verdict.MISATTRIBUTED
        return self.proof.verdict is Verdict.SUPPORTED

    @property
    def false_accepted(self) -> bool:
        """Whether a false sentence would be sent."""
        return self.case.expect is not Verdict.SUPPORTED and self.accepted

    @property
    def true_rejected(self) -> bool:
        """Whether a true sentence would be cut."""
        return self.case.expect is Verdict.SUPPORTED and not self.accepted


def load(path: Path = DATASET) -> list[Case]:
    """Read the cases of the dataset."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [
        Case(
            name=row.get("name", row["sentence"]),
            passages=tuple(_passage(number, p) for number, p in enumerate(row["passages"])),
            sentence=row["sentence"],
            cited=tuple(row["cited"]) if row.get("cited") else None,
            expect=Verdict(row["expect"]),
            kind=row["kind"],
            split=row.get("split", "seen"),
        )
        for row in rows
    ]


def _passage(number: int, row: dict[str, str]) -> Passage:
    text = row["text"]
    return Passage(
        document_id=f"{number}", title=row["title"], source="", text=text, start=0, end=len(text),
        sha256="0" * 64, heading=row.get("heading", ""),
    )  # fmt: skip


def judge(cases: list[Case]) -> list[Judged]:
    """Prove each case."""
    return [Judged(case, prove(case.sentence, case.passages, cited=case.cited)) for case in cases]


def summary(judged: list[Judged]) -> dict[str, Any]:
    """Count what went wrong, in per cent of the true and of the false sentences."""
    true = sum(one.case.expect is Verdict.SUPPORTED for one in judged)
    false = len(judged) - true
    return {
        "true": true,
        "false": false,
        "false_accepted_percent": round(100 * sum(j.false_accepted for j in judged) / false, 2),
        "true_rejected_percent": round(100 * sum(j.true_rejected for j in judged) / true, 2),
        "verdict_exact_percent": round(
            100 * sum(j.proof.verdict is j.case.expect for j in judged) / len(judged), 1
        ),
    }


def milliseconds(cases: list[Case], rounds: int = 40) -> tuple[float, float]:
    """Time answers of eight sentences over six passages; return the median and the 95th per cent.

    Processor time, so that a busy machine changes little; each answer has passages that were
    not seen before, as a new question has.
    """
    passages = list({p.text: p for case in cases for p in case.passages}.values())
    times = []
    for number in range(rounds):
        fresh = [
            _passage(
                i, {"title": p.title, "heading": p.heading, "text": f"{p.text} Item {number}."}
            )
            for i, p in enumerate(passages[number % 8 :: 8][:PASSAGES])
        ]
        sentences = [case.sentence for case in cases[number :: max(1, len(cases) // SENTENCES)]][
            :SENTENCES
        ]
        start = process_time()
        for sentence in sentences:
            prove(sentence, fresh)
        times.append(1000 * (process_time() - start))
    cuts = quantiles(times, n=20)
    return round(cuts[9], 1), round(cuts[18], 1)


def main() -> None:
    """Print the confusion table of each file, the failures if asked, and a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, help="other files than our own")
    parser.add_argument("--failures", action="store_true", help="list what went wrong where seen")
    given = parser.parse_args()
    paths = given.paths or [path for path in (DATASET, HARD, FRESH) if path.exists()]
    warm_up()
    report: dict[str, Any] = {"bench": "proof"}
    for path in paths:
        judged = judge(load(path))
        report[path.stem] = summary(judged)
        _table(path.stem, judged)
        if given.failures and path != FRESH:
            _failures(judged)
    report["answer_ms_p50"], report["answer_ms_p95"] = milliseconds(load(paths[0]))
    print(json.dumps(report))


def _table(name: str, judged: list[Judged]) -> None:
    kinds = Counter((one.case.kind, one.proof.verdict) for one in judged)
    verdicts = Counter((str(one.case.expect), one.proof.verdict) for one in judged)
    for rows, title in ((kinds, "each kind of sentence"), (verdicts, "each expected verdict")):
        print(f"\n{name}: what was said to {title}")
        print(f"{'':14}" + "".join(f"{verdict:>15}" for verdict in Verdict) + f"{'wrong':>8}")
        for row in sorted({first for first, _ in rows}):
            wrong = sum(
                row in (one.case.kind, one.case.expect)
                and (one.false_accepted or one.true_rejected)
                for one in judged
            )
            counts = "".join(f"{rows[row, verdict]:15}" for verdict in Verdict)
            print(f"{row:14}{counts}{wrong:8}")


def _failures(judged: list[Judged]) -> None:
    for one in judged:
        if one.false_accepted or one.true_rejected:
            wrong = "false accepted" if one.false_accepted else "true rejected"
            print(f"{wrong} [{one.case.kind}] {one.case.sentence}\n    {one.proof.reason}")


if __name__ == "__main__":
    main()
