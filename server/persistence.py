"""Where the LangGraph server keeps conversations: a checkpointer and a store in SQLite.

langgraph.json names this file by its path, so the server loads it under a name of its own:
keep its imports cheap and absolute.
"""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiosqlite
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.store.sqlite.aio import AsyncSqliteStore

from home_energy.database import BUSY_SECONDS, FILE_NAME, private_file, setup_errors
from home_energy.errors import SetupError
from home_energy.settings import get_settings
from server.checkpoints import Checkpointer
from server.delta_history import pass_on_delta_history

CHECKPOINTS_FILE = "checkpoints.sqlite"
STORE_FILE = "store.sqlite"

_making = threading.Lock()


class SafeSerializer(JsonPlusSerializer):
    """Reads messages and plain values only, so that a crafted checkpoint constructs nothing else.

    What a graph keeps in its state must be made of these: strings, numbers, lists, dicts.
    """

    def __init__(self) -> None:
        super().__init__(allowed_msgpack_modules=None)

    def with_msgpack_allowlist(
        self, extra_allowlist: Iterable[tuple[str, ...] | type]
    ) -> "SafeSerializer":
        """Stay as it is: a graph's schema does not widen what is read.

        Anything else makes langgraph copy the saver, and copying the wrapper that
        langgraph-api 0.16.7 puts around ours never ends.
        """
        return self


@asynccontextmanager
async def checkpointer() -> AsyncIterator[Checkpointer]:
    """Open the conversations; the server does so once for each of its event loops.

    Raises SetupError when the file cannot be used.
    """
    pass_on_delta_history()
    async with _connect(CHECKPOINTS_FILE) as (path, connection):
        saver = Checkpointer(connection, serde=SafeSerializer())
        with setup_errors(str(path)):
            await saver.setup()
        yield saver


def forget_history(data_dir: Path, thread_id: str) -> None:
    """Delete whatever is left of a thread's conversation, outside of the running checkpointer.

    Raises SetupError when the file cannot be used.
    """
    path = data_dir / CHECKPOINTS_FILE
    if not path.exists():
        return
    with setup_errors(str(path)), closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as opened:
        opened.execute("PRAGMA secure_delete = ON")
        with opened:
            opened.execute("DELETE FROM writes WHERE thread_id = ?", (thread_id,))
            opened.execute("DELETE FROM checkpoints WHERE thread_id = ?", (thread_id,))


async def check() -> None:
    """Read every file once, so that a damaged one is told before the server starts.

    Raises SetupError, which names the file and says what to do.
    """
    async with checkpointer(), store():
        pass
    data_dir = (await asyncio.to_thread(get_settings)).data_dir
    for name in (FILE_NAME, CHECKPOINTS_FILE, STORE_FILE):
        if (path := data_dir / name).exists():
            await asyncio.to_thread(_check_pages, path)


def _check_pages(path: Path) -> None:
    with setup_errors(str(path)), closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as opened:
        try:
            found = opened.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as exc:
            if exc.sqlite_errorname != "SQLITE_CORRUPT":
                raise
            found = "damaged"
    if found != "ok":
        raise SetupError(
            f"The database {str(path)!r} is damaged: `home-energy doctor --repair` saves what can "
            "be read, or restore it from a backup."
        )


@asynccontextmanager
async def store() -> AsyncIterator[AsyncSqliteStore]:
    """Open the server's long-term store; SetupError when the file cannot be used."""
    async with _connect(STORE_FILE, isolation_level=None) as (path, connection):
        opened = AsyncSqliteStore(connection)
        with setup_errors(str(path)):
            await opened.setup()
        yield opened


def _made(path: Path) -> Path:
    """Return the path of a database that is there, if only just."""
    private_file(path)
    # SQLite does not wait where two change a new file's mode at once.
    with _making, setup_errors(str(path)):
        if not path.stat().st_size:
            with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as opened:
                # Only while there is no table: then a sweep can give the space of what was
                # deleted back bit by bit, while turns go on.
                opened.execute("PRAGMA auto_vacuum = INCREMENTAL")
                opened.execute("PRAGMA journal_mode = WAL")
    return path


@asynccontextmanager
async def _connect(
    name: str, isolation_level: str | None = ""
) -> AsyncIterator[tuple[Path, aiosqlite.Connection]]:
    # The settings read a file, and the server forbids that on its event loop.
    settings = await asyncio.to_thread(get_settings)
    path = await asyncio.to_thread(_made, settings.data_dir / name)
    async with aiosqlite.connect(
        path, timeout=BUSY_SECONDS, isolation_level=isolation_level
    ) as connection:
        with setup_errors(str(path)):
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
                await connection.execute(f"PRAGMA {pragma}")
        yield path, connection
