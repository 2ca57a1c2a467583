"""A service on a loopback socket that does what a test tells it to, and keeps what it was sent."""

import json
import select
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

DRIP_SECONDS = 0.05
"""Between two pieces of a reply that drips: well below any deadline of a test."""


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Exchange:
    """One request and the means to answer it, well or badly."""

    def __init__(self, handler: BaseHTTPRequestHandler, request: Request, stand_in: "StandIn"):
        self.request = request
        self._handler = handler
        self._stand_in = stand_in

    def send(
        self,
        status: int,
        body: bytes | str = b"",
        content_type: str = "application/json",
        **headers: str,
    ) -> None:
        """Answer at once and whole; the names of further headers have _ for -."""
        content = body.encode() if isinstance(body, str) else body
        self._handler.send_response(status)
        self._handler.send_header("Content-Type", content_type)
        self._handler.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self._handler.send_header(name.replace("_", "-"), value)
        self._handler.end_headers()
        self._handler.wfile.write(content)

    def stream(self, pieces: Iterable[bytes], content_type: str, *, pause: float = 0.0) -> None:
        """Answer in pieces, `pause` seconds apart, as long as the client listens."""
        self._begin(content_type)
        for piece in pieces:
            self._piece(piece)
            if pause and self._client_left(pause):
                return
        self._handler.wfile.write(b"0\r\n\r\n")

    def cut(self, pieces: Iterable[bytes], content_type: str) -> None:
        """Answer in pieces and break the connection before the answer's end."""
        self._begin(content_type)
        for piece in pieces:
            self._piece(piece)
        self._handler.close_connection = True

    def drop(self) -> None:
        """Break the connection without a word."""
        self._handler.close_connection = True

    def hang(self) -> None:
        """Say nothing until the client leaves or the test ends."""
        while not self._client_left(DRIP_SECONDS):
            pass
        self._handler.close_connection = True

    def _begin(self, content_type: str) -> None:
        self._handler.send_response(200)
        self._handler.send_header("Content-Type", content_type)
        self._handler.send_header("Transfer-Encoding", "chunked")
        self._handler.end_headers()

    def _piece(self, piece: bytes) -> None:
        self._handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self._handler.wfile.flush()

    def _client_left(self, seconds: float) -> bool:
        """Wait, and say whether there is nobody left to answer."""
        if self._stand_in.closing.wait(seconds):
            return True
        connection = self._handler.connection
        readable, _, _ = select.select([connection], [], [], 0)
        if readable and not connection.recv(1, socket.MSG_PEEK):
            self._stand_in.hung_up.set()
            return True
        return False


Behaviour = Callable[[Exchange], None]
Configure = Callable[..., None]
"""A fixture that sets HOME_ENERGY_* variables for the turns that follow."""


class StandIn:
    """Serve inside a `with` block; `received` is every request, in order of arrival."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        """How the next request is answered; may be changed between requests."""
        self.received: list[Request] = []
        self.connections = 0
        self.hung_up = threading.Event()
        """Set when a client left before its answer was finished."""
        self.closing = threading.Event()
        self._server = _Server(self)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


Serve = Callable[[str, Behaviour], StandIn]
"""A fixture that starts a stand-in of this dialect for the turns that follow."""


class _Server(ThreadingHTTPServer):
    # Handlers of clients that keep their connection would be waited for without end.
    daemon_threads = True

    def __init__(self, stand_in: StandIn) -> None:
        self.stand_in = stand_in
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.stand_in.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that leaves early is what many tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            method=self.command,
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
        )
        stand_in = self.server.stand_in
        stand_in.received.append(request)
        try:
            stand_in.behaviour(Exchange(self, request, stand_in))
        except ConnectionError:
            stand_in.hung_up.set()
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - names of http.server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - name of http.server
        """Keep the test's output to itself."""


def sends(status: int, body: Any) -> Behaviour:
    """Answer every request with this JSON value, or text as it is."""
    content = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return lambda exchange: exchange.send(status, content)


def hangs(exchange: Exchange) -> None:
    """Take the request and never answer."""
    exchange.hang()


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with suppress(OSError), socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
    raise AssertionError("no free port on loopback")
