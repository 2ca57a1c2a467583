"""What `home-energy doctor --repair` does: new databases from what damaged ones still hold."""

import asyncio
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiosqlite
from langgraph.store.sqlite.aio import AsyncSqliteStore
from rich.console import Console
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

from home_energy.backup import CHECKPOINTS, STORE, keeps_database
from home_energy.data_folder import flush, held, new_aside, refuse_unfinished, with_journals
from home_energy.database import FILE_NAME, private_file, setup_errors
from home_energy.errors import HomeEnergyError, SetupError
from home_energy.migrations import MIGRATIONS, migrate
from home_energy.salvage import Tables, fault, journal_is_cut, open_damaged, salvage
from home_energy.settings import Settings
from server.checkpoints import Checkpointer
from server.persistence import SafeSerializer
from server.prepare import prepare

_CUT = "its journal is damaged: what was written last is lost"
_JSON = {
    "checkpoints": ("metadata",),
    "store": ("value",),
    "records": ("data",),
    "kept_documents": ("details",),
}
_PACKED = {"checkpoints": "checkpoint", "writes": "value"}
"""By table, the column that the checkpointer's serializer reads."""
_SHOWN = 20
"""Ids that a person is shown; programs get them all."""


@dataclass(frozen=True, slots=True)
class Mended:
    """What became of one part of the data folder."""

    name: str
    ok: bool
    state: str
    """A sentence, or a word or two."""
    mended: bool = False
    tables: Tables = field(default_factory=dict)
    """How many rows were saved of how many known, where the file was made anew."""

    def rows(self) -> str:
        """Return the tables' rows as a person reads them."""
        return "\n".join(f"{name}: {t.saved} of {t.known}" for name, t in self.tables.items())


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair found and did."""

    parts: list[Mended]
    aside: Path | None
    """Where to find the files that were damaged, as they were."""
    lost_conversations: list[str]
    """Ids of sessions that had turns and have no conversation any more."""
    without_session: list[str]
    """Ids of conversations that nobody can open any more, since their session is lost."""

    @property
    def ok(self) -> bool:
        """Whether all is well now."""
        return all(part.ok for part in self.parts)

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        aside = str(self.aside) if self.aside else None
        return {"ok": self.ok, **asdict(self), "aside": aside}

    def sentences(self) -> Iterator[str]:
        """Say what a person must know besides."""
        if self.aside:
            yield f"What was damaged is in {self.aside}, as it was."
        if self.lost_conversations:
            yield f"The conversations of these sessions are lost: {_few(self.lost_conversations)}"
        if self.without_session:
            yield (
                "These conversations have lost their session, so that nobody can open them: "
                f"{_few(self.without_session)}"
            )
        if any(part.name == FILE_NAME and part.mended for part in self.parts):
            yield "Look at `home-energy keys list` before you start the server: keys may be lost."


def repair(settings: Settings, *, now: datetime, console: Console) -> Repaired:
    """Mend the databases, then the index; what was damaged is moved aside, nothing is deleted.

    Raises SetupError while a server runs on the data folder, or after a restore cut short.
    """
    data_dir = settings.data_dir
    with held(data_dir, by="a repair"):
        refuse_unfinished(data_dir)
        with (
            setup_errors(str(data_dir)),
            TemporaryDirectory(dir=data_dir, prefix="repair.half-") as half,
        ):
            aside = _Aside(data_dir, now)
            parts = [
                _database(settings, name, Path(half), aside)
                for name in (FILE_NAME, CHECKPOINTS, STORE)
            ]
            lost, strays = _unmatched(settings, Path(half)) if aside.folder else ([], [])
            if strays and parts[0].mended and not parts[1].mended:
                # The server clears away conversations that are nobody's.
                aside.keep(data_dir / CHECKPOINTS)
        parts.append(_index(settings, console))
    return Repaired(parts, aside.folder, lost, strays)


def _few(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more (see --json)" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"


class _Aside:
    """The folder for what is damaged, made when there is something to put there."""

    def __init__(self, data_dir: Path, now: datetime) -> None:
        self._data_dir, self._now = data_dir, now
        self.folder: Path | None = None

    def keep(self, path: Path) -> None:
        """Keep a copy of a database and its journals, as they are."""
        for found in with_journals(path):
            shutil.copy2(found, self._made() / found.name)
            flush(self._made() / found.name)

    def swap(self, path: Path, new: Path) -> None:
        """Put a new database in a damaged one's place, which always holds one or the other."""
        folder = self._made()
        try:
            os.link(path, folder / path.name)
        except OSError:
            shutil.copy2(path, folder / path.name)
            flush(folder / path.name)
        # First: SQLite would take the old journal for the new file's.
        for journal in with_journals(path):
            if journal != path:
                journal.rename(folder / journal.name)
        flush(folder)
        flush(path.parent)
        new.replace(path)
        flush(path.parent)

    def _made(self) -> Path:
        if self.folder is None:
            self.folder = new_aside(self._data_dir, now=self._now)
        return self.folder


