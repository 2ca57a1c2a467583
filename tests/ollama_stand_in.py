"""Ollama's HTTP dialect, as far as a chat turn speaks it, behind a stand-in's socket."""

import json
from collections.abc import Iterator

from http_stand_in import DRIP_SECONDS, Behaviour, Exchange

MODEL = "llama3.2:1b"
NDJSON = "application/x-ndjson"
_AT = "2026-11-22T12:00:00.000000Z"


def lines(
    text: str, *, done_reason: str = "stop", prompt_tokens: int | None = 321
) -> Iterator[bytes]:
    """Yield a chat answer the way Ollama streams it: a line a word, then the counts."""
    for word in text.split(" "):
        yield _line(message={"role": "assistant", "content": f"{word} "}, done=False)
    counted = {} if prompt_tokens is None else {"prompt_eval_count": prompt_tokens}
    yield _line(
        message={"role": "assistant", "content": ""},
        done=True,
        done_reason=done_reason,
        total_duration=1_000_000,
        eval_count=len(text.split(" ")),
        **counted,
    )


def says(text: str, *, done_reason: str = "stop", prompt_tokens: int | None = 321) -> Behaviour:
    """Serve MODEL, which answers every chat with this text."""

    def behave(exchange: Exchange) -> None:
        if exchange.request.path == "/api/tags":
            exchange.send(200, json.dumps({"models": [{"name": MODEL, "model": MODEL}]}))
        elif exchange.request.path != "/api/chat":
            exchange.send(404, "404 page not found", "text/plain")
        elif exchange.request.json()["model"] != MODEL:
            _missing(exchange)
        else:
            said = lines(text, done_reason=done_reason, prompt_tokens=prompt_tokens)
            exchange.stream(said, NDJSON)

    return behave


def has_no_model(exchange: Exchange) -> None:
    """Be an Ollama that nobody has pulled the model into."""
    _missing(exchange)


def drips(exchange: Exchange) -> None:
    """Stream a word now and then, for longer than any deadline of a test."""
    exchange.stream(lines("word " * 2000), NDJSON, pause=DRIP_SECONDS)


def streams(*pieces: str) -> Behaviour:
    """Answer with these pieces of NDJSON as they are."""
    return lambda exchange: exchange.stream((piece.encode() for piece in pieces), NDJSON)


def is_cut_after(text: str) -> Behaviour:
    """Break the connection when this much has been said."""

    def behave(exchange: Exchange) -> None:
        *said, _ = lines(text)
        exchange.cut(said, NDJSON)

    return behave


def _missing(exchange: Exchange) -> None:
    name = exchange.request.json()["model"]
    exchange.send(404, json.dumps({"error": f"model '{name}' not found"}))


def _line(**fields: object) -> bytes:
    return json.dumps({"model": MODEL, "created_at": _AT, **fields}).encode() + b"\n"
