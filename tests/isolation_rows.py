"""What each caller may get at each door: the declaration that the isolation matrix is held to.

A door that the server has and this file has not fails the tests until someone adds a row here.
"""

from dataclasses import dataclass
from typing import Any

from house import CARD, RUN, SECRET
from route_table import Door

CALLERS = (
    "owner",
    "other user",
    "admin",
    "forged owner",
    "no key",
    "revoked key",
    "Studio",
    "Studio as owner",
)
"""`forged owner` has the other user's key and says in headers, query and body to be the owner."""

Cells = tuple[str, ...]


def _cells(owner: str, user: str, admin: str, without: str = "no key") -> Cells:
    return (owner, user, admin, user, *[without] * 4)


THEIRS = _cells("yes", "hidden", "hidden")
OWN = _cells("yes", "yes", "yes")
"""Every user's own, or what is there for all users."""
LISTED = _cells("yes", "empty", "empty")
"""Asked for by name, and not among the caller's own."""
TAKEN = _cells("yes", "taken", "taken")
"""An id that is another's cannot be made again."""
ADMINS = _cells("refused", "refused", "yes")
ADMIN_OF_OWN = _cells("refused", "refused", "hidden")
"""For admins only, and not on another's session."""
OPERATORS = _cells("refused", "refused", "yes", "refused")
"""On this machine or for admins; the matrix asks as from elsewhere."""
OPEN = _cells("yes", "yes", "yes", "yes")
CLOSED = _cells("hidden", "hidden", "hidden", "hidden")
NO_METHOD = _cells("no method", "no method", "no method")
ABSENT = _cells("absent", "absent", "absent")
SILENT = _cells("yes", "silent", "silent")
"""A stream that another may open and in which nothing is ever said."""
FILTERED = ("yes", "yes", "yes", "empty", *["no key"] * 4)
"""What is there for all, and what the forged owner says to be is a filter that finds nothing."""


@dataclass(frozen=True)
class Row:
    """One request at a door, the same for every caller, and what each may get."""

    door: Door
    cells: Cells
    what: str = ""
    """What is asked, where the door alone does not say."""
    query: str = ""
    body: Any = None
    """JSON; a text in braces is an attribute of the owner's estate."""
    tells: bool = False
    """The owner reads the secret here, so that a leak would be seen."""
    listens: bool = False
    """The owner takes a turn while the caller listens."""
    live: bool = False
    """Asked of a thread of the owner's on which a run is under way."""


def _row(door: str, cells: Cells, what: str = "", query: str = "", **given: Any) -> Row:
    method, _, path = door.partition(" ")
    return Row(Door(method, path), cells, what, query, **given)


