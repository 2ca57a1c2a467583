"""The chat model a run uses, its deadline, and what happens while it is down."""

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import httpx
import structlog
from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langgraph.types import RetryPolicy

from home_energy.errors import ModelUnavailable
from home_energy.settings import Settings
from tools.connections import client_options

log = structlog.get_logger(__name__)

EXTRACTIVE = "extractive"
MAX_ANSWER_TOKENS = 400
"""Tokens a model may answer with; a longer answer is none, because its end is missing."""
MAX_ANSWER_CHARACTERS = 10 * MAX_ANSWER_TOKENS
"""Where a server heeds no limit of tokens, its answer ends here; twice what English takes."""
REST_SECONDS = 15.0
"""How long a model that failed is left alone before it is tried again."""

OPENAI_URL = "https://api.openai.com/v1"
NO_KEY = "none"
"""Sent to a server of the user's own, which asks for no key where the library insists on one."""

_BLAMES_REQUEST = frozenset({400, 413, 422})
# Providers whose streams always say why they ended; without it the connection was cut.
_SAY_WHY_THEY_END = frozenset({"openai", "ollama"})

RETRY = RetryPolicy(
    initial_interval=0.1,
    max_attempts=2,
    retry_on=lambda error: isinstance(error, ModelUnavailable) and error.again,
)
"""Of the node that asks a model: one more try where the first cost nothing."""

_replacement: ContextVar[BaseChatModel | None] = ContextVar("_replacement", default=None)


@dataclass
class Health:
    """When each model may be tried again, in `time.monotonic()` seconds."""

    retry_at: dict[str, float] = field(default_factory=dict)

    def is_resting(self, name: str) -> bool:
        """Say whether the model failed so recently that turns do not wait for it."""
        return time.monotonic() < self.retry_at.get(name, 0.0)

    def failed(self, name: str) -> None:
        """Leave the model alone for a while."""
        self.retry_at[name] = time.monotonic() + REST_SECONDS

    def worked(self, name: str) -> None:
        """Use the model again at once."""
        self.retry_at.pop(name, None)


health = Health()


@contextmanager
def using(model: BaseChatModel) -> Iterator[None]:
    """Answer with this model inside the block, whatever is configured: for tests and evals."""
    token = _replacement.set(model)
    try:
        yield
    finally:
        _replacement.reset(token)


def is_configured(name: str) -> bool:
    """Say whether turns are to be answered by a model at all."""
    return _replacement.get() is not None or name != EXTRACTIVE


def check(name: str, settings: Settings) -> None:
    """Build the model without calling it; ModelUnavailable says why it cannot be built."""
    try:
        _build(name, settings)
    except Exception as exc:
        # Each provider has its own way to say that a key or a package is missing.
        raise ModelUnavailable(f"The model {name!r} cannot be used: {exc}") from exc


async def stream(
    name: str, messages: list[BaseMessage], settings: Settings, *, first: bool = True
) -> AsyncGenerator[AIMessageChunk, None]:
    """Yield the model's answer as it comes, all of it within `model_timeout_seconds`.

    Raises ModelUnavailable when the model cannot be built or reached, is late, fails, or does not
    come to the answer's end. Its `again` may be set on the `first` try only.
    """
    replacement = _replacement.get()
    if replacement is None and health.is_resting(name):
        raise ModelUnavailable("the model failed a moment ago")
    deadline = asyncio.get_running_loop().time() + settings.model_timeout_seconds
    ending: object = None
    length = 0
    called = False
    try:
        model = replacement
        if model is None:
            model = await asyncio.to_thread(_build, name, settings)
        called = True
        chunks = model.astream(messages)
        while True:
            # The deadline covers the wait for a chunk only, never the caller's work on it.
            async with asyncio.timeout_at(deadline):
                chunk = await anext(chunks, None)
            if chunk is None:
                break
            # A chat model's stream is typed as messages, but always yields chunks.
            assert isinstance(chunk, AIMessageChunk)
            ending = _ending(chunk) or ending
            length += len(chunk.text)
            yield chunk
            if length > MAX_ANSWER_CHARACTERS:
                ending = "length"
                # The server would go on talking to a connection left open.
                if isinstance(chunks, AsyncGenerator):
                    await chunks.aclose()
                break
        if replacement is None and not ending and _provider(name) in _SAY_WHY_THEY_END:
            raise ConnectionError("the answer has no end")
    except Exception as exc:
        # Providers raise their own, unrelated types: this is the one seam that maps them.
        # One user's request that the model refuses says nothing about the next one.
        again = first and not length and _was_dropped(exc)
        if (
            replacement is None
            and not again
            and getattr(exc, "status_code", None) not in _BLAMES_REQUEST
        ):
            health.failed(name)
        log.warning("model_failed", model=name, error=type(exc).__name__)
        raise ModelUnavailable(
            "the model did not answer",
            called=called,
            reason="late" if isinstance(exc, TimeoutError) else "failed",
            again=again,
        ) from exc
    health.worked(name)
    if ending == "length":
        log.warning("model_failed", model=name, error="answer too long")
        raise ModelUnavailable("the model did not come to an end", called=True, reason="too long")


def _was_dropped(error: BaseException | None) -> bool:
    """Say whether a server took the request and hung up without a word, as one that restarts."""
    while error is not None:
        if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
            return True
        error = error.__cause__
    return False


def _ending(chunk: AIMessageChunk) -> object:
    """Return why the answer ends with this chunk, in its provider's words; None before."""
    said = chunk.response_metadata
    return said.get("finish_reason") or said.get("done_reason") or said.get("done")


def _provider(name: str) -> str:
    return name.partition(":")[0]


@lru_cache(maxsize=8)
def _cached(name: str, base_url: str | None, context_tokens: int, seconds: float) -> BaseChatModel:
    provider = _provider(name)
    options: dict[str, Any] = {"temperature": 0}
    if base_url:
        options["base_url"] = base_url
    if provider == "ollama":
        options |= {
            "num_ctx": context_tokens,
            "num_predict": MAX_ANSWER_TOKENS,
            "client_kwargs": client_options(base_url, seconds),
        }
    else:
        options |= {"max_tokens": MAX_ANSWER_TOKENS, "max_retries": 0, "timeout": seconds}
    if provider == "openai":
        options |= _openai_options(base_url, seconds)
    model: BaseChatModel = init_chat_model(name, **options)
    return model


def _openai_options(base_url: str | None, seconds: float) -> dict[str, Any]:
    connection = client_options(base_url or OPENAI_URL, seconds)
    options: dict[str, Any] = {
        "stream_usage": True,
        "timeout": connection["timeout"],
        "http_client": httpx.Client(**connection),
        "http_async_client": httpx.AsyncClient(**connection),
    }
    if base_url and not os.environ.get("OPENAI_API_KEY"):
        options["api_key"] = NO_KEY
    return options


def _build(name: str, settings: Settings) -> BaseChatModel:
    return _cached(
        name,
        settings.model_base_url,
        settings.model_context_tokens,
        settings.model_timeout_seconds,
    )
