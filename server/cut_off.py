"""Runs that were on their way when the runtime last wrote its rows, before a crash."""

import os
import pickle
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from home_energy.database import BUSY_SECONDS, setup_errors
from server.checkpoints import RUN_ID

ROWS = ".langgraph_ops.pckl"
"""The file of the runtime's threads and runs."""

_ACTIVE = ("pending", "running")


def settle(cache: Path, checkpoints: Path) -> list[str]:
    """Mark the runs as ended that later turns of their conversation follow; return their ids.

    The runtime writes its rows every ten seconds, and after a crash goes on with every run that
    was on its way then. That finishes a conversation's last turn, or leaves it as it is; an
    earlier one would be answered a second time. Raises SetupError when the conversations cannot
    be read.
    """
    path = cache / ROWS
    if not (path.exists() and checkpoints.exists()):
        return []
    with path.open("rb") as file:
        # The runtime loads the same file, from a folder that only its owner may write to.
        rows: dict[str, Any] = pickle.load(file)  # noqa: S301
    active = [run for run in rows.get("runs", ()) if run.get("status") in _ACTIVE]
    followed = _followed(
        checkpoints, [(str(run["thread_id"]), str(run["run_id"])) for run in active]
    )
    if not followed:
        return []
    for run in active:
        if str(run["run_id"]) in followed:
            run["status"] = "success"
    _free_threads(rows)
    _write(path, rows)
    return sorted(followed)


def _followed(checkpoints: Path, runs: Iterable[tuple[str, str]]) -> set[str]:
    """Return which of these runs, by thread, are in their conversation, but not at its end."""
    with (
        setup_errors(str(checkpoints)),
        closing(sqlite3.connect(checkpoints, timeout=BUSY_SECONDS)) as database,
    ):
        return {
            run_id
            for thread_id, run_id in runs
            if _wrote(database, run_id) and _last(database, thread_id) != run_id
        }


def _wrote(database: sqlite3.Connection, run_id: str) -> bool:
    wrote = f"SELECT 1 FROM checkpoints WHERE {RUN_ID} = ? LIMIT 1"  # noqa: S608 - a constant
    return database.execute(wrote, (run_id,)).fetchone() is not None


def _last(database: sqlite3.Connection, thread_id: str) -> str | None:
    row = database.execute(
        f"SELECT {RUN_ID} FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = ''"  # noqa: S608
        " ORDER BY checkpoint_id DESC LIMIT 1",
        (thread_id,),
    ).fetchone()
    return row[0] if row else None


def _free_threads(rows: dict[str, Any]) -> None:
    busy = {str(run["thread_id"]) for run in rows["runs"] if run.get("status") in _ACTIVE}
    for thread in rows.get("threads", ()):
        if thread.get("status") == "busy" and str(thread["thread_id"]) not in busy:
            thread["status"] = "idle"


def _write(path: Path, rows: dict[str, Any]) -> None:
    half = path.with_name(f"{path.name}.half")
    with setup_errors(str(half)):
        with half.open("wb") as file:
            pickle.dump(rows, file, 2)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
