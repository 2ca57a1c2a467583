"""Nobody asks too often, too much, too deep or too slowly; and a revoked key is heard no more."""

import asyncio
import json
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from langchain_core.messages import AIMessage, HumanMessage
from server_process import Server
from starlette.types import Message
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from agents.state import last_question
from home_energy import keys, spending
from home_energy.database import open_database
from home_energy.errors import BadInput, SetupError
from home_energy.settings import Settings
from server import bodies
from server.address import site_of
from server.bodies import MAX_DEPTH, depth_of, read_body
from server.limits import Limits
from server.problems import RefusedError

REQUESTS = 40
FAILURES = 9
LONG = "x" * 4_001
TOKENS = 1_000

_hosts = count(1)


class House:
    """A server with low limits, behind a proxy on this machine that it trusts."""

    def __init__(self, data_dir: Path) -> None:
        self.settings = Settings(_env_file=None, data_dir=data_dir)
        self.database = open_database(self.settings)
        self.server = Server(
            data_dir,
            settings={
                "requests_per_minute": REQUESTS,
                "failed_keys_per_minute": FAILURES,
                "model_tokens_per_day": TOKENS,
                "trusted_proxies": ("127.0.0.1",),
            },
        )
        self.key("somebody")
        self.server.start()

    def key(self, user: str, **wanted: Any) -> tuple[str, str]:
        """Return a new key and its id."""
        text, info = keys.create(self.database, self.settings.data_dir, user, **wanted)
        return text, info.id

    def client(self, key: str | None = None, host: str | None = None) -> httpx.Client:
        """Return a client at an address of its own."""
        client = self.server.client(key)
        client.headers["X-Forwarded-For"] = host or f"203.0.113.{next(_hosts)}"
        return client


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("data"))
    yield house
    house.server.stop(signal.SIGKILL)


@pytest.fixture
def alice(house: House) -> Iterator[httpx.Client]:
    """A client of a user with a key that no other test has used."""
    with house.client(house.key("alice")[0]) as client:
        yield client


def assert_too_many(response: httpx.Response) -> None:
    assert response.status_code == 429
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "too_many_requests"
    assert 1 <= int(response.headers["retry-after"]) <= 60


def asked_again(client: httpx.Client, method: str, path: str) -> httpx.Response:
    """Ask again if a second that passed meanwhile has allowed one more."""
    answered = client.request(method, path)
    return answered if answered.status_code == 429 else client.request(method, path)


@pytest.mark.slow
def test_a_key_that_asks_too_often_waits_and_nobody_else_does(house: House, alice: httpx.Client):
    left = []
    for number in range(REQUESTS):
        path = ("/sessions", "/threads/search", "/assistants/search", "/nothing")[number % 4]
        answered = alice.request("GET" if path in ("/sessions", "/nothing") else "POST", path)
        assert answered.status_code != 429
        assert answered.headers["ratelimit-limit"] == str(REQUESTS)
        left.append(int(answered.headers["ratelimit-remaining"]))
    assert left == sorted(left, reverse=True)
    assert left[-1] == 0
    for method, path in (("GET", "/sessions"), ("POST", "/threads"), ("GET", "/nothing")):
        assert_too_many(asked_again(alice, method, path))
    assert alice.get("/ok").status_code == 200
    with house.client(house.key("bob")[0], alice.headers["X-Forwarded-For"]) as bob:
        assert bob.get("/sessions").status_code == 200
    with pytest.raises(InvalidStatus) as refused, socket(house, alice):
        pass
    assert refused.value.response.status_code == 429


@pytest.mark.slow
def test_an_address_without_a_key_that_asks_too_often_waits(house: House):
    with house.client() as stranger, house.client() as other:
        for _ in range(REQUESTS):
            assert stranger.get("/sessions").status_code == 401
        assert_too_many(asked_again(stranger, "GET", "/sessions"))
        assert_too_many(asked_again(stranger, "GET", "/reference"))
        assert other.get("/reference").status_code == 200


