"""What every request passes first: closed routes, other sites, limits, sizes, ids."""

import re
from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from home_energy.errors import HomeEnergyError
from home_energy.settings import get_settings
from server.address import is_local
from server.answers import Answer
from server.bodies import check_head, check_text, read_body
from server.caller import Caller, identify
from server.limits import Limits, Standing
from server.logs import name_in_log
from server.origins import REFUSED, is_foreign
from server.problems import RefusedError, from_error, headers_of, problem, response
from server.welcome import Welcome

CLOSED = ("/internal", "/deploy", "/ui")
"""Routes of the development server that have no lock of their own; nobody needs them here."""
OPERATOR_ONLY = ("/metrics", "/info")
"""Answered on this machine, or to an admin's key."""
UNCOUNTED = "/ok"
"""The health check, which whoever watches the server may ask as often as he likes."""
REFERENCE = "/reference"

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_POLICY_VIOLATION = 1008
_LEFT: Message = {"type": "http.disconnect"}

Origins = Callable[[], Collection[str]]


class Guard:
    """ASGI middleware around the whole server, built-in routes included."""

    def __init__(self, app: ASGIApp, origins: Origins, doors: Sequence[BaseRoute]) -> None:
        self._app, self._origins = app, origins
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

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = _request_id(scope)
        name_in_log(request_id)
        origin = Headers(scope=scope).get("origin")
        answer = Answer(send, request_id, origin if origin in self._origins() else None)
        try:
            check_head(scope)
            early = await self._early(scope, request_id)
            if early is not None:
                await early(scope, receive, answer.send)
                return
            if scope["path"] != UNCOUNTED:
                caller = await identify(scope)
                answer.standing = await self._count(scope, caller)
                _refuse_too_many(answer.standing)
                receive = answer.listen_to(receive, Welcome(scope, caller), _LEFT)
            body = await read_body(scope, receive)
            await self._app(scope, body, answer.send)
        except Exception as error:
            if answer.started:
                raise
            # The one place that catches everything: no error's text may reach a client.
            told = response(from_error(error, request_id), headers_of(error))
            await told(scope, receive, answer.send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = _request_id(scope)
        if _within(scope["path"], CLOSED) or is_foreign(scope, self._origins()):
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        try:
            check_head(scope)
            caller = await identify(scope)
            _refuse_too_many(await self._count(scope, caller))
        except HomeEnergyError as error:
            await response(from_error(error, request_id))(scope, receive, send)
            return
        socket = _Socket(self, scope, caller, receive, send)
        await self._app(scope, socket.receive, socket.send)

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
        if _within(path, OPERATOR_ONLY) and not (is_local(scope) or await _is_admin(scope)):
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

    async def count(self, scope: Scope, caller: Caller | None) -> None:
        """Count what a caller asks; raises RefusedError when it is too much."""
        _refuse_too_many(await self._limits.count(scope, caller))

    async def _count(self, scope: Scope, caller: Caller | None) -> Standing | None:
        if caller is None:
            failed = await self._limits.count_failure(scope)
            if failed is not None and failed.is_over:
                return failed
        return await self._limits.count(scope, caller)

    @cached_property
    def _limits(self) -> Limits:
        return Limits(get_settings())


class _Socket:
    """A web socket whose messages are counted and looked at as requests are."""

    def __init__(
        self, guard: Guard, scope: Scope, caller: Caller | None, receive: Receive, send: Send
    ) -> None:
        self._guard, self._scope, self._caller = guard, scope, caller
        self._receive, self._send = receive, send
        self._welcome = Welcome(scope, caller)
        self._is_closed = False

    async def receive(self) -> Message:
        left: Message = {"type": "websocket.disconnect", "code": _POLICY_VIOLATION}
        message = await self._welcome.receive(self._receive, left=left)
        if message["type"] != "websocket.receive":
            return message
        try:
            if not await self._welcome.holds():
                raise RefusedError(401, "key_required", "The key is not valid any more.")
            await self._guard.count(self._scope, self._caller)
            check_text(message.get("bytes") or (message.get("text") or "").encode())
        except HomeEnergyError as error:
            await self._close(getattr(error, "detail", ""))
            return left
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "websocket.send" and not await self._welcome.holds():
            await self._close("The key is not valid any more.")
        elif not self._is_closed:
            await self._send(message)

    async def _close(self, reason: str) -> None:
        self._welcome.end()
        if not self._is_closed:
            self._is_closed = True
            close = {"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": reason}
            await self._send(close)


def _refuse_too_many(standing: Standing | None) -> None:
    if standing is not None and standing.is_over:
        sentence = f"Too many requests: wait {standing.seconds} seconds, then ask again."
        raise RefusedError(429, "too_many_requests", sentence)


async def _is_admin(scope: Scope) -> bool:
    caller = await identify(scope)
    return caller is not None and caller.is_admin


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
