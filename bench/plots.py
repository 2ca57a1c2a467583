"""The pictures of the documentation, drawn from what was measured."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

_COLOURS = {"dev": "#1f77b4", "held-back": "#d62728"}


def draw_scale(report: Mapping[str, Any], path: Path) -> None:
    """Draw the time of a search and of an ingest, over the number of passages."""
    rows = report["sizes"]
    passages = [row["passages"] for row in rows]
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    times, sizes = figure.subplots(1, 2)
    for name in ("bm25", "dense", "full", "full with embedding"):
        times.plot(passages, [row[name]["p95_ms"] for row in rows], marker="o", label=name)
    times.axhline(40, color="grey", linestyle="--", linewidth=1)
    times.text(passages[0], 40.5, "most at 100,000 passages", color="grey", fontsize=8)
    _label(times, "A search, 95th per cent", "milliseconds")
    times.set_ylim(0, 1.5 * max(40, *(row["full with embedding"]["p95_ms"] for row in rows)))
    times.legend(fontsize=8, loc="upper left", ncols=2)
    sizes.plot(passages, [row["build_seconds"] for row in rows], marker="o", label="build, s")
    sizes.plot(passages, [row["index_mb"] for row in rows], marker="s", label="index, MB")
    _label(sizes, "An index, without its embedding", "seconds and megabytes")
    sizes.set_yscale("log")
    sizes.legend(fontsize=8)
    figure.savefig(path, dpi=120)


def draw_sufficiency(report: Mapping[str, Any], path: Path) -> None:
    """Draw what share of the answers would be wrong, over the share of questions answered."""
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    for split, row in report.items():
        colour = _COLOURS[split]
        name = f"{split}, {row['questions']} questions"
        axes.plot(*zip(*row["curve"], strict=True), color=colour, label=name)
        axes.plot(
            *zip(*row["cosine_curve"], strict=True),
            color=colour,
            linestyle=":",
            label=f"{split}, by cosine alone",
        )
        axes.plot(row["coverage"], row["risk"], marker="o", color=colour, markersize=9)
    axes.set_xlabel("coverage: share of the questions that is answered")
    axes.set_ylabel("risk: share of the answers that is wrong")
    axes.set_title("Answering only what the evidence supports (dots: as it ships)", fontsize=10)
    axes.grid(visible=True, alpha=0.3)
    # Of the first few answers each is a large share; what matters is where the curves rise.
    axes.set_ylim(0, 0.5)
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=120)


def _label(axes: Axes, title: str, unit: str) -> None:
    axes.set_xscale("log")
    axes.set_title(title, fontsize=10)
    axes.set_xlabel("passages")
    axes.set_ylabel(unit)
    axes.grid(visible=True, alpha=0.3)
