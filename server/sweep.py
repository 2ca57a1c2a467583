"""Clears away, while the server serves, what nobody needs any more."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from home_energy import kept, sessions, turns
from home_energy.database import Database, open_database
from home_energy.errors import Busy, NotFound
from home_energy.sessions import Session
from home_energy.settings import Settings, get_settings
from server import history, threads
from server.persistence import checkpointer, forget_history

log = structlog.stdlib.get_logger(__name__)

KEEP_RUNS = timedelta(minutes=10)
"""How long a client may still ask what became of a run."""
MOST_RUNS = 500
"""Ended runs that are kept at most, so that the server looks through few of them."""
KEEP_RUNS_AT_LEAST = timedelta(seconds=30)
"""How long a client may ask however many there are."""
KEEP_COPIES = KEEP_RUNS
"""How long after its last turn a thread's row has a copy of the conversation."""
KEEP_STRAYS = timedelta(hours=1)
"""How long a thread that is no session stays: a temporary one, or one deleted elsewhere."""
KEEP_DOCUMENTS = timedelta(hours=1)
"""How old a document is before it can be unneeded: it is kept a moment before it is cited."""
BATCH = 50
"""Sessions whose history one sweep prunes, so that turns need not wait for many."""


@asynccontextmanager
async def sweeping() -> AsyncIterator[None]:
    """Sweep again and again, as often as the settings say."""
    settings = await asyncio.to_thread(get_settings)
    task = asyncio.create_task(_sweep_on(settings), name="sweep")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class Sweeper:
    """What one process's sweeps remember of the ones before."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database
        self._data_dir = settings.data_dir
        self._pruned_to: datetime | None = None
        self._looked_for_documents: datetime | None = None
        self._strays: dict[str, datetime] = {}
        """Threads that are no sessions, and since when that is known."""

    async def sweep(self, now: datetime) -> dict[str, int]:
        """Sweep everything once; return how many of each kind went.

        A step that fails is told in the log and does not keep the others from being taken.
        """
        steps: Mapping[str, Callable[[datetime], Awaitable[int]]] = {
            "sessions": self._sessions,
            "strays": self._stray_threads,
            "runs": self._runs,
            "copies": self._copies,
            "pruned": self._superseded,
            "documents": self._documents,
            "bytes": self._space,
        }
        swept = {}
        for name, step in steps.items():
            try:
                swept[name] = await step(now)
            # Whatever it is, tomorrow's sweep is needed all the same.
            except Exception as exc:
                log.error("sweep_failed", step=name, error=type(exc).__name__)
        return swept

    async def _sessions(self, now: datetime) -> int:
        """Delete sessions past their time to live."""
        await asyncio.to_thread(turns.sweep, self._data_dir)
        if not self._settings.session_ttl_days:
            return 0
        before = now - timedelta(days=self._settings.session_ttl_days)
        old = await asyncio.to_thread(sessions.list_unused, self._database, before=before)
        gone = []
        for session in old:
            with suppress(Busy, NotFound):
                await asyncio.to_thread(
                    delete_session, self._database, self._data_dir, session, unused_since=before
                )
                gone.append(session.session_id)
        threads.drop(gone)
        return len(gone)

    async def _stray_threads(self, now: datetime) -> int:
        """Delete threads that are no sessions: temporary ones, and what a deletion left behind."""
        before = now - KEEP_STRAYS
        live, deleted, on_disk = await asyncio.to_thread(self._known)
        here = threads.unused(now)
        # One without a row may be another process's, so it must have been seen for a while.
        strays = on_disk - live - threads.unused(datetime.max.replace(tzinfo=UTC))
        self._strays = {each: self._strays.get(each, now) for each in strays}
        old = {each for each, since in self._strays.items() if since < before}
        gone = (threads.unused(before) - live) | (here & deleted) | old
        for thread_id in gone:
            await asyncio.to_thread(forget_history, self._data_dir, thread_id)
        threads.drop(gone)
        return len(gone)

    def _known(self) -> tuple[set[str], set[str], set[str]]:
        live = sessions.ids(self._database)
        deleted = sessions.ids(self._database, deleted=True)
        return live, deleted, history.thread_ids(self._data_dir)

    async def _runs(self, now: datetime) -> int:
        return threads.drop_ended_runs(
            now - KEEP_RUNS, most=MOST_RUNS, crowd_before=now - KEEP_RUNS_AT_LEAST
        )

    async def _copies(self, now: datetime) -> int:
        return threads.lighten(now - KEEP_COPIES)

    async def _superseded(self, now: datetime) -> int:
        """Drop from sessions unused for a while what they were before each turn."""
        if not self._settings.history_days:
            return 0
        idle = await asyncio.to_thread(
            sessions.list_unused,
            self._database,
            before=now - timedelta(days=self._settings.history_days),
            after=self._pruned_to,
            limit=BATCH,
        )
        pruned = await prune_history(idle)
        if idle:
            self._pruned_to = idle[-1].last_at
        return pruned

    async def _documents(self, now: datetime) -> int:
        """Delete kept documents that no session quotes any more; deletions may have left some."""
        since = self._looked_for_documents
        if since is not None and now - since < KEEP_DOCUMENTS:
            return 0
        before = now - KEEP_DOCUMENTS
        # Back by as much again: what was too young at the last look.
        since = since - KEEP_DOCUMENTS if since else None
        gone = await asyncio.to_thread(
            forget_documents, self._database, self._data_dir, since=since, before=before
        )
        self._looked_for_documents = now
        return gone

    async def _space(self, now: datetime) -> int:
        if not threads.is_quiet():
            return 0
        return await asyncio.to_thread(history.give_space_back, self._data_dir)


def delete_session(
    database: Database, data_dir: Path, session: Session, *, unused_since: datetime | None = None
) -> None:
    """Delete a session with its history, from whichever process.

    Raises Busy while it answers, and NotFound when it is gone or was used since that instant.
    """
    turn = turns.begin(data_dir, session.session_id)
    try:
        sessions.delete(database, session.session_id, session.owner, unused_since=unused_since)
        forget_history(data_dir, session.session_id)
    finally:
        turn.end()


async def prune_history(idle: Sequence[Session]) -> int:
    """Keep of each session what it is now, with every message; return how many were pruned.

    One that is answering is left as it is.
    """
    if not idle:
        return 0
    pruned = 0
    data_dir = (await asyncio.to_thread(get_settings)).data_dir
    async with checkpointer() as saver:
        for session in idle:
            try:
                turn = await asyncio.to_thread(turns.begin, data_dir, session.session_id)
            except Busy:
                continue
            try:
                await saver.aprune([session.session_id])
            finally:
                await asyncio.to_thread(turn.end)
            pruned += 1
    return pruned


def forget_documents(
    database: Database, data_dir: Path, *, since: datetime | None, before: datetime
) -> int:
    """Delete documents kept for owners who had sessions deleted, where nothing quotes them.

    Looks at deletions since an instant, or all, and at documents last kept `before` another.
    """
    gone = 0
    for owner in sessions.owners_who_deleted(database, since):
        hashes = kept.hashes(database, owner, before=before)
        live = [
            session.session_id for session in sessions.list_for(database, owner, limit=1_000_000)
        ]
        unquoted = hashes - history.mentioned(data_dir, live, hashes)
        gone += kept.forget(database, owner, unquoted, before=before)
    return gone


async def _sweep_on(settings: Settings) -> None:
    if not settings.sweep_seconds:
        return
    database = await asyncio.to_thread(open_database, settings)
    sweeper = Sweeper(settings, database)
    while True:
        # Several servers that were started together need not sweep together.
        await asyncio.sleep(settings.sweep_seconds * random.uniform(0.8, 1.2))  # noqa: S311
        swept = await sweeper.sweep(datetime.now(UTC))
        if any(swept.values()):
            log.info("swept", **swept)
