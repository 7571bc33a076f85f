"""A gateway as people start it, told of a collector: one trace from the client to the tool, and numbers that are right."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.fakes.collector import Collector
from tests.fakes.gateway import surroundings, up
from tests.fakes.otlp import Span
from tests.journeys.caller import Caller
from tests.journeys.client import Client

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
OTHER = "1af7651916cd43dd8448eb211c80319c"
SAMPLED = f"00-{TRACE}-{PARENT}-01"
SECRET = "hush-hush"


@pytest.fixture
def collector() -> Generator[Collector]:
    """Where the gateway sends to."""
    with Collector() as running:
        yield running


def _told(url: str) -> dict[str, str]:
    ours = {name: value for name, value in surroundings().items() if not name.startswith("OTEL_")}
    often = {"OTEL_METRIC_EXPORT_INTERVAL": "200", "OTEL_SERVICE_NAME": "mine"}
    return {**ours, "NO_PROXY": "*", "OTEL_EXPORTER_OTLP_ENDPOINT": url, **often}


async def test_a_call_is_one_trace_from_the_client_to_the_tool(collector: Collector, tmp_path: Path) -> None:
    with up(tmp_path / "home", _told(collector.url)) as gateway:
        async with Caller(gateway.url, proven={"X-Dev-UserId": "dev"}) as dev:
            name = await dev.publish()
            ours = {"traceparent": SAMPLED, "tracestate": "mine=1", "X_Request_Id": "r-1"}
            client = await Client(dev, modern=True).begin()
            params = {"name": name, "arguments": {"do": "echo", "key": SECRET}}
            reply = await client.post(client.message("tools/call", params), **ours)
            assert reply.status == 200, reply.body
            inside = {**params, "_meta": {"traceparent": SAMPLED.replace(TRACE, OTHER)}}
            assert (await client.post(client.message("tools/call", inside))).status == 200
            assert (await dev.get(f"/tools/{name}?q={SECRET}", traceparent=SAMPLED)).status == 200
    assert all(SECRET.encode() not in body for body in collector.bodies)

    _, asked, operation, called = _path(collector, "proxy POST /mcp", "POST", f"tool_router tools/call {name}", "POST")
    assert asked.attributes["mcp_gateway.instance"].startswith("toolgateway-")
    assert operation.attributes["gen_ai.tool.name"] == called.attributes["gen_ai.tool.name"] == name
    _path(collector, "proxy GET /tools/{name}", "GET", "functions GET /tools/{name}")
    within = [span for span in collector.spans if span.trace == OTHER]
    assert [(span.scope, span.parent) for span in within if span.kind == "server"] == [("tool_router", PARENT)]
    assert {span.resource["service.name"] for span in collector.spans} == {"mine"}
    assert len(collector.spans) == 4 + 3 + 2

    assert collector.value("mcp_gateway.traces.sampled", "proxy") == 2
    assert collector.value("mcp_gateway.choices", "tool_router") == 2
    assert collector.value("mcp_gateway.traces.sampled", "functions") == 1
    calls = {"mcp_gateway__place": "router", "http__response__status_code": 200}
    assert collector.value("http.server.request.duration", "proxy", **calls) == 2
    assert collector.value("mcp.server.operation.duration", "tool_router", mcp__method__name="tools/call") == 2
    assert collector.value("mcp_gateway.reconcile.rounds", "functions", mcp_gateway__result="ok") >= 1
    assert "tool.call" in {record.name for record in collector.received}


async def test_nothing_but_the_telemetry_is_different_without_a_collector_that_answers(tmp_path: Path) -> None:
    with Collector() as collector:
        nowhere = collector.url
    with up(tmp_path / "home", _told(nowhere)) as gateway:
        async with Caller(gateway.url, proven={"X-Dev-UserId": "dev"}) as dev:
            name = await dev.publish()
            client = await Client(dev, modern=True).begin()
            params = {"name": name, "arguments": {"do": "echo"}}
            reply = await client.post(client.message("tools/call", params), traceparent=SAMPLED)
            assert reply.status == 200, reply.body


def _path(collector: Collector, *names: str) -> list[Span]:
    """The spans of TRACE that hang below one another, from the client's own down. Raises AssertionError."""
    found: list[Span] = []
    parent = PARENT
    for name in names:
        spans = [it for it in collector.spans if it.parent == parent and f"{it.scope} {it.name}".endswith(name)]
        assert len(spans) == 1, (name, [(it.scope, it.name, it.parent) for it in collector.spans])
        assert spans[0].trace == TRACE
        found += spans
        parent = spans[0].id
    return found
