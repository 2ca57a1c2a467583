"""How every answer leaves: our headers, built-in errors as problems, no more once a key is void."""

import json

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Receive, Send

from server.limits import Standing
from server.problems import MEDIA_TYPE, OPAQUE, RefusedError, problem
from server.welcome import Welcome

_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "content-security-policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


class Answer:
    """Passes an answer on, with our headers, and tells built-in errors as problems."""

    def __init__(self, send: Send, request_id: str, origin: str | None = None) -> None:
        self._send, self._request_id, self._origin = send, request_id, origin
        self._held: Message | None = None
        self._body = b""
        self._welcome: Welcome | None = None
        self._has_ended = False
        self.standing: Standing | None = None
        """What the caller has left of his requests, once they were counted."""
        self.started = False

    def listen_to(self, receive: Receive, welcome: Welcome, left: Message) -> Receive:
        """Return a way to hear the client that ends with `left` when he may hear no more."""
        self._welcome = welcome

        async def listening() -> Message:
            return await welcome.receive(receive, left=left)

        return listening

    async def send(self, message: Message) -> None:
        """Send a part of the answer; raises RefusedError when the key was revoked meanwhile."""
        if self._welcome is not None and not await self._welcome.holds():
            if self.started:
                await self._end()
                return
            self._welcome = None
            raise RefusedError(401, "key_required", "The key is not valid any more.")
        if message["type"] == "http.response.start":
            self._dress(message)
            if message["status"] >= 400 and _is_plain_json(message):
                self._held = message
                return
        elif self._held is not None and message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if message.get("more_body"):
                return
            start, self._held = self._held, None
            message = {**message, "body": self._retell(start)}
            self.started = True
            await self._send(start)
        self.started = True
        await self._send(message)

    async def _end(self) -> None:
        if not self._has_ended:
            self._has_ended = True
            await self._send({"type": "http.response.body", "body": b""})

    def _dress(self, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        headers["x-request-id"] = self._request_id
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("cache-control", "no-store")
        for name, value in (self.standing.headers if self.standing else {}).items():
            headers.setdefault(name, value)
        if self._origin is not None:
            # What the guard answers does not pass the server's own CORS headers.
            headers.setdefault("access-control-allow-origin", self._origin)
            headers.add_vary_header("origin")
        if message["status"] == 401:
            headers.setdefault("www-authenticate", "Bearer")

    def _retell(self, start: Message) -> bytes:
        detail = _detail(self._body)
        if detail is None:
            return self._body
        status = start["status"]
        told = problem(status, OPAQUE if status >= 500 else detail, self._request_id)
        body = told.model_dump_json(exclude_none=True).encode()
        headers = MutableHeaders(scope=start)
        headers["content-type"] = MEDIA_TYPE
        headers["content-length"] = str(len(body))
        return body


def _is_plain_json(message: Message) -> bool:
    content_type = Headers(scope=message).get("content-type", "")
    return content_type.split(";")[0] == "application/json"


def _detail(body: bytes) -> str | None:
    """Return what a built-in error says, or None when the body is something else."""
    try:
        content = json.loads(body)
    except ValueError:
        return None
    if not isinstance(content, dict) or "jsonrpc" in content or "detail" not in content:
        return None
    return str(content["detail"])
