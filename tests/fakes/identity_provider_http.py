"""The HTTP side of the identity provider: a server in a thread, and a function that answers. Knows nothing of tokens."""

import ssl
import threading
from collections.abc import Callable, Mapping
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import msgspec


class Asked(msgspec.Struct, frozen=True):
    """A request. `query` is as it was sent."""

    method: str
    path: str
    query: str
    headers: Message
    body: bytes


class Answer(msgspec.Struct, frozen=True):
    """A reply. `headers` come on top of the length and, unless they name one, the type."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}


class Hangup(Exception):
    """Raised instead of answering: the connection ends without a word."""


type Respond = Callable[[Asked], Answer]
type Routes = dict[tuple[str, str], Respond]  # by method and path


class HttpServer(ThreadingHTTPServer):
    """Listens from the beginning; answers between `start` and `stop`. `keep_alive`: many requests on one connection."""

    daemon_threads = True

    def __init__(
        self, respond: Respond, listen: str, port: int, tls: ssl.SSLContext | None, *, keep_alive: bool = False
    ) -> None:
        super().__init__((listen, port), _Handler)
        self.keep_alive = keep_alive
        self.respond = respond
        self.tls = tls
        self.port = int(self.server_address[1])
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), name="identity provider", daemon=True)

    def start(self) -> None:
        """Answers, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Returns when the port is closed."""
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients hang up; that is theirs to do."""


class _Handler(BaseHTTPRequestHandler):
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one write
    timeout = 10

    server: HttpServer  # pyright: ignore[reportIncompatibleVariableOverride] (it is the one that made us)

    def setup(self) -> None:
        if self.server.keep_alive:
            self.protocol_version = "HTTP/1.1"
        if self.server.tls:  # here, in the connection's thread: a slow handshake keeps nobody else waiting
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def _any(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            answer = self.server.respond(Asked(self.command, parts.path, parts.query, self.headers, body))
        except Hangup:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _any  # noqa: N815 (the library's names)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: tests look at answers."""
