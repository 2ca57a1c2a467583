"""Rows out of a damaged SQLite file: everything that can still be read, a table at a time."""

import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

Whole = Callable[[str, dict[str, object]], object]
"""Given a table and a row; raises when the row's values are not what anybody wrote."""

_MOST_FAILURES = 20_000
"""Of reads in one table, before what lies between two readable rows is given up."""
_BEYOND = 1024
"""How many row ids after the last known one to try, where the table's end is damaged."""
_FIRST, _LAST = -(2**63), 2**63 - 1
_TABLES = (
    "SELECT name, sql FROM sqlite_master WHERE type = ? AND sql IS NOT NULL "
    "AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE 'CREATE VIRTUAL%'"
)


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of one table's rows."""

    saved: int
    known: int
    """At least so many there were, as far as the rows and the indexes tell."""


Tables = dict[str, Saved]
"""By the table's name."""


def open_damaged(path: Path) -> sqlite3.Connection:
    """Open a copy of a damaged database; it may be changed by that."""
    database = sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True)
    # Without it, SQLite refuses a database that is shorter than it says.
    database.execute("PRAGMA writable_schema = ON")
    return database


def fault(database: sqlite3.Connection) -> str | None:
    """Say in SQLite's words what is wrong with a database; None when it is whole."""
    try:
        found = str(database.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except (sqlite3.DatabaseError, TypeError) as exc:
        return str(exc)
    return None if found == "ok" else " ".join(found.split())


def salvage(source: sqlite3.Connection, target: sqlite3.Connection, is_whole: Whole) -> Tables:
    """Copy every row that can be read; tables that the target lacks are made as they were."""
    for kind in ("table", "index"):
        known = {name for name, _ in target.execute(_TABLES, (kind,))}
        for name, sql in list(_until_damage(source, _TABLES, (kind,))):
            if name not in known:
                with suppress(sqlite3.Error):
                    target.execute(sql)
    present = {name for name, _ in _until_damage(source, _TABLES, ("table",))}
    tables = [name for name, _ in target.execute(_TABLES, ("table",))]
    with target:
        return {
            name: _Table(source, target, name, is_whole).copy()
            for name in sorted(tables)
            if name in present
        }


class _Table:
    """One table on its way from a damaged file to a new one."""

    def __init__(
        self, source: sqlite3.Connection, target: sqlite3.Connection, name: str, is_whole: Whole
    ) -> None:
        self._source, self._target, self._name = source, target, name
        self._is_whole = is_whole
        there = _columns(target, name)
        self._columns = [column for column in _columns(source, name) if column in there]
        names = ", ".join(f'"{column}"' for column in self._columns)
        marks = ", ".join("?" * len(self._columns))
        # The names are those of the program's own schema, or quoted as SQLite gave them.
        self._select = f'SELECT rowid, {names} FROM "{name}" NOT INDEXED'  # noqa: S608
        self._insert = f'INSERT OR IGNORE INTO "{name}" ({names}) VALUES ({marks})'  # noqa: S608
        self._read: set[int] = set()
        self._saved = 0

    def copy(self) -> Saved:
        if not self._columns:
            return Saved(0, 0)
        before = self._count()
        ids = set(self._known_ids())
        self._walk(min(ids, default=1), max(ids, default=None))
        # An index may name rows that lie beyond what a walk reaches.
        for rowid in sorted(ids - self._read)[:_MOST_FAILURES]:
            self._take(f"{self._select} WHERE rowid = ?", rowid)
        return Saved(self._saved, max(len(self._read | ids), self._saved, before))

    def _walk(self, first: int, last: int | None) -> None:
        """Read up and down to the damage, then halve what lies between, and again.

        Down to single rows: the driver drops a good row when the one after it is damaged.
        """
        gaps, failures = [(_FIRST, _LAST)], 0
        while gaps and failures < _MOST_FAILURES:
            low, high = gaps.pop()
            up = self._take(f"{self._select} WHERE rowid BETWEEN ? AND ? ORDER BY rowid", low, high)
            if up.ended:
                continue
            low = low if up.last is None else up.last + 1
            down = self._take(
                f"{self._select} WHERE rowid BETWEEN ? AND ? ORDER BY rowid DESC", low, high
            )
            if down.ended:
                continue
            if high == _LAST and down.last is None:
                high = max(low, first, last or 0) + _BEYOND
            high = high if down.last is None else down.last - 1
            low = max(low, min(first, high))
            failures += 1
            if low < high:
                middle = (low + high) // 2
                gaps += [(low, middle), (middle + 1, high)]

    def _take(self, query: str, *values: int) -> "_Run":
        """Copy the rows of a query up to the first that cannot be read."""
        last = None
        try:
            for row in self._source.execute(query, values):
                last = row[0]
                self._put(row)
        except (sqlite3.Error, ValueError, OverflowError):
            return _Run(last, ended=False)
        return _Run(last, ended=True)

    def _put(self, row: tuple[int, object]) -> None:
        rowid, *values = row
        if rowid in self._read:
            return
        self._read.add(rowid)
        try:
            self._is_whole(self._name, dict(zip(self._columns, values, strict=True)))
        except Exception:  # a reader of damaged bytes may fail in any way
            return
        with suppress(sqlite3.Error):
            self._saved += self._target.execute(self._insert, values).rowcount

    def _known_ids(self) -> Iterator[int]:
        """Yield row ids out of the table's indexes, each from both ends up to its damage."""
        indexes = _until_damage(
            self._source, "SELECT name FROM pragma_index_list(?)", (self._name,)
        )
        for (index,) in list(indexes):
            columns = _until_damage(self._source, "SELECT name FROM pragma_index_info(?)", (index,))
            names = [name for (name,) in columns]
            if not names or None in names:
                continue
            for order in ("ASC", "DESC"):
                by = ", ".join(f'"{name}" {order}' for name in names)
                query = f'SELECT rowid FROM "{self._name}" INDEXED BY "{index}" ORDER BY {by}'  # noqa: S608
                for (rowid,) in _until_damage(self._source, query):
                    yield rowid

    def _count(self) -> int:
        found = _until_damage(self._source, f'SELECT count(*) FROM "{self._name}" NOT INDEXED')  # noqa: S608
        return next((int(count) for (count,) in found), 0)


@dataclass(frozen=True, slots=True)
class _Run:
    last: int | None
    ended: bool
    """Without meeting damage."""


def _columns(database: sqlite3.Connection, table: str) -> list[str]:
    return [
        name
        for (name,) in _until_damage(database, "SELECT name FROM pragma_table_info(?)", (table,))
    ]


def _until_damage(
    database: sqlite3.Connection, query: str, values: Iterable[str] = ()
) -> Iterator[tuple[Any, ...]]:
    with suppress(sqlite3.Error):
        yield from database.execute(query, tuple(values))


def journal_is_cut(path: Path) -> bool:
    """Say whether a -wal holds committed pages that SQLite passes over, since some are damaged."""
    content = path.read_bytes() if path.exists() else b""
    if len(content) < 32:
        return False
    magic, size = (int.from_bytes(content[at : at + 4], "big") for at in (0, 8))
    order = "big" if magic & 1 else "little"
    sums = _sums(content[:24], order, (0, 0))
    if magic & ~1 != 0x377F0682 or sums != _two(content[24:32]):
        return True
    is_good = True
    for at in range(32, len(content) - size - 23, size + 24):
        head, page = content[at : at + 24], content[at + 24 : at + 24 + size]
        if is_good:
            sums = _sums(head[:8] + page, order, sums)
            is_good = head[8:16] == content[16:24] and sums == _two(head[16:24])
        # Frames of an earlier round have other salts.
        if not is_good and head[8:16] == content[16:24] and any(head[4:8]):
            return True
    return False


def _two(content: bytes) -> tuple[int, int]:
    return int.from_bytes(content[:4], "big"), int.from_bytes(content[4:8], "big")


def _sums(content: bytes, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    """SQLite's checksum of a journal (sqlite.org/fileformat2.html, 4.2)."""
    first, second = sums
    words = memoryview(content).cast("I")
    swapped = order != sys.byteorder
    for at in range(0, len(words), 2):
        one, two = words[at], words[at + 1]
        if swapped:
            one, two = (int.from_bytes(w.to_bytes(4, "little"), "big") for w in (one, two))
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + two + first) & 0xFFFFFFFF
    return first, second