@pytest.mark.slow
def test_wrong_keys_are_limited_by_address_and_never_lock_out_the_right_one(house: House):
    right, _ = house.key("carol")
    with house.client() as guesser:
        for number in range(FAILURES):
            guess = guesser.get("/threads", headers={"X-Api-Key": f"nonsense {number}"})
            assert guess.status_code == 401
        for headers in ({"X-Api-Key": "once more"}, {"Authorization": "Bearer once more"}):
            assert_too_many(guesser.get("/sessions", headers=headers))
        same_place = guesser.headers["X-Forwarded-For"]
    for host in (same_place, None):
        with house.client(right, host) as carol:
            assert carol.get("/sessions").status_code == 200


@pytest.mark.slow
def test_guessing_at_one_key_from_many_addresses_is_limited_too(house: House):
    right, key_id = house.key("carol")
    wrong = f"hea_{key_id}_{'A' * 43}"

    def guess(key: str) -> httpx.Response:
        with house.client(key) as client:
            return client.post("/get_session_id")

    assert [guess(wrong).status_code for _ in range(FAILURES)] == [401] * FAILURES
    assert_too_many(guess(wrong))
    assert guess(right).status_code == 200


@pytest.mark.slow
async def test_a_flood_does_not_starve_another_user(house: House):
    flooder, bystander = house.key("flood")[0], house.key("dave")[0]
    async with (
        httpx.AsyncClient(base_url=house.server.url, trust_env=False, timeout=60) as client,
        asyncio.TaskGroup() as group,
    ):
        flood = [
            group.create_task(client.get("/sessions", headers={"X-Api-Key": flooder}))
            for _ in range(500)
        ]
        await asyncio.sleep(0.05)
        begun = time.monotonic()
        async with httpx.AsyncClient(
            base_url=house.server.url, trust_env=False, headers={"X-Api-Key": bystander}
        ) as other:
            session = (await other.post("/get_session_id")).json()["session_id"]
            asked = await other.post(
                "/ask", params={"session_id": session}, json={"message": "hi"}, timeout=30
            )
        waited = time.monotonic() - begun
        still_coming = sum(not task.done() for task in flood)
    statuses = [task.result().status_code for task in flood]
    assert asked.json()["answer"]["text"] == "Turn 1: hi"
    # On a busy machine all take long, but who waits for the flood comes after it.
    assert waited < 3 or still_coming
    assert statuses.count(200) <= REQUESTS * 1.5
    assert statuses.count(200) + statuses.count(429) == 500


def session_of(client: httpx.Client) -> str:
    return str(client.post("/get_session_id").json()["session_id"])


def run(text: str) -> dict[str, Any]:
    return {
        "assistant_id": "assistant",
        "input": {"messages": [{"role": "user", "content": text}]},
    }


def socket(house: House, client: httpx.Client, thread: str = "none", **headers: str) -> Any:
    url = house.server.url.replace("http", "ws") + f"/threads/{thread}/stream/events"
    given = {
        "Authorization": client.headers["Authorization"],
        "X-Forwarded-For": client.headers["X-Forwarded-For"],
        **headers,
    }
    return connect(url, additional_headers=given, proxy=None)


@pytest.mark.slow
def test_a_revoked_key_opens_nothing_any_more_and_its_streams_end(house: House):
    text, key_id = house.key("erin")
    with house.client(text) as erin:
        thread = session_of(erin)
        with erin.stream("POST", f"/threads/{thread}/runs/stream", json=run("sleep 3")) as stream:
            lines = stream.iter_lines()
            heard = [next(lines)]
            keys.revoke(house.database, key_id)
            revoked = time.monotonic()
            for method, path in (
                ("GET", "/sessions"), ("POST", "/threads"), ("GET", f"/threads/{thread}"),
                ("GET", f"/threads/{thread}/state"), ("POST", f"/threads/{thread}/runs/wait"),
                ("POST", "/assistants/search"), ("POST", "/store/items/search"), ("POST", "/mcp"),
            ):  # fmt: skip
                assert erin.request(method, path, json={}).status_code == 401, path
            assert time.monotonic() - revoked < 5
            heard.extend(lines)
    assert "Turn 1" not in "".join(heard)


