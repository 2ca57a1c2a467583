"""What the server's log may hold: events and where things failed, and nothing that a user sent."""

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from traceback import extract_tb
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import Processor

from home_energy.errors import SetupError

Event = MutableMapping[str, Any]

_OURS = ("server", "home_energy", "agents", "graphs", "tools", "evals")
_FIELDS = {"level", "logger", "timestamp", "method", "thread_name"}
"""What other programs' events may say besides numbers and ids."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_IDS = {
    "run_id": _UUID,
    "thread_id": _UUID,
    # A client may choose it, to find its request by.
    "request_id": re.compile(r"[A-Za-z0-9._-]{1,128}"),
}
_KEY = re.compile(r"hea_[0-9a-f]{12}\w*[\w-]*")
_ROUTE = re.compile(r"path='([^']*)'")
_END = re.compile(r"[:('\"=\[{<\n]")
"""Where an event of another program's may begin to repeat what it was given."""
_FRAME = re.compile(r'  File ".*", line \d+, in [\w<>.]+')
_ERROR = re.compile(r"(?:\w+\.)*\w+(?=:|$)")
_KINDS: list[type[SetupError]] = [SetupError, *SetupError.__subclasses__()]
_SETUP_ERRORS = "|".join(kind.__name__ for kind in _KINDS)
_OPERATORS = re.compile(rf"home_energy\.errors\.(?:{_SETUP_ERRORS}): .*")


class _Trace(str):
    """A traceback that this module wrote, and so may be logged."""

    __slots__ = ()


class Formatter(structlog.stdlib.ProcessorFormatter):
    """Formats the log lines of this process, whoever writes them."""

    def __init__(self, *_: object, **__: object) -> None:
        # langgraph_api has no types.
        from langgraph_api.logging import (  # type: ignore[import-untyped]
            LOG_COLOR,
            LOG_JSON,
            JSONRenderer,
        )

        renderer: Processor = JSONRenderer()
        if not LOG_JSON:
            renderer = structlog.dev.ConsoleRenderer(
                colors=LOG_COLOR and sys.stderr.isatty(),
                exception_formatter=structlog.dev.plain_traceback,
            )
        super().__init__(
            processors=[only_safe, self.remove_processors_meta, renderer],
            foreign_pre_chain=_shared(),
            # The sentence before values are put into it.
            use_get_message=False,
        )


def configure() -> None:
    """Make every logger of the process write what `only_safe` leaves; before the server starts."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def name_in_log(request_id: str) -> None:
    """Put the request's id on every line that is logged while it is answered."""
    from langgraph_api.logging import set_logging_context

    set_logging_context({"request_id": request_id})


def _shared() -> list[Processor]:
    """Return the server's own steps, but for the one that writes exceptions with their values."""
    from langgraph_api.logging import AddLoggingContext, add_thread_name

    return [
        add_thread_name,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        where_it_failed,
        AddLoggingContext(),
    ]


def where_it_failed(logger: Any, method: str, event: Event) -> Event:  # noqa: ANN401 - structlog's
    """Put the places of an exception, and its kind, where its text and values would go."""
    given = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if isinstance(given, tuple):
        given = given[1]
    elif given and not isinstance(given, BaseException):
        given = sys.exc_info()[1]
    if isinstance(given, BaseException):
        event["exception"] = _Trace("\n".join(_told(given)))
    return event


def only_safe(logger: Any, method: str, event: Event) -> Event:  # noqa: ANN401 - structlog's
    """Take out of an event whatever may be a user's text, a key or an answer."""
    name = str(event.get("logger", ""))
    if name.partition(".")[0] not in _OURS:
        if "latency_ms" in event:
            event["event"] = _access(event)
        else:
            event["event"] = _beginning(str(event.get("event", "")))
        for field in [field for field in event if not _may_stay(field, event[field])]:
            del event[field]
    for field, value in event.items():
        if isinstance(value, str) and _KEY.search(value):
            event[field] = _KEY.sub("hea_…", value)
    return event


def _may_stay(field: str, value: object) -> bool:
    if field in _IDS:
        return _IDS[field].fullmatch(str(value)) is not None
    return (
        field in _FIELDS
        or field in ("event", "_record", "_from_structlog")
        or isinstance(value, int | float | _Trace)
    )


def _access(event: Event) -> str:
    """Name the route and not the path, which is the client's text."""
    # The server's own routes are named by their path, ours by all that they are.
    route = str(event.get("route"))
    found = _ROUTE.search(route)
    path = found.group(1) if found else route if route.startswith("/") else "(no page)"
    return f"{event.get('method')} {path} {event.get('status')}"


def _beginning(text: str) -> str:
    """Keep of another program's sentence what comes before any value; of a traceback, places."""
    if text.startswith("Traceback ("):
        return "\n".join(_told_by(text))
    end = _END.search(text)
    return text[: end.start()].rstrip() if end else text


def _told(error: BaseException) -> Iterator[str]:
    """Name each place an error passed, causes first, then its kind; a SetupError says its own."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _told(before)
    yield from _places(error.__traceback__)
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    # Its sentence is for the operator, and is about this machine.
    yield f"{kind}: {error}" if isinstance(error, SetupError) else kind


def _places(trace: TracebackType | None) -> Iterator[str]:
    for frame in extract_tb(trace):
        yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'


def _told_by(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if _FRAME.fullmatch(line) or _OPERATORS.fullmatch(line):
            yield line
    last = _ERROR.match(text.rstrip().rpartition("\n")[2])
    yield last.group() if last else "an error"


def log_config() -> dict[str, Any]:
    """Return what uvicorn sets the process's logging up with."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"simple": {"()": "server.logs.Formatter"}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "simple",
                "stream": "ext://sys.stderr",
            }
        },
        "loggers": {
            "uvicorn": {"level": logging.WARNING},
            "uvicorn.error": {"level": logging.WARNING},
        },
        "root": {"handlers": ["console"]},
    }
