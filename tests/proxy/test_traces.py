"""What the proxy tells of a trace: spans where the caller asked for them, the context onwards always, nothing that is secret."""

import pytest
from aiohttp import ClientSession, DummyCookieJar

from gateway.catalog import Instance
from gateway.telemetry import instruments as its
from gateway.telemetry.span import Span
from proxy.forward import ControlPlane
from proxy.settings import Settings
from tests.fakes.ports import free_port
from tests.proxy.gate import MCP, MODERN, PATH, Gate, Open, StartPod, eventually
from tests.proxy.scripts import as_router, resets, silent, with_sessions

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED = ("traceparent", f"00-{TRACE}-{CALLER}-01")
STATE = ("tracestate", "vendor=1,other=2")
UNSAMPLED = ("traceparent", f"00-{TRACE}-{CALLER}-00")
SECRETS = ("hush", "Bearer")


def _both(door: Gate) -> tuple[Span, Span]:
    """The request's, and the step's within it, which ends first."""
    asked, span = door.spans
    return span, asked


async def test_request_and_what_it_asked_for_are_steps_of_the_callers_trace(
    open_gate: Open, start_pod: StartPod
) -> None:
    pod = await start_pod(with_sessions)
    door = await open_gate(traced=True)
    door.adapter(pod)
    assert (await door.call(SAMPLED, STATE, ("X-Request-Id", "r-1"))).status == 200

    span, asked = _both(door)
    assert (span.trace, span.parent, span.kind) == (TRACE, CALLER, "server")
    assert span.name == "POST /adapters/{name}/mcp"
    assert span.attributes == {
        "http.request.method": "POST",
        "http.route": "/adapters/{name}/mcp",
        "url.path": PATH,
        "url.scheme": "http",
        "http.response.status_code": 200,
        "mcp_gateway.request.id": "r-1",
    }
    assert (asked.trace, asked.parent, asked.kind, asked.name) == (TRACE, span.id, "client", "POST")
    assert asked.attributes == {
        "http.request.method": "POST",
        "url.full": f"http://127.0.0.1:{pod.port}/mcp",
        "server.address": "127.0.0.1",
        "server.port": pod.port,
        "http.response.status_code": 200,
        "mcp_gateway.instance": "pod-1",
    }
    assert 0 < span.begun <= asked.begun <= asked.ended <= span.ended
    assert pod.seen[-1].header("traceparent") == asked.traceparent
    assert pod.seen[-1].header("tracestate") == STATE[1]


async def test_router_gets_the_step_as_its_parent(open_gate: Open, start_pod: StartPod) -> None:
    pod = await start_pod(as_router)
    door = await open_gate(traced=True)
    door.routers(pod)
    headers = (SAMPLED, MODERN, ("Mcp-Method", "tools/call"), ("Mcp-Name", "weather"))
    assert (await door.call(*headers, path=MCP)).status == 200

    span, asked = _both(door)
    assert span.name == "POST /mcp"
    assert span.attributes["mcp.method.name"] == "tools/call"
    assert span.attributes["mcp.protocol.version"] == MODERN[1]
    assert pod.seen[-1].header("traceparent") == asked.traceparent


async def test_control_plane_gets_the_step_as_its_parent_and_no_span_the_query(
    open_gate: Open, start_pod: StartPod
) -> None:
    pod = await start_pod()
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        plane = ControlPlane(session, f"http://127.0.0.1:{pod.port}")
        door = await open_gate(control_plane=plane, traced=True)
        assert (await door.call(SAMPLED, method="GET", path="/adapters/weather/logs?key=hush")).status == 200

    span, asked = _both(door)
    assert (span.name, span.attributes["url.path"]) == ("GET /adapters/{name}/logs", "/adapters/weather/logs")
    assert asked.parent == span.id
    assert asked.attributes["url.full"] == f"http://127.0.0.1:{pod.port}/adapters/weather/logs"
    assert pod.seen[-1].header("traceparent") == asked.traceparent


@pytest.mark.parametrize(
    "headers",
    [
        [UNSAMPLED],
        [("traceparent", "nonsense")],
        [("Traceparent", f"00-{TRACE}-{CALLER}-02"), STATE],
        [("traceparent", f"00-{'0' * 32}-{CALLER}-01")],
        [],
    ],
)
async def test_no_other_request_leaves_a_span_and_its_headers_go_on_unchanged(
    open_gate: Open, start_pod: StartPod, headers: list[tuple[str, str]]
) -> None:
    pod = await start_pod()
    door = await open_gate(traced=True)
    door.adapter(pod)
    assert (await door.call(*headers)).status == 200
    assert door.spans == []
    told = [(name, value) for name, value in pod.seen[-1].headers if name.startswith("trace")]
    assert told == [(name.lower(), value) for name, value in headers]


async def test_a_trace_named_twice_is_none(open_gate: Open, start_pod: StartPod) -> None:
    pod = await start_pod()
    door = await open_gate(traced=True)
    door.adapter(pod)
    assert (await door.call(SAMPLED, SAMPLED)).status == 200
    assert door.spans == []


