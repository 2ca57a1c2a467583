"""The five REST doors, the list of sessions and the documents, through the real server."""

import json
import sqlite3
import threading
import time
from contextlib import closing
from uuid import uuid4

import httpx
import pytest
from server_process import shared_server
from stub_graph import CANARY

pytestmark = pytest.mark.slow

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def client():
    with shared_server().client() as client:
        yield client


@pytest.fixture
def session(client: httpx.Client) -> str:
    return client.post("/get_session_id").json()["session_id"]


def ask(client: httpx.Client, session: str, message: str, **params: str) -> httpx.Response:
    return client.post("/ask", params={"session_id": session, **params}, json={"message": message})


def assert_problem(response: httpx.Response, status: int, code: str) -> dict:
    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, code), problem
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["status"] == status
    assert problem["request_id"] == response.headers["x-request-id"]
    assert problem["title"]
    assert problem["detail"].endswith((".", "!"))
    return problem


def test_articles_requests_work_unchanged(client: httpx.Client):
    session = client.post("/get_session_id").json()["session_id"]
    asked = ask(client, session, "How thick?", answer="false").json()
    assert asked["message"] == "Message received"
    assert asked["session_id"] == session
    retrieved = client.post("/retrieve_contexts", params={"session_id": session}).json()
    assert retrieved["session_id"] == session
    context = retrieved["contexts"][0]
    assert context["page_content"] == "passage for How thick?"
    assert context["type"] == "Document"
    assert {"source", "title", "page"} <= context["metadata"].keys()
    summed = client.post(
        "/generate_summary",
        json={"session_id": session, "message_history": retrieved["message_history"]},
    ).json()
    assert summed["question"] == "How thick?"
    assert summed["summary"] == "Turn 1: How thick?"
    assert summed["retrieved_contexts"] == retrieved["contexts"]
    saved = client.post(
        "/save_records", json={"session_id": session, "summary": summed["summary"]}
    ).json()
    assert saved == {"message": "Session data saved", "session_id": session}


def test_ask_answers_and_remembers_the_turn_before(client: httpx.Client, session: str):
    first = ask(client, session, "one").json()["answer"]
    second = ask(client, session, "two").json()["answer"]
    assert (first["text"], second["text"]) == ("Turn 1: one", "Turn 2: two")
    assert first["mode"] == "extractive"
    assert first["run_id"] != second["run_id"]


def test_only_recorded_message_is_not_answered_but_remembered(client: httpx.Client, session: str):
    assert ask(client, session, "one", answer="false").json()["answer"] is None
    assert ask(client, session, "two").json()["answer"]["text"] == "Turn 2: two"


def test_stream_tells_progress_and_then_the_answer(client: httpx.Client, session: str):
    with client.stream(
        "POST",
        "/ask",
        params={"session_id": session},
        json={"message": "streamed"},
        headers={"Accept": "text/event-stream"},
    ) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        text = response.read().decode()
    events = [
        (block.split("\n")[0].removeprefix("event: "), block.split("data: ")[1])
        for block in text.strip().split("\n\n")
    ]
    assert [kind for kind, _ in events][-1] == "answer"
    assert json.loads(events[-1][1])["text"] == "Turn 1: streamed"
    progress = [json.loads(data) for kind, data in events if kind == "progress"]
    assert {"agent": "retriever"} in progress
    assert {"step": "writing"} in progress


def test_failing_stream_ends_with_an_opaque_error(client: httpx.Client, session: str):
    with client.stream(
        "POST",
        "/ask",
        params={"session_id": session},
        json={"message": "fail"},
        headers={"Accept": "text/event-stream"},
    ) as response:
        text = response.read().decode()
    assert text.strip().split("\n\n")[-1].startswith("event: error\n")
    assert CANARY not in text


