"""Whether the server is as fast after thousands of turns as after few: `python -m bench.soak`."""

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from rich.console import Console
from rich.table import Table

from evals import datasets
from home_energy.settings import PROJECT_ROOT, Settings, get_settings
from server.launch import ARGUMENTS, environment

CLIENTS = 8
"""People who ask at the same time, each in a session of their own."""
PER_SESSION = 20
"""Turns of a session before a new one is begun."""
WINDOWS = 10
"""Parts of equal size that are compared."""
START_SECONDS = 120
COLUMNS = (
    "turns",
    "answers_per_second",
    "ms_p50",
    "ms_p95",
    "cpu_ms_per_answer",
    "memory_mb",
    "disk_mb",
)


def main() -> None:
    """Soak the server, and say how its last part compares with its first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=5000)
    parser.add_argument("--seconds", type=float, help="stop after so long, whatever is left")
    parser.add_argument("--echo", action="store_true", help="no assistant: a graph that echoes")
    parser.add_argument("--sweep-seconds", type=float, default=10, help="0 never sweeps")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="home-energy-soak-") as folder:
        settings = _settings(Path(folder), sweep_seconds=given.sweep_seconds)
        with _server(settings, echo=given.echo) as (url, pid):
            soaking = _soak(url, pid, settings.data_dir, given.turns, given.seconds)
            windows = asyncio.run(soaking)
    table = Table(*COLUMNS)
    for window in windows:
        table.add_row(*(f"{window[name]:,}" for name in COLUMNS))
    Console().print(table)
    # The first part warms up.
    first, last = windows[1 % len(windows)], windows[-1]
    report = {
        "windows": windows,
        # The time on the clock also depends on what else the machine does; this does not.
        "cpu_last_to_first": round(
            last["cpu_ms_per_answer"] / (first["cpu_ms_per_answer"] or 1), 2
        ),
        "ms_last_to_first": round(last["ms_p50"] / first["ms_p50"], 2),
    }
    sys.stdout.write(json.dumps(report) + "\n")


async def _soak(
    url: str, pid: int, folder: Path, turns: int, seconds: float | None
) -> list[dict[str, Any]]:
    questions = [case.turns[0] for case in datasets.load() if len(case.turns) == 1]
    ends = time.monotonic() + (seconds or float("inf"))
    windows: list[dict[str, Any]] = []
    done = 0
    async with httpx.AsyncClient(base_url=url, timeout=120, trust_env=False) as client:
        people = [_Person(client, questions[number:]) for number in range(CLIENTS)]
        while done < turns and time.monotonic() < ends:
            each = max(1, turns // WINDOWS // CLIENTS)
            started, worked = time.perf_counter(), _cpu_seconds(pid)
            taken = await asyncio.gather(*(person.ask(each) for person in people))
            passed = time.perf_counter() - started
            times = [1000 * one for person in taken for one in person]
            done += len(times)
            p50, p95 = np.percentile(times, [50, 95])
            windows.append(
                {
                    "turns": done,
                    "answers_per_second": round(len(times) / passed, 1),
                    "ms_p50": round(float(p50)),
                    "ms_p95": round(float(p95)),
                    "cpu_ms_per_answer": round(1000 * (_cpu_seconds(pid) - worked) / len(times), 1),
                    "memory_mb": _memory_mb(pid),
                    "disk_mb": _disk_mb(folder),
                }
            )
    return windows


class _Person:
    """Asks one question after the other, and begins a new session now and then."""

    def __init__(self, client: httpx.AsyncClient, questions: Sequence[str]) -> None:
        self._client, self._questions = client, questions
        self._asked = 0
        self._session = ""

    async def ask(self, turns: int) -> list[float]:
        """Take some turns and return how many seconds each took."""
        times = []
        for _ in range(turns):
            if self._asked % PER_SESSION == 0:
                begun = await self._client.post("/get_session_id")
                self._session = begun.raise_for_status().json()["session_id"]
            message = self._questions[self._asked % len(self._questions)]
            started = time.perf_counter()
            answered = await self._client.post(
                "/ask", params={"session_id": self._session}, json={"message": message}
            )
            answered.raise_for_status()
            times.append(time.perf_counter() - started)
            self._asked += 1
        return times


def _settings(folder: Path, *, sweep_seconds: float) -> Settings:
    own = get_settings().data_dir
    for name in ("models", "index"):
        (folder / name).symlink_to(own / name, target_is_directory=True)
    return Settings(
        data_dir=folder,
        model="extractive",
        requests_per_minute=0,
        sweep_seconds=sweep_seconds,
    )


@contextmanager
def _server(settings: Settings, *, echo: bool) -> Iterator[tuple[str, int]]:
    """Start the server that `home-energy serve` starts, on a free port; yield address and pid."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    given = environment("127.0.0.1", port, settings, PROJECT_ROOT / "langgraph.json")
    if echo:
        graphs = json.loads(given["LANGSERVE_GRAPHS"])
        graphs["assistant"]["path"] = "bench.echo:graph"
        given["LANGSERVE_GRAPHS"] = json.dumps(graphs)
    with (settings.data_dir / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, *ARGUMENTS, "127.0.0.1", str(port)],
            env={**os.environ, **given, "PYTHONPATH": str(PROJECT_ROOT)},
            cwd=settings.data_dir,
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url, process)
        yield url, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends and process.poll() is None:
        try:
            if httpx.get(f"{url}/ok", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit("The server did not become ready.")


def _cpu_seconds(pid: int) -> float:
    """Return how long a process has worked; Linux tells, other systems count as 1."""
    try:
        # The name before the bracket may hold anything.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 1.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory_mb(pid: int) -> int:
    """Return the memory a process holds; Linux tells, other systems count as 0."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000


def _disk_mb(folder: Path) -> float:
    files = [path for path in folder.rglob("*") if not path.is_symlink() and path.is_file()]
    return round(sum(path.stat().st_size for path in files) / 1e6, 1)


if __name__ == "__main__":
    main()
