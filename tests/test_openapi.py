"""That the API's description is valid, complete, and what the doors really answer."""

import signal
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi.openapi.models import OpenAPI
from house import House
from jsonschema_rs import Draft202012Validator, meta

from server.app import app

pytestmark = pytest.mark.slow

DOORS = {
    ("post", "/get_session_id"),
    ("post", "/ask"),
    ("post", "/retrieve_contexts"),
    ("post", "/generate_summary"),
    ("post", "/save_records"),
    ("get", "/sessions"),
    ("delete", "/sessions/{session_id}"),
    ("get", "/documents/{document_id}"),
}
OF_THE_GUARD = {"408", "429"}
"""Errors that take time or many requests; tests/test_limits.py makes them."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("data"))
    yield house
    house.close()
    house.server.stop(signal.SIGKILL)


@pytest.fixture(scope="module")
def spec(house: House) -> dict[str, Any]:
    found: dict[str, Any] = house.stranger.get("/openapi.json").json()
    return found


def operations(spec: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {door: spec["paths"][door[1]][door[0]] for door in DOORS}


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_every_door_of_ours_is_described(spec: dict[str, Any]):
    own = app.openapi()["paths"]
    assert {(method, path) for path, found in own.items() for method in found} == DOORS
    names = [each["operationId"] for each in operations(spec).values()]
    assert sorted(names) == sorted(set(names))


def test_the_description_is_a_valid_document(spec: dict[str, Any]):
    OpenAPI.model_validate(spec)
    for name in references(spec):
        node: Any = spec
        for step in name.removeprefix("#/").split("/"):
            node = node[step.replace("~1", "/").replace("~0", "~")]
    for schema in app.openapi()["components"]["schemas"].values():
        meta.validate(schema)


def test_keys_are_asked_for_everywhere(spec: dict[str, Any]):
    schemes = spec["components"]["securitySchemes"]
    assert {each["type"] for each in schemes.values()} == {"http", "apiKey"}
    assert {name for each in spec["security"] for name in each} == set(schemes)
    assert all("security" not in each for each in operations(spec).values())


def test_every_door_says_what_it_does_takes_and_answers(spec: dict[str, Any]):
    for door, found in operations(spec).items():
        assert found["summary"], door
        assert found["description"], door
        assert found["responses"].keys() >= {"401", "403", "413", "422", "429", "500", "503"}, door
        for status, answer in found["responses"].items():
            assert answer["description"], (door, status)
            if int(status) >= 400:
                (media,) = answer["content"]
                assert media == "application/problem+json"
                example = answer["content"][media]["example"]
                assert example["status"] == int(status)
                conforms(spec, answer["content"][media]["schema"], example)
    streamed = operations(spec)[("post", "/ask")]["responses"]["200"]["content"]
    assert streamed.keys() == {"application/json", "text/event-stream"}
    assert streamed["text/event-stream"]["example"].startswith("event: ")


def test_what_a_client_sends_has_an_example_that_fits(spec: dict[str, Any]):
    for name in ("Question", "SummaryWanted", "RecordWanted"):
        schema = spec["components"]["schemas"][name]
        for field in schema["required"]:
            for example in schema["properties"][field]["examples"]:
                conforms(spec, schema["properties"][field], example)


def conforms(spec: dict[str, Any], schema: dict[str, Any], content: object) -> None:
    Draft202012Validator({**schema, "components": spec["components"]}).validate(content)


def requests(house: House) -> Iterator[tuple[str, str, str, httpx.Response]]:
    """Make every door answer in every way that it can be made to."""
    alice = house.alice
    session = alice.post("/get_session_id").json()["session_id"]
    in_session = {"session_id": session}
    good: dict[tuple[str, str], dict[str, Any]] = {
        ("post", "/get_session_id"): {},
        ("post", "/ask"): {"params": in_session, "json": {"message": "hi"}},
        ("post", "/retrieve_contexts"): {"params": in_session},
        ("post", "/generate_summary"): {"json": {**in_session, "message_history": ["hi"]}},
        ("post", "/save_records"): {"json": {**in_session, "summary": "hi"}},
        ("get", "/sessions"): {},
        ("get", "/documents/{document_id}"): {},
        ("delete", "/sessions/{session_id}"): {},
    }

    def ask(
        door: tuple[str, str], client: httpx.Client = alice, at: str = session, **given: Any
    ) -> tuple[str, str, str, httpx.Response]:
        method, path = door
        url = path.format(session_id=at, document_id="x")
        return method, path, "", client.request(method, url, **{**good[door], **given})

    empty = {"session_id": alice.post("/get_session_id").json()["session_id"]}
    yield ask(("post", "/retrieve_contexts"), params=empty)
    yield ask(("post", "/generate_summary"), json={**empty, "message_history": []})
    for door in good:
        if door[0] != "delete":
            yield ask(door)
        yield ask(door, house.stranger)
        yield ask(door, house.stranger, headers={"Sec-Fetch-Site": "cross-site"})
        yield ask(door, content=b"x" * 1_000_001, json=None)
        yield ask(door, params={"session_id": "x" * 20_000})
        yield ask(door, headers={"x-long": "x" * 60_000})
    yield from (
        ask(("post", "/ask"), params={}),
        ask(("post", "/ask"), json={"message": ""}),
        ask(("post", "/ask"), content=b"{", json=None),
        ask(("post", "/retrieve_contexts"), params={}),
        ask(("post", "/generate_summary"), json={}),
        ask(("post", "/generate_summary"), json={**in_session, "message_history": [{}]}),
        ask(("post", "/save_records"), json={**in_session, "summary": " "}),
        ask(("get", "/sessions"), params={"limit": 0}),
    )
    unknown = {"session_id": str(uuid4())}
    yield ask(("post", "/ask"), params=unknown)
    yield ask(("post", "/ask"), params={"session_id": "no id"})
    yield ask(("post", "/retrieve_contexts"), params=unknown)
    yield ask(("post", "/generate_summary"), json={**unknown, "message_history": ["hi"]})
    yield ask(("post", "/save_records"), json={**unknown, "summary": "hi"})
    yield ask(("delete", "/sessions/{session_id}"), at=unknown["session_id"])
    yield ask(("post", "/ask"), json={"message": "fail"})
    yield ask(("post", "/ask"), json={"message": "not ready"})
    yield ask(("post", "/ask"), headers={"Accept": "text/event-stream"})
    yield ask(("post", "/ask"), params={**in_session, "answer": "false"})
    wanted = {"messages": [{"role": "user", "content": "sleep 10"}], "request": "answer"}
    run = {"assistant_id": "assistant", "input": wanted}
    alice.post(f"/threads/{session}/runs", json=run)
    yield ask(("post", "/ask"))
    yield ask(("post", "/retrieve_contexts"))
    yield ask(("post", "/generate_summary"))
    yield ask(("post", "/save_records"))
    yield ask(("delete", "/sessions/{session_id}"))


def test_doors_answer_as_they_are_described(house: House, spec: dict[str, Any]):
    seen: dict[tuple[str, str], set[str]] = {}
    for method, path, _, response in requests(house):
        described = operations(spec)[(method, path)]["responses"]
        status = str(response.status_code)
        assert status in described, (method, path, status, response.text)
        seen.setdefault((method, path), set()).add(status)
        if status == "204":
            assert response.content == b""
            continue
        media = response.headers["content-type"].partition(";")[0]
        assert media in described[status]["content"], (method, path, status)
        if media != "text/event-stream":
            conforms(spec, described[status]["content"][media]["schema"], response.json())
    success = {"200", "204"}
    for door, found in operations(spec).items():
        assert seen[door] & success or door[1].startswith("/documents"), door
        # A page of another site may read, as far as the browser lets it.
        assert seen[door] >= {"401", "413", "414", "431"}
        assert "403" in seen[door] or door[0] == "get", door
        assert seen[door] >= found["responses"].keys() & {"400", "409"}, door
    assert seen[("post", "/ask")] | OF_THE_GUARD == set(
        operations(spec)[("post", "/ask")]["responses"]
    )
