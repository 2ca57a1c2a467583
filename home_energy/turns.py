"""One turn at a time on a session, whichever door or process it comes by."""

import fcntl
import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path

from home_energy.database import private_folder, setup_errors
from home_energy.errors import Busy

FOLDER = "turns"
"""Below the data folder: an empty file for each session that is answering."""

BUSY = "The session is answering another turn: wait for it, then ask again."


class Turn:
    """The right to answer on one session; the system takes it back when the process ends."""

    def __init__(self, path: Path, handle: int) -> None:
        self._path, self._handle = path, handle

    def end(self) -> None:
        """Let the next turn begin; ending twice does nothing."""
        if self._handle < 0:
            return
        # Removed while it is still locked: who opened it meanwhile looks again.
        with suppress(FileNotFoundError):
            self._path.unlink()
        os.close(self._handle)
        self._handle = -1


def begin(data_dir: Path, session_id: str) -> Turn:
    """Begin a turn on a session; Busy while another one runs, here or in another process.

    Processes exclude each other on one machine, as they must to share a SQLite database.
    Raises SetupError when the data folder cannot be written to.
    """
    folder = private_folder(data_dir / FOLDER)
    # A client may name its session, and a name need not be fit for a file.
    path = folder / hashlib.sha256(session_id.encode()).hexdigest()[:32]
    while True:
        with setup_errors(str(path)):
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(path, handle):
                return Turn(path, handle)
        except BlockingIOError:
            os.close(handle)
            raise Busy(BUSY) from None
        except BaseException:
            os.close(handle)
            raise
        # The turn before ended between the two steps, and its file is gone.
        os.close(handle)


def sweep(data_dir: Path, *, older_than: float = 3600) -> None:
    """Remove the files that killed processes left, once they are `older_than` seconds old."""
    oldest = time.time() - older_than
    for path in (data_dir / FOLDER).glob("*"):
        with suppress(OSError):
            if path.stat().st_mtime < oldest:
                handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    path.unlink()
                finally:
                    os.close(handle)


def _is_still(path: Path, handle: int) -> bool:
    try:
        return path.stat().st_ino == os.fstat(handle).st_ino
    except FileNotFoundError:
        return False
