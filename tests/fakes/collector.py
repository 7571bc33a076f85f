"""Collector: a small OTLP/HTTP server that keeps the log records it was sent, or misbehaves. In threads of its own."""

import gzip
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import msgspec
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest


class Received(msgspec.Struct, frozen=True):
    """One log record. `attributes` are the record's, `resource` those of who sent it."""

    name: str
    body: str
    severity: str
    nanoseconds: int
    attributes: dict[str, Any]
    resource: dict[str, Any]


class Collector:
    """`with Collector() as collector`: at `collector.url`. `status` is what it answers, while `hangs` it does not answer."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
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
            assert self._news.wait_for(lambda: holds(self), seconds), (self.paths, self.received)

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
                self.received += _records(gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body)
                self._news.notify_all()
        return self.status


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


def _records(body: bytes) -> list[Received]:
    request = ExportLogsServiceRequest.FromString(body)
    return [
        Received(
            log.event_name,
            log.body.string_value,
            log.severity_text,
            log.time_unix_nano,
            _values(log.attributes),
            _values(of.resource.attributes),
        )
        for of in request.resource_logs
        for scope in of.scope_logs
        for log in scope.log_records
    ]


def _values(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
