"""What every request passes first: closed routes, sizes, ids, headers; and the API's own page."""

import json
import re

import httpx
import pytest
from fastapi.openapi.models import OpenAPI
from server_process import shared_server
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from home_energy.settings import PROJECT_ROOT, Settings
from server.address import is_local, is_loopback
from server.launch import environment
from server.origins import allowed_origins, is_foreign

pytestmark = pytest.mark.slow


@pytest.fixture
def client():
    with shared_server().client() as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/internal/truncate"),
        ("GET", "/internal/debug/thread/00000000-0000-0000-0000-000000000000"),
        ("GET", "/deploy"),
        ("POST", "/deploy"),
        ("GET", "/deploy/x"),
        ("POST", "/ui/assistant"),
        ("GET", "/ui/anything"),
    ],
)
def test_development_routes_are_closed(client: httpx.Client, method: str, path: str):
    response = client.request(method, path)
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def test_truncating_deletes_nothing(client: httpx.Client):
    session = client.post("/get_session_id").json()["session_id"]
    client.post("/internal/truncate", json={"threads": True, "runs": True})
    assert client.get(f"/threads/{session}").status_code == 200


def test_given_request_id_is_kept_and_an_unfit_one_replaced(client: httpx.Client):
    def answered_id(given: str) -> str:
        return client.get("/sessions", headers={"X-Request-Id": given}).headers["x-request-id"]

    assert answered_id("mine-1") == "mine-1"
    assert re.fullmatch("[0-9a-f]{32}", answered_id("not fit for a log!"))
    assert re.fullmatch("[0-9a-f]{32}", answered_id("x" * 200))


@pytest.mark.parametrize("path", ["/sessions", "/nothing", "/threads", "/ok", "/reference"])
def test_every_answer_has_security_headers(client: httpx.Client, path: str):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "x-request-id" in headers


def test_large_body_is_refused_on_built_in_routes_with_and_without_a_length(client: httpx.Client):
    def chunks():
        for _ in range(11):
            yield b"x" * 100_000

    for response in (
        client.post("/threads", content=b"x" * 1_000_001),
        client.post("/threads", content=chunks()),
    ):
        assert response.status_code == 413
        assert response.json()["code"] == "too_large"


def test_small_body_without_a_length_is_read(client: httpx.Client):
    session = client.post("/get_session_id").json()["session_id"]
    response = client.post(
        "/ask",
        params={"session_id": session},
        content=iter([b'{"message": ', b'"in parts"}']),
        headers={"Content-Type": "application/json"},
    )
    assert response.json()["answer"]["text"] == "Turn 1: in parts"


def test_errors_of_built_in_routes_are_problems(client: httpx.Client):
    response = client.get("/threads/00000000-0000-0000-0000-000000000000")
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "not_found"
    assert "not found" in response.json()["detail"]


def test_other_hosts_name_gets_no_answer_without_a_key(client: httpx.Client):
    # A web page that resolves its own name to this machine must not act as its user.
    response = client.get("/sessions", headers={"Host": "evil.example:2024"})
    assert response.status_code == 401


def test_other_origins_are_not_allowed_by_cors(client: httpx.Client):
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in client.options("/ask", headers=headers).headers
    headers["Origin"] = "https://smith.langchain.com"
    allowed = client.options("/ask", headers=headers).headers["access-control-allow-origin"]
    assert allowed == "https://smith.langchain.com"


def test_metrics_and_info_are_answered_on_this_machine(client: httpx.Client):
    assert "# HELP" in client.get("/metrics").text
    assert client.get("/info").json()["version"]


@pytest.mark.parametrize("path", ["/metrics", "/info"])
def test_metrics_are_not_told_under_another_hosts_name(client: httpx.Client, path: str):
    assert client.get(path, headers={"Host": "evil.example:2024"}).status_code == 403


@pytest.mark.parametrize(
    "page",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/threads"),
        ("POST", "/threads/{session}/runs"),
        ("POST", "/threads/prune"),
        ("POST", "/get_session_id"),
        ("POST", "/ask?session_id={session}"),
        ("DELETE", "/sessions/{session}"),
        ("POST", "/mcp"),
    ],
)
def test_page_of_another_site_changes_nothing(
    client: httpx.Client, page: dict[str, str], method: str, path: str
):
    session = client.post("/get_session_id").json()["session_id"]
    before = client.get("/sessions").json()
    body = f'{{"thread_ids": ["{session}"], "assistant_id": "assistant", "message": "hi"}}'
    response = client.request(
        method,
        path.format(session=session),
        content=body,
        headers={"Content-Type": "text/plain", **page},
    )
    assert response.status_code == 403
    assert response.json()["code"] == "forbidden"
    assert client.get("/sessions").json() == before