@pytest.mark.slow
def test_an_answer_that_was_waited_for_is_not_told_to_a_revoked_key(house: House):
    text, key_id = house.key("erin")
    with house.client(text) as erin:
        thread = session_of(erin)

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(
                base_url=house.server.url, trust_env=False, timeout=60
            ) as client:
                asked = asyncio.create_task(
                    client.post(
                        "/ask",
                        params={"session_id": thread},
                        json={"message": "sleep 2"},
                        headers={"X-Api-Key": text},
                    )
                )
                await asyncio.sleep(1)
                await asyncio.to_thread(keys.revoke, house.database, key_id)
                return await asked

        answered = asyncio.run(ask())
    assert answered.status_code == 401
    assert "Turn" not in answered.text


@pytest.mark.slow
def test_a_web_socket_of_a_revoked_key_is_closed(house: House):
    text, key_id = house.key("frank")
    with house.client(text) as frank, socket(house, frank, session_of(frank)) as ws:
        keys.revoke(house.database, key_id)
        time.sleep(0.6)
        ws.send(json.dumps({"id": 1, "method": "nothing", "params": {}}))
        with pytest.raises(ConnectionClosed) as closed:
            ws.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


@pytest.mark.slow
def test_a_web_socket_takes_no_more_messages_than_a_minute_has_requests(
    house: House, alice: httpx.Client
):
    with socket(house, alice, session_of(alice)) as ws:
        # Starting the session and the socket were two.
        for number in range(REQUESTS - 2):
            ws.send(json.dumps({"id": number, "method": "nothing", "params": {}}))
            ws.recv(timeout=10)
        ws.send(json.dumps({"id": REQUESTS, "method": "nothing", "params": {}}))
        with pytest.raises(ConnectionClosed) as closed:
            ws.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


@pytest.mark.slow
def test_an_evaluation_key_asks_as_its_own_user_and_does_nothing_else(house: House):
    with house.client(house.key("judge", evaluates=True)[0]) as judge:
        session = session_of(judge)
        asked = judge.post("/ask", params={"session_id": session}, json={"message": "hi"})
        assert asked.json()["answer"]["text"] == "Turn 1: hi"
        ran = judge.post(f"/threads/{session}/runs/wait", json=run("hi"))
        assert ran.json()["answer"]["text"] == "Turn 2: hi"
        assert judge.delete(f"/sessions/{session}").status_code == 204
        body = {
            "graph_id": "assistant", "schedule": "* * * * *",
            "namespace": ["x"], "key": "k", "value": {}, "session_id": session, "summary": "s",
        }  # fmt: skip
        for method, path in (
            ("GET", "/info"), ("GET", "/metrics"), ("POST", "/assistants"),
            ("POST", "/runs/crons/search"), ("PUT", "/store/items"),
            ("POST", "/store/items/search"), ("POST", "/store/namespaces"), ("POST", "/mcp"),
            ("POST", "/a2a/fe096781-5601-53d2-b2f6-0d3403f7e9ca"), ("POST", "/save_records"),
        ):  # fmt: skip
            refused = judge.request(method, path, json=body if method != "GET" else None)
            assert refused.status_code == 403, path


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/metrics", "/info"])
def test_metrics_and_info_are_for_admins_where_they_are_not_asked_on_this_machine(
    house: House, path: str
):
    with house.client(house.key("root", admin=True)[0]) as admin:
        assert admin.get(path).status_code == 200
    with house.client(house.key("alice")[0]) as user, house.client() as stranger:
        assert user.get(path).status_code == 403
        assert stranger.get(path).status_code == 403
    with house.server.client() as here:
        assert here.get(path).status_code == 200


