"""What a request may hold: how many headers, how long an address, how much and how deep a body."""

import asyncio
import re

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from server.problems import RefusedError

MAX_BODY_BYTES = 1_000_000
MAX_DEPTH = 64
"""Lists and objects of JSON within each other."""
MAX_HEADERS = 100
MAX_HEADER_BYTES = 32_000
MAX_ADDRESS_BYTES = 8_000
BODY_SECONDS = 20.0
"""How long a body may take to arrive."""

# Possessive, so that it is read once: a string, whether or not it is closed, or one bracket.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)


def check_head(scope: Scope) -> None:
    """Raise RefusedError for an address or headers that no client of ours sends."""
    address = len(scope.get("raw_path") or scope["path"]) + len(scope.get("query_string", b""))
    if address > MAX_ADDRESS_BYTES:
        raise RefusedError(
            414, "too_large", f"An address may have {MAX_ADDRESS_BYTES:,} characters."
        )
    headers = scope["headers"]
    size = sum(len(name) + len(value) for name, value in headers)
    if len(headers) > MAX_HEADERS or size > MAX_HEADER_BYTES:
        raise RefusedError(
            431,
            "too_large",
            f"A request may have {MAX_HEADERS} headers of {MAX_HEADER_BYTES:,} bytes in all.",
        )


async def read_body(scope: Scope, receive: Receive) -> Receive:
    """Read the body before anything else does, and return a way to read it again.

    Raises RefusedError when it is too large, too deep, no UTF-8 text or too slow.
    """
    headers = Headers(scope=scope)
    length = headers.get("content-length")
    if length is None and "transfer-encoding" not in headers:
        return receive
    if length is not None and not (length.isdigit() and int(length) <= MAX_BODY_BYTES):
        raise _too_large()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await _whole(receive)
    except TimeoutError:
        sentence = "The body did not arrive in time: send it again."
        raise RefusedError(408, "too_slow", sentence) from None
    if body is None:
        return receive
    check_text(body)
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return first.pop() if first else await receive()

    return replay


async def _whole(receive: Receive) -> bytes | None:
    """Return the body, or None if the client left before its end."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise _too_large()
        if not message.get("more_body"):
            return bytes(body)


def check_text(body: bytes) -> None:
    """Raise RefusedError for JSON that is too deep, or text that hides how deep it is."""
    # JSON writes NUL as an escape; where it stands bare, the text is UTF-16 or none.
    if b"\0" in body:
        raise RefusedError(422, "invalid", "Send the body as JSON in UTF-8.")
    if depth_of(body) > MAX_DEPTH:
        raise RefusedError(
            422, "too_deep", f"Lists and objects may be {MAX_DEPTH} deep within each other."
        )


def depth_of(body: bytes) -> int:
    """Return how deep lists and objects are within each other, or some number over MAX_DEPTH."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    for token in _TOKEN.finditer(body):
        match body[token.start()]:
            case 0x5B | 0x7B:
                depth += 1
                deepest = max(deepest, depth)
                if deepest > MAX_DEPTH:
                    break
            case 0x5D | 0x7D:
                depth = max(0, depth - 1)
    return deepest


def _too_large() -> RefusedError:
    return RefusedError(413, "too_large", f"A request may hold {MAX_BODY_BYTES:,} bytes.")
