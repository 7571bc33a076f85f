"""OTLP: the SDK's exporters over HTTP with protobuf. Headers, certificates, time-out and compression they read from the environment."""

from gateway.telemetry.destinations import Destinations
from gateway.telemetry.sending import Exporter, Exporters, Signal


def exporters(where: Destinations) -> Exporters:
    """Those of the signals that go anywhere. Here, and not before, the SDK is loaded."""
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    made: dict[Signal, Exporter] = {}
    if where.traces:
        made["traces"] = OTLPSpanExporter(where.traces)
    if where.metrics:
        made["metrics"] = OTLPMetricExporter(where.metrics)
    if where.logs:
        made["logs"] = OTLPLogExporter(where.logs)
    return made
