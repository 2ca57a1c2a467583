"""The real graphs behind the real server: proved answers at every door, memory, records."""

import ast
import hashlib
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from server_process import Server

from home_energy.evidence.answer import Answer

pytestmark = pytest.mark.slow

QUESTION = "How thick should loft insulation be in the UK?"


@pytest.fixture(scope="module")
def server(knowledge_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("served")
    for part in ("models", "index"):
        (data / part).symlink_to(knowledge_data / part, target_is_directory=True)
    server = Server(data, stub=False)
    server.start()
    yield server
    server.stop(signal.SIGKILL)


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


@pytest.fixture
def session(client: httpx.Client) -> str:
    return client.post("/get_session_id").json()["session_id"]


def ask(client: httpx.Client, session: str, message: str) -> Answer:
    response = client.post("/ask", params={"session_id": session}, json={"message": message})
    assert response.status_code == 200, response.text
    return Answer.model_validate(response.json()["answer"])


def assert_proved(client: httpx.Client, answer: Answer) -> None:
    assert answer.citations
    for citation in answer.citations:
        document = client.get(f"/documents/{citation.document_id}").json()
        assert document["text"][citation.start : citation.end] == citation.quote
        assert document["sha256"] == citation.sha256
        assert hashlib.sha256(document["text"].encode()).hexdigest() == citation.sha256
        assert f"[{citation.n}]" in answer.text


def test_answer_is_proved_by_the_documents_text(client: httpx.Client, session: str):
    answer = ask(client, session, QUESTION)
    assert "270 mm" in answer.text
    assert answer.mode == "extractive"
    assert answer.run_id
    assert_proved(client, answer)


def test_question_the_documents_do_not_answer_is_said_to_be_so(client: httpx.Client, session: str):
    answer = ask(client, session, "How do I bake sourdough bread?")
    assert answer.mode == "abstained"
    assert answer.citations == []


def test_articles_requests_find_answer_and_save(client: httpx.Client, session: str):
    params = {"session_id": session}
    client.post("/ask", params={**params, "answer": "false"}, json={"message": QUESTION})
    retrieved = client.post("/retrieve_contexts", params=params).json()
    assert any("270 mm" in context["page_content"] for context in retrieved["contexts"])
    assert retrieved["message_history"][-1]["content"] == QUESTION
    summed = client.post(
        "/generate_summary",
        json={"session_id": session, "message_history": retrieved["message_history"]},
    ).json()
    assert summed["question"] == QUESTION
    assert "270 mm" in summed["summary"]
    assert summed["retrieved_contexts"]
    assert_proved(client, Answer.model_validate(summed["answer"]))
    saved = client.post(
        "/save_records", json={"session_id": session, "summary": summed["summary"]}
    ).json()
    assert saved == {"message": "Session data saved", "session_id": session}
    assert "270 mm" in ask(client, session, "Show me what I saved").text


def test_deleting_records_is_asked_back_and_done_on_yes(client: httpx.Client, session: str):
    ask(client, session, f"{QUESTION} And save that.")
    asked = ask(client, session, "Delete everything I saved")
    assert asked.text.startswith("Delete ")
    assert asked.missing
    assert ask(client, session, "yes").text.startswith("Deleted ")
    assert "nothing" in ask(client, session, "Show me what I saved").text.lower()


def test_stream_ends_with_the_same_proved_answer(client: httpx.Client, session: str):
    response = client.post(
        "/ask",
        params={"session_id": session},
        json={"message": QUESTION},
        headers={"Accept": "text/event-stream"},
    )
    kind, _, data = response.text.strip().split("\n\n")[-1].partition("\n")
    assert kind == "event: answer"
    assert_proved(client, Answer.model_validate(json.loads(data.removeprefix("data: "))))
    assert 'data: {"agent": "retriever"}' in response.text


def test_document_of_another_version_or_name_is_not_found(client: httpx.Client):
    assert client.get("/documents/loft-insulation").json()["title"] == "Loft insulation"
    for path in ("/documents/loft-insulation?sha256=" + "0" * 64, "/documents/no/such/one"):
        response = client.get(path)
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_mcp_and_a2a_answer_with_proof(client: httpx.Client, session: str):
    headers = {"Accept": "application/json, text/event-stream"}
    called = client.post(
        "/mcp",
        headers=headers,
        json={
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {
                "name": "rag",
                "arguments": {"messages": [{"role": "user", "content": QUESTION}]},
            },
        },
    ).json()
    # The server tells a tool's result as a Python literal.
    told = ast.literal_eval(called["result"]["content"][0]["text"])
    assert "270 mm" in told["answer"]["text"]
    assert_proved(client, Answer.model_validate(told["answer"]))
    (assistant,) = client.post("/assistants/search", json={"graph_id": "assistant"}).json()
    message = {
        "role": "user",
        "parts": [{"kind": "text", "text": QUESTION}],
        "messageId": str(uuid4()),
        "contextId": session,
        "kind": "message",
    }
    sent = client.post(
        f"/a2a/{assistant['assistant_id']}",
        headers=headers,
        json={
            "jsonrpc": "2.0",
            "id": "1",
            "method": "message/send",
            "params": {"message": message},
        },
    ).json()
    assert "270 mm" in str(sent["result"])
    history = client.get(f"/threads/{session}/state").json()["values"]["messages"]
    assert [message["type"] for message in history] == ["human", "ai"]
    # A2A sends the text; its proof stands on the thread's message.
    answer = Answer.model_validate(history[-1]["additional_kwargs"]["answer"])
    assert answer.text in json.dumps(sent["result"], ensure_ascii=False).replace("\\n", "\n")
    assert_proved(client, answer)


def test_killed_server_goes_on_with_the_history(server: Server, session: str):
    with server.client() as client:
        ask(client, session, QUESTION)
    server.stop(signal.SIGKILL)
    server.start()
    with server.client() as client:
        follow_up = ask(client, session, "And what does it save a year?")
        assert "£230" in follow_up.text
        assert_proved(client, follow_up)
