"""Documents are read in a process of their own, so that none can hang or end the ingest."""

import json
import os
import struct
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from typing import IO, Any, Self

from home_energy.errors import SetupError, UnreadableDocument
from home_energy.knowledge.documents import Document, document_from
from home_energy.knowledge.load import check_size

DEADLINE = 30.0
"""Seconds a document may take."""

MEMORY = 1024
"""Megabytes a document may take, where the system can bound it."""

START = 60.0
"""Seconds a new process may take to be ready."""

_DOCUMENTS_A_PROCESS = 1_000
# What a parser of hostile files must not see is anything it does not need, such as keys.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH")
_WORKER = "from home_energy.knowledge.reading_worker import main; main()"


class Reader:
    """Reads one document after another in a process that starts with the first of them.

    Use it in a `with`, from one thread at a time: leaving it ends the process.
    """

    def __init__(self, *, deadline: float = DEADLINE, memory: int = MEMORY) -> None:
        """Give each document `deadline` seconds and `memory` megabytes."""
        self._deadline = deadline
        self._memory = memory
        self._worker: _Worker | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process, if there is one; a further document starts another."""
        if self._worker is not None:
            self._worker.kill()
        self._worker = None

    def read(self, data: bytes, *, name: str, charset: str | None = None) -> Document:
        """Read a document from its bytes, as `load.parse` does.

        `name` is its path below the ingested folder; `charset` is what a web server said.
        Raises UnreadableDocument, with the reason, for anything that cannot be read right
        in its time and memory; SetupError when no process can be started.
        """
        check_size(data)
        worker = self._started()
        try:
            reply = worker.ask({"name": name, "charset": charset}, data, self._deadline)
        except BaseException:
            self.close()
            raise
        if reply is None:
            self.close()
            raise UnreadableDocument(self._why(worker))
        if reply.get("last") or worker.asked >= _DOCUMENTS_A_PROCESS:
            self.close()
        if "reason" in reply:
            raise UnreadableDocument(reply["reason"])
        return document_from(reply)

    def _started(self) -> "_Worker":
        if self._worker is not None and not self._worker.lives:
            self.close()
        if self._worker is None:
            self._worker = _Worker(self._deadline, self._memory)
        return self._worker

    def _why(self, worker: "_Worker") -> str:
        if worker.late:
            return f"takes more than {self._deadline:g} s to read: split or simplify it"
        return f"its parser crashed: the file is damaged, or takes more than {self._memory} MB"


@dataclass(slots=True)
class _Worker:
    """The other process, and how to talk to it."""

    deadline: float
    memory: int
    asked: int = 0
    late: bool = False
    """Whether it was ended because it took too long."""
    _process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        known = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-P", "-c", _WORKER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={
                    **known,
                    "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
                },
                # Ctrl-C is for the ingest, which ends its process itself.
                start_new_session=True,
            )
        except OSError as exc:
            raise SetupError(f"cannot start a process that reads: {exc.strerror}") from exc
        try:
            bounds = {"deadline": self.deadline, "memory": self.memory}
            ready = self.ask(bounds, b"", START)
        except BaseException:
            self.kill()
            raise
        if ready is None:
            self.kill()
            raise SetupError("the process that reads documents does not start")
        self.asked = 0

    @property
    def lives(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def ask(self, question: dict[str, Any], data: bytes, seconds: float) -> dict[str, Any] | None:
        """Send a message and return the reply, or None when the process ended instead."""
        self.asked += 1
        timer = Timer(seconds, self._end_late)
        timer.daemon = True
        timer.start()
        try:
            send(self._pipe(self._process.stdin), question, data)
            reply, _ = receive(self._pipe(self._process.stdout))
        except (OSError, EOFError, ValueError):
            return None
        finally:
            timer.cancel()
        return reply

    def kill(self) -> None:
        """End the process at once and forget it."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                self._pipe(pipe).close()
            # What was not sent is not wanted any more.
            except OSError:
                continue
        self._process.wait()

    def _end_late(self) -> None:
        self.late = True
        self._process.kill()

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None, "asked for when the process was started"
        return pipe


def send(pipe: IO[bytes], header: dict[str, Any], data: bytes = b"") -> None:
    """Write one message; raises OSError when nobody listens."""
    head = json.dumps(header).encode()
    pipe.write(struct.pack(">II", len(head), len(data)) + head)
    pipe.write(data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    """Read one message; raises EOFError when there is none, ValueError when it is torn."""
    sizes = struct.unpack(">II", _exactly(pipe, 8))
    return json.loads(_exactly(pipe, sizes[0])), _exactly(pipe, sizes[1])


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return data
