"""The server's log tells what happened, and nothing of what was said or who said it."""

import asyncio
import json
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from server_process import Server
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from home_energy import keys
from home_energy.database import open_database
from home_energy.errors import IndexUnavailable
from home_energy.settings import Settings
from server.logs import only_safe, where_it_failed

CANARY = "canary-8813"
STUB_CANARY = "canary-4711"
"""What the stub graph's own errors hold."""


class House:
    """A server that logs as much as it can, and a key that a client spreads about."""

    def __init__(self, data_dir: Path) -> None:
        settings = Settings(_env_file=None, data_dir=data_dir)
        database = open_database(settings)
        self.key, _ = keys.create(database, data_dir, "alice")
        self.spoilt = self.key[:-1] + ("A" if self.key[-1] != "A" else "B")
        self.server = Server(data_dir, variables={"LOG_LEVEL": "DEBUG"})
        self.server.start()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("data"))
    try:
        spread(house)
    finally:
        house.server.stop(signal.SIGTERM)
    return house


def run(text: str) -> dict[str, Any]:
    return {
        "assistant_id": "assistant",
        "input": {"messages": [{"role": "user", "content": text}]},
        "metadata": {"note": CANARY},
    }


def spread(house: House) -> None:
    """Put the canary and the key wherever a client can, in turns that end well and that fail."""
    with house.server.client(house.key) as client:
        session = client.post("/get_session_id").json()["session_id"]
        for text in (f"{CANARY} question", "fail"):
            client.post("/ask", params={"session_id": session}, json={"message": text})
            client.post(f"/threads/{session}/runs/wait", json=run(text))
            client.post(f"/threads/{session}/runs/stream", json=run(text))
        for secret in (CANARY, house.key, house.spoilt):
            places(client, session, secret)
            raw(house, secret)
            web_socket(house, session, secret)
    asyncio.run(leave(house, session))


def places(client: httpx.Client, session: str, secret: str) -> None:
    for path in (f"/{secret}", f"/threads/{secret}", f"/threads/{session}/{secret}",
                 f"/documents/{secret}", f"/sessions/{secret}"):  # fmt: skip
        client.get(path)
        client.delete(path)
        client.get(path, headers={"Authorization": f"Bearer {secret}"})
    for method, path in (("GET", "/sessions"), ("POST", "/threads/search"), ("GET", "/nothing")):
        client.request(method, path, params={"api_key": secret, secret: "1"})
        for name in ("X-Api-Key", "X-Key", "Cookie", "Referer", "User-Agent",
                     "X-Auth-Scheme", "Traceparent", "Baggage", "Origin"):  # fmt: skip
            client.request(method, path, headers={name: secret})
        if secret != CANARY:
            # The id is the client's to choose, but a key is none.
            client.request(method, path, headers={"X-Request-Id": secret})
        for value in (f"Basic {secret}", secret, f"bearer  {secret}", f"Bearer {secret} {secret}"):
            client.request(method, path, headers={"Authorization": value})
    for body in (secret, {"message": secret}, [secret], {secret: {"config": secret}}):
        for path in ("/ask", "/threads", "/runs/wait", "/save_records", "/mcp", "/assistants"):
            client.post(path, json=body)
    client.post("/threads", content=b"{" + secret.encode())
    client.post("/runs/wait", json={**run("hi"), "webhook": f"http://127.0.0.1:9/{secret}"})
    client.post("/runs/wait", json={**run("hi"), "config": {"configurable": {"a": secret}}})
    client.post("/runs/wait", json={**run("hi"), "stream_mode": secret})
    client.post(f"/threads/{session}/state", json={"values": {"messages": secret}})
    client.put("/store/items", json={"namespace": [secret], "key": secret, "value": {"v": secret}})


def raw(house: House, secret: str) -> None:
    """Send what no client library would."""
    for request in (
        f"GET /{secret} HTTP/9.9\r\n\r\n",
        f"{secret} / HTTP/1.1\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: {secret}\r\n{secret}\r\n\r\n",
        f"POST /ask HTTP/1.1\r\nHost: x\r\nContent-Length: {secret}\r\n\r\n{secret}",
        f"GET /%ff{secret}%0a HTTP/1.1\r\nHost: x\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", house.server.port), timeout=5) as connection:
            connection.sendall(request.encode())
            connection.shutdown(socket.SHUT_WR)
            with suppress(OSError):
                connection.recv(1_000)


def web_socket(house: House, session: str, secret: str) -> None:
    url = house.server.url.replace("http", "ws")
    headers = {"Authorization": f"Bearer {house.key}"}
    for path in (
        f"/threads/{session}/stream/events?k={secret}",
        f"/threads/{secret}/stream/events",
    ):
        with (
            suppress(WebSocketException),
            connect(url + path, additional_headers=headers, proxy=None) as ws,
        ):
            for message in (secret, json.dumps({"id": 1, "method": secret, "params": [secret]})):
                ws.send(message)
                with suppress(TimeoutError):
                    ws.recv(timeout=1)


