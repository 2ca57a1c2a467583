"""How many tokens a prompt has: counted by the server that will read it, or bounded from above."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from langchain_core.messages import BaseMessage

from home_energy.settings import Settings
from tools.connections import client_options

TEMPLATE_TOKENS = 64
"""More than any common chat template adds to a system and a user message."""
COUNT_SECONDS = 0.5
"""How long counting may hold up a turn."""
SILENT_SECONDS = 600.0
"""How long a server that could not count is not asked again."""
SLACK = 8
"""Tokens by which a server's two ways to count may differ: marks of begin and end."""

_silent_until: dict[str, float] = {}


@dataclass(frozen=True)
class Prompt:
    """Messages for a model, and what is known of their size."""

    messages: list[BaseMessage]
    counted: int | None = None
    """Tokens by the server's own count; None where it has none."""

    @property
    def at_most(self) -> int:
        """Tokens that no tokenizer in use exceeds: one for each byte.

        Byte-level BPE (GPT, Llama 3, Qwen, SmolLM) starts from bytes and only merges; SentencePiece
        with byte fallback (Llama 2, Gemma, Mistral) does not fall below them.
        """
        return len(self._text.encode("utf-8", "replace")) + TEMPLATE_TOKENS

    @property
    def at_least(self) -> int:
        """Tokens that the whole prompt must have: none of these tokenizers merges two words."""
        return len(self._text.split()) if self.counted is None else self.counted - SLACK

    def was_cut(self, reported: int, context_tokens: int) -> bool:
        """Say whether the tokens a server read show that it dropped a part of the prompt.

        Ollama cuts a prompt at `num_ctx` and says nothing. A server that reports nothing is
        believed.
        """
        return reported > 0 and (reported < self.at_least or reported >= context_tokens)

    @property
    def _text(self) -> str:
        return "\n".join(str(message.text) for message in self.messages)


async def fitting(prompts: Sequence[Prompt], room: int, name: str, settings: Settings) -> int:
    """Return which prompt is the first of at most `room` tokens; len(prompts) if none is.

    Takes them longest first. The server is asked only where the bound leaves it open.
    """
    sure = next((n for n, prompt in enumerate(prompts) if prompt.at_most <= room), len(prompts))
    for number, prompt in enumerate(prompts[:sure]):
        tokens = await count(prompt.messages, name, settings)
        if tokens is None:
            break
        if tokens <= room:
            return number
    return sure


def forget() -> None:
    """Ask every server again, also those that could not count."""
    _silent_until.clear()


async def count(messages: Sequence[BaseMessage], name: str, settings: Settings) -> int | None:
    """Ask the model's server how many tokens it reads; None where it cannot say at once.

    llama.cpp shows the prompt as its template renders it and counts that; vLLM counts messages.
    """
    base_url = settings.model_base_url
    if not base_url or not name.startswith("openai:"):
        return None
    root = base_url.rstrip("/").removesuffix("/v1")
    if time.monotonic() < _silent_until.get(root, 0.0):
        return None
    try:
        async with (
            asyncio.timeout(COUNT_SECONDS),
            httpx.AsyncClient(base_url=root, **client_options(base_url, COUNT_SECONDS)) as client,
        ):
            return await _counted(client, name.partition(":")[2], messages)
    except (httpx.HTTPError, TimeoutError, ValueError, KeyError, TypeError):
        # Whatever the reason, the bound does instead, and the next turns do not wait.
        _silent_until[root] = time.monotonic() + SILENT_SECONDS
        return None


async def _counted(client: httpx.AsyncClient, model: str, messages: Sequence[BaseMessage]) -> int:
    roles = {"human": "user", "ai": "assistant"}
    said = [
        {"role": roles.get(message.type, message.type), "content": str(message.text)}
        for message in messages
    ]
    rendered = await client.post("/apply-template", json={"messages": said})
    body: dict[str, Any] = {"model": model, "messages": said}
    if rendered.is_success:
        prompt = rendered.json()["prompt"]
        body = {"content": prompt, "add_special": True, "parse_special": True}
    reply = (await client.post("/tokenize", json=body)).raise_for_status().json()
    return int(reply["count"]) if "count" in reply else len(reply["tokens"])
