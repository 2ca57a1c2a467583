"""A SQLite checkpointer that can also roll back, copy and prune conversations."""

import json
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiosqlite
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

abandoned_runs: set[str] = set()
"""Runs whose thread was deleted while they ran: nothing more of theirs is kept."""

Place = tuple[str, str]
"""A checkpoint's place in its thread: namespace and checkpoint id."""

RUN_ID = (
    "CASE WHEN json_valid(CAST(metadata AS TEXT)) "
    "THEN json_extract(CAST(metadata AS TEXT), '$.run_id') END"
)
"""The run that wrote a checkpoint, in SQL; there is an index on it."""

_RUN_INDEX = f"CREATE INDEX IF NOT EXISTS checkpoints_by_run ON checkpoints ({RUN_ID})"


class Checkpointer(AsyncSqliteSaver):
    """The SQLite saver with what the server also asks of one: roll back, copy and prune.

    A `DeltaChannel` is rebuilt from the writes of a checkpoint's ancestors, back to a snapshot.
    So whatever is deleted here, each checkpoint that stays keeps an unbroken line of ancestors.
    """

    async def setup(self) -> None:
        """Create the tables and indexes that are missing."""
        if self.is_setup:
            return
        await super().setup()
        await self.conn.execute(_RUN_INDEX)
        await self.conn.commit()

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Keep a checkpoint, unless its thread was deleted meanwhile."""
        if str(metadata.get("run_id")) in abandoned_runs:
            return config
        return await super().aput(config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Keep what a task wrote, unless its thread was deleted meanwhile."""
        configurable = config.get("configurable", {})
        run_id = configurable.get("run_id") or config.get("metadata", {}).get("run_id")
        if str(run_id) not in abandoned_runs:
            await super().aput_writes(config, writes, task_id, task_path)

    async def adelete_thread(self, thread_id: str) -> None:
        """Delete all of a thread."""
        await self.setup()
        async with self._transaction() as cursor:
            await cursor.execute("DELETE FROM writes WHERE thread_id = ?", (str(thread_id),))
            await cursor.execute("DELETE FROM checkpoints WHERE thread_id = ?", (str(thread_id),))

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - the base class named it
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """List checkpoints, newest first."""
        # The base class holds its lock while the caller looks at an item, and for as long as an
        # unfinished listing lives: everything else on this connection would wait for it.
        listing = super().alist(config, filter=filter, before=before, limit=limit)
        for found in [item async for item in listing]:
            yield found

    async def adelete_for_runs(self, run_ids: Iterable[str]) -> None:
        """Delete the checkpoints of runs, as a rollback does; earlier and later ones stay."""
        await self.setup()
        async with self._transaction() as cursor:
            await cursor.execute(
                "SELECT thread_id, checkpoint_ns, checkpoint_id FROM checkpoints "  # noqa: S608
                f"WHERE {RUN_ID} IN (SELECT value FROM json_each(?))",
                (json.dumps([str(run_id) for run_id in run_ids]),),
            )
            doomed: dict[str, set[Place]] = {}
            for thread_id, namespace, checkpoint_id in await cursor.fetchall():
                doomed.setdefault(thread_id, set()).add((namespace, checkpoint_id))
            for thread_id, places in doomed.items():
                await _delete(cursor, thread_id, await _parents(cursor, thread_id), places)

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Copy every checkpoint and write of one thread to another."""
        source, target = str(source_thread_id), str(target_thread_id)
        await self.setup()
        async with self._transaction() as cursor:
            await cursor.execute(
                "INSERT OR REPLACE INTO checkpoints SELECT ?, checkpoint_ns, checkpoint_id, "
                "parent_checkpoint_id, type, checkpoint, CAST(json_replace("
                "CAST(metadata AS TEXT), '$.thread_id', ?) AS BLOB) "
                "FROM checkpoints WHERE thread_id = ?",
                (target, target, source),
            )
            await cursor.execute(
                "INSERT OR REPLACE INTO writes (thread_id, checkpoint_ns, checkpoint_id, task_id, "
                "task_path, idx, channel, type, value) SELECT ?, checkpoint_ns, checkpoint_id, "
                "task_id, task_path, idx, channel, type, value FROM writes WHERE thread_id = ?",
                (target, source),
            )

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Delete superseded checkpoints (`keep_latest`), or all of each thread (`delete`).

        Of a thread with a `DeltaChannel`, the ancestors that hold its latest value stay too.
        """
        if strategy not in ("keep_latest", "delete", "delete_all"):
            raise ValueError(f"unknown strategy {strategy!r}")
        await self.setup()
        for thread_id in map(str, thread_ids):
            if strategy == "keep_latest":
                await self._keep_latest(thread_id)
            else:
                await self.adelete_thread(thread_id)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[aiosqlite.Cursor]:
        async with self.lock, self.conn.cursor() as cursor:
            # Inside the try: a caller that is cancelled must not leave the file locked.
            try:
                # IMMEDIATE: one that starts as a reader fails at once when it meets a writer.
                await cursor.execute("BEGIN IMMEDIATE")
                yield cursor
            except BaseException:
                await self.conn.rollback()
                raise
            await self.conn.commit()

    async def _keep_latest(self, thread_id: str) -> None:
        async with self._transaction() as cursor:
            parents = await _parents(cursor, thread_id)
            latest: dict[str, str] = {}
            for namespace, checkpoint_id in parents:
                latest[namespace] = max(checkpoint_id, latest.get(namespace, ""))
            kept: set[Place] = set()
            for head in latest.items():
                kept |= {head, *await self._sources(cursor, thread_id, head, parents)}
            await _delete(cursor, thread_id, parents, parents.keys() - kept)

    async def _sources(
        self,
        cursor: aiosqlite.Cursor,
        thread_id: str,
        head: Place,
        parents: dict[Place, str | None],
    ) -> set[Place]:
        """Find the ancestors that hold the values of a checkpoint's delta channels."""
        channels = await self._unfinished_channels(cursor, thread_id, head)
        found: set[Place] = set()
        for place in _ancestors(head, parents):
            if not channels:
                break
            values = await self._values(cursor, thread_id, place)
            await cursor.execute(
                "SELECT DISTINCT channel FROM writes "
                "WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ?",
                (thread_id, *place),
            )
            written = {channel for (channel,) in await cursor.fetchall()}
            if channels & (values | written):
                found.add(place)
            channels -= values
        return found

    async def _unfinished_channels(
        self, cursor: aiosqlite.Cursor, thread_id: str, head: Place
    ) -> set[str]:
        """Name the delta channels whose value is not in the checkpoint itself."""
        await cursor.execute(
            "SELECT metadata FROM checkpoints "
            "WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ?",
            (thread_id, *head),
        )
        [(metadata,)] = await cursor.fetchall()
        counters = json.loads(metadata or "{}").get("counters_since_delta_snapshot", {})
        return set(counters) - await self._values(cursor, thread_id, head)

    async def _values(self, cursor: aiosqlite.Cursor, thread_id: str, place: Place) -> set[str]:
        """Name the channels that a checkpoint holds a value of."""
        await cursor.execute(
            "SELECT type, checkpoint FROM checkpoints "
            "WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ?",
            (thread_id, *place),
        )
        [(kind, blob)] = await cursor.fetchall()
        return set(self.serde.loads_typed((kind, blob))["channel_values"])