def _rpc(method: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": "1", "method": method, "params": params}


_SESSION = "session_id={thread}"
_MESSAGE = {
    "role": "user",
    "parts": [{"kind": "text", "text": "hi"}],
    "messageId": "m1",
    "contextId": "{thread}",
    "kind": "message",
}
_MAKE = {**RUN, "if_not_exists": "create"}
_CRON = {**RUN, "schedule": "0 0 1 1 *"}
_EVENTS = {"channels": ["values", "messages", "lifecycle"]}
_STATE = {"values": {"messages": [{"role": "user", "content": "hi"}]}}
_T = "/threads/{thread_id}"
_R = "/threads/{thread_id}/runs/{run_id}"
_A = "/assistants/{assistant_id}"
_A2A = "/a2a/{assistant_id}"

ROWS = (
    # Our own doors.
    _row("POST /get_session_id", OWN),
    _row("POST /ask", THEIRS, query=_SESSION, body={"message": SECRET}, tells=True),
    _row("POST /retrieve_contexts", THEIRS, query=_SESSION, tells=True),
    _row(
        "POST /generate_summary",
        THEIRS,
        body={"session_id": "{thread}", "message_history": [SECRET]},
        tells=True,
    ),
    _row("POST /save_records", THEIRS, body={"session_id": "{thread}", "summary": "hi"}),
    _row("GET /sessions", OWN),
    _row("DELETE /sessions/{session_id}", THEIRS),
    _row("GET /documents/{document_id:path}", _cells("yes", "no index", "no index"), tells=True),
    # Threads, and their state.
    _row("POST /threads", OWN, body={}),
    _row(
        "POST /threads",
        TAKEN,
        "with the owner's id",
        body={"thread_id": "{thread}", "if_exists": "do_nothing"},
    ),
    _row("POST /threads/search", OWN, body={}, tells=True),
    _row("POST /threads/search", LISTED, "by id", body={"ids": ["{thread}"]}, tells=True),
    _row("POST /threads/search", OWN, "by owner", body={"metadata": {"owner": "alice"}}),
    _row("POST /threads/count", OWN, body={}),
    _row("POST /threads/prune", THEIRS, body={"thread_ids": ["{thread}"]}),
    _row(f"GET {_T}", THEIRS, tells=True),
    _row(f"PATCH {_T}", THEIRS, body={"metadata": {"owner": "bob.b@example.org"}}),
    _row(f"DELETE {_T}", THEIRS),
    _row(f"GET {_T}/state", THEIRS, tells=True),
    _row(f"POST {_T}/state", THEIRS, body=_STATE),
    _row(f"GET {_T}/state/{{checkpoint_id}}", THEIRS, tells=True),
    _row(
        f"POST {_T}/state/checkpoint",
        THEIRS,
        body={"checkpoint": {"thread_id": "{thread}", "checkpoint_id": "{checkpoint}"}},
        tells=True,
    ),
    _row(f"GET {_T}/history", THEIRS, tells=True),
    _row(f"POST {_T}/history", THEIRS, body={}, tells=True),
    _row(f"GET {_T}/storage", ABSENT),
    _row(f"POST {_T}/copy", THEIRS),
    _row(f"GET {_T}/stream", THEIRS, tells=True, listens=True),
    _row(f"POST {_T}/stream/events", SILENT, body=_EVENTS, tells=True, listens=True),
    _row(f"WS {_T}/stream/events", THEIRS, tells=True, listens=True),
    _row(
        f"POST {_T}/commands",
        THEIRS,
        body={"id": 1, "method": "run.start", "params": RUN},
    ),
    # Runs.
    _row(f"GET {_T}/runs", THEIRS, tells=True),
    _row(f"POST {_T}/runs", THEIRS, body=RUN),
    _row(f"POST {_T}/runs", TAKEN, "to make the thread", body=_MAKE),
    _row(f"POST {_T}/runs/wait", THEIRS, body=RUN, tells=True),
    _row(f"POST {_T}/runs/wait", TAKEN, "to make the thread", body=_MAKE, tells=True),
    _row(f"POST {_T}/runs/stream", THEIRS, body=RUN, tells=True),
    _row(f"POST {_T}/runs/stream", TAKEN, "to make the thread", body=_MAKE, tells=True),
    _row(f"POST {_T}/runs/crons", ADMIN_OF_OWN, body=_CRON),
    _row(f"GET {_R}", THEIRS, tells=True),
    _row(f"DELETE {_R}", THEIRS),
    _row(f"GET {_R}/join", THEIRS, tells=True),
    _row(f"GET {_R}/stream", THEIRS, "while it runs", query="stream_mode=values", live=True),
    _row(f"POST {_R}/cancel", THEIRS, "while it runs", live=True),
    _row("POST /runs", OWN, body=RUN),
    _row("POST /runs/wait", OWN, body=RUN),
    _row("POST /runs/stream", OWN, body=RUN),
    _row("POST /runs/batch", OWN, body=[RUN]),
    _row(
        "POST /runs/cancel",
        THEIRS,
        "while it runs",
        query="action=rollback",
        body={"thread_id": "{thread}", "run_ids": ["{run}"]},
        live=True,
    ),
    # Crons.
    _row("POST /runs/crons", ADMINS, body=_CRON),
    _row("POST /runs/crons/search", ADMINS, body={}),
    _row("POST /runs/crons/count", ADMINS, body={}),
    _row("GET /runs/crons/{cron_id}", ADMINS),
    _row("PATCH /runs/crons/{cron_id}", ADMINS, body={"enabled": False}),
    _row("DELETE /runs/crons/{cron_id}", ADMINS),
    # Assistants.
    _row("POST /assistants", ADMINS, body={"graph_id": "assistant", "name": "Mine"}),
    _row("POST /assistants/search", FILTERED, body={}),
    _row("POST /assistants/count", FILTERED, body={}),
    _row(f"GET {_A}", OWN),
    _row(f"GET {_A}/graph", OWN),
    _row(f"GET {_A}/schemas", OWN),
    _row(f"GET {_A}/subgraphs", OWN),
    _row(f"GET {_A}/subgraphs/{{namespace}}", OWN),
    _row(f"POST {_A}/versions", (*FILTERED[:3], "hidden", *FILTERED[4:]), body={}),
    _row(f"POST {_A}/latest", ADMINS, body={"version": 1}),
    _row(f"PATCH {_A}", ADMINS, body={"name": "Taken"}),
    _row(f"DELETE {_A}", ADMINS),
    # The store.
    _row("PUT /store/items", OWN, body={"namespace": ["notes"], "key": "own", "value": {"v": 1}}),
    _row(
        "PUT /store/items",
        OWN,
        "in the owner's namespace",
        body={"namespace": ["alice", "notes"], "key": "other", "value": {"v": 1}},
    ),
    _row("GET /store/items", LISTED, query="namespace=notes&key=k", tells=True),
    _row(
        "GET /store/items",
        LISTED,
        "in the owner's namespace",
        query="namespace=alice.notes&key=k",
        tells=True,
    ),
    _row("DELETE /store/items", OWN, body={"namespace": ["alice", "notes"], "key": "k"}),
    _row(
        "POST /store/items/search",
        OWN,
        "in the owner's namespace",
        body={"namespace_prefix": ["alice"]},
        tells=True,
    ),
    _row("POST /store/items/search", OWN, "for all", body={"namespace_prefix": []}, tells=True),
    _row("POST /store/namespaces", OWN, "of the owner", body={"prefix": ["alice"]}),
    # MCP and A2A.
    _row("POST /mcp", OWN, "tools/list", body=_rpc("tools/list", {})),
    _row(
        "POST /mcp",
        OWN,
        "tools/call",
        body=_rpc("tools/call", {"name": "assistant", "arguments": RUN["input"]}),
    ),
    _row("GET /mcp", NO_METHOD),
    _row("DELETE /mcp", CLOSED[:4] + ("no key",) * 4),
    _row(
        f"POST {_A2A}",
        THEIRS,
        "message/send on the owner's session",
        body=_rpc("message/send", {"message": _MESSAGE}),
        tells=True,
    ),
    _row(
        f"POST {_A2A}",
        THEIRS,
        "message/stream on the owner's session",
        body=_rpc("message/stream", {"message": _MESSAGE}),
    ),
    _row(
        f"POST {_A2A}",
        THEIRS,
        "tasks/get",
        body=_rpc("tasks/get", {"id": "{run}", "contextId": "{thread}"}),
        tells=True,
    ),
    _row(
        f"POST {_A2A}",
        OWN,
        "ListTasks of the owner's session",
        body=_rpc("ListTasks", {"contextId": "{thread}", "historyLength": 9}),
        tells=True,
    ),
    _row(
        f"POST {_A2A}",
        THEIRS,
        "tasks/cancel",
        body=_rpc("tasks/cancel", {"id": "{run}", "contextId": "{thread}"}),
        live=True,
    ),
    _row(
        f"POST {_A2A}/",
        THEIRS,
        "message/send on the owner's session",
        body=_rpc("message/send", {"message": _MESSAGE}),
        tells=True,
    ),
    _row(f"GET {_A2A}", OWN),
    _row(f"GET {_A2A}/", OWN),
    _row(f"DELETE {_A2A}", NO_METHOD),
    _row(f"DELETE {_A2A}/", NO_METHOD),
    _row(f"GET {_A2A}/.well-known/agent-card.json", OWN),
    _row(f"GET {_A2A}/.well-known/agent.json", OWN),
    _row("GET /.well-known/agent-card.json", OWN, query="assistant_id={assistant}"),
    # What the server says of itself.
    _row("GET /ok", OPEN),
    _row("GET /", OPEN),
    _row("GET /docs", OPEN),
    _row("GET /docs/oauth2-redirect", OWN),
    _row("GET /reference", OPEN),
    _row("MOUNT /static-offline-docs", OPEN),
    _row("GET /openapi.json", OPEN),
    _row("GET /info", OPERATORS),
    _row("GET /metrics", OPERATORS),
    # Closed for everybody.
    _row("GET /internal/debug/thread/{thread_id}", CLOSED),
    _row("POST /internal/truncate", CLOSED, body={"threads": True, "runs": True}),
    _row("GET /deploy", CLOSED),
    _row("POST /deploy", CLOSED, body={}),
    _row("GET /deploy/{operation_id}/stream", CLOSED),
)

PATH_VALUES = {
    "thread_id": "{thread}",
    "session_id": "{thread}",
    "run_id": "{run}",
    "checkpoint_id": "{checkpoint}",
    "assistant_id": "{assistant}",
    "cron_id": "{cron}",
    "document_id:path": CARD,
    "namespace": "none",
    "operation_id": "1",
}
"""What stands in a path for each of its parameters."""