async def leave(house: House, session: str) -> None:
    """Hang up in the middle of an answer."""
    async with httpx.AsyncClient(
        base_url=house.server.url, headers={"X-Api-Key": house.key}, trust_env=False
    ) as client:
        with suppress(httpx.TimeoutException):
            await client.post(
                f"/threads/{session}/runs/wait", json=run(f"sleep 1 {CANARY}"), timeout=0.3
            )


@pytest.mark.slow
def test_no_text_no_key_and_no_answer_is_in_the_log(house: House):
    log = house.server.log
    for secret in (CANARY, STUB_CANARY, house.key, house.spoilt, house.key.split("_", 2)[2][:12]):
        lines = [line for line in log.splitlines() if secret in line]
        assert lines == []


@pytest.mark.slow
def test_the_log_still_tells_what_failed_and_where(house: House):
    log = house.server.log
    assert "/threads/{thread_id}/runs/wait" in log
    assert "builtins.RuntimeError" in log
    assert "stub_graph.py" in log
    assert "run_failed" in log
    assert "request_id" in log


@pytest.mark.slow
def test_an_answer_and_the_log_name_the_same_request(tmp_path: Path):
    server = Server(tmp_path / "data")
    server.start()
    with server.client() as client:
        missing = client.get("/threads/00000000-0000-0000-0000-000000000000")
        failed = client.post("/threads", content=b"{", headers={"X-Request-Id": "mine-77"})
        ours = client.delete("/sessions/none", headers={"X-Request-Id": "mine-78"})
    server.stop(signal.SIGTERM)
    assert (ours.status_code, "request_id=mine-78" in server.log) == (404, True)
    assert missing.json()["request_id"] == missing.headers["x-request-id"]
    assert missing.headers["x-request-id"] in server.log
    assert failed.headers["x-request-id"] == "mine-77"
    assert "mine-77" in server.log


def failing(text: str) -> BaseException:
    try:
        try:
            raise KeyError(text)
        except KeyError as exc:
            raise ValueError(f"because of {text}") from exc
    except ValueError as exc:
        return exc


@pytest.mark.parametrize("given", ["error", "tuple", "true"])
def test_an_exception_is_told_by_its_places_and_kinds(given: str):
    error = failing(CANARY)
    try:
        raise error
    except ValueError:
        exc_info = {"error": error, "tuple": sys.exc_info(), "true": True}[given]
        told = where_it_failed(None, "error", {"event": "x", "exc_info": exc_info})["exception"]
    assert CANARY not in told
    assert "builtins.KeyError" in told
    assert told.splitlines()[-1] == "builtins.ValueError"
    assert "test_logs.py" in told


def test_what_a_person_must_mend_keeps_its_sentence():
    error = IndexUnavailable("There is no index: run make ingest.")
    told = where_it_failed(None, "error", {"event": "x", "exc_info": error})["exception"]
    assert told.endswith("IndexUnavailable: There is no index: run make ingest.")


RETRIEVED = "Task exception was never retrieved"
FRAME = '  File "a.py", line 3, in f'
TRACE = "Traceback (most recent call last):\n"
SETUP = "home_energy.errors.SetupError"


@pytest.mark.parametrize(
    ("event", "kept"),
    [
        (f"Run failed: <class 'ValueError'>({CANARY})", "Run failed"),
        (f"{RETRIEVED}\nfuture: {CANARY}", RETRIEVED),
        (f"Query '{CANARY}' is odd", "Query"),
        (f"{TRACE}{FRAME}\n    {CANARY}\nValueError: {CANARY}", f"{FRAME}\nValueError"),
        (f"{TRACE}{SETUP}: Free the port.", f"{SETUP}: Free the port.\n{SETUP}"),
    ],
)
def test_of_other_programs_events_only_the_beginning_is_kept(event: str, kept: str):
    fields = {"logger": "langgraph_api.worker", "event": event, "input": CANARY, "n": 3,
              "exception": CANARY, "run_id": f"{CANARY} with a space"}  # fmt: skip
    assert only_safe(None, "error", fields) == {
        "logger": "langgraph_api.worker",
        "event": kept,
        "n": 3,
    }


def test_a_key_is_masked_wherever_it_stands():
    event = {"logger": "server.x", "event": "x", "why": f"hea_0123456789ab_{'A' * 43} is odd"}
    assert only_safe(None, "info", event)["why"] == "hea_… is odd"


def test_our_own_events_are_sentences_without_values():
    """An event is a constant, so that it cannot hold what a user said."""
    root = Path(__file__).parents[1]
    found = []
    for folder in ("server", "home_energy", "agents", "graphs", "tools"):
        for path in (root / folder).rglob("*.py"):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                called = line.strip()
                if called.startswith("log.") and "(f" in called:
                    found.append(f"{path.name}:{number}")
    assert found == []