async def _parents(cursor: aiosqlite.Cursor, thread_id: str) -> dict[Place, str | None]:
    await cursor.execute(
        "SELECT checkpoint_ns, checkpoint_id, parent_checkpoint_id FROM checkpoints "
        "WHERE thread_id = ?",
        (thread_id,),
    )
    return {(row[0], row[1]): row[2] for row in await cursor.fetchall()}


def _ancestors(place: Place, parents: dict[Place, str | None]) -> Iterable[Place]:
    """Go up from a checkpoint, nearest ancestor first, to the root or the first one missing."""
    namespace, _ = place
    walked = {place}
    while (parent := parents[place]) is not None:
        place = (namespace, parent)
        if place in walked or place not in parents:
            return
        walked.add(place)
        yield place


async def _delete(
    cursor: aiosqlite.Cursor,
    thread_id: str,
    parents: dict[Place, str | None],
    doomed: Collection[Place],
) -> None:
    """Delete checkpoints with their writes; their children become their ancestors' children."""
    gone = [(thread_id, *place) for place in doomed]
    where = "WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ?"
    await cursor.executemany(f"DELETE FROM writes {where}", gone)  # noqa: S608 - a constant
    await cursor.executemany(f"DELETE FROM checkpoints {where}", gone)  # noqa: S608
    orphans = [
        place
        for place, parent in parents.items()
        if place not in doomed and parent is not None and (place[0], parent) in doomed
    ]
    heirs = []
    for place in orphans:
        survivors = (up for up in _ancestors(place, parents) if up not in doomed)
        _, parent = next(survivors, (None, None))
        heirs.append((parent, thread_id, *place))
    await cursor.executemany(
        f"UPDATE checkpoints SET parent_checkpoint_id = ? {where}",  # noqa: S608
        heirs,
    )
