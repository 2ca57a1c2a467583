"""Two users, an admin and a stranger at one server: nobody reads or writes what is another's."""

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from house import RUN, House
from server_process import Server
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from home_energy import keys, sessions
from home_energy.database import open_database
from home_energy.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("data"))
    yield house
    house.close()
    house.server.stop(signal.SIGKILL)


@pytest.fixture
def session(house: House) -> str:
    """Return a session of alice's with one secret turn."""
    session = house.alice.post("/get_session_id").json()["session_id"]
    asked = house.alice.post(
        "/ask", params={"session_id": session}, json={"message": "alice's secret"}
    )
    assert asked.status_code == 200
    return session


Attempt = Callable[[httpx.Client, str], httpx.Response]

ATTEMPTS: dict[str, Attempt] = {
    "ask": lambda c, s: c.post("/ask", params={"session_id": s}, json={"message": "hi"}),
    "retrieve": lambda c, s: c.post("/retrieve_contexts", params={"session_id": s}),
    "summary": lambda c, s: c.post(
        "/generate_summary", json={"session_id": s, "message_history": ["hi"]}
    ),
    "save": lambda c, s: c.post("/save_records", json={"session_id": s, "summary": "x"}),
    "delete session": lambda c, s: c.delete(f"/sessions/{s}"),
    "thread": lambda c, s: c.get(f"/threads/{s}"),
    "state": lambda c, s: c.get(f"/threads/{s}/state"),
    "history": lambda c, s: c.get(f"/threads/{s}/history"),
    "history post": lambda c, s: c.post(f"/threads/{s}/history", json={}),
    "write state": lambda c, s: c.post(f"/threads/{s}/state", json={"values": {"messages": []}}),
    "take": lambda c, s: c.patch(
        f"/threads/{s}", json={"metadata": {"owner": "bob.b@example.org"}}
    ),
    "copy": lambda c, s: c.post(f"/threads/{s}/copy"),
    "delete": lambda c, s: c.delete(f"/threads/{s}"),
    "prune": lambda c, s: c.post("/threads/prune", json={"thread_ids": [s]}),
    "create": lambda c, s: c.post("/threads", json={"thread_id": s, "if_exists": "do_nothing"}),
    "run": lambda c, s: c.post(f"/threads/{s}/runs", json=RUN),
    "run create": lambda c, s: c.post(
        f"/threads/{s}/runs", json={**RUN, "if_not_exists": "create"}
    ),
    "run wait": lambda c, s: c.post(f"/threads/{s}/runs/wait", json=RUN),
    "run stream": lambda c, s: c.post(f"/threads/{s}/runs/stream", json=RUN),
    "runs": lambda c, s: c.get(f"/threads/{s}/runs"),
    "join": lambda c, s: c.get(f"/threads/{s}/stream", timeout=3),
    "cron": lambda c, s: c.post(f"/threads/{s}/runs/crons", json={**RUN, "schedule": "* * * * *"}),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
@pytest.mark.parametrize("who", ["bob", "admin", "stranger"])
def test_session_of_another_is_out_of_reach(house: House, session: str, attempt: str, who: str):
    response = ATTEMPTS[attempt](getattr(house, who), session)
    if who == "stranger":
        assert response.status_code == 401
    elif response.headers["content-type"].startswith("text/event-stream"):
        assert response.text.startswith("event: error\r\n")
    elif response.is_success:
        assert response.json() == []
    else:
        assert response.status_code in {403, 404, 409}
    assert "secret" not in response.text
    state = house.alice.get(f"/threads/{session}/state").json()
    assert [m["content"] for m in state["values"]["messages"]] == [
        "alice's secret",
        "Turn 1: alice's secret",
    ]
    assert house.alice.get(f"/threads/{session}").json()["metadata"]["owner"] == "alice"


def test_lists_show_only_ones_own(house: House, session: str):
    for client in (house.bob, house.admin):
        assert client.get("/sessions").json() == {"sessions": []}
        assert client.post("/threads/search", json={}).json() == []
        assert client.post("/threads/search", json={"metadata": {"owner": "alice"}}).json() == []
        assert client.post("/threads/search", json={"ids": [session]}).json() == []
        assert client.post("/threads/count", json={}).json() == 0
    assert session in [t["thread_id"] for t in house.alice.post("/threads/search", json={}).json()]


def test_owner_cannot_be_forged(house: House):
    thread = house.bob.post("/threads", json={"metadata": {"owner": "alice"}}).json()
    assert thread["metadata"]["owner"] == "bob.b@example.org"
    house.bob.patch(f"/threads/{thread['thread_id']}", json={"metadata": {"owner": "alice"}})
    assert house.alice.get(f"/threads/{thread['thread_id']}").status_code == 404
    assert house.bob.get(f"/threads/{thread['thread_id']}").status_code == 200
    made = str(uuid4())
    run = {**RUN, "if_not_exists": "create", "metadata": {"owner": "alice"}}
    run["config"] = {"metadata": {"owner": "alice"}}
    assert house.bob.post(f"/threads/{made}/runs/wait", json=run).status_code == 200
    assert house.alice.get(f"/threads/{made}/state").status_code == 404
    assert house.bob.get(f"/threads/{made}").json()["metadata"]["owner"] == "bob.b@example.org"
    house.bob.delete(f"/threads/{made}")
    house.bob.delete(f"/threads/{thread['thread_id']}")


def test_store_items_are_apart_whatever_the_namespace_says(house: House):
    for namespace in (["notes"], ["alice", "notes"]):
        item = {"namespace": namespace, "key": "k", "value": {"v": "alice's secret"}}
        assert house.alice.put("/store/items", json=item).status_code == 204
    for namespace in ("notes", "alice.notes"):
        query = {"namespace": namespace, "key": "k"}
        assert house.alice.get("/store/items", params=query).json()["value"]
        assert "secret" not in house.bob.get("/store/items", params=query).text
    for prefix in ([], ["alice"], ["notes"]):
        found = house.bob.post("/store/items/search", json={"namespace_prefix": prefix})
        assert found.json() == {"items": []}
    for query in ({}, {"prefix": ["alice"]}, {"suffix": ["notes"]}):
        assert house.bob.post("/store/namespaces", json=query).json() == {"namespaces": []}
    house.bob.request("DELETE", "/store/items", json={"namespace": ["alice", "notes"], "key": "k"})
    assert house.alice.get("/store/items", params={"namespace": "notes", "key": "k"}).json()


def test_user_name_with_periods_has_a_store_too(house: House):
    item = {"namespace": ["mine"], "key": "k", "value": {"v": 1}}
    assert house.bob.put("/store/items", json=item).status_code == 204
    found = house.bob.get("/store/items", params={"namespace": "mine", "key": "k"}).json()
    assert found["value"] == {"v": 1}
    house.bob.request("DELETE", "/store/items", json={"namespace": ["mine"], "key": "k"})


def test_only_admins_write_assistants_and_see_crons(house: House):
    wanted = {"graph_id": "assistant", "name": "Mine"}
    cron = {**RUN, "schedule": "0 0 1 1 *"}
    for client in (house.alice, house.bob):
        assert client.post("/assistants", json=wanted).status_code == 403
        assert client.post("/runs/crons", json=cron).status_code == 403
        assert client.post("/runs/crons/search", json={}).status_code == 403
        assert len(client.post("/assistants/search", json={}).json()) >= 2
    made = house.admin.post("/assistants", json=wanted).json()
    path = f"/assistants/{made['assistant_id']}"
    assert house.alice.get(path).status_code == 200
    assert house.alice.patch(path, json={"name": "Taken"}).status_code == 403
    assert house.alice.delete(path).status_code == 403
    assert house.admin.delete(path).status_code == 204


def test_run_without_a_thread_leaves_none_behind_unless_it_is_to_be_kept(house: House):
    assert house.bob.post("/runs/wait", json=RUN).status_code == 200
    assert house.bob.post("/threads/search", json={}).json() == []
    unowned = house.bob.post("/runs", json={**RUN, "on_completion": "keep"})
    assert unowned.status_code == 422
    kept = house.bob.post("/runs/wait", json={**RUN, "on_completion": "keep"})
    assert kept.status_code == 200
    (session,) = house.bob.get("/sessions").json()["sessions"]
    assert house.alice.get(f"/threads/{session['session_id']}").status_code == 404
    house.bob.delete(f"/sessions/{session['session_id']}")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-auth-scheme": "langsmith"},
        {"x-auth-scheme": "langsmith", "x-api-key": "lsv2_whatever"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic YTpi"},
        {"X-Api-Key": "hea_000000000000_" + "x" * 43},
        {"X-Api-Key": "é"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/get_session_id"),
        ("GET", "/sessions"),
        ("GET", "/documents/x"),
        ("POST", "/threads"),
        ("POST", "/threads/search"),
        ("POST", "/assistants/search"),
        ("POST", "/store/namespaces"),
        ("POST", "/runs/wait"),
        ("POST", "/mcp"),
        ("POST", "/a2a/assistant"),
    ],
)
def test_no_door_opens_without_a_valid_key(
    house: House, headers: dict[str, str], method: str, path: str
):
    raw = [(name, value.encode()) for name, value in headers.items()]
    response = house.stranger.request(method, path, json={}, headers=raw)
    assert response.status_code == 401
    assert response.json()["code"] == "key_required"
    assert response.headers["www-authenticate"] == "Bearer"


def test_event_socket_tells_the_owner_only(house: House, session: str):
    url = f"{house.server.url.replace('http', 'ws')}/threads/{session}/stream/events"
    channels = {"channels": ["values", "messages", "lifecycle"]}
    subscribe = {"id": 1, "method": "subscription.subscribe", "params": channels}
    start = {"id": 2, "method": "run.start", "params": RUN}

    def heard(who: str) -> str:
        """Return what arrives until the run has ended or the socket is closed."""
        key = house.keys.get(who)
        words = ""
        try:
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            with connect(url, additional_headers=headers) as socket:
                for message in (subscribe, start):
                    socket.send(json.dumps(message))
                while '"completed"' not in words:
                    words += str(socket.recv(timeout=10))
        except (InvalidStatus, ConnectionClosed, TimeoutError) as refused:
            words += type(refused).__name__
        return words

    assert heard("stranger") == "InvalidStatus"
    assert '"type":"event"' not in heard("bob")
    assert "Turn 2: hi" in heard("alice")


def test_session_that_another_process_made_is_found(house: House):
    house.alice.get("/sessions")
    made, deleted = (sessions.create(house.database, "alice") for _ in range(2))
    assert house.bob.get(f"/threads/{made}").status_code == 404
    params = {"session_id": made}
    asked = house.alice.post("/ask", params=params, json={"message": "hi"}).json()
    assert asked["answer"]["text"] == "Turn 1: hi"
    assert house.alice.delete(f"/sessions/{deleted}").status_code == 204


def test_key_opens_the_door_in_either_header_until_it_is_revoked(house: House):
    key = house.key("carol")
    for headers in ({"Authorization": f"Bearer {key}"}, {"X-Api-Key": key}):
        assert house.stranger.get("/sessions", headers=headers).status_code == 200
    revoked = next(info for info in keys.list_keys(house.database) if info.user == "carol")
    keys.revoke(house.database, revoked.id)
    assert house.stranger.get("/sessions", headers={"X-Api-Key": key}).status_code == 401


def test_keys_are_not_in_the_log(house: House, session: str):
    house.stranger.get("/sessions", headers={"X-Api-Key": "hea_wrong_secret_key"})
    log = house.server.log
    assert "hea_wrong_secret_key" not in log
    assert not any(key in log for key in house.keys.values())


def test_deleted_thread_id_is_never_given_to_another(house: House):
    thread = house.alice.post("/threads", json={}).json()["thread_id"]
    assert house.alice.delete(f"/threads/{thread}").status_code == 204
    assert house.bob.post("/threads", json={"thread_id": thread}).status_code == 409
    assert house.alice.post("/threads", json={"thread_id": thread}).status_code == 200
    house.alice.delete(f"/threads/{thread}")


def test_session_survives_a_crash_and_cannot_be_stolen_after_it(house: House, session: str):
    house.server.stop(signal.SIGKILL)
    house.server.start()
    # Before alice comes back, so the runtime does not know her thread yet.
    assert house.bob.post("/threads", json={"thread_id": session}).status_code == 409
    run = {**RUN, "if_not_exists": "create"}
    assert house.bob.post(f"/threads/{session}/runs/wait", json=run).status_code in {404, 409}
    asked = house.bob.post("/ask", params={"session_id": session}, json={"message": "hi"})
    assert asked.status_code == 404
    assert house.bob.get(f"/threads/{session}/state").status_code == 404
    state = house.alice.get(f"/threads/{session}/state").json()
    assert [m["type"] for m in state["values"]["messages"]] == ["human", "ai"]
    follow_up = house.alice.post(
        "/ask", params={"session_id": session}, json={"message": "and then?"}
    ).json()
    assert follow_up["answer"]["text"] == "Turn 2: and then?"


def test_lost_sessions_open_no_door_and_give_nobody_their_history(tmp_path: Path):
    server = Server(tmp_path)
    database = open_database(Settings(_env_file=None, data_dir=tmp_path))
    alice, _ = keys.create(database, tmp_path, "alice")
    server.start()
    with server.client(alice) as client:
        session = client.post("/get_session_id").json()["session_id"]
        asked = client.post("/ask", params={"session_id": session}, json={"message": "a secret"})
        assert asked.status_code == 200
    server.stop(signal.SIGKILL)
    database.close()
    for path in tmp_path.glob("home_energy.sqlite*"):
        path.unlink()
    for path in tmp_path.glob(".langgraph_api/*"):
        path.unlink()
    server.start()
    try:
        with server.client() as anybody:
            assert anybody.get("/sessions").status_code == 401
        address = f"sqlite:///{tmp_path}/home_energy.sqlite"
        again = Settings(_env_file=None, data_dir=tmp_path, database_url=address)
        bob, _ = keys.create(open_database(again), tmp_path, "bob")
        with server.client(bob) as client:
            assert client.post("/threads", json={"thread_id": session}).status_code == 409
            run = {**RUN, "if_not_exists": "create"}
            assert not client.post(f"/threads/{session}/runs/wait", json=run).is_success
            assert client.get(f"/threads/{session}/state").status_code == 404
    finally:
        server.stop(signal.SIGKILL)
