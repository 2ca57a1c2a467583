"""The server's thread rows, made again from our sessions where its memory lost them."""

import asyncio
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
_seen: set[str] = set()
"""Threads known to have a row, so that rows are looked through once for each."""


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
    if session_id in _seen:
        return
    rows = _rows()
    if all(str(row["thread_id"]) != session_id for row in rows):
        now = datetime.now(UTC)
        rows.append(_row(session_id, owner, now, now))
    _seen.add(session_id)


def forget(session_id: str) -> None:
    """Note that a thread's row is about to go: what its runs still want to write comes too late."""
    _seen.discard(session_id)
    abandoned_runs.update(
        str(run["run_id"])
        for run in _rows("runs")
        if str(run["thread_id"]) == session_id and run["status"] in ("pending", "running")
    )


def _rows(table: str = "threads") -> list[dict[str, Any]]:
    try:
        # The runtime has no types, and is there only where it is the one that serves.
        from langgraph_runtime_inmem.database import (  # type: ignore[import-untyped]
            GLOBAL_STORE,
        )
    except ImportError:  # another runtime keeps its rows in a database
        return []
    rows: list[dict[str, Any]] = GLOBAL_STORE[table]
    return rows


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
