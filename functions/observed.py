"""Observed: what telemetry is told of the control plane's requests: how many, how long, and which step of a trace. Answers none.

Of a path the operation's own is told, with names left out; of queries, bodies and callers nothing.
"""

import time
from collections.abc import Awaitable, Callable, Iterator

from azure.functions import HttpResponse

from functions.request import Request
from gateway.operations import Operation
from gateway.telemetry import instruments as its
from gateway.telemetry.context import context
from gateway.telemetry.counters import Counters
from gateway.telemetry.exporting import Telemetry
from gateway.telemetry.readings import Reading, of_durations, of_requests
from gateway.telemetry.span import Kind, Span, Tracer, cause

SCOPE = "functions"
_WORDS = ("http.request.method", "http.route", "http.response.status_code")
_FAILED = 500


class Observed:
    """Requests of one app. `kind` of their spans: `internal` where a platform in front of us notes each request itself."""

    def __init__(self, telemetry: Telemetry, kind: Kind) -> None:
        self.counters = Counters()
        self._tracer = telemetry.tracer(SCOPE)
        self._kind: Kind = kind
        telemetry.meter.watch(SCOPE, self._readings)

    async def answered(
        self, operation: Operation, request: Request, answer: Callable[[], Awaitable[HttpResponse]]
    ) -> HttpResponse:
        """What `answer` comes to."""
        self.counters.requests += 1
        began, status, error = time.perf_counter(), 0, ""
        span = self._begun(operation, request)
        try:
            response = await answer()
            status = response.status_code
        except BaseException as raised:
            error = cause(raised)
            raise
        finally:
            self._note(operation, status, time.perf_counter() - began)
            if span is not None and self._tracer is not None:
                self._end(self._tracer, span, status, error)
        return response

    def _begun(self, operation: Operation, request: Request) -> Span | None:
        parent = context(request.headers.get("traceparent"), request.headers.get("tracestate"))
        if parent is None:
            return None
        self.counters.sampled += 1
        if self._tracer is None:
            return None
        name = f"{operation.method} {operation.path}"
        words = {"http.request.method": operation.method, "http.route": operation.path, "url.scheme": "http"}
        return self._tracer.begin(name, self._kind, parent, {**words, "mcp_gateway.operation": operation.id})

    def _note(self, operation: Operation, status: int, seconds: float) -> None:
        if not status or status >= _FAILED:
            self.counters.failed += 1
        elif status >= 400:
            self.counters.refused += 1
        self.counters.durations.add((operation.method, operation.path, status), seconds)

    def _end(self, tracer: Tracer, span: Span, status: int, error: str) -> None:
        if status:
            span.attributes["http.response.status_code"] = status
        tracer.end(span, error or (str(status) if status >= _FAILED else ""))

    def _readings(self) -> Iterator[Reading]:
        yield from of_requests(self.counters)
        yield from of_durations(its.HTTP, _WORDS, self.counters.durations)