def test_question_of_a_run_is_answered_by_the_next_message(client: httpx.Client, session: str):
    asked = ask(client, session, "delete it").json()["answer"]
    assert asked["text"] == "Delete 1 record? Answer yes or no."
    assert ask(client, session, "yes").json()["answer"]["text"] == "You replied yes."
    assert ask(client, session, "yes").json()["answer"]["text"].endswith(": yes")


@pytest.mark.parametrize("reply", ["Yeah, go ahead please", "no, don't delete them"])
def test_reply_may_take_more_than_a_word(client: httpx.Client, session: str, reply: str):
    ask(client, session, "delete it")
    assert ask(client, session, reply).json()["answer"]["text"] == f"You replied {reply}."


@pytest.mark.parametrize("question", ["ok how do I insulate a loft", "yes, but not the first"])
def test_new_question_is_no_reply(client: httpx.Client, session: str, question: str):
    ask(client, session, "delete it")
    assert ask(client, session, question).json()["answer"]["text"] == f"Turn 2: {question}"


def test_history_of_plain_texts_is_summed_up(client: httpx.Client, session: str):
    summed = client.post(
        "/generate_summary",
        json={"session_id": session, "message_history": ["Is my loft cold?"]},
    ).json()
    assert summed["question"] == "Is my loft cold?"
    assert summed["summary"] == "Turn 1: Is my loft cold?"
    assert summed["answer"]["text"] == summed["summary"]


def test_history_in_the_openai_dialect_is_summed_up(client: httpx.Client, session: str):
    history = [
        {"role": "user", "content": [{"type": "text", "text": "first"}]},
        {"role": "assistant", "content": "reply"},
    ]
    summed = client.post(
        "/generate_summary", json={"session_id": session, "message_history": history}
    ).json()
    assert summed["question"] == "first"


@pytest.mark.parametrize("history", [[{"type": "ai", "content": "x"}], [" "], ["x" * 4_001]])
def test_history_without_a_usable_question_is_invalid(
    client: httpx.Client, session: str, history: list
):
    response = client.post(
        "/generate_summary", json={"session_id": session, "message_history": history}
    )
    assert_problem(response, 422, "invalid")


def test_empty_history_is_refused(client: httpx.Client, session: str):
    response = client.post("/generate_summary", json={"session_id": session, "message_history": []})
    assert_problem(response, 400, "empty_history")


def test_contexts_of_a_session_without_a_question_are_refused(client: httpx.Client, session: str):
    response = client.post("/retrieve_contexts", params={"session_id": session})
    assert_problem(response, 400, "empty_history")


@pytest.mark.parametrize("unknown", [str(uuid4()), "not-a-uuid", "../../etc"])
def test_unknown_session_is_not_found_at_every_door(client: httpx.Client, unknown: str):
    bodies = {"session_id": unknown, "message_history": ["hi"]}
    responses = [
        ask(client, unknown, "hi"),
        client.post("/retrieve_contexts", params={"session_id": unknown}),
        client.post("/generate_summary", json=bodies),
        client.post("/save_records", json={"session_id": unknown, "summary": "x"}),
    ]
    for response in responses:
        assert_problem(response, 404, "not_found")


def test_deleting_an_unknown_session_is_not_found(client: httpx.Client):
    assert_problem(client.delete(f"/sessions/{uuid4()}"), 404, "not_found")


_NO_TEXT = "The message holds characters that are no text: leave them out."


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"message": ""}, "The message is empty: ask a question."),
        ({"message": "   "}, "The message is empty: ask a question."),
        ({"message": "\u200b\u2060"}, "The message is empty: ask a question."),
        ({"message": "\0\0"}, "The message is empty: ask a question."),
        ({"message": "led \0 save"}, _NO_TEXT),
        ({"message": "led \ud800 save"}, _NO_TEXT),
        ({"message": "x" * 4_001}, "The message is too long: 4,000 characters at most."),
        ({}, "body.message: Field required."),
        ({"message": 5}, "body.message: Input should be a valid string."),
    ],
)
def test_unusable_message_is_invalid_with_a_sentence(
    client: httpx.Client, session: str, body: dict, sentence: str
):
    response = client.post(f"/ask?session_id={session}", content=json.dumps(body), headers=JSON)
    assert assert_problem(response, 422, "invalid")["detail"] == sentence


