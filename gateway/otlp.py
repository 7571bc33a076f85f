"""OTLP: audit events as OpenTelemetry logs, over HTTP, to the collector that the standard variables name.

The SDK is loaded only where they name one. How events get out of the way of requests is `outbox`; the SDK's own batches are
not used, because their end can take half a minute, and because what they drop is not counted.
"""

import logging
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gateway.audit import Event
from gateway.env import SettingsError
from gateway.json_line import plain
from gateway.outbox import Outbox
from gateway.version import VERSION

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import ReadableLogRecord

_ALL = "OTEL_EXPORTER_OTLP_ENDPOINT"
_LOGS = "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_SPOKEN = "http/protobuf"

type Export = Callable[[Event], None]


@contextmanager
def exporting(variables: Mapping[str, str], service: str = "mcp-gateway") -> Generator[Export | None]:
    """A function that takes events and never waits, while the block runs; None where no collector is named.

    `service` is the resource's `service.name` unless `OTEL_SERVICE_NAME` says another. Headers, certificates, time-out and
    compression are the SDK's to read, from the process's own environment. The end takes two seconds at most.
    Raises SettingsError.
    """
    endpoint = _endpoint(variables)
    if not endpoint:
        yield None
        return
    with _overheard(endpoint) as words:
        send, shutdown = _sending(endpoint, variables.get("OTEL_SERVICE_NAME") or service)
        outbox = Outbox("audit events", send, words)
        try:
            yield outbox.put
        finally:
            outbox.close(shutdown)


def _endpoint(variables: Mapping[str, str]) -> str:
    """Where logs are sent to (OpenTelemetry, "OTLP exporter", endpoint URLs for OTLP/HTTP); empty: nowhere."""
    if (
        variables.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
        or variables.get("OTEL_LOGS_EXPORTER") == "none"
    ):
        return ""
    name = next((name for name in (_LOGS, _ALL) if variables.get(name, "").strip()), "")
    if not name:
        return ""
    told = variables[name].strip()
    if urlsplit(told).scheme not in ("http", "https") or not urlsplit(told).hostname:
        raise SettingsError(f"{name}: expected an http or https URL.")
    for protocol in _PROTOCOLS:
        if variables.get(protocol, _SPOKEN) not in (_SPOKEN, ""):
            raise SettingsError(f"{protocol}: only {_SPOKEN} is spoken.")
    return told if name == _LOGS else f"{told.rstrip('/')}/v1/logs"


def _sending(endpoint: str, service: str) -> tuple[Callable[[Sequence[Event]], bool], Callable[[], None]]:
    """What sends events and says whether they arrived, and what ends that. Here, and not before, the SDK is loaded."""
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.sdk._logs.export import LogRecordExportResult

    exporter = OTLPLogExporter(endpoint)
    records = _records(service)

    def send(events: Sequence[Event]) -> bool:
        return exporter.export([records(event) for event in events]) is LogRecordExportResult.SUCCESS

    return send, exporter.shutdown


def _records(service: str) -> "Callable[[Event], ReadableLogRecord]":
    """What makes a log record of an event."""
    from opentelemetry._logs import LogRecord, SeverityNumber
    from opentelemetry.sdk._logs import ReadableLogRecord
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope

    resource = Resource.create({"service.name": service})
    scope = InstrumentationScope("gateway.audit", VERSION)

    def record(event: Event) -> ReadableLogRecord:
        severity = SeverityNumber.INFO if event.result == "ok" else SeverityNumber.WARN
        made = LogRecord(
            timestamp=_nanoseconds(event),
            severity_number=severity,
            severity_text=severity.name,
            body=f"{event.event} {event.result}",
            attributes=_attributes(event),
            event_name=event.event,
        )
        return ReadableLogRecord(made, resource, scope)

    return record


def _nanoseconds(event: Event) -> int:
    """Since 1970. Seconds as a float would be off by a microsecond or so."""
    return int(event.time.timestamp()) * 1_000_000_000 + event.time.microsecond * 1_000


def _attributes(event: Event) -> dict[str, str | int | float]:
    """`enduser.id` is OpenTelemetry's own name, and `event.name` for collectors that do not know the member yet."""
    told: dict[str, str | int | float] = {
        "event.name": event.event,
        "enduser.id": event.who,
        "mcp_gateway.what": event.what,
        "mcp_gateway.result": event.result,
        "mcp_gateway.duration_ms": event.duration_ms,
        "mcp_gateway.request_id": event.request_id,
        "mcp_gateway.reason": event.reason,
        "mcp_gateway.more": event.more,
    }
    return {name: value for name, value in told.items() if value}


@contextmanager
def _overheard(endpoint: str) -> Generator[Callable[[], str]]:
    """What the SDK said last of its troubles: for our sentence a minute, instead of several of its own every ten seconds."""
    sdk = logging.getLogger("opentelemetry")
    ear = _Ear(urlsplit(endpoint).query)
    sdk.addHandler(ear)
    sdk.propagate = False
    try:
        yield lambda: ear.last or "no room"
    finally:
        sdk.propagate = True
        sdk.removeHandler(ear)


class _Ear(logging.Handler):
    """Keeps the last message, without the endpoint's query: some collectors are given their key there."""

    def __init__(self, secret: str) -> None:
        super().__init__(logging.WARNING)
        self.last = ""
        self._secret = secret

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        self.last = plain(said.replace(self._secret, "***") if self._secret else said, 300)
