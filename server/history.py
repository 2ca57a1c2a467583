"""Conversations as they lie on the disk, seen from outside of the running checkpointer."""

import re
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from home_energy.database import BUSY_SECONDS, FILE_NAME, setup_errors
from server.persistence import CHECKPOINTS_FILE, STORE_FILE

FREE_SHARE = 0.25
"""The share of a file that is free before its space is given back."""
FREE_PAGES = 256
"""And the least number of free pages; one has 4 kB."""
LARGEST_MB = 256
"""A larger file is not written anew while the server serves: turns would wait for seconds."""
_STEP_PAGES = 2_000
_PATIENCE_SECONDS = 1.0


def thread_ids(data_dir: Path) -> set[str]:
    """Return the threads that have a history."""
    with _opened(data_dir) as connection:
        return {row[0] for row in connection.execute("SELECT DISTINCT thread_id FROM checkpoints")}


def size_of(data_dir: Path, thread_id: str) -> tuple[int, int]:
    """Return how many checkpoints a thread has, and how many bytes it takes."""
    with _opened(data_dir) as connection:
        count, bytes_of_checkpoints = connection.execute(
            "SELECT count(*), coalesce(sum(length(checkpoint) + length(metadata)), 0) "
            "FROM checkpoints WHERE thread_id = ?",
            (thread_id,),
        ).fetchone()
        [bytes_of_writes] = connection.execute(
            "SELECT coalesce(sum(length(value)), 0) FROM writes WHERE thread_id = ?", (thread_id,)
        ).fetchone()
    return count, bytes_of_checkpoints + bytes_of_writes


def mentioned(data_dir: Path, threads: Collection[str], words: Collection[str]) -> set[str]:
    """Return which of some words, such as hashes, stand anywhere in the history of the threads."""
    found: set[bytes] = set()
    if words:
        either = re.compile(b"|".join(re.escape(word.encode()) for word in words))
        with _opened(data_dir) as connection:
            for thread_id in threads:
                for (content,) in connection.execute(
                    "SELECT checkpoint FROM checkpoints WHERE thread_id = ?1 "
                    "UNION ALL SELECT value FROM writes WHERE thread_id = ?1",
                    (thread_id,),
                ):
                    found.update(either.findall(content or b""))
    return {word.decode() for word in found}


def give_space_back(data_dir: Path, *, largest_mb: float = LARGEST_MB) -> int:
    """Give the disk what deletions freed, where it is much; return how many bytes.

    A file that another process keeps busy is left for another time.
    """
    before = _total_size(data_dir)
    for name in (CHECKPOINTS_FILE, STORE_FILE, FILE_NAME):
        path = data_dir / name
        if path.exists():
            with suppress(sqlite3.OperationalError):
                _shrink(path, largest_mb)
    return max(0, before - _total_size(data_dir))


def _shrink(path: Path, largest_mb: float) -> None:
    with closing(sqlite3.connect(path, timeout=_PATIENCE_SECONDS, isolation_level=None)) as opened:
        pages, free, is_incremental = (
            opened.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "auto_vacuum")
        )
        if free < max(FREE_PAGES, FREE_SHARE * pages):
            return
        if is_incremental:
            for _ in range(0, free, _STEP_PAGES):
                # Steps, so that a turn waits for one of them only; `execute` would free one page.
                opened.executescript(f"PRAGMA incremental_vacuum({_STEP_PAGES})")
        elif path.stat().st_size < largest_mb * 1e6:
            opened.execute("PRAGMA auto_vacuum = INCREMENTAL")
            opened.execute("VACUUM")
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _total_size(data_dir: Path) -> int:
    return sum(path.stat().st_size for path in data_dir.glob("*.sqlite*"))


@contextmanager
def _opened(data_dir: Path) -> Iterator[sqlite3.Connection]:
    path = data_dir / CHECKPOINTS_FILE
    with setup_errors(str(path)):
        if not path.exists():
            with closing(sqlite3.connect(":memory:")) as nothing:
                nothing.execute("CREATE TABLE checkpoints (thread_id, checkpoint, metadata)")
                nothing.execute("CREATE TABLE writes (thread_id, value)")
                yield nothing
            return
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as opened:
            yield opened