def test_longest_message_is_answered(client: httpx.Client, session: str):
    assert ask(client, session, "x" * 4_000).status_code == 200


@pytest.mark.parametrize("path", ["/ask", "/retrieve_contexts"])
def test_missing_session_is_invalid(client: httpx.Client, path: str):
    assert_problem(client.post(path, json={"message": "hi"}), 422, "invalid")


@pytest.mark.parametrize("path", ["/ask?session_id=x", "/generate_summary", "/save_records"])
def test_body_that_is_no_json_is_invalid(client: httpx.Client, path: str):
    response = client.post(path, content=b"{", headers={"Content-Type": "application/json"})
    assert_problem(response, 422, "invalid")


def test_json_without_its_header_is_told_what_is_missing(client: httpx.Client, session: str):
    response = client.post("/ask", params={"session_id": session}, content=b'{"message": "hi"}')
    detail = assert_problem(response, 422, "invalid")["detail"]
    assert detail == "Send the body as JSON, with the header 'Content-Type: application/json'."


@pytest.mark.parametrize("summary", ["", "  ", "\u200b", "\0", "a\ud800", "x" * 20_001])
def test_unusable_summary_is_invalid(client: httpx.Client, session: str, summary: str):
    body = json.dumps({"session_id": session, "summary": summary})
    assert_problem(client.post("/save_records", content=body, headers=JSON), 422, "invalid")


@pytest.mark.parametrize(
    "history",
    [["a\ud800"], [{"type": "human", "content": "a\ud800"}], [{"role": "user", "content": "\0"}]],
)
def test_unusable_history_is_invalid(client: httpx.Client, session: str, history: list):
    body = json.dumps({"session_id": session, "message_history": history})
    assert_problem(client.post("/generate_summary", content=body, headers=JSON), 422, "invalid")


def test_half_a_character_in_a_session_id_is_no_fault_of_ours(client: httpx.Client):
    body = json.dumps({"session_id": "\ud800", "summary": "x"})
    response = client.post("/save_records", content=body, headers=JSON)
    assert response.status_code in (404, 422)


@pytest.mark.parametrize(
    "path", ["/ask?session_id=x", "/get_session_id", "/generate_summary", "/save_records"]
)
def test_body_of_over_a_megabyte_is_too_large(client: httpx.Client, path: str):
    assert_problem(client.post(path, json={"message": "x" * 1_000_000}), 413, "too_large")


def test_second_turn_at_once_is_busy_and_does_not_harm_the_first(
    client: httpx.Client, session: str
):
    answers: list[httpx.Response] = []
    slow = threading.Thread(target=lambda: answers.append(ask(client, session, "sleep 1")))
    slow.start()
    time.sleep(0.4)
    assert_problem(ask(client, session, "me too"), 409, "busy")
    slow.join()
    assert answers[0].json()["answer"]["text"] == "Turn 1: sleep 1"
    assert ask(client, session, "now").json()["answer"]["text"] == "Turn 2: now"


def test_failing_run_is_opaque_and_found_in_the_log_by_its_request_id(
    client: httpx.Client, session: str
):
    response = client.post(
        "/ask",
        params={"session_id": session},
        json={"message": "fail"},
        headers={"X-Request-Id": "look-for-me"},
    )
    problem = assert_problem(response, 500, "run_failed")
    assert problem["request_id"] == "look-for-me"
    assert CANARY not in response.text
    log = shared_server().log
    assert "look-for-me" in log
    # Where and of which kind; an exception's text may hold what the user said.
    assert "in summarizer" in log
    assert "builtins.RuntimeError" in log
    assert CANARY not in log


