"""A server whose agents and databases fail on demand, and all that a client can see of it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from server_process import Server
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

STREAM_MODES = ["values", "updates", "tasks", "debug", "events", "custom", "messages"]
RPC = {"Accept": "application/json, text/event-stream"}


class CanaryServer(Server):
    """Serves tests/canary_graph.py."""

    def _config(self) -> Path:
        path = super()._config()
        config = json.loads(path.read_text(encoding="utf-8"))
        config["graphs"]["assistant"]["path"] = "canary_graph:graph"
        config["graphs"]["rag"]["path"] = "canary_graph:rag"
        path.write_text(json.dumps(config), encoding="utf-8")
        return path

    @contextmanager
    def broken(self, place: str) -> Iterator[None]:
        """Let a function of the server's fail."""
        file = self.data_dir / "break"
        file.write_text(place, encoding="utf-8")
        time.sleep(0.1)
        yield
        file.unlink()
        time.sleep(0.1)


def surfaces(
    client: httpx.Client, thread: str, message: str, graph: str = "assistant"
) -> dict[str, str]:
    """Return what each surface says of a turn with this message, and of the thread after it."""
    run = {"assistant_id": graph, "input": {"messages": [{"role": "user", "content": message}]}}
    session = {"session_id": thread}
    asked, runs = {"message": message}, f"/threads/{thread}/runs"
    wanted: dict[str, Callable[[], httpx.Response]] = {
        "ask": lambda: client.post("/ask", params=session, json=asked),
        "ask, streamed": lambda: client.post(
            "/ask", params=session, json=asked, headers={"Accept": "text/event-stream"}
        ),
        "retrieve_contexts": lambda: client.post("/retrieve_contexts", params=session),
        "generate_summary": lambda: client.post(
            "/generate_summary", json={**session, "message_history": [message]}
        ),
        "save_records": lambda: client.post("/save_records", json={**session, "summary": message}),
        "sessions": lambda: client.get("/sessions"),
        "documents": lambda: client.get("/documents/x"),
        "get_session_id": lambda: client.post("/get_session_id"),
        "threads": lambda: client.post("/threads", json={}),
        "search": lambda: client.post("/threads/search", json={"ids": [thread]}),
        "copy": lambda: client.post(f"/threads/{thread}/copy"),
        "write state": lambda: client.post(f"/threads/{thread}/state", json={"values": {}}),
        "wait": lambda: client.post(f"{runs}/wait", json=run),
        "stream": lambda: client.post(f"{runs}/stream", json={**run, "stream_mode": STREAM_MODES}),
        "stateless": lambda: client.post("/runs/wait", json=run),
        "command": lambda: client.post(
            f"/threads/{thread}/commands",
            json={"id": 1, "method": "run.start", "params": run},
        ),
        "tree": lambda: client.post(
            f"/threads/{thread}/commands", json={"id": 1, "method": "agent.getTree", "params": {}}
        ),
        "MCP": lambda: client.post(
            "/mcp",
            headers=RPC,
            json=_rpc("tools/call", {"name": graph, "arguments": run["input"]}),
        ),
        "A2A": lambda: _a2a(client, graph, thread, message, "message/send", "application/json"),
        "A2A, streamed": lambda: _a2a(
            client, graph, thread, message, "message/stream", "text/event-stream"
        ),
        "state": lambda: client.get(f"/threads/{thread}/state"),
        "history": lambda: client.get(f"/threads/{thread}/history"),
        "runs": lambda: client.get(runs),
        "thread": lambda: client.get(f"/threads/{thread}"),
        "store": lambda: client.post("/store/items/search", json={"namespace_prefix": []}),
        "with a key": lambda: client.get(
            "/sessions", headers={"Host": "energy.example", "Authorization": "Bearer x"}
        ),
    }
    said = {name: _text(ask) for name, ask in wanted.items()}
    said["join"] = _text(lambda: client.get(f"{runs}/{_last_run(client, thread)}/join"))
    said["socket"] = _socket(client, thread, run)
    return said


def _text(ask: Callable[[], httpx.Response]) -> str:
    try:
        answer = ask()
    except httpx.TransportError as broken_off:
        return repr(broken_off)
    return f"{answer.status_code} {answer.headers} {answer.text}"


def _last_run(client: httpx.Client, thread: str) -> str:
    found = client.get(f"/threads/{thread}/runs")
    rows = found.json() if found.is_success else []
    return str(rows[0]["run_id"]) if rows else "00000000-0000-0000-0000-000000000000"


def _socket(client: httpx.Client, thread: str, run: dict[str, Any]) -> str:
    url = f"{client.base_url}".replace("http", "ws") + f"/threads/{thread}/stream/events"
    channels = {"channels": ["values", "messages", "lifecycle", "updates", "tasks", "custom"]}
    said = ""
    try:
        with connect(url, proxy=None) as socket:
            for number, (method, params) in enumerate(
                (("subscription.subscribe", channels), ("run.start", run), ("agent.getTree", {}))
            ):
                socket.send(json.dumps({"id": number, "method": method, "params": params}))
            while not any(word in said for word in ('"failed"', '"completed"')):
                said += str(socket.recv(timeout=1))
    except (ConnectionClosed, TimeoutError, OSError) as ended:
        said += repr(ended)
    return said


def _a2a(
    client: httpx.Client, graph: str, thread: str, text: str, method: str, accept: str
) -> httpx.Response:
    found = client.post("/assistants/search", json={"graph_id": graph}).json()
    message = {
        "role": "user",
        "parts": [{"kind": "text", "text": text}],
        "messageId": "m",
        "contextId": thread,
        "kind": "message",
    }
    return client.post(
        f"/a2a/{found[0]['assistant_id']}",
        headers={"Accept": accept},
        json=_rpc(method, {"message": message}),
    )


def _rpc(method: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": "1", "method": method, "params": params}
