"""What who watches the stream sees of a model: words, what became of each sentence, the answer."""

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ollama_stand_in as ollama
import openai_stand_in as openai
import pytest
from http_stand_in import Behaviour, Exchange, Serve, StandIn
from server_process import Server

from agents import models
from graphs.assistant import graph
from graphs.rag import graph as rag
from home_energy.evidence.answer import Answer

pytest_plugins = ["model_servers"]

QUESTION = "How thick should loft insulation be?"
TRUE = "Loft insulation of mineral wool should be 270 mm thick in the UK [1]."
FALSE = "Lofts are made of cheese [1]."
Parts = list[tuple[str, Any]]


async def watched() -> tuple[list[dict[str, Any]], Answer]:
    """Take one turn; return the events of the model's sentences and the answer."""
    turn: Any = {"messages": [{"role": "user", "content": QUESTION}]}
    events, final = [], None
    async for mode, event in graph.astream(turn, stream_mode=["custom", "values"]):
        if mode == "custom":
            events.append(event)
        else:
            final = event
    assert final is not None
    return events, Answer.model_validate(final["answer"])


def statuses(events: list[dict[str, Any]]) -> list[str]:
    return [event["status"] for event in events if event["type"] == "sentence"]


async def test_each_sentence_is_numbered_and_marked(serve: Serve) -> None:
    serve("openai", openai.says(f"{TRUE} {FALSE}"))
    events, answer = await watched()
    assert [(event["number"], event["status"]) for event in events] == [
        (1, "proved"),
        (2, "withdrawn"),
    ]
    assert events[0]["text"] in answer.text
    assert "cheese" not in answer.text
    assert answer.usage.sentences_cut == 1


async def test_the_answer_holds_the_sentences_that_were_marked_proved(serve: Serve) -> None:
    more = "Insulating a bare loft of a semi-detached house saved about £230 a year."
    serve("openai", openai.says(f"{TRUE} {FALSE} {TRUE} {more} [1] {FALSE}"))
    events, answer = await watched()
    proved = [event["text"] for event in events if event.get("status") == "proved"]
    assert proved
    assert len(proved) == len(set(proved))
    rest = answer.text
    for sentence in proved:
        _, found, rest = rest.partition(sentence)
        assert found
    assert "cheese" not in answer.text


async def test_a_marker_that_comes_late_still_belongs_to_its_sentence(serve: Serve) -> None:
    said = TRUE.replace(" [1].", ". [1]")
    serve("openai", openai.says(f"{said} {said.replace('270', '470')}"))
    events, _ = await watched()
    assert statuses(events) == ["proved", "withdrawn"]


def goes_on_for_ever(exchange: Exchange) -> None:
    """Be a server that heeds no limit of tokens."""
    exchange.stream(openai.events("loft word " * 4000), openai.SSE, pause=0.001)


REASONS: dict[str, tuple[str, Behaviour]] = {
    "all cut": ("unproved", openai.says(FALSE)),
    "too long": ("too long", openai.says(TRUE, finish_reason="length")),
    "endless": ("too long", goes_on_for_ever),
    "loop": ("too long", openai.says(f"{TRUE} " * 9)),
    "drip": ("late", openai.drips),
    "cut": ("failed", openai.is_cut_after(f"{TRUE} {TRUE}")),
    "prompt cut": ("cut short", openai.says(f"{TRUE} {TRUE}", prompt_tokens=9)),
}


@pytest.mark.parametrize(("reason", "behaviour"), REASONS.values(), ids=REASONS)
async def test_what_was_shown_of_a_model_that_fails_is_taken_back(
    serve: Serve, configure: Callable[..., None], reason: str, behaviour: Behaviour
) -> None:
    configure(model_timeout_seconds=1 if reason == "late" else 20)
    stand_in = serve("openai", behaviour)
    events, answer = await watched()
    assert events[-1] == {"type": "withdrawn", "reason": reason}
    assert answer.mode == "extractive"
    assert "270 mm" in answer.text
    assert answer.usage.model_calls == 1
    if behaviour is goes_on_for_ever:
        assert stand_in.hung_up.wait(10)


async def test_nothing_is_taken_back_where_nothing_was_shown(serve: Serve) -> None:
    serve("openai", openai.refuses(500, "down"))
    events, answer = await watched()
    assert events == []
    assert answer.mode == "extractive"


async def test_a_model_that_finds_a_part_says_so_and_keeps_it(serve: Serve) -> None:
    serve("openai", openai.says(f"{TRUE} NOT FOUND"))
    _, answer = await watched()
    assert answer.mode == "model"
    assert "270 mm" in answer.text
    assert answer.missing