@pytest.mark.slow
def test_who_has_spent_the_days_tokens_runs_nothing_by_any_door(house: House):
    text, _ = house.key("grace")
    with house.client(text) as grace:
        session = session_of(grace)
        now = datetime.now(UTC)
        spending.spend(house.database, "grace", TOKENS - 1, now=now)
        asked = grace.post("/ask", params={"session_id": session}, json={"message": "hi"})
        assert asked.status_code == 200
        spending.spend(house.database, "grace", 1, now=now)
        ask = grace.post("/ask", params={"session_id": session}, json={"message": "hi"})
        for refused in (
            ask,
            grace.post(f"/threads/{session}/runs/wait", json=run("hi")),
            grace.post(f"/threads/{session}/runs/stream", json=run("hi")),
            grace.post("/runs/wait", json=run("hi")),
        ):
            assert refused.status_code == 429
            assert "tokens" in refused.json()["detail"]
            assert 0 < int(refused.headers["retry-after"]) <= 86_400
        assert "tokens" in mcp(grace, "hi")
        assert grace.get("/sessions").status_code == 200


def mcp(client: httpx.Client, text: str) -> str:
    call = {
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "assistant", "arguments": run(text)["input"]},
    }  # fmt: skip
    headers = {"Accept": "application/json, text/event-stream"}
    return client.post("/mcp", json=call, headers=headers).text


def a2a(client: httpx.Client, text: str) -> str:
    assistant = client.post("/assistants/search", json={"graph_id": "assistant"}).json()[0]
    message = {"role": "user", "messageId": "m", "parts": [{"kind": "text", "text": text}]}
    call = {"jsonrpc": "2.0", "id": 1, "method": "message/send", "params": {"message": message}}
    return client.post(f"/a2a/{assistant['assistant_id']}", json=call).text


@pytest.mark.slow
def test_a_question_that_is_too_long_is_refused_at_every_door(alice: httpx.Client):
    session = session_of(alice)
    sentence = "4,000 characters"
    messages: list[Any] = [
        LONG,
        {"role": "user", "content": LONG},
        {"role": "user", "type": "ai", "content": LONG},
        {"type": "human", "content": [{"type": "text", "text": "x" * 3_000}] * 2},
        ["user", LONG],
    ]
    bodies: list[dict[str, Any]] = [
        *({"input": {"messages": [message]}} for message in messages),
        {"input": {"messages": LONG}},
        {"command": {"resume": LONG}},
        {"command": {"update": {"messages": [{"role": "user", "content": LONG}]}}},
    ]
    for body in bodies:
        refused = alice.post(
            f"/threads/{session}/runs/wait", json={"assistant_id": "assistant", **body}
        )
        assert refused.status_code == 422, body.keys()
        assert sentence in refused.json()["detail"]
    for path in (f"/threads/{session}/runs", f"/threads/{session}/runs/stream", "/runs/wait"):
        assert sentence in alice.post(path, json=run(LONG)).json()["detail"]
    asked = alice.post("/ask", params={"session_id": session}, json={"message": LONG})
    assert (asked.status_code, sentence in asked.json()["detail"]) == (422, True)
    assert sentence in mcp(alice, LONG)
    assert sentence in a2a(alice, LONG)
    assert not alice.get(f"/threads/{session}/state").json()["values"].get("messages")


@pytest.mark.slow
def test_answers_in_a_history_may_be_longer_than_a_question(alice: httpx.Client):
    history = [
        {"role": "user", "content": "one"}, {"role": "assistant", "content": LONG},
        {"role": "user", "content": "x" * 4_000},
    ]  # fmt: skip
    body = {"assistant_id": "assistant", "input": {"messages": history}}
    ran = alice.post(f"/threads/{session_of(alice)}/runs/wait", json=body)
    assert ran.json()["answer"]["text"] == f"Turn 2: {'x' * 4_000}"


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"input":' + b"[" * 65 + b"]" * 65 + b"}",
        b'"\\"' + b"[" * 70,
        ('{"a":' * 10).encode("utf-16"),
    ],
    ids=["lists", "objects", "one too deep", "an open string", "UTF-16"],
)
def test_deep_json_is_refused_before_anything_reads_it(alice: httpx.Client, body: bytes):
    headers = {"Content-Type": "application/json"}
    for path in ("/ask?session_id=x", "/threads", "/threads/search", "/mcp", "/nothing"):
        refused = alice.post(path, content=body, headers=headers)
        # What only ends in an open string is no JSON, and is refused for that.
        assert refused.status_code == 422 or body.startswith(b'"'), path
        assert refused.status_code in (400, 401, 404, 422)
        assert refused.json()["request_id"] if refused.status_code == 422 else True