def _database(settings: Settings, name: str, half: Path, aside: _Aside) -> Mended:
    path = settings.data_dir / name
    if name == FILE_NAME and not keeps_database(settings):
        return Mended(name, ok=True, state="kept in HOME_ENERGY_DATABASE_URL: not looked at")
    if not with_journals(path):
        return Mended(name, ok=True, state="none yet")
    try:
        with setup_errors(str(path)):
            return _mend(path, half, aside)
    except SetupError as exc:
        return Mended(name, ok=False, state=str(exc))
    except OSError as exc:
        return Mended(name, ok=False, state=f"{str(path)!r} cannot be read: {exc.strerror}.")


def _mend(path: Path, half: Path, aside: _Aside) -> Mended:
    before = _stamps(path)
    with _copied(path, half) as (damaged, is_copy):
        cut = journal_is_cut(path.with_name(f"{path.name}-wal"))
        wrong = _fault(damaged, is_copy=is_copy) or (_CUT if cut else None)
        if wrong is None:
            return Mended(path.name, ok=True, state="whole")
    new = private_file(half / "new" / path.name)
    with _copied(path, half, always=True) as (damaged, _):
        tables = _make_anew(damaged, new)
    if _stamps(path) != before:
        raise SetupError(f"Another program writes to {str(path)!r}: end it, then repair again.")
    if not path.exists():
        private_file(path)
    aside.swap(path, new)
    if not tables:
        return Mended(
            path.name, True, f"nothing in it could be read ({wrong}): a new one was made", True
        )
    return Mended(path.name, True, f"made anew: {wrong}", True, tables)


def _stamps(path: Path) -> list[tuple[str, int, int]]:
    found = [(each.name, each.stat()) for each in with_journals(path)]
    return [(name, stat.st_size, stat.st_mtime_ns) for name, stat in found if name[-4:] != "-shm"]


@contextmanager
def _copied(path: Path, half: Path, *, always: bool = False) -> Iterator[tuple[Path, bool]]:
    """Yield a database to read, and whether it is a copy, since its journals must be taken in."""
    files = [file for file in with_journals(path) if not file.name.endswith("-shm")]
    if not always and not any(file.stat().st_size for file in files if file != path):
        yield path, False
        return
    with TemporaryDirectory(dir=half) as folder:
        for file in files:
            shutil.copyfile(file, Path(folder) / file.name)
        yield private_file(Path(folder) / path.name), True


def _fault(path: Path, *, is_copy: bool) -> str | None:
    with closing(_reading(path, is_copy=is_copy)) as database:
        return fault(database)


def _reading(path: Path, *, is_copy: bool) -> sqlite3.Connection:
    # Immutable: SQLite leaves a file that is whole as it is, byte for byte.
    mode = "rw" if is_copy else "ro&immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True)


