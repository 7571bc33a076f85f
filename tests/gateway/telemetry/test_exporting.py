"""Spans, metrics and log lines on their way to a collector: what arrives, and that one that is away or hangs costs nobody anything."""

import logging
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.logs import request_id
from gateway.telemetry import instruments as its
from gateway.telemetry.context import Context
from gateway.telemetry.counters import BOUNDS, Counters
from gateway.telemetry.exporting import Telemetry, exporting
from gateway.telemetry.readings import HTTP_WORDS, of_durations, of_requests
from tests.fakes.collector import Collector

ALL = "OTEL_EXPORTER_OTLP_ENDPOINT"
DELTAS = {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta"}
OFTEN = {"OTEL_METRIC_EXPORT_INTERVAL": "100"}
PARENT = Context("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "vendor=1")
BOUND = 2.5  # seconds: the end takes two at most


def _span(telemetry: Telemetry, error: str = "") -> str:
    tracer = telemetry.tracer("proxy")
    assert tracer is not None
    span = tracer.begin("POST /mcp", "server", PARENT, {"http.route": "/mcp", "http.response.status_code": 200})
    tracer.end(span, error)
    return span.id


def test_span_arrives_below_its_parent_with_what_it_says() -> None:
    with Collector() as collector:
        with exporting({ALL: collector.url}, "proxy") as telemetry:
            id = _span(telemetry)
            failed = _span(telemetry, "cancelled")
        (one, other) = collector.spans

    assert (one.trace, one.parent, one.id, one.state) == (PARENT.trace, PARENT.span, id, PARENT.state)
    assert (one.scope, one.name, one.kind, one.failed) == ("proxy", "POST /mcp", "server", False)
    assert one.attributes == {"http.route": "/mcp", "http.response.status_code": 200}
    assert 0 <= one.seconds < 1
    assert (other.id, other.failed, other.attributes["error.type"]) == (failed, True, "cancelled")
    assert one.resource["service.name"] == "proxy"
    assert one.resource["service.instance.id"]


def test_metrics_arrive_while_the_process_runs_on_and_once_more_at_its_end() -> None:
    counters = Counters()
    with Collector() as collector:
        with exporting({ALL: collector.url, **OFTEN}) as telemetry:
            telemetry.meter.watch("proxy", lambda: of_requests(counters))
            telemetry.meter.watch("proxy", lambda: of_durations(its.HTTP, HTTP_WORDS, counters.durations))
            counters.requests = 3
            collector.until(lambda it: it.value("mcp_gateway.requests", "proxy") == 3)
            counters.requests = 5
            counters.durations.add(("POST", "adapter", 200), 0.02)
        assert collector.value("mcp_gateway.requests", "proxy") == 5
        (histogram,) = [point for point in collector.points[-1] if point.kind == "histogram"]

    assert histogram.name == "http.server.request.duration"
    assert (histogram.value, histogram.sum, histogram.unit) == (1, 0.02, "s")
    assert histogram.counts == [0, 0, 1] + [0] * (len(BOUNDS) - 2)
    assert histogram.bounds == list(BOUNDS)
    assert histogram.temporality == "cumulative"
    assert histogram.attributes == dict(zip(HTTP_WORDS, ("POST", "adapter", 200), strict=True))


def test_deltas_that_did_not_arrive_are_told_with_the_next() -> None:
    counters = Counters(requests=2)
    with Collector() as collector:
        collector.status = 400
        with exporting({ALL: collector.url, **OFTEN, **DELTAS}) as telemetry:
            telemetry.meter.watch("proxy", lambda: of_requests(counters))
            collector.until(lambda it: it.paths.count("/v1/metrics") > 1)
            collector.status = 200
            collector.until(lambda it: bool(it.points))
            counters.requests = 3
        told = [point.value for points in collector.points for point in points if point.name == "mcp_gateway.requests"]

    assert sum(told) == 3
    assert told[0] == 2


def test_what_did_not_arrive_is_told_once_the_collector_is_back() -> None:
    with Collector() as collector, exporting({ALL: collector.url, **OFTEN}) as telemetry:
        collector.status = 400
        _span(telemetry)
        collector.until(lambda it: "/v1/traces" in it.paths)
        collector.status = 200
        lost = {"mcp_gateway__signal": "traces"}
        collector.until(lambda it: it.value("mcp_gateway.telemetry.lost", "gateway.telemetry", **lost) == 1)


def test_log_lines_from_warnings_on_arrive_without_what_an_error_quotes() -> None:
    log = logging.getLogger("proxy.test")
    token = request_id.set("r-1")
    with Collector() as collector:
        with exporting({ALL: collector.url}):
            log.info("not this one")
            log.warning("cut: %s", "POST /mcp")
            try:
                raise ValueError("-".join(("hush", "hush")))
            except ValueError:
                log.exception("failed")
        request_id.reset(token)
        log.warning("nobody collects any more")
        (warning, error) = collector.received
        assert all(b"hush-hush" not in body for body in collector.bodies)

    assert (warning.body, warning.severity, warning.scope) == ("cut: POST /mcp", "WARN", "proxy.test")
    assert warning.attributes == {"mcp_gateway.request_id": "r-1"}
    assert (error.severity, error.attributes["exception.type"]) == ("ERROR", "ValueError")
    assert "test_exporting.py" in error.attributes["exception.stacktrace"]


def test_that_nothing_arrives_is_said_without_being_sent(caplog: pytest.LogCaptureFixture) -> None:
    with Collector() as collector:
        collector.status = 400
        with exporting({ALL: collector.url, **OFTEN}) as telemetry:
            _span(telemetry)
            collector.until(lambda it: it.paths.count("/v1/metrics") > 2)
    said = [record.getMessage() for record in caplog.records]
    assert [text.partition(":")[0] for text in said if text.startswith("metrics")] == ["metrics did not arrive"]
    assert any(text.startswith("1 spans did not arrive, 1 in all") for text in said)
    assert "/v1/logs" not in collector.paths


def test_end_of_all_signals_takes_no_longer_than_that_of_one() -> None:
    with Collector() as collector:
        collector.hangs = True
        with exporting({ALL: collector.url, **OFTEN}) as telemetry:
            _span(telemetry)
            logging.getLogger("proxy").warning("a line")
            collector.until(lambda it: len(set(it.paths)) == 3)
            ended = time.monotonic()
        assert time.monotonic() - ended < BOUND


def test_no_process_loads_the_sdk_unless_a_collector_is_named() -> None:
    code = (
        "import sys, proxy.__main__, tool_router.__main__, functions.app, functions.on_kubernetes, local.gateway\n"
        "from gateway.telemetry.exporting import exporting\nfrom gateway.telemetry.started import started\n"
        "with exporting({}) as telemetry: assert telemetry.tracer('proxy') is None\n"
        "assert started({}).put is None\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('opentelemetry', 'google', 'requests')])"
    )
    command = [sys.executable, "-c", code]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert printed.strip() == "[]"


def test_every_metric_is_in_the_documentation_with_its_unit() -> None:
    page = (Path(__file__).parents[3] / "docs" / "telemetry.md").read_text()
    rows = {row.split("|")[1].strip(" `"): row for row in page.splitlines() if row.startswith("| `")}
    for instrument in its.ALL:
        assert f"`{instrument.unit}`" in rows[instrument.name]
    metrics = {name for name in rows if name.startswith("mcp_gateway.")}
    assert metrics <= {instrument.name for instrument in its.ALL}
