"""Collector: a small OTLP/HTTP server that keeps what it was sent, or misbehaves. In threads of its own. What it keeps: `otlp`."""

import gzip
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from tests.fakes import otlp
from tests.fakes.otlp import Point, Received, Span


class Collector:
    """`with Collector() as collector`: at `collector.url`. `status` is what it answers, while `hangs` it does not answer.

    `received` are log records, `points` those of each reading of the metrics that arrived, the newest last.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.spans: list[Span] = []
        self.points: list[list[Point]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.bodies: list[bytes] = []
        self.status = 200
        self.hangs = False
        self.free = threading.Event()  # set: whoever hangs is let go
        self._news = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        """Its base URL: `OTEL_EXPORTER_OTLP_ENDPOINT`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.free.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def until(self, holds: Callable[[Self], bool], seconds: float = 10.0) -> None:
        """Waits until that holds of it. Raises AssertionError."""
        with self._news:
            assert self._news.wait_for(lambda: holds(self), seconds), (self.paths, self.received, self.spans)

    def value(self, name: str, scope: str, **words: str | int) -> float:
        """The newest value of a metric: its number, or how many a histogram has. 0 where nobody told."""
        told = self.points[-1] if self.points else []
        wanted = {key.replace("__", "."): word for key, word in words.items()}
        return sum(
            point.value
            for point in told
            if (point.name, point.scope) == (name, scope) and wanted.items() <= point.attributes.items()
        )

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """The status that a request gets, once it gets one."""
        with self._news:
            self.paths.append(path)
            self.headers.append(headers)
            self._news.notify_all()
        if self.hangs:
            self.free.wait()
        if self.status == 200:
            with self._news:
                self._keep(path, gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body)
                self._news.notify_all()
        return self.status

    def _keep(self, path: str, body: bytes) -> None:
        self.bodies.append(body)
        if path.endswith("/traces"):
            self.spans += otlp.spans(body)
        elif path.endswith("/metrics"):
            self.points.append(otlp.points(body))
        else:
            self.received += otlp.records(body)


def _handler(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                self.send_response(collector.take(self.path, headers, body))
                self.send_header("Content-Length", "0")
                self.end_headers()
            except OSError:  # whoever was kept hanging is gone
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    return Handler
