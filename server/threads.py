"""The server's thread rows, made again from our sessions where its memory lost them."""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from home_energy import sessions
from server.caller import in_database
from server.checkpoints import abandoned_runs

GRAPH = "assistant"
"""The graph that a session belongs to until a run says otherwise."""

_restored: set[str] = set()
_restoring = asyncio.Lock()


def metadata_of(owner: str) -> dict[str, str]:
    """Return what a new thread row says: whose it is, and which graph reads its state."""
    return {"owner": owner, "graph_id": GRAPH}


async def restore_for(owner: str) -> None:
    """Give a user's sessions their thread rows back, once in the life of the process.

    The in-memory runtime keeps rows in a file that it writes every ten seconds; a crash in
    between loses them, while sessions and checkpoints are safe.
    """
    if owner in _restored:
        return
    async with _restoring:
        if owner not in _restored:
            known = await in_database(sessions.list_for, owner, limit=1_000_000)
            rows = _rows()
            there = {str(row["thread_id"]) for row in rows}
            rows.extend(
                _row(session.session_id, owner, session.created_at, session.last_at)
                for session in known
                if session.session_id not in there
            )
            _restored.add(owner)


def restore(session_id: str, owner: str) -> None:
    """Give a session of the owner's its thread row, if another process made the session."""
    rows, thread_id = _rows(), UUID(session_id)
    if all(row["thread_id"] != thread_id for row in rows):
        now = datetime.now(UTC)
        rows.append(_row(session_id, owner, now, now))


def forget(session_id: str) -> None:
    """Note that a thread's row is about to go: what its runs still want to write comes too late."""
    abandoned_runs.update(
        str(run["run_id"])
        for run in _rows("runs")
        if str(run["thread_id"]) == session_id and run["status"] in ("pending", "running")
    )


def waiting(session_id: str | None, owner: str) -> tuple[int, int]:
    """Count the runs that wait for their turn: on one thread, and on all threads of an owner."""
    pending = [run for run in _rows("runs") if run["status"] == "pending"]
    own = [run for run in pending if (run.get("metadata") or {}).get("owner") == owner]
    return sum(str(run["thread_id"]) == session_id for run in pending), len(own)


def is_quiet() -> bool:
    """Tell whether nothing runs and nothing waits to run."""
    return not _active()


def unused(before: datetime) -> set[str]:
    """Name the threads that nothing was done with since an instant."""
    active = _active()
    return {
        str(row["thread_id"])
        for row in _rows()
        if row["updated_at"] < before and row["thread_id"] not in active
    }


def drop(thread_ids: Collection[str]) -> None:
    """Drop threads' rows, and those of their runs; what is in the checkpoints is left to others."""
    if not thread_ids:
        return
    _replace("threads", [row for row in _rows() if str(row["thread_id"]) not in thread_ids])
    gone = [row for row in _rows("runs") if str(row["thread_id"]) in thread_ids]
    _drop_runs(gone)


def lighten(before: datetime) -> int:
    """Drop the copy of the conversation that a row has, where it was not used since an instant.

    Return how many had one. All copies are in memory, and written to a file every ten seconds;
    the conversation itself is in the checkpoints, from where the thread's state is read.
    """
    heavy = [row for row in _rows() if row.get("values") and row["updated_at"] < before]
    for row in heavy:
        # Not None, for which a search by values fails.
        row["values"] = {}
    return len(heavy)


def drop_ended_runs(before: datetime, *, most: int, crowd_before: datetime) -> int:
    """Drop the rows of runs that ended before an instant; return how many went.

    Where more than `most` are left, the oldest go too, if they ended before `crowd_before`. The
    server looks through all of them several times a run, and so slows as they pile up; what they
    came to is in the checkpoints.
    """
    ended = [row for row in _rows("runs") if row["status"] not in ("pending", "running")]
    ended.sort(key=lambda row: row["updated_at"])
    crowd = len(ended) - most
    gone = [
        row
        for number, row in enumerate(ended)
        if row["updated_at"] < (crowd_before if number < crowd else before)
    ]
    _drop_runs(gone)
    return len(gone)


def _active() -> set[Any]:
    """Name the threads on which something runs or waits to run."""
    return {row["thread_id"] for row in _rows("runs") if row["status"] in ("pending", "running")}


def _drop_runs(gone: list[dict[str, Any]]) -> None:
    ids = {row["run_id"] for row in gone}
    if not ids:
        return
    _replace("runs", [row for row in _rows("runs") if row["run_id"] not in ids])
    from langgraph_runtime_inmem.database import (  # type: ignore[import-untyped]
        GLOBAL_RETRY_COUNTER,
    )
    from langgraph_runtime_inmem.inmem_stream import (  # type: ignore[import-untyped]
        get_stream_manager,
    )

    streams = get_stream_manager()
    kept_for_runs = (
        streams.queues,
        streams.control_keys,
        streams.control_queues,
        streams.message_stores,
    )
    for row in gone:
        for of_threads in kept_for_runs:
            of_runs = of_threads.get(row["thread_id"], {})
            of_runs.pop(row["run_id"], None)
            if not of_runs:
                of_threads.pop(row["thread_id"], None)
        for counts in (GLOBAL_RETRY_COUNTER._counters, GLOBAL_RETRY_COUNTER._locks):
            counts.pop(row["run_id"], None)


def _rows(table: str = "threads") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = _tables().get(table, [])
    return rows


def _replace(table: str, rows: list[dict[str, Any]]) -> None:
    # A new list, as the runtime itself does: a thread of its own writes the old one to its file.
    _tables()[table] = rows


def _tables() -> dict[str, Any]:
    try:
        # The runtime has no types, and is there only where it is the one that serves.
        from langgraph_runtime_inmem.database import GLOBAL_STORE
    except ImportError:  # another runtime keeps its rows in a database
        return {}
    tables: dict[str, Any] = GLOBAL_STORE
    return tables


def _row(session_id: str, owner: str, created_at: datetime, last_at: datetime) -> dict[str, Any]:
    return {
        "thread_id": UUID(session_id),
        "created_at": created_at.astimezone(UTC),
        "updated_at": last_at.astimezone(UTC),
        "state_updated_at": last_at.astimezone(UTC),
        "metadata": metadata_of(owner),
        "status": "idle",
        "config": {},
        "values": None,
    }
