"""Audit events and log lines as the SDK's log records, for its exporters. Imported by who sends, never by who serves."""

import logging
from collections.abc import Callable

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from gateway.audit import Event
from gateway.telemetry.lines import Line

type Value = str | int | float

_SEVERITIES = {
    logging.WARNING: SeverityNumber.WARN,
    logging.ERROR: SeverityNumber.ERROR,
    logging.CRITICAL: SeverityNumber.FATAL,
}


def records_of(
    resource: Resource, scope: Callable[[str], InstrumentationScope]
) -> Callable[[Event | Line], ReadableLogRecord]:
    """What makes a record of an event or a line. The scope of events is `gateway.audit`, of a line it is its logger."""

    def made(one: Event | Line) -> ReadableLogRecord:
        if isinstance(one, Event):
            return ReadableLogRecord(_event(one), resource, scope("gateway.audit"))
        return ReadableLogRecord(_line(one), resource, scope(one.logger))

    return made


def _event(event: Event) -> LogRecord:
    severity = SeverityNumber.INFO if event.result == "ok" else SeverityNumber.WARN
    return LogRecord(
        timestamp=_nanoseconds(event),
        severity_number=severity,
        severity_text=severity.name,
        body=f"{event.event} {event.result}",
        attributes=_said(_words_of_event(event)),
        event_name=event.event,
    )


def _words_of_event(event: Event) -> dict[str, Value]:
    """`enduser.id` is OpenTelemetry's own name, and `event.name` for collectors that do not know the member yet."""
    return {
        "event.name": event.event,
        "enduser.id": event.who,
        "mcp_gateway.what": event.what,
        "mcp_gateway.result": event.result,
        "mcp_gateway.duration_ms": event.duration_ms,
        "mcp_gateway.request_id": event.request_id,
        "mcp_gateway.reason": event.reason,
        "mcp_gateway.more": event.more,
    }


def _line(line: Line) -> LogRecord:
    severity = _SEVERITIES.get(line.level, SeverityNumber.WARN)
    words: dict[str, Value] = {
        "mcp_gateway.request_id": line.request_id,
        "exception.type": line.error,
        "exception.stacktrace": line.trace,
    }
    return LogRecord(
        timestamp=line.time,
        severity_number=severity,
        severity_text=severity.name,
        body=line.message,
        attributes=_said(words),
    )


def _said(words: dict[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in words.items() if value}


def _nanoseconds(event: Event) -> int:
    """Since 1970. Seconds as a float would be off by a microsecond or so."""
    return int(event.time.timestamp()) * 1_000_000_000 + event.time.microsecond * 1_000