def _make_anew(damaged: Path, new: Path) -> Tables:
    """Fill a new database; nothing is in the result when nothing could be read."""
    tables: Tables = {}
    with suppress(sqlite3.DatabaseError), closing(open_damaged(damaged)) as source:
        _make(new, _version(source) if new.name == FILE_NAME else None)
        with closing(sqlite3.connect(new)) as target:
            tables = salvage(source, target, _is_whole)
    _make(new, None)
    with closing(sqlite3.connect(new)) as target:
        target.execute("PRAGMA journal_mode = WAL")
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        wrong = fault(target)
    if wrong:
        raise SetupError(f"The database {new.name!r} could not be made anew: {wrong}.")
    flush(new)
    return tables


def _version(source: sqlite3.Connection) -> int | None:
    """Return the schema's number, None where it cannot be read; SetupError for a newer one."""
    try:
        found = source.execute("SELECT max(version) FROM schema_version").fetchone()[0]
    except sqlite3.Error:
        return None
    if found is not None and found > len(MIGRATIONS):
        raise SetupError(
            f"The database {FILE_NAME!r} has schema {found}, this program knows "
            f"{len(MIGRATIONS)}: repair it with the newer program that wrote it."
        )
    return int(found) if found is not None else None


def _make(path: Path, version: int | None) -> None:
    """Make the program's tables; those of an older schema are made as the damaged file says."""
    if path.name != FILE_NAME:
        asyncio.run(_make_runtime(path))
    elif version in (None, len(MIGRATIONS)):
        engine = create_engine(URL.create("sqlite", database=str(path)))
        try:
            with engine.begin() as connection:
                migrate(connection)
        finally:
            engine.dispose()


async def _make_runtime(path: Path) -> None:
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        # Without effect where there is a table already.
        await connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        if path.name == STORE:
            await AsyncSqliteStore(connection).setup()
        else:
            await Checkpointer(connection, serde=SafeSerializer()).setup()


def _is_whole(table: str, row: dict[str, Any]) -> None:
    """Raise when a row cannot be what the program wrote, and would only trip it up."""
    for name, value in row.items():
        # What a file that was cut short gives in the place of what is missing.
        if isinstance(value, str) and "\0" in value:
            raise ValueError(name)
        if name.endswith("_at") and value is not None:
            datetime.fromisoformat(value)
    for name in _JSON.get(table, ()):
        if row[name] is not None:
            json.loads(row[name])
    if table in _PACKED:
        SafeSerializer().loads_typed((row["type"], row[_PACKED[table]]))


def _unmatched(settings: Settings, half: Path) -> tuple[list[str], list[str]]:
    """Return sessions that had turns and have no conversation, and conversations without one."""
    if not keeps_database(settings):
        return [], []
    live = "SELECT session_id, last_at > created_at FROM sessions WHERE deleted_at IS NULL"
    sessions = dict(_rows(settings.data_dir / FILE_NAME, half, live))
    deleted = "SELECT session_id FROM sessions WHERE deleted_at IS NOT NULL"
    gone = {name for (name,) in _rows(settings.data_dir / FILE_NAME, half, deleted)}
    talked = "SELECT DISTINCT thread_id FROM checkpoints"
    found = {name for (name,) in _rows(settings.data_dir / CHECKPOINTS, half, talked)}
    lost = sorted(name for name, turns in sessions.items() if turns and name not in found)
    return lost, sorted(found - set(sessions) - gone)


def _rows(path: Path, half: Path, query: str) -> list[Any]:
    if not path.exists():
        return []
    with (
        suppress(sqlite3.Error),
        _copied(path, half) as (readable, is_copy),
        closing(_reading(readable, is_copy=is_copy)) as database,
    ):
        return database.execute(query).fetchall()
    return []


def _index(settings: Settings, console: Console) -> Mended:
    name = "knowledge index"
    try:
        prepare(settings, console)
    except HomeEnergyError as exc:
        return Mended(name, ok=False, state=str(exc))
    return Mended(name, ok=True, state="whole")