async def test_what_comes_after_the_answer_is_done_though_the_model_failed(serve: Serve) -> None:
    serve("openai", openai.refuses(500, "down"))
    turn: Any = {"messages": [{"role": "user", "content": f"{QUESTION} And save that."}]}
    answer = Answer.model_validate((await graph.ainvoke(turn))["answer"])
    assert answer.route == ["retriever", "summarizer", "records"]
    assert "270 mm" in answer.text
    assert "Saved as a tip." in answer.text


async def test_the_two_step_graph_falls_back_too(serve: Serve) -> None:
    serve("openai", openai.is_cut_after(TRUE))
    turn: Any = {"messages": [{"role": "user", "content": QUESTION}]}
    answer = Answer.model_validate((await rag.ainvoke(turn))["answer"])
    assert answer.mode == "extractive"
    assert "270 mm" in answer.text


# A server that hangs up before its first word is asked once more.


def drops(exchange: Exchange) -> None:
    exchange.drop()


def first(*behaviours: Behaviour) -> Behaviour:
    """Behave in turn; the last way stays."""
    ways = list(behaviours)
    return lambda exchange: (ways.pop(0) if len(ways) > 1 else ways[0])(exchange)


@pytest.mark.parametrize("dialect", ["openai", "ollama"])
async def test_a_server_that_hangs_up_without_a_word_is_asked_again(
    serve: Serve, dialect: str
) -> None:
    says = {"openai": openai.says(TRUE), "ollama": ollama.says(TRUE)}[dialect]
    stand_in = serve(dialect, first(drops, says))
    _, answer = await watched()
    assert answer.mode == "model"
    assert answer.usage.model_calls == len(stand_in.received) == 2


async def test_a_server_that_hangs_up_again_is_left_alone(serve: Serve) -> None:
    stand_in = serve("openai", drops)
    for _ in range(2):
        _, answer = await watched()
        assert answer.mode == "extractive"
    assert len(stand_in.received) == 2
    assert models.health.is_resting(f"openai:{openai.MODEL}")


# The same over the real server's stream.


@pytest.fixture(scope="module")
def model() -> Iterator[StandIn]:
    with StandIn(openai.says(TRUE)) as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def server(
    knowledge_data: Path, model: StandIn, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("served")
    for part in ("models", "index"):
        (data / part).symlink_to(knowledge_data / part, target_is_directory=True)
    settings = {"model": f"openai:{openai.MODEL}", "model_base_url": f"{model.url}/v1"}
    variables = {f"HOME_ENERGY_{name.upper()}": value for name, value in settings.items()}
    server = Server(data, stub=False, settings=settings, variables=variables)
    server.start()
    yield server
    server.stop(signal.SIGKILL)


def streamed(server: Server) -> Parts:
    with server.client() as client:
        session = client.post("/get_session_id").json()["session_id"]
        response = client.post(
            "/ask",
            params={"session_id": session},
            json={"message": QUESTION},
            headers={"Accept": "text/event-stream"},
        )
    assert response.status_code == 200
    return [parsed(block) for block in response.text.strip().split("\n\n")]


def parsed(block: str) -> tuple[str, Any]:
    lines = dict(line.partition(": ")[::2] for line in block.splitlines())
    return lines["event"], json.loads(lines["data"])


def of(parts: Parts, kind: str, type_: str | None = None) -> list[Any]:
    return [
        data for event, data in parts if event == kind and (not type_ or data.get("type") == type_)
    ]


@pytest.mark.slow
def test_the_servers_stream_has_words_then_verdicts_then_the_proved_answer(
    server: Server, model: StandIn
) -> None:
    model.behaviour = openai.says(f"{TRUE} {FALSE}")
    parts = streamed(server)
    assert "".join(data["text"] for data in of(parts, "token")).strip() == f"{TRUE} {FALSE}"
    assert statuses(of(parts, "progress", "sentence")) == ["proved", "withdrawn"]
    kind, data = parts[-1]
    answer = Answer.model_validate(data)
    assert (kind, answer.mode) == ("answer", "model")
    assert "cheese" not in answer.text
    # Words come before the verdict on them, and the verdict before the answer.
    order = [event if event != "progress" else data.get("type", "step") for event, data in parts]
    assert order.index("token") < order.index("sentence") < order.index("answer")


@pytest.mark.slow
def test_the_servers_stream_takes_back_what_a_dead_model_said(
    server: Server, model: StandIn
) -> None:
    model.behaviour = openai.is_cut_after(f"{TRUE} {TRUE}")
    parts = streamed(server)
    assert of(parts, "token")
    assert of(parts, "progress", "withdrawn") == [{"type": "withdrawn", "reason": "failed"}]
    assert [data["agent"] for data in of(parts, "progress") if "agent" in data] == [
        *("supervisor", "retriever", "supervisor", "summarizer", "supervisor")
    ]
    answer = Answer.model_validate(parts[-1][1])
    assert answer.mode == "extractive"
    assert "270 mm" in answer.text
