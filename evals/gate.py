"""Whether measured quality may be released: every floor must hold."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

THRESHOLDS = Path(__file__).parent / "thresholds.toml"


def floors(path: Path = THRESHOLDS) -> dict[str, float]:
    """Read the least value of each `metric` and `metric/slice`, 0 to 1."""
    found: dict[str, float] = tomllib.loads(path.read_text(encoding="utf-8"))["floors"]
    return found


def below(measured: Mapping[str, float], least: Mapping[str, float]) -> list[str]:
    """Return the metrics under their floor; one that was not measured counts as 0."""
    return [metric for metric, floor in least.items() if measured.get(metric, 0.0) < floor]