@pytest.mark.parametrize("origin", ["https://smith.langchain.com", "the server's own", None])
def test_own_pages_and_studio_may_act(client: httpx.Client, origin: str | None):
    own = str(client.base_url).rstrip("/")
    headers = {"Origin": own if origin == "the server's own" else origin} if origin else {}
    assert client.post("/get_session_id", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("headers", "foreign"),
    [
        ({"origin": "https://a.example"}, False),
        ({"origin": "https://evil.example"}, True),
        ({"origin": "https://evil.example", "authorization": "Bearer x"}, False),
        ({"origin": "http://["}, True),
        ({}, False),
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_foreign_is_who_is_neither_allowed_nor_has_a_key(
    kind: str, headers: dict[str, str], foreign: bool
):
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "method": "POST", "headers": [*raw, (b"host", b"localhost:2024")]}
    assert is_foreign(scope, ("https://a.example",)) is foreign


def test_socket_of_another_sites_page_is_closed(client: httpx.Client):
    session = client.post("/get_session_id").json()["session_id"]
    url = f"{client.base_url}".replace("http", "ws") + f"/threads/{session}/stream/events"
    with pytest.raises(InvalidStatus) as refused:
        connect(url, origin=Origin("https://evil.example"), proxy=None)
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/ask", "POST"),
        ("PUT", "/sessions", "GET"),
        ("GET", "/sessions/x", "DELETE"),
        ("POST", "/documents/a/b", "GET"),
    ],
)
def test_wrong_method_is_told_with_the_right_one(
    client: httpx.Client, method: str, path: str, allowed: str
):
    response = client.request(method, path)
    assert (response.status_code, response.headers["allow"]) == (405, allowed)
    assert response.json()["code"] == "method_not_allowed"


def test_control_character_in_a_path_is_in_no_log(client: httpx.Client):
    assert client.get("/documents/%00").status_code == 404
    assert "\0" not in shared_server().log


@pytest.mark.parametrize(
    ("address", "host", "local"),
    [
        ("127.0.0.1", "localhost:2024", True),
        ("::1", "[::1]:2024", True),
        ("127.0.0.1", "localhost", True),
        ("127.0.0.1", "evil.example:2024", False),
        ("127.0.0.1", "", False),
        ("10.0.0.5", "localhost", False),
        ("203.0.113.9", "localhost", False),
        ("", "localhost", False),
    ],
)
def test_only_this_machine_is_local(address: str, host: str, local: bool):
    headers = [(b"host", host.encode())]
    scope = {"type": "http", "client": (address, 1234), "headers": headers}
    assert is_local(scope) is local


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_what_a_proxy_passed_on_was_not_made_on_this_machine(client: httpx.Client, name: str):
    # A proxy on this machine may name the server as it likes, and speak for anyone.
    for value in ("127.0.0.1", "203.0.113.9", ""):
        assert client.get("/sessions", headers={name: value}).status_code == 401
        assert client.get("/metrics", headers={name: value}).status_code == 403


def test_cors_and_the_guard_read_one_list_of_origins():
    config = json.loads((PROJECT_ROOT / "langgraph.json").read_text(encoding="utf-8"))
    own = Settings(_env_file=None)
    assert config["http"]["cors"]["allow_origins"] == list(allowed_origins(own))
    more = Settings(_env_file=None, cors_origins="https://a.example,https://b.example")
    served = json.loads(
        environment("127.0.0.1", 1, more, PROJECT_ROOT / "langgraph.json")["LANGGRAPH_HTTP"]
    )
    assert served["cors"]["allow_origins"] == list(allowed_origins(more))


def test_allowed_page_may_read_what_the_guard_answers(client: httpx.Client):
    refused = client.get(
        "/sessions", headers={"Origin": "https://smith.langchain.com", "X": "x" * 33_000}
    )
    assert refused.status_code == 431
    assert refused.headers["access-control-allow-origin"] == "https://smith.langchain.com"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("[::1]", True), ("0.0.0.0", False), ("localhost.evil.example", False)],
)
def test_only_loopback_names_are_loopback(host: str, loopback: bool):
    assert is_loopback(host) is loopback


def test_reference_page_loads_nothing_from_elsewhere(client: httpx.Client):
    page = client.get("/reference").text
    assert "http://" not in page
    assert "https://" not in page
    for link in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert client.get(link).status_code == 200
    docs = client.get("/docs")
    assert (docs.status_code, docs.headers["location"]) == (307, "/reference")


def test_api_describes_our_doors_completely(client: httpx.Client):
    spec = client.get("/openapi.json").json()
    OpenAPI.model_validate(spec)
    assert spec["security"] == [{"bearer": []}, {"apiKey": []}]
    assert {"bearer", "apiKey"} <= spec["components"]["securitySchemes"].keys()
    doors = {
        ("/get_session_id", "post"): (),
        ("/ask", "post"): ("404", "409"),
        ("/retrieve_contexts", "post"): ("400", "404", "409"),
        ("/generate_summary", "post"): ("400", "404", "409"),
        ("/save_records", "post"): ("404", "409"),
        ("/sessions", "get"): (),
        ("/sessions/{session_id}", "delete"): ("404",),
        ("/documents/{document_id}", "get"): ("404",),
    }
    for (path, method), errors in doors.items():
        responses = spec["paths"][path][method]["responses"]
        for status in (*errors, "401", "403", "413", "422", "500", "503"):
            schema = responses[status]["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}, (path, status)
        assert any(status.startswith("2") for status in responses)
    assert "text/event-stream" in spec["paths"]["/ask"]["post"]["responses"]["200"]["content"]
    assert "/threads/{thread_id}/runs/stream" in spec["paths"]
