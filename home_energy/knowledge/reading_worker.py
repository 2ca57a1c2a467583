"""The process that reads documents for a `Reader`, within bounds it sets itself."""

import os
import signal
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from home_energy.errors import UnreadableDocument
from home_energy.knowledge.load import parse
from home_energy.knowledge.reading import receive, send

# The reader ends what is late; this ends what its reader left behind.
_GRACE = 5.0


def main() -> None:
    """Answer questions on standard input until it ends."""
    questions, answers = _pipes()
    with suppress(EOFError, OSError):
        bounds, _ = receive(questions)
        _bound(bounds["memory"])
        send(answers, {})
        while True:
            question, data = receive(questions)
            _alarm(bounds["deadline"] + _GRACE)
            send(answers, _answer(question, data, bounds["memory"]))
            _alarm(0)


def _pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Take standard output for ourselves: a library that prints would break the answers."""
    answers = os.fdopen(os.dup(1), "wb")
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    return sys.stdin.buffer, answers


def _bound(megabytes: int) -> None:
    """Bound the memory beyond what the interpreter has; not every system can."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        try:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            now = pages * resource.getpagesize()
        except (OSError, ValueError, IndexError):
            now = 1024**3
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (now + megabytes * 1024**2, most))


def _alarm(seconds: float) -> None:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _answer(question: dict[str, Any], data: bytes, memory: int) -> dict[str, Any]:
    try:
        return asdict(parse(data, name=question["name"], charset=question["charset"]))
    except UnreadableDocument as exc:
        return {"reason": str(exc)}
    except MemoryError:
        return {"reason": f"takes more than {memory} MB of memory to read", "last": True}
    except RecursionError:
        return {"reason": "is nested too deep to be read"}
    # Parsers fail in their own ways; an odd file must be listed, not end the ingest. Without
    # memory some raise anything.
    except Exception as exc:
        kind = type(exc).__name__
        reason = f"its parser failed ({kind}): damaged, or takes more than {memory} MB of memory"
        return {"reason": reason, "last": True}