@pytest.mark.slow
def test_deep_json_closes_a_web_socket(house: House, alice: httpx.Client):
    with socket(house, alice, session_of(alice)) as ws:
        ws.send("[" * 100_000)
        with pytest.raises(ConnectionClosed) as closed:
            ws.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, "deep" in closed.value.rcvd.reason) == (1008, True)


@pytest.mark.slow
def test_headers_and_addresses_have_an_end(house: House, alice: httpx.Client):
    many = {f"X-Many-{number}": "1" for number in range(101)}
    assert alice.get("/sessions", headers=many).status_code == 431
    assert alice.get("/threads", headers={"X-Large": "x" * 32_001}).status_code == 431
    assert alice.get("/sessions", params={"q": "x" * 8_000}).status_code == 414
    assert alice.get("/threads/" + "x" * 8_000).status_code == 414
    with pytest.raises(InvalidStatus) as refused, socket(house, alice, **many):
        pass
    assert refused.value.response.status_code == 431


def test_a_long_question_that_is_in_the_state_already_is_refused_by_the_graph():
    assert last_question([HumanMessage(LONG), HumanMessage("x" * 4_000)]) is not None
    with pytest.raises(BadInput, match="4,000 characters"):
        last_question([HumanMessage(LONG), AIMessage("hm")])


def test_tokens_are_summed_by_user_and_day(tmp_path: Path):
    database = open_database(Settings(_env_file=None, data_dir=tmp_path))
    late = datetime(2026, 11, 22, 23, 59, 50, tzinfo=UTC)
    for user, tokens in (("alice", 300), ("alice", 200), ("bob", 7), ("alice", 0)):
        spending.spend(database, user, tokens, now=late)
    spending.spend(database, "alice", 1, now=late + timedelta(seconds=10))
    assert spending.spent(database, "alice", day=late.date()) == 500
    assert spending.spent(database, "alice", day=late.date() + timedelta(days=1)) == 1
    assert spending.spent(database, "carol", day=late.date()) == 0
    assert spending.seconds_left(late) == 10
    spending.spend(database, "alice", 1, now=late + timedelta(days=40))
    assert spending.spent(database, "alice", day=late.date()) == 0
    database.close()


def test_depth_is_counted_outside_strings():
    deep = b"[" * (MAX_DEPTH + 1)
    assert depth_of(deep) > MAX_DEPTH
    assert depth_of(b'"' + deep + b'"') == 0
    assert depth_of(b'["\\"' + deep + b'"]') == 1
    assert depth_of(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH) <= MAX_DEPTH
    assert depth_of(b"[]," * 1_000) == 1
    assert depth_of(b"]" * 100 + deep) > MAX_DEPTH


@pytest.mark.parametrize(
    "body", [b'"' * 999_999, b'"' + b'\\"' * 499_999, b"[]" * 500_000, b"[" * 65 + b'"\\' * 400_000]
)
def test_counting_depth_takes_no_longer_than_reading(body: bytes):
    begun = time.process_time()
    depth_of(b"[" * 65 + b"]" * 65 + body)
    assert time.process_time() - begun < 2


async def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.05)

    async def drip() -> Message:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    scope = {"type": "http", "headers": [(b"content-length", b"1000")]}
    with pytest.raises(RefusedError) as refused:
        await read_body(scope, drip)
    assert refused.value.status == 408


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_an_ipv6_customer_is_one_address(address: str, site: str):
    assert site_of({"type": "http", "client": (address, 1), "headers": []}) == site


@pytest.mark.parametrize("address", ["nonsense", "nosuch://x", "redis://127.0.0.1:1"])
def test_a_store_of_counts_that_cannot_be_used_is_one_sentence(address: str):
    with pytest.raises(SetupError, match="HOME_ENERGY_LIMITS_STORAGE"):
        Limits(Settings(_env_file=None, limits_storage=address))
