"""The real graphs in a server whose agents and databases fail on demand, in words for nobody.

A message "raise AGENT ERROR" makes that agent raise that error; a file `break` in the data folder
names the function of the server's that fails.
"""

import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from langchain_core.messages import AIMessage
from sqlalchemy.exc import OperationalError

from agents import records, retriever, summarizer, supervisor
from agents.state import State, last_question
from graphs import assistant as assistant_graph
from graphs import rag as rag_graph
from home_energy import kept, keys, sessions, turns
from home_energy.errors import ModelUnavailable, SetupError, TurnFailed
from home_energy.settings import get_settings
from server import checkpoints, documents

CANARY = "canary-4711 in /secret/path with hea_0123456789ab_key"


class Unforeseen(BaseException):
    """Not even an Exception."""


ERRORS: dict[str, Callable[[], BaseException]] = {
    "RuntimeError": lambda: RuntimeError(CANARY),
    "ValueError": lambda: ValueError(CANARY),
    "KeyError": lambda: KeyError(CANARY),
    "OSError": lambda: OSError(13, CANARY, "/secret/path"),
    "SetupError": lambda: SetupError(CANARY),
    "TurnFailed": lambda: TurnFailed(CANARY),
    "OperationalError": lambda: OperationalError(CANARY, {"key": CANARY}, sqlite3.Error(CANARY)),
    "ExceptionGroup": lambda: ExceptionGroup(CANARY, [ValueError(CANARY)]),
    "Unforeseen": lambda: Unforeseen(CANARY),
}
AGENTS = ("supervisor", "retriever", "summarizer", "records", "quoted_instead")

Node = Callable[[State, Any], Awaitable[dict[str, Any]]]


def _agent(name: str) -> Node:
    async def node(state: State, runtime: Any) -> dict[str, Any]:
        verb, agent, error = (f"{_said(state)} - -").split()[:3]
        if (verb, agent) == ("raise", name):
            raise ERRORS[error]()
        if (verb, agent, name) == ("raise", "quoted_instead", "summarizer"):
            raise ModelUnavailable("down")
        if name == "supervisor":
            done = state.get("reported") is not None
            wanted = "summarizer" if agent == "quoted_instead" else agent
            steps = [wanted] if wanted in ("retriever", "summarizer", "records") else []
            return {"plan": {"steps": [] if done else steps, "route": [], "started": 0.0}}
        if name == "summarizer":
            return {"messages": [AIMessage("done")], "reported": name}
        return {"reported": name} if name != "retriever" else {"context_ids": []}

    return node


def _said(state: State) -> str:
    message = last_question(state["messages"])
    return str(message.text) if message else ""


def _break_inside(wrapped: Any, name: str) -> None:
    """Replace what `opaque` wraps, so that the real wrapping and wiring are what is tested."""
    cells = dict(zip(wrapped.__code__.co_freevars, wrapped.__closure__, strict=True))
    cells["node"].cell_contents = _agent(name)


_break_inside(supervisor.supervisor, "supervisor")
_break_inside(retriever.retriever, "retriever")
_break_inside(summarizer.summarizer, "summarizer")
_break_inside(records.records, "records")


async def _no_quotes(*args: Any, **kwargs: Any) -> Any:
    raise RuntimeError(CANARY)


summarizer._by_quotes = _no_quotes


BREAKABLE: dict[str, Any] = {
    "sessions.create": sessions,
    "sessions.touch": sessions,
    "sessions.owner_of": sessions,
    "sessions.list_for": sessions,
    "sessions.delete": sessions,
    "kept.find": kept,
    "keys.verify": keys,
    "sessions.was_deleted": sessions,
    "turns.begin": turns,
    "documents.knowledge": documents,
    "checkpoints.aget_tuple": checkpoints.Checkpointer,
    "checkpoints.aput": checkpoints.Checkpointer,
    "checkpoints.alist": checkpoints.Checkpointer,
}
"""What a file `break` may name."""


_broken: set[str] = set()


def _watch() -> None:
    """Look for the file in a thread of its own, since the server's event loop may not block."""
    path = get_settings().data_dir / "break"
    while True:
        _broken.clear() if not path.exists() else _broken.update(path.read_text().split())
        time.sleep(0.02)


def _breakable(place: str, owner: Any) -> None:
    name = place.partition(".")[2]
    original = getattr(owner, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        if place in _broken:
            raise sqlite3.OperationalError(CANARY)
        return original(*args, **kwargs)

    setattr(owner, name, call)


for _place, _owner in BREAKABLE.items():
    _breakable(_place, _owner)

threading.Thread(target=_watch, daemon=True).start()

graph = assistant_graph.graph
rag = rag_graph.graph
