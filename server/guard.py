"""What every request passes first: closed routes, other sites, sizes, ids, security headers."""

import json
import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.address import is_loopback
from server.origins import REFUSED, is_foreign
from server.problems import MEDIA_TYPE, OPAQUE, from_error, problem, response

log = structlog.stdlib.get_logger(__name__)

CLOSED = ("/internal", "/deploy", "/ui")
"""Routes of the development server that have no lock of their own; nobody needs them here."""
OPERATOR_ONLY = ("/metrics", "/info")
"""Answered on this machine, or to an admin's key."""
MAX_BODY_BYTES = 1_000_000
REFERENCE = "/reference"

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
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

IsAdmin = Callable[[Scope], Awaitable[bool]]
Origins = Callable[[], Collection[str]]


class Guard:
    """ASGI middleware around the whole server, built-in routes included."""

    def __init__(
        self, app: ASGIApp, is_admin: IsAdmin, origins: Origins, doors: Sequence[BaseRoute]
    ) -> None:
        self._app = app
        self._is_admin, self._origins = is_admin, origins
        self._doors = [door for door in doors if isinstance(door, Route)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        # Calls that the server makes to itself have passed already; a client cannot set this path.
        if scope["type"] not in ("http", "websocket") or _is_loopback_call(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._http(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _within(scope["path"], CLOSED) or is_foreign(scope, self._origins()):
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = _request_id(scope)
        answer = _Answer(send, request_id)
        try:
            early = await self._early(scope, request_id)
            if early is not None:
                await early(scope, receive, answer.send)
                return
            body = await _small_body(scope, receive)
            if body is None:
                sentence = f"A request may hold {MAX_BODY_BYTES:,} bytes."
                await response(problem(413, sentence, request_id))(scope, receive, answer.send)
                return
            await self._app(scope, body, answer.send)
        except Exception as error:
            if answer.started:
                raise
            # The one place that catches everything: no error's text may reach a client.
            await response(from_error(error, request_id))(scope, receive, answer.send)

    async def _early(self, scope: Scope, request_id: str) -> Response | None:
        path = scope["path"]
        # A path with a control character names nothing, and would be written to the log.
        if _within(path, CLOSED) or _CONTROL.search(path):
            return response(problem(404, "There is no such page.", request_id))
        if is_foreign(scope, self._origins()):
            return response(problem(403, REFUSED, request_id))
        if path == "/docs":
            # The server's own page loads its scripts from another host.
            return RedirectResponse(REFERENCE)
        if _within(path, OPERATOR_ONLY) and not (is_local(scope) or await self._is_admin(scope)):
            return response(
                problem(403, "Ask on the server's own machine, or with an admin key.", request_id)
            )
        if scope["method"] != "OPTIONS" and (methods := self._methods(scope)):
            sentence = f"This page takes {methods} only."
            return response(problem(405, sentence, request_id), {"allow": methods})
        return None

    def _methods(self, scope: Scope) -> str | None:
        """Name what a door of ours takes if it does not take the request's method.

        The server's own routes come after ours and would say that there is no such page.
        """
        found = [(door.matches(scope)[0], door) for door in self._doors]
        if any(match is Match.FULL for match, _ in found):
            return None
        taken = {m for match, door in found if match is Match.PARTIAL for m in door.methods or ()}
        return ", ".join(sorted(taken)) or None


class _Answer:
    """Passes an answer on, with our headers, and tells built-in errors as problems."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send, self._request_id = send, request_id
        self._held: Message | None = None
        self._body = b""
        self.started = False

    async def send(self, message: Message) -> None:
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

    def _dress(self, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        headers["x-request-id"] = self._request_id
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("cache-control", "no-store")
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


def is_local(scope: Scope) -> bool:
    """Tell whether the request was made on this machine, under a name of its own.

    The Host header is checked so that a web page cannot reach the server under the page's name.
    """
    host, _, port = Headers(scope=scope).get("host", "").rpartition(":")
    if not port.isdigit():
        host = f"{host}:{port}" if host else port
    return is_loopback((scope.get("client") or ("",))[0]) and is_loopback(host)


def _is_loopback_call(scope: Scope) -> bool:
    return str(scope.get("root_path", "")).split("/")[1:2] == ["noauth"]


def _within(path: str, roots: tuple[str, ...]) -> bool:
    return any(path == root or path.startswith(root + "/") for root in roots)


def _request_id(scope: Scope) -> str:
    """Take the caller's request id if it is fit for a log, else make one; the server reads it."""
    given = Headers(scope=scope).get("x-request-id", "")
    request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
    others = [(name, value) for name, value in scope["headers"] if name != b"x-request-id"]
    scope["headers"] = [*others, (b"x-request-id", request_id.encode())]
    scope["request_id"] = request_id
    return request_id


async def _small_body(scope: Scope, receive: Receive) -> Receive | None:
    """Return a way to read the body, or None if it is larger than a request may be."""
    headers = Headers(scope=scope)
    length = headers.get("content-length")
    if length is not None:
        return receive if length.isdigit() and int(length) <= MAX_BODY_BYTES else None
    if "transfer-encoding" not in headers:
        return receive
    return await _buffered(receive)


async def _buffered(receive: Receive) -> Receive | None:
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body"):
            break
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return first.pop() if first else await receive()

    return replay


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
