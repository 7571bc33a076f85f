"""Operation: one MCP request as telemetry sees it: which trace it belongs to, its span where that is recorded, how long it took.

Which trace, its HTTP request says, or where that says none, `params._meta` (MCP 2026-07-28, basic "Per-request protocol
fields"): what a client cannot put into headers. Of arguments, cursors and sessions nothing is told.
"""

import time
from types import TracebackType

from msgspec import Raw, UnsetType

from gateway.telemetry.context import context
from gateway.telemetry.counters import Counters
from gateway.telemetry.span import Span, Tracer, Value, cause
from tool_router.faults import Fault
from tool_router.message import Meta, value_of
from tool_router.turn import Turn

TOOL_ERROR = "tool_error"
# Whatever else is asked for is nobody's method.
_METHODS = {
    method: method
    for method in ("initialize", "ping", "server/discover", "subscriptions/listen", "tools/call", "tools/list")
}
_OTHER = "_OTHER"


class Telling:
    """What operations of one router are told to. Without a `tracer` no span is noted, and traces only passed on."""

    def __init__(self, counters: Counters, tracer: Tracer | None) -> None:
        self.counters = counters
        self.tracer = tracer

    def of(self, turn: Turn, method: object, meta: Meta | None) -> "Operation":
        """A context manager around the request that this turn, or a part of its body, is."""
        return Operation(self, turn, _METHODS.get(method, _OTHER) if isinstance(method, str) else _OTHER, meta)


class Operation:
    """`traceparent` and `tracestate` are for whoever is asked within it. `error`: in a word, where it ends without a Fault."""

    __slots__ = ("_began", "_method", "_telling", "error", "span", "traceparent", "tracestate")

    def __init__(self, telling: Telling, turn: Turn, method: str, meta: Meta | None) -> None:
        self.error = ""
        self.span: Span | None = None
        self.traceparent, self.tracestate = _carried(turn, meta)
        self._telling = telling
        self._method = method
        self._began = time.perf_counter()
        if self.traceparent and not self.traceparent.endswith("-00"):  # ends so: no flag is set
            self._begin(turn)

    def __enter__(self) -> "Operation":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        word = _word(error) if error is not None else self.error
        self._telling.counters.durations.add((self._method, word), time.perf_counter() - self._began)
        if self.span is not None and self._telling.tracer is not None:
            self._telling.tracer.end(self.span, word)

    def names(self, tool: str) -> None:
        """Which tool it is about."""
        if self.span is not None:
            self.span.name = f"{self._method} {tool}"
            self.span.attributes |= {"gen_ai.tool.name": tool, "gen_ai.operation.name": "execute_tool"}

    def _begin(self, turn: Turn) -> None:
        parent, tracer = context(self.traceparent, self.tracestate), self._telling.tracer
        if parent is None:
            return
        self._telling.counters.sampled += 1
        if tracer is None:
            return
        words: dict[str, Value] = {"mcp.method.name": self._method, "mcp_gateway.request.id": turn.id}
        self.span = tracer.begin(self._method, "server", parent, words)
        self.traceparent = self.span.traceparent


def _carried(turn: Turn, meta: Meta | None) -> tuple[str, str]:
    """The trace of the HTTP request; else that of the message."""
    if found := turn.traceparent:
        return found, turn.tracestate
    if meta is None:
        return "", ""
    return _text(meta.traceparent), _text(meta.tracestate)


def _text(raw: Raw | UnsetType) -> str:
    found = value_of(raw)
    return found if isinstance(found, str) else ""


def _word(error: BaseException) -> str:
    return str(error.code) if isinstance(error, Fault) else cause(error)
