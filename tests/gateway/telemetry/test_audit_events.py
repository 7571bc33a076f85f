"""Audit events as OpenTelemetry logs: what a collector gets, and that one that is away or hangs costs nobody anything."""

import logging
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from gateway.audit import Audit, Event
from gateway.env import SettingsError
from gateway.identity import principal
from gateway.telemetry.exporting import exporting
from tests.fakes.collector import Collector

ALICE = principal("alice", "Alice", ())
ALL = "OTEL_EXPORTER_OTLP_ENDPOINT"
LOGS = "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"
EVENT = Event(datetime(2026, 7, 28, 1, 2, 3, 456789, UTC), "tool.call", "alice", "weather", "ok", 12.5, "r-1")
BOUND = 2.5  # seconds: the end takes two at most


@pytest.fixture
def proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """What sends reads the usual variables; none of this machine's may lead elsewhere."""
    monkeypatch.setenv("NO_PROXY", "*")


pytestmark = pytest.mark.usefixtures("proxies")


def _nowhere() -> str:
    with Collector() as collector:
        return collector.url


def test_collector_gets_who_did_what_when_and_how_it_went() -> None:
    with Collector() as collector:
        with exporting({ALL: collector.url, "OTEL_SERVICE_NAME": "tool-router-eu"}, "tool-router") as telemetry:
            assert telemetry.export
            telemetry.export(EVENT)
        (received,) = collector.received

    assert sorted(collector.paths) == ["/v1/logs", "/v1/metrics"]
    assert (received.name, received.body, received.severity) == ("tool.call", "tool.call ok", "INFO")
    assert received.nanoseconds == 1785200523_456789000
    assert received.resource["service.name"] == "tool-router-eu"
    assert received.attributes == {
        "event.name": "tool.call",
        "enduser.id": "alice",
        "mcp_gateway.what": "weather",
        "mcp_gateway.result": "ok",
        "mcp_gateway.duration_ms": 12.5,
        "mcp_gateway.request_id": "r-1",
    }


def test_refusal_is_a_warning_with_its_reason_and_an_endpoint_of_logs_is_taken_as_it_is() -> None:
    off = {"OTEL_METRICS_EXPORTER": "none"}
    with Collector() as collector:
        with exporting({LOGS: f"{collector.url}/otlp/logs", ALL: "http://unused.example", **off}, "proxy") as telemetry:
            Audit(lambda _: None, telemetry.export).note("access.denied", "", "GET /mcp", "denied", reason="No token.")
        (received,) = collector.received

    assert collector.paths == ["/otlp/logs"]
    assert (received.name, received.severity) == ("access.denied", "WARN")
    assert received.resource["service.name"] == "proxy"
    assert received.attributes["mcp_gateway.reason"] == "No token."
    assert "enduser.id" not in received.attributes


def test_event_arrives_while_the_process_runs_on() -> None:
    with Collector() as collector, exporting({ALL: collector.url}) as telemetry:
        assert telemetry.export
        telemetry.export(EVENT)
        collector.until(lambda it: len(it.received) == 1)


def test_no_word_of_an_event_keeps_it_from_arriving() -> None:
    words = ["\udcff\udcfe", "\ud800", "\x00\x1b[31m\u2028", "x" * 60_000, "🙂" * 1000]
    with Collector() as collector:
        with exporting({ALL: collector.url}) as telemetry:
            audit = Audit(lambda _: None, telemetry.export)
            for word in words:
                audit.note(word, word, word, "ok", request_id=word, reason=word)
        assert [received.attributes["enduser.id"][:2] for received in collector.received] == [
            "\ufffd\ufffd",
            "?",
            "\x00\x1b",
            "xx",
            "🙂🙂",
        ]
        assert max(len(received.attributes["mcp_gateway.what"]) for received in collector.received) <= 512


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {ALL: " "},
        {ALL: "http://localhost:4318", "OTEL_SDK_DISABLED": "True"},
        {LOGS: "http://localhost:4318", "OTEL_LOGS_EXPORTER": "none"},
    ],
)
def test_nothing_is_exported_where_nobody_asked_for_it(variables: dict[str, str]) -> None:
    with exporting(variables) as telemetry:
        assert telemetry.export is None


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({ALL: "collector:4318"}, ALL),
        ({LOGS: "ftp://collector"}, LOGS),
        ({ALL: "http://"}, ALL),
        ({ALL: "http://collector:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(variables: dict[str, str], name: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}:"), exporting(variables):
        pass


def test_sdk_is_not_loaded_unless_a_collector_is_named() -> None:
    code = (
        "import sys; from gateway.telemetry.exporting import exporting; from gateway.audit import Audit\n"
        "with exporting({}) as telemetry: Audit(lambda line: None, telemetry.export)\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('opentelemetry', 'requests', 'google')])"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert printed.stdout.strip() == "[]"


def test_headers_and_compression_are_the_usual_variables() -> None:
    code = (
        "import os; from gateway.telemetry.exporting import exporting; from gateway.audit import Audit\n"
        "with exporting(os.environ) as telemetry: Audit(lambda line: None, telemetry.export).note('tool.call', 'a', 'b', 'ok')"
    )
    with Collector() as collector:
        told = {
            LOGS: f"{collector.url}/v1/logs",
            "OTEL_EXPORTER_OTLP_HEADERS": "x-key=abc",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        }
        subprocess.run([sys.executable, "-c", code], env={**told, "NO_PROXY": "*"}, check=True, timeout=60)

        assert [received.name for received in collector.received] == ["tool.call"]
        assert collector.headers[0]["x-key"] == "abc"


def test_collector_that_is_away_costs_no_request_anything_and_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with exporting({LOGS: f"{_nowhere()}/v1/logs"}) as telemetry:
        assert telemetry.export
        began = time.monotonic()
        for _ in range(1000):
            telemetry.export(EVENT)
        ended = time.monotonic()

    assert ended - began < 1, "a connection that is refused is tried again for ten seconds"
    assert time.monotonic() - ended < BOUND
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith("1000 audit events and log lines did not arrive, 1000 in all: ")
    assert "Connection refused" in said


def test_collector_that_hangs_does_not_hold_the_end(caplog: pytest.LogCaptureFixture) -> None:
    with Collector() as collector:
        collector.hangs = True
        with exporting({ALL: collector.url}) as telemetry:
            assert telemetry.export
            telemetry.export(EVENT)
            collector.until(lambda it: bool(it.paths))
            ended = time.monotonic()
        assert time.monotonic() - ended < BOUND

    assert "1 audit events and log lines did not arrive, 1 in all" in caplog.text


def test_collector_that_refuses_is_said_without_the_key_in_its_address(caplog: pytest.LogCaptureFixture) -> None:
    with Collector() as collector:
        collector.status = 401
        with exporting({LOGS: f"{collector.url}/logs?key=hush-hush"}) as telemetry:
            assert telemetry.export
            telemetry.export(EVENT)
    (refused,) = [record.getMessage() for record in caplog.records]
    caplog.clear()
    with exporting({LOGS: f"{_nowhere()}/logs?key=hush-hush"}) as telemetry:
        assert telemetry.export
        telemetry.export(EVENT)

    assert "401" in refused
    assert "hush" not in caplog.text
    assert "did not arrive" in caplog.text
