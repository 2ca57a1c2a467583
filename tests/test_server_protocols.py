"""The LangGraph SDK, MCP and A2A answer on the same sessions as the REST doors."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from server_process import shared_server

pytestmark = pytest.mark.slow


def said(text: str) -> dict:
    return {"messages": [{"role": "user", "content": text}]}


@pytest.fixture
async def sdk() -> AsyncIterator[LangGraphClient]:
    async with get_client(url=shared_server().url) as client:
        yield client


@pytest.fixture
async def rest() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=shared_server().url, timeout=60) as client:
        yield client


async def new_thread(sdk: LangGraphClient) -> str:
    return (await sdk.threads.create())["thread_id"]


async def test_sdk_waits_for_an_answer(sdk: LangGraphClient):
    state = await sdk.runs.wait(await new_thread(sdk), "assistant", input=said("hello"))
    assert state["messages"][-1]["content"] == "Turn 1: hello"
    assert state["answer"]["text"] == "Turn 1: hello"
    assert state["contexts"][0]["type"] == "Document"


async def test_both_graphs_are_served_with_descriptions_and_a_form(sdk: LangGraphClient):
    found = {each["name"]: each for each in await sdk.assistants.search()}
    assert {"assistant", "rag"} <= found.keys()
    assert all(found[name]["description"] for name in ("assistant", "rag"))
    schemas = await sdk.assistants.get_schemas(found["assistant"]["assistant_id"])
    assert {"model", "region", "units"} <= schemas["context_schema"]["properties"].keys()


async def test_sdk_streams_in_every_mode(sdk: LangGraphClient):
    seen: dict[str, list] = {}
    async for part in sdk.runs.stream(
        await new_thread(sdk),
        "assistant",
        input=said("hello"),
        stream_mode=["values", "updates", "messages-tuple", "custom"],
    ):
        seen.setdefault(part.event, []).append(part.data)
    assert seen["values"][-1]["messages"][-1]["content"] == "Turn 1: hello"
    assert [next(iter(update)) for update in seen["updates"]] == ["retriever", "summarizer"]
    assert seen["custom"] == [{"step": "writing"}]
    assert any(chunk["content"] == "Turn 1: hello" for chunk, _ in seen["messages"])


async def test_sdk_resumes_an_interrupted_run(sdk: LangGraphClient):
    thread = await new_thread(sdk)
    await sdk.runs.wait(thread, "assistant", input=said("delete it"))
    assert (await sdk.threads.get(thread))["status"] == "interrupted"
    state = await sdk.runs.wait(thread, "assistant", command={"resume": "yes"})
    assert state["messages"][-1]["content"] == "You replied yes."


async def test_sdk_reads_the_history(sdk: LangGraphClient):
    thread = await new_thread(sdk)
    for text in ("one", "two"):
        await sdk.runs.wait(thread, "assistant", input=said(text))
    history = await sdk.threads.get_history(thread, limit=50)
    counts = [len(state["values"].get("messages", [])) for state in history]
    assert max(counts) == 4
    assert counts == sorted(counts, reverse=True)


async def test_session_of_the_rest_doors_is_a_thread_of_the_sdk(
    sdk: LangGraphClient, rest: httpx.AsyncClient
):
    session = (await rest.post("/get_session_id")).json()["session_id"]
    await rest.post("/ask", params={"session_id": session}, json={"message": "by rest"})
    await sdk.runs.wait(session, "rag", input=said("by sdk"))
    state = await sdk.threads.get_state(session)
    assert [m["content"] for m in state["values"]["messages"] if m["type"] == "human"] == [
        "by rest",
        "by sdk",
    ]


async def test_state_of_a_new_session_can_be_read(sdk: LangGraphClient, rest: httpx.AsyncClient):
    session = (await rest.post("/get_session_id")).json()["session_id"]
    assert (await sdk.threads.get_state(session))["values"] == {}


async def test_mcp_lists_and_calls_the_graphs(rest: httpx.AsyncClient):
    headers = {"Accept": "application/json, text/event-stream"}

    async def call(method: str, params: dict) -> dict:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return (await rest.post("/mcp", json=body, headers=headers)).json()["result"]

    started = await call(
        "initialize",
        {
            "protocolVersion": "2025-03-26",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    )
    assert "tools" in started["capabilities"]
    tools = {tool["name"]: tool for tool in (await call("tools/list", {}))["tools"]}
    assert tools.keys() == {"assistant", "rag"}
    assert tools["assistant"]["inputSchema"]["required"] == ["messages"]
    called = await call("tools/call", {"name": "assistant", "arguments": said("hello")})
    assert "Turn 1: hello" in called["content"][0]["text"]


async def test_mcp_error_has_no_inner_text(rest: httpx.AsyncClient):
    body = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "no_such_tool", "arguments": {}},
    }
    headers = {"Accept": "application/json, text/event-stream"}
    assert "error" in (await rest.post("/mcp", json=body, headers=headers)).json()


async def test_a2a_answers_on_a_session(sdk: LangGraphClient, rest: httpx.AsyncClient):
    session = (await rest.post("/get_session_id")).json()["session_id"]
    await rest.post("/ask", params={"session_id": session}, json={"message": "by rest"})
    (assistant,) = await sdk.assistants.search(graph_id="assistant")
    message = {
        "role": "user",
        "parts": [{"kind": "text", "text": "by a2a"}],
        "messageId": str(uuid4()),
        "contextId": session,
        "kind": "message",
    }
    body = {"jsonrpc": "2.0", "id": "1", "method": "message/send", "params": {"message": message}}
    response = await rest.post(
        f"/a2a/{assistant['assistant_id']}", json=body, headers={"Accept": "application/json"}
    )
    answered = response.json()
    assert "Turn 2: by a2a" in str(answered["result"])
    assert answered["result"]["contextId"] == session
