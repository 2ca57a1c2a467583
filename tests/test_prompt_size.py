"""A prompt fits the model's context whole, or loses whole passages; nothing is cut in silence."""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import llama_server
import ollama_stand_in as ollama
import openai_stand_in as openai
import pytest
from http_stand_in import Configure, Exchange, Serve, StandIn
from langchain_core.messages import HumanMessage

from agents import models
from agents.prompts import answer_prompt
from agents.tokens import COUNT_SECONDS, Prompt, count, fitting
from graphs.assistant import graph
from home_energy.errors import ModelUnavailable
from home_energy.evidence.answer import Answer
from home_energy.settings import get_settings
from tools.knowledge import knowledge

pytest_plugins = ["model_servers"]

Use = Callable[[llama_server.Running], None]

QUESTION = "How thick should loft insulation be?"
TRUE = "Loft insulation of mineral wool should be 270 mm thick in the UK [1]."
KNOWLEDGE = Path(__file__).parents[1] / "knowledge"
NASTY = [
    "plain words",
    "🏡🔥" * 40,
    "\u200b\u202e\ufeff" * 30,
    "ﷺ﷽ ½ ㎞ Ⅷ ﬁ",
    "漢字かな交じり文と한국어 및 العربية",
    "a" * 500,
    "1234567890" * 20,
    "\x00\x01\x1b[2J\t\t\n\n\n",
    "".join(map(chr, range(0x100, 0x400))),
    "<|im_start|>system\n<|im_end|>",
]


async def ask() -> Answer:
    turn: Any = {"messages": [{"role": "user", "content": QUESTION}]}
    return Answer.model_validate((await graph.ainvoke(turn))["answer"])


def chats(stand_in: StandIn) -> list[str]:
    """The prompts that were sent, and nothing of what was sent to count them."""
    return [
        "\n".join(message["content"] for message in request.json()["messages"])
        for request in stand_in.received
        if request.path.endswith(("/chat/completions", "/api/chat"))
    ]


def passages_in(prompt: str) -> int:
    return len(re.findall(r"^<<\w+>> passage \d", prompt, re.MULTILINE))


def a_context_of_one_and_a_half_passages() -> int:
    """A context that the bound fills with some of the passages, and a count with all."""
    found = knowledge().search(QUESTION, limit=6)
    one, every = (Prompt(answer_prompt(QUESTION, found[:n])).at_most for n in (1, len(found)))
    return (one + every) // 2 + models.MAX_ANSWER_TOKENS


async def test_a_prompt_that_fits_whatever_the_tokenizer_is_not_counted(serve: Serve) -> None:
    stand_in = serve("openai", openai.counts(len, openai.says(TRUE)))
    assert (await ask()).mode == "model"
    assert [request.path for request in stand_in.received] == ["/v1/chat/completions"]


async def test_a_server_that_counts_gets_every_passage_that_fits(
    serve: Serve, configure: Configure
) -> None:
    stand_in = serve("openai", openai.counts(lambda text: len(text) // 4, openai.says(TRUE)))
    configure(model_context_tokens=a_context_of_one_and_a_half_passages())
    await ask()
    assert passages_in(chats(stand_in)[0]) == len(knowledge().search(QUESTION, limit=6))


@pytest.mark.parametrize("dialect", ["openai", "ollama"])
async def test_without_a_count_passages_that_may_not_fit_are_dropped_whole(
    serve: Serve, configure: Configure, dialect: str
) -> None:
    behaviour = {"openai": openai.says(TRUE), "ollama": ollama.says(TRUE)}[dialect]
    stand_in = serve(dialect, behaviour)
    context = a_context_of_one_and_a_half_passages()
    configure(model_context_tokens=context)
    assert (await ask()).mode == "model"
    prompt = chats(stand_in)[0]
    found = knowledge().search(QUESTION, limit=6)
    whole = [passage.text in prompt for passage in found]
    assert 0 < sum(whole) < len(found)
    assert whole == sorted(whole, reverse=True)
    assert passages_in(prompt) == sum(whole)
    assert len(prompt.encode()) + models.MAX_ANSWER_TOKENS <= context


async def test_a_context_that_holds_no_passage_is_answered_by_quotes(
    serve: Serve, configure: Configure
) -> None:
    stand_in = serve("openai", openai.says(TRUE))
    configure(model_context_tokens=512)
    answer = await ask()
    assert (answer.mode, answer.usage.model_calls) == ("extractive", 0)
    assert chats(stand_in) == []


async def test_a_server_that_hangs_when_it_should_count_is_asked_once(
    serve: Serve, configure: Configure
) -> None:
    says = openai.says(TRUE)

    def behave(exchange: Exchange) -> None:
        if exchange.request.path == "/v1/chat/completions":
            says(exchange)
        else:
            exchange.hang()

    stand_in = serve("openai", behave)
    configure(model_context_tokens=a_context_of_one_and_a_half_passages())
    started = time.monotonic()
    assert (await ask()).mode == "model"
    assert time.monotonic() - started < COUNT_SECONDS + 5
    assert (await ask()).mode == "model"
    assert len(stand_in.received) == 3


# What the server says it has read shows whether it has read all.


@pytest.mark.parametrize("reported", [20, 8192, 9000])
@pytest.mark.parametrize("dialect", ["openai", "ollama"])
async def test_an_answer_to_a_prompt_that_was_cut_is_not_said(
    serve: Serve, dialect: str, reported: int
) -> None:
    says = {"openai": openai.says, "ollama": ollama.says}[dialect]
    serve(dialect, says(TRUE, prompt_tokens=reported))
    answer = await ask()
    assert answer.mode == "extractive"
    assert answer.usage.model_calls == 1
    assert answer.usage.input_tokens == reported


async def test_a_server_that_reports_no_count_is_believed(serve: Serve) -> None:
    serve("ollama", ollama.says(TRUE, prompt_tokens=None))
    assert (await ask()).mode == "model"


# The bounds, against the documents and a true tokenizer.


@pytest.mark.slow
async def test_llama_cpp_reads_exactly_as_many_tokens_as_were_counted(
    use: Use, llama: llama_server.Running
) -> None:
    use(llama)
    name, settings = f"openai:{llama_server.NAME}", get_settings()
    messages = answer_prompt(QUESTION, knowledge().search(QUESTION, limit=1))
    counted = await count(messages, name, settings)
    reported = 0
    # So small a model may talk until it is stopped.
    with suppress(ModelUnavailable):
        async for chunk in models.stream(name, messages, settings):
            if chunk.usage_metadata:
                reported = chunk.usage_metadata["input_tokens"]
    assert counted == reported > 100


@pytest.mark.slow
async def test_no_text_has_more_or_fewer_tokens_than_the_bounds_say(
    use: Use, llama: llama_server.Running
) -> None:
    use(llama)
    texts = [*NASTY, *(path.read_text("utf-8") for path in sorted(KNOWLEDGE.glob("*.md"))[:25])]
    for text in texts:
        prompt = Prompt([HumanMessage(text)])
        tokens = await count(prompt.messages, f"openai:{llama_server.NAME}", get_settings())
        assert tokens is not None
        assert prompt.at_least <= tokens <= prompt.at_most


async def test_the_longest_prompt_that_fits_is_chosen(configure: Configure) -> None:
    prompts = [Prompt([HumanMessage("word " * size)]) for size in (300, 200, 100)]
    room = prompts[1].at_most
    assert await fitting(prompts, room, "ollama:any", get_settings()) == 1
    assert await fitting(prompts, 10, "ollama:any", get_settings()) == len(prompts)
