"""Insights: what Application Insights' ingestion is to an exporter: takes `/v2.1/track`, keeps the envelopes. In threads of its own."""

import gzip
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import msgspec

_KEY = "00000000-0000-0000-0000-000000000001"


class Insights:
    """`with Insights() as insights`: `insights.connection` is its connection string."""

    def __init__(self) -> None:
        self.envelopes: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self._news = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def connection(self) -> str:
        """APPLICATIONINSIGHTS_CONNECTION_STRING."""
        url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        return f"InstrumentationKey={_KEY};IngestionEndpoint={url};LiveEndpoint={url}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def until(self, holds: Callable[[Self], bool], seconds: float = 20.0) -> None:
        """Waits until that holds of it. Raises AssertionError."""
        with self._news:
            assert self._news.wait_for(lambda: holds(self), seconds), (self.paths, self.envelopes)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The envelopes of one kind, such as `MetricData`."""
        return [envelope for envelope in self.envelopes if envelope["data"]["baseType"] == kind]

    def take(self, path: str, body: bytes) -> bytes:
        """The answer to a request."""
        envelopes: list[dict[str, Any]] = msgspec.json.decode(body)
        with self._news:
            self.paths.append(path)
            self.envelopes += envelopes
            self._news.notify_all()
        return msgspec.json.encode({"itemsReceived": len(envelopes), "itemsAccepted": len(envelopes), "errors": []})


def _handler(insights: Insights) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            plain = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            answer = insights.take(self.path, plain)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    return Handler
