"""The right to serve from a data folder, or to replace what is in it: one process at a time."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from home_energy.database import private_folder, setup_errors
from home_energy.errors import SetupError

LOCK = "serving.lock"
"""Below the data folder; the system frees it however its holder ends."""

ASIDE = "aside"
"""Below the data folder: what a restore or a repair moved out of the way, by time."""

UNFINISHED = "restore.unfinished"
"""Below the data folder while a restore puts files into their places."""


@contextmanager
def held(data_dir: Path, *, by: str) -> Iterator[None]:
    """Hold the data folder, for what `by` names, such as "a server".

    The runtime's rows live in files that a second server would write over. What only adds to
    the databases or the index, such as `ask`, `keys` and `ingest`, needs no such right.
    Raises SetupError, which names the holder, when another process has it.
    """
    path = private_folder(data_dir) / LOCK
    with setup_errors(str(path)):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with setup_errors(str(path)):
            _lock(handle, data_dir)
            _sign(handle, by)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, data_dir: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        holder = os.pread(handle, 200, 0).decode(errors="replace").strip() or "another process"
        raise SetupError(
            f"The data folder {str(data_dir)!r} is in use by {holder}: stop that first, "
            "or set HOME_ENERGY_DATA_DIR to another folder."
        ) from exc


def _sign(handle: int, by: str) -> None:
    """Say who holds it; a full disk must not keep a server from starting."""
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{by} (process {os.getpid()})\n".encode(), 0)
    except OSError as exc:
        if exc.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise


def refuse_unfinished(data_dir: Path) -> None:
    """Raise SetupError when a restore was ended halfway, so that old and new are mixed."""
    if (data_dir / UNFINISHED).exists():
        raise SetupError(
            f"A restore into {str(data_dir)!r} was ended halfway: "
            "run `home-energy restore FILE --force` again."
        )


def new_aside(data_dir: Path, *, now: datetime) -> Path:
    """Make a folder of its own for what is moved out of the way, and return it."""
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    with setup_errors(str(data_dir / ASIDE)):
        for number in count(1):
            folder = data_dir / ASIDE / (stamp if number == 1 else f"{stamp}-{number}")
            try:
                folder.mkdir(mode=0o700, parents=True)
                break
            except FileExistsError:
                continue
    return folder


def with_journals(path: Path) -> list[Path]:
    """Return those that exist of a database's file and the journals beside it."""
    names = (path.name, f"{path.name}-wal", f"{path.name}-shm", f"{path.name}-journal")
    return [found for name in names if (found := path.with_name(name)).exists()]


def flush(path: Path) -> None:
    """Write a file, or a folder's list of names, through to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
