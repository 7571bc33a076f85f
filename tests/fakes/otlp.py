"""OTLP as the collector reads it: spans, points and log records out of protobuf. Reads; keeps nothing."""

from typing import Any

import msgspec
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

_KINDS = {1: "internal", 2: "server", 3: "client"}
_TEMPORALITIES = {1: "delta", 2: "cumulative"}


class Received(msgspec.Struct, frozen=True):
    """One log record. `attributes` are the record's, `resource` those of who sent it."""

    name: str
    body: str
    severity: str
    nanoseconds: int
    attributes: dict[str, Any]
    resource: dict[str, Any]
    scope: str


class Span(msgspec.Struct, frozen=True):
    """One span; ids in hex. `failed`: its status is an error."""

    scope: str
    name: str
    kind: str
    trace: str
    id: str
    parent: str
    state: str
    seconds: float
    failed: bool
    attributes: dict[str, Any]
    resource: dict[str, Any]


class Point(msgspec.Struct, frozen=True):
    """One point of a metric. `value`: its number, or how many a histogram has; `sum` is that of a histogram."""

    scope: str
    name: str
    unit: str
    kind: str
    value: float
    attributes: dict[str, Any]
    sum: float = 0.0
    counts: list[int] = []
    bounds: list[float] = []
    temporality: str = ""


def records(body: bytes) -> list[Received]:
    """Of a request to /v1/logs."""
    request = ExportLogsServiceRequest.FromString(body)
    return [
        Received(
            log.event_name,
            log.body.string_value,
            log.severity_text,
            log.time_unix_nano,
            _values(log.attributes),
            _values(of.resource.attributes),
            scope.scope.name,
        )
        for of in request.resource_logs
        for scope in of.scope_logs
        for log in scope.log_records
    ]


def spans(body: bytes) -> list[Span]:
    """Of a request to /v1/traces."""
    request = ExportTraceServiceRequest.FromString(body)
    return [
        Span(
            scope.scope.name,
            span.name,
            _KINDS[span.kind],
            span.trace_id.hex(),
            span.span_id.hex(),
            span.parent_span_id.hex(),
            span.trace_state,
            (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
            span.status.code == 2,
            _values(span.attributes),
            _values(of.resource.attributes),
        )
        for of in request.resource_spans
        for scope in of.scope_spans
        for span in scope.spans
    ]


def points(body: bytes) -> list[Point]:
    """Of a request to /v1/metrics."""
    request = ExportMetricsServiceRequest.FromString(body)
    return [
        _point(scope.scope.name, metric, point)
        for of in request.resource_metrics
        for scope in of.scope_metrics
        for metric in scope.metrics
        for point in getattr(metric, str(metric.WhichOneof("data"))).data_points
    ]


def _point(scope: str, metric: Any, point: Any) -> Point:
    kind: str = metric.WhichOneof("data")
    data = getattr(metric, kind)
    temporality = _TEMPORALITIES.get(getattr(data, "aggregation_temporality", 0), "")
    if kind == "histogram":
        assert not point.HasField("min"), "nobody knows it"
        return Point(
            scope,
            metric.name,
            metric.unit,
            kind,
            point.count,
            _values(point.attributes),
            point.sum,
            list(point.bucket_counts),
            list(point.explicit_bounds),
            temporality,
        )
    value = getattr(point, point.WhichOneof("value"))
    kind = "counter" if kind == "sum" and data.is_monotonic else "updown" if kind == "sum" else kind
    return Point(scope, metric.name, metric.unit, kind, value, _values(point.attributes), temporality=temporality)


def _values(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
