"""Our spans as the SDK's, for its exporters. Imported by who sends, never by who serves."""

from collections.abc import Callable

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags, TraceState
from opentelemetry.trace.status import Status, StatusCode

from gateway.telemetry.span import Span

_KINDS = {"server": SpanKind.SERVER, "client": SpanKind.CLIENT, "internal": SpanKind.INTERNAL}
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)


def spans_of(resource: Resource, scope: Callable[[str], InstrumentationScope]) -> Callable[[Span], ReadableSpan]:
    """What makes one of a span."""

    def made(span: Span) -> ReadableSpan:
        state = TraceState.from_header([span.state]) if span.state else TraceState()
        return ReadableSpan(
            span.name,
            context=_context(span.trace, span.id, state, remote=False),
            parent=_context(span.trace, span.parent, state, remote=span.kind == "server"),
            resource=resource,
            attributes=span.attributes,
            kind=_KINDS[span.kind],
            status=Status(StatusCode.ERROR if span.error else StatusCode.UNSET),
            start_time=span.begun,
            end_time=span.ended,
            instrumentation_scope=scope(span.scope),
        )

    return made


def _context(trace: str, id: str, state: TraceState, *, remote: bool) -> SpanContext:
    return SpanContext(int(trace, 16), int(id, 16), remote, _SAMPLED, state)
