"""The OpenAI dialect's streamed chat, behind a stand-in's socket."""

import json
from collections.abc import Callable, Iterator

from http_stand_in import DRIP_SECONDS, Behaviour, Exchange

MODEL = "stand-in"
SSE = "text/event-stream"


def events(text: str, *, finish_reason: str = "stop", prompt_tokens: int = 321) -> Iterator[bytes]:
    """Yield a chat answer the way OpenAI streams it: role, words, reason, counts, the end."""
    yield _event([_choice({"role": "assistant", "content": ""})])
    for word in text.split(" "):
        yield _event([_choice({"content": f"{word} "})])
    yield _event([_choice({}, finish_reason)])
    counts = {"prompt_tokens": prompt_tokens, "completion_tokens": len(text.split(" "))}
    yield _event([], usage={**counts, "total_tokens": sum(counts.values())})
    yield b"data: [DONE]\n\n"


def says(text: str, *, finish_reason: str = "stop", prompt_tokens: int = 321) -> Behaviour:
    """Answer every chat with this text."""

    def behave(exchange: Exchange) -> None:
        if exchange.request.path == "/v1/chat/completions":
            said = events(text, finish_reason=finish_reason, prompt_tokens=prompt_tokens)
            exchange.stream(said, SSE)
        else:
            exchange.send(404, json.dumps({"error": {"message": "no such door"}}))

    return behave


def counts(tokens_of: Callable[[str], int], then: Behaviour) -> Behaviour:
    """Be a llama.cpp server, which renders a chat and counts its tokens, besides what it says."""

    def behave(exchange: Exchange) -> None:
        path, body = exchange.request.path, exchange.request.json()
        if path == "/apply-template":
            prompt = "".join(message["content"] for message in body["messages"])
            exchange.send(200, json.dumps({"prompt": prompt}))
        elif path == "/tokenize":
            exchange.send(200, json.dumps({"tokens": [0] * tokens_of(body["content"])}))
        else:
            then(exchange)

    return behave


def refuses(status: int, message: str) -> Behaviour:
    """Answer every request with an error body of OpenAI's shape."""
    body = json.dumps({"error": {"message": message, "type": "error", "code": None}})
    return lambda exchange: exchange.send(status, body)


def drips(exchange: Exchange) -> None:
    """Stream a word now and then, for longer than any deadline of a test."""
    exchange.stream(events("word " * 2000), SSE, pause=DRIP_SECONDS)


def streams(*pieces: str) -> Behaviour:
    """Answer with these pieces of an event stream as they are."""
    return lambda exchange: exchange.stream((piece.encode() for piece in pieces), SSE)


def is_cut_after(text: str) -> Behaviour:
    """Break the connection when this much has been said."""
    said = [_event([_choice({"content": f"{word} "})]) for word in text.split(" ")]
    return lambda exchange: exchange.cut(said, SSE)


def ends_after(text: str) -> Behaviour:
    """End the stream politely in the middle of the answer, as a proxy that gives up does."""
    said = [_event([_choice({"content": f"{word} "})]) for word in text.split(" ")]
    return lambda exchange: exchange.stream(said, SSE)


def sends_delta(delta: dict[str, object], *, finish_reason: str = "stop") -> Behaviour:
    """Answer with one piece of this shape instead of words."""
    pieces = [_event([_choice(delta)]), _event([_choice({}, finish_reason)]), b"data: [DONE]\n\n"]
    return lambda exchange: exchange.stream(pieces, SSE)


def _choice(delta: dict[str, object], finish_reason: str | None = None) -> dict[str, object]:
    return {"index": 0, "delta": delta, "finish_reason": finish_reason}


def _event(choices: list[dict[str, object]], **fields: object) -> bytes:
    event = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_795_000_000,
        "model": MODEL,
        "choices": choices,
        **fields,
    }
    return b"data: " + json.dumps(event).encode() + b"\n\n"
