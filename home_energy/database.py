"""The database of sessions, keys, records and kept documents: SQLite here, or any SQLAlchemy URL.

Everything blocks: code on an event loop calls it through `asyncio.to_thread`.
"""

import errno
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from home_energy.errors import SetupError
from home_energy.migrations import is_current, migrate
from home_energy.settings import Settings

FILE_NAME = "home_energy.sqlite"
BUSY_SECONDS = 30.0
"""How long a writer waits for another process's transaction before it gives up."""

_open: dict[URL, "Database"] = {}
_opening = threading.Lock()


class Database:
    """One database with its connections; safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(home_energy_writes=True)
        self._place = engine.url.database or engine.url.render_as_string(hide_password=True)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Run one write transaction: committed and on disk when the block ends well.

        Raises SetupError when the database cannot be written to.
        """
        with setup_errors(self._place), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Read from one consistent snapshot; SetupError when the database cannot be read."""
        with setup_errors(self._place), self._engine.connect() as connection:
            yield connection

    def migrate(self) -> None:
        """Bring the schema up to date; several processes may do so at once."""
        with self.read() as connection:
            if is_current(connection):
                return
        with self.write() as connection:
            migrate(connection)

    def close(self) -> None:
        """Close the idle connections; the next use opens new ones."""
        self._engine.dispose()


def open_database(settings: Settings) -> Database:
    """Open the database that the settings name, once per process, with an up-to-date schema.

    Raises SetupError when it cannot be opened, is damaged or was written by a newer program.
    """
    private_folder(settings.data_dir)
    with _opening, _address_errors():
        if settings.database_url:
            url = make_url(settings.database_url)
        else:
            url = URL.create("sqlite", database=str(settings.data_dir / FILE_NAME))
        if url not in _open:
            database = Database(_make_engine(url))
            database.migrate()
            _open[url] = database
        return _open[url]


def private_folder(folder: Path) -> Path:
    """Create the folder for its owner only, if it is missing; SetupError when it cannot be."""
    with setup_errors(str(folder)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def private_file(path: Path) -> Path:
    """Create the file empty and for its owner only, if it is missing.

    SQLite gives its -wal and -shm files the same mode. SetupError when it cannot be created.
    """
    private_folder(path.parent)
    with setup_errors(str(path)):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    return path


def as_text(moment: datetime) -> str:
    """Write an instant the way every table keeps it: ISO 8601, UTC, microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


@contextmanager
def setup_errors(place: str) -> Iterator[None]:
    """Turn what only a person can mend into a SetupError; the rest passes as it is."""
    try:
        yield
    except IntegrityError:
        raise
    except (DBAPIError, sqlite3.Error) as exc:
        sentence = _sentence(exc.orig if isinstance(exc, DBAPIError) else exc, place)
        if sentence is None:
            raise
        raise SetupError(sentence) from exc
    except PoolTimeout as exc:
        raise SetupError(f"The database {place!r} is overloaded: lower HOME_ENERGY_JOBS.") from exc
    except OSError as exc:
        if exc.errno not in (
            errno.EACCES,
            errno.EPERM,
            errno.EROFS,
            errno.ENOSPC,
            errno.ENOTDIR,
            errno.EISDIR,
        ):
            raise
        raise SetupError(f"{place!r} cannot be written to: {exc.strerror}.") from exc


def _make_engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    if url.database and "uri" not in url.query:
        private_file(Path(url.database))
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # SQLAlchemy's recipe: the driver must not begin transactions behind our back.
    connection.isolation_level = None
    cursor = connection.cursor()
    _use_write_ahead_log(cursor)
    # FULL: a committed transaction survives power loss, not only a crash of the program.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    # What a user deletes is overwritten in the file, not only unlinked.
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


def _use_write_ahead_log(cursor: DBAPICursor) -> None:
    """Change the file's mode; SQLite does not wait where several processes do so at once."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    # A writer that starts as a reader fails at once when it meets another writer; IMMEDIATE waits.
    writes = connection.get_execution_options().get("home_energy_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _address_errors() -> Iterator[None]:
    try:
        yield
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as exc:
        # The address may hold a password, so the sentence does not repeat it.
        raise SetupError(
            "HOME_ENERGY_DATABASE_URL is not an address that SQLAlchemy can open: "
            "write it as dialect://…, and install the dialect's driver."
        ) from exc


def _sentence(error: BaseException | None, place: str) -> str | None:
    if not isinstance(error, sqlite3.Error):
        return None
    # SQLite names an error by its kind and, after a second underscore, its detail.
    kind = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
    return {
        "SQLITE_READONLY": f"The database {place!r} is read-only: make it writable for this user.",
        "SQLITE_CANTOPEN": f"The database {place!r} cannot be opened: make its folder writable.",
        "SQLITE_PERM": f"The database {place!r} cannot be opened: make it writable for this user.",
        "SQLITE_FULL": f"The disk of the database {place!r} is full: free some space.",
        "SQLITE_IOERR": f"The disk of the database {place!r} fails: check it, then its free space.",
        "SQLITE_CORRUPT": f"The database {place!r} is damaged: restore it from a backup.",
        "SQLITE_NOTADB": f"The file {place!r} is not a database: restore it from a backup.",
        "SQLITE_BUSY": f"Another program keeps the database {place!r} locked: end it.",
    }.get(kind)
