"""That nobody reads or writes what is another's, at any door the server has."""

import signal
from collections.abc import Iterator
from uuid import uuid4

import pytest
from house import RUN, SECRET, Estate, House
from isolation import CALLERS, DOCUMENT, Line, matrix, table
from isolation_rows import ROWS
from route_table import Door, doors, walk
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("data"))
    yield house
    house.close()
    house.server.stop(signal.SIGKILL)


@pytest.fixture(scope="module")
def lines(house: House) -> list[Line]:
    return list(matrix(house))


def test_every_door_is_declared_and_every_declared_door_is_there():
    assert set(doors()) == {row.door for row in ROWS}


def test_walk_finds_what_is_mounted_and_refuses_what_it_does_not_know():
    async def page(request: object) -> PlainTextResponse:
        return PlainTextResponse("")

    inner = [Route("/a", page), WebSocketRoute("/b", page)]
    routes = [Mount("/in", routes=inner), Mount("/files", app=PlainTextResponse("")), *inner]
    assert list(walk(routes)) == [
        Door("GET", "/in/a"),
        Door("WS", "/in/b"),
        Door("MOUNT", "/files"),
        Door("GET", "/a"),
        Door("WS", "/b"),
    ]
    with pytest.raises(TypeError):
        list(walk([BaseRoute()]))


def test_nobody_reads_or_changes_what_is_anothers(lines: list[Line]):
    assert [(str(line.row.door), line.row.what, line.faults) for line in lines if line.faults] == []


def test_every_caller_gets_what_is_declared(lines: list[Line]):
    wrong = [
        f"{line.row.door} {line.row.what}: {caller} got {answer.word}, may get {may}"
        for line in lines
        for caller, answer, may in zip(CALLERS, line.answers, line.row.cells, strict=True)
        if answer.word != may
    ]
    assert wrong == []


def test_without_a_valid_key_nothing_opens_but_what_is_for_all(lines: list[Line]):
    opened = {
        str(line.row.door)
        for line in lines
        for answer in line.answers[CALLERS.index("no key") :]
        if answer.status < 400 and answer.word != "no key"
    }
    assert opened == {
        "GET /",
        "GET /docs",
        "GET /ok",
        "GET /openapi.json",
        "GET /reference",
        "MOUNT /static-offline-docs",
    }


def test_table_in_the_docs_is_what_the_server_does(lines: list[Line]):
    assert DOCUMENT.read_text(encoding="utf-8") == table(lines), "run `make matrix`"


THEFTS = {
    "threads": lambda c, t: c.post("/threads", json={"thread_id": t}),
    "threads do nothing": lambda c, t: c.post(
        "/threads", json={"thread_id": t, "if_exists": "do_nothing"}
    ),
    "run": lambda c, t: c.post(f"/threads/{t}/runs", json={**RUN, "if_not_exists": "create"}),
    "wait": lambda c, t: c.post(f"/threads/{t}/runs/wait", json={**RUN, "if_not_exists": "create"}),
    "stream": lambda c, t: c.post(
        f"/threads/{t}/runs/stream", json={**RUN, "if_not_exists": "create"}
    ),
    "state": lambda c, t: c.post(f"/threads/{t}/state", json={"values": {"messages": []}}),
    "copy": lambda c, t: c.post(f"/threads/{t}/copy"),
    "command": lambda c, t: c.post(
        f"/threads/{t}/commands", json={"id": 1, "method": "run.start", "params": RUN}
    ),
    "configurable": lambda c, t: c.post(
        "/runs/wait", json={**RUN, "config": {"configurable": {"thread_id": t}}}
    ),
    "batch": lambda c, t: c.post(
        "/runs/batch", json=[{**RUN, "config": {"configurable": {"thread_id": t}}}]
    ),
    "ask": lambda c, t: c.post("/ask", params={"session_id": t}, json={"message": "hi"}),
    "a2a": lambda c, t: c.post(
        f"/a2a/{_assistant(c)}",
        headers={"Accept": "application/json"},
        json={
            "jsonrpc": "2.0",
            "id": "1",
            "method": "message/send",
            "params": {
                "message": {
                    "role": "user",
                    "parts": [{"kind": "text", "text": "hi"}],
                    "messageId": str(uuid4()),
                    "contextId": t,
                    "kind": "message",
                }
            },
        },
    ),
    "mcp": lambda c, t: c.post(
        "/mcp",
        headers={"Accept": "application/json, text/event-stream"},
        json={
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {
                "name": "assistant",
                "arguments": RUN["input"],
                "_meta": {"thread_id": t},
                "thread_id": t,
            },
        },
    ),
}
"""Every door that makes a thread, or takes an id for one."""


def _assistant(client) -> str:
    found = client.post("/assistants/search", json={"graph_id": "assistant"}).json()
    return str(found[0]["assistant_id"])


def test_session_cannot_be_stolen_after_a_crash_by_any_door(house: House):
    estate = Estate(house)
    house.server.stop(signal.SIGKILL)
    house.server.start()
    # Before alice comes back, so that the runtime may not know her thread.
    for name, steal in THEFTS.items():
        for thief in (house.bob, house.admin):
            answer = steal(thief, estate.thread)
            assert SECRET not in answer.text, name
    for thief in (house.bob, house.admin):
        for path in ("state", "history", "runs"):
            assert thief.get(f"/threads/{estate.thread}/{path}").status_code == 404, path
    state = house.alice.get(f"/threads/{estate.thread}/state").json()
    said = [message["content"] for message in state["values"]["messages"]]
    assert said == [SECRET, f"Turn 1: {SECRET}"]
    estate.ask()