def test_run_without_what_it_stands_on_is_unavailable(client: httpx.Client, session: str):
    response = ask(client, session, "not ready")
    assert_problem(response, 503, "unavailable")
    assert CANARY not in response.text


def test_turn_that_takes_too_long_is_stopped_and_the_session_goes_on(
    client: httpx.Client, session: str
):
    assert ask(client, session, "one").status_code == 200
    problem = assert_problem(ask(client, session, "sleep 20"), 503, "timeout")
    assert "Turn 1" not in problem["detail"]
    assert ask(client, session, "after").json()["answer"]["text"].endswith(": after")


def test_sessions_are_listed_latest_first_and_deleted(client: httpx.Client):
    older = client.post("/get_session_id").json()["session_id"]
    newer = client.post("/get_session_id").json()["session_id"]
    ask(client, older, "touch")
    listed = [each["session_id"] for each in client.get("/sessions").json()["sessions"]]
    assert listed.index(older) < listed.index(newer)
    assert client.delete(f"/sessions/{older}").status_code == 204
    assert_problem(ask(client, older, "hi"), 404, "not_found")
    listed = [each["session_id"] for each in client.get("/sessions").json()["sessions"]]
    assert older not in listed


def test_deleted_session_may_be_started_again_without_its_history(client: httpx.Client):
    session = client.post("/get_session_id").json()["session_id"]
    ask(client, session, "secret")
    client.delete(f"/sessions/{session}")
    assert client.post("/threads", json={"thread_id": session}).status_code == 200
    assert ask(client, session, "hello").json()["answer"]["text"] == "Turn 1: hello"


def test_session_that_is_deleted_while_a_turn_runs_leaves_no_history(client: httpx.Client):
    for delete in ("/sessions/{}", "/threads/{}"):
        session = client.post("/get_session_id").json()["session_id"]
        turn = threading.Thread(target=ask, args=(client, session, "sleep 1"))
        turn.start()
        time.sleep(0.4)
        assert client.delete(delete.format(session)).status_code == 204
        turn.join()
        time.sleep(1.2)
        with closing(sqlite3.connect(shared_server().data_dir / "checkpoints.sqlite")) as opened:
            for table in ("checkpoints", "writes"):
                left = opened.execute(
                    f"SELECT count(*) FROM {table} WHERE thread_id = ?", (session,)
                ).fetchone()
                assert left == (0,), (delete, table)
        assert client.post("/threads", json={"thread_id": session}).status_code == 200
        assert ask(client, session, "hello").json()["answer"]["text"] == "Turn 1: hello"


def test_history_that_a_crash_left_behind_does_not_come_back(client: httpx.Client):
    session, other = (client.post("/get_session_id").json()["session_id"] for _ in range(2))
    ask(client, other, "secret")
    client.delete(f"/sessions/{session}")
    with closing(sqlite3.connect(shared_server().data_dir / "checkpoints.sqlite")) as opened:
        opened.execute("UPDATE checkpoints SET thread_id = ? WHERE thread_id = ?", (session, other))
        opened.execute("UPDATE writes SET thread_id = ? WHERE thread_id = ?", (session, other))
        opened.commit()
    client.post("/threads", json={"thread_id": session})
    assert ask(client, session, "hello").json()["answer"]["text"] == "Turn 1: hello"


def test_document_is_unavailable_where_there_is_no_index(client: httpx.Client):
    problem = assert_problem(client.get("/documents/no/such/document"), 503, "unavailable")
    assert str(shared_server().data_dir) not in problem["detail"]


def test_unknown_page_is_told_as_a_problem(client: httpx.Client):
    assert_problem(client.get("/nothing/here"), 404, "not_found")


def test_answered_question_leaves_no_user_text_in_the_log(client: httpx.Client, session: str):
    ask(client, session, "my-private-words-42")
    client.post("/ask", params={"session_id": session}, json={"message": ["my-private-words-42"]})
    assert "my-private-words-42" not in shared_server().log