@pytest.mark.parametrize("name", ["traceparent", "Traceparent", "TRACEPARENT", "TraceParent"])
async def test_however_the_name_is_written_each_request_of_a_connection_has_spans_of_its_own(
    open_gate: Open, start_pod: StartPod, name: str
) -> None:
    pod = await start_pod()
    door = await open_gate(traced=True)
    door.adapter(pod)
    async with door.connect() as connection:
        for _ in range(3):
            await connection.send(door.request(headers=[(name, SAMPLED[1])]))
            assert (await connection.reply("POST")).status == 200
    told = [exchange.header("traceparent") for exchange in pod.seen]
    assert told == [span.traceparent for span in door.spans if span.kind == "client"]
    assert len(set(told)) == 3


async def test_without_anybody_to_tell_a_sampled_trace_goes_on_as_it_came(door: Gate, start_pod: StartPod) -> None:
    pod = await start_pod()
    door.adapter(pod)
    assert (await door.call(SAMPLED, STATE)).status == 200
    assert (pod.seen[-1].header("traceparent"), pod.seen[-1].header("tracestate")) == (SAMPLED[1], STATE[1])
    assert door.proxy.counters.sampled == 1


async def test_another_instance_that_is_asked_is_another_step(open_gate: Open, start_pod: StartPod) -> None:
    pod = await start_pod()
    door = await open_gate(traced=True)
    gone = Instance("gone", "127.0.0.1", free_port())
    door.adapter(gone, pod)
    while len(door.spans) < 3:  # chosen at random
        door.spans.clear()
        assert (await door.call(SAMPLED)).status == 200
    failed, asked, span = door.spans
    assert (failed.error, failed.attributes["error.type"]) == ("NotConnected", "NotConnected")
    assert failed.parent == asked.parent == span.id
    assert not asked.error


async def test_what_goes_wrong_is_told_in_a_word(open_gate: Open, start_pod: StartPod) -> None:
    pod = await start_pod(resets)
    door = await open_gate(traced=True)
    door.adapter(pod)
    assert (await door.call(SAMPLED)).status == 502
    span, asked = _both(door)
    assert (span.error, span.attributes["http.response.status_code"], asked.error) == ("502", 502, "Broken")

    door.spans.clear()
    assert (await door.call(SAMPLED, path="/nothing/secret-hush")).status == 404
    (span,) = door.spans
    assert (span.name, span.error) == ("POST", "")
    assert "hush" not in str(span)


async def test_client_that_leaves_ends_both_steps(open_gate: Open, start_pod: StartPod) -> None:
    pod = await start_pod(silent)
    door = await open_gate(traced=True)
    door.adapter(pod)
    async with door.connect() as connection:
        await connection.send(door.request(headers=[SAMPLED]))
        await pod.request()
    await eventually(lambda: len(door.spans) == 2)
    assert [span.error for span in door.spans] == ["cancelled", "cancelled"]


async def test_no_span_tells_what_is_secret(open_gate: Open, start_pod: StartPod) -> None:
    pod = await start_pod(with_sessions)
    door = await open_gate(traced=True)
    door.adapter(pod)
    session = await door.session(SAMPLED)
    headers = (SAMPLED, ("Authorization", "Bearer hush"), ("Mcp-Session-Id", session), ("Mcp-Method", "hush hush"))
    assert (await door.call(*headers, path=f"{PATH}?token=hush", body=b'{"secret":"hush"}')).status == 200
    told = str(door.spans)
    assert session not in told
    assert not [secret for secret in SECRETS if secret in told]


async def test_metrics_are_what_happened(open_gate: Open, start_pod: StartPod) -> None:
    pod = await start_pod(with_sessions)
    door = await open_gate(Settings(hold_seconds=0.05))
    door.adapter(pod)
    door.adapter(name="empty")
    session = await door.session()
    assert (await door.call(("Mcp-Session-Id", session))).status == 200
    assert (await door.call(("Mcp-Session-Id", "forged"))).status == 404
    assert (await door.call(path="/adapters/empty/mcp")).status == 503

    told = {it.instrument: it.value for it in door.proxy.readings() if not it.words}
    expected = {
        its.REQUESTS: 4,
        its.REFUSED: 1,
        its.FAILED: 1,
        its.SESSIONS: 1,
        its.SEALS_REFUSED: 1,
        its.CHOICES: 1,
        its.HOLDS: 1,
        its.HOLDS_EXPIRED: 1,
        its.STREAMS: 0,
        its.SAMPLED: 0,
    }
    assert told == expected
    durations = {tuple(it.words.values()): it.value for it in door.proxy.readings() if it.instrument is its.HTTP}
    counts = {key: sum(value.counts) for key, value in durations.items() if not isinstance(value, int | float)}
    assert counts == {("POST", "adapter", 200): 2, ("POST", "adapter", 404): 1, ("POST", "adapter", 503): 1}


async def test_a_flood_of_refusals_is_logged_in_fewer_lines(open_gate: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "proxy")
    door = await open_gate()
    async with door.connect() as connection:
        for _ in range(300):
            await connection.send(door.request("GET", "/nothing"))
            assert (await connection.reply("GET")).status == 404
    said = [record.getMessage() for record in caplog.records if record.getMessage().startswith("refused: 404")]
    assert 200 <= len(said) < 300
