"""What the tool router tells of a trace, whether headers or `params._meta` name it; and what it counts."""

import pytest

from gateway.telemetry import instruments as its
from gateway.telemetry.counters import Histogram
from gateway.telemetry.span import Span
from tests.proxy.gate import StartPod, eventually
from tests.proxy.scripts import silent
from tests.tool_router.conftest import OpenDesk
from tests.tool_router.desk import Desk
from tests.tool_router.person import META, Json, Person, message, modern_message

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{CALLER}-01", f"00-{TRACE}-{CALLER}-00"
STATE = "vendor=1"


@pytest.fixture
async def traced(open_desk: OpenDesk) -> Desk:
    """A desk that tells of traces."""
    return await open_desk(traced=True)


def _both(desk: Desk) -> tuple[Span, Span]:
    """The operation's, and the step to the tool within it, which ends first."""
    asked, span = desk.spans
    return span, asked


@pytest.mark.parametrize("by", ["headers", "meta"])
@pytest.mark.parametrize("era", ["modern", "legacy"])
async def test_call_and_the_tools_answer_are_steps_of_the_callers_trace(
    traced: Desk, start_pod: StartPod, by: str, era: str
) -> None:
    tool = await start_pod()
    traced.tool("a", tool)
    sent = {"traceparent": SAMPLED, "tracestate": STATE}
    headers = tuple(sent.items()) if by == "headers" else ()
    await _call(Person(traced), era, sent if by == "meta" else {}, *headers)

    span, asked = _both(traced)
    assert (span.trace, span.parent, span.kind, span.name) == (TRACE, CALLER, "server", "tools/call a")
    assert span.attributes == {
        "mcp.method.name": "tools/call",
        "mcp_gateway.request.id": "r-1",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "a",
    }
    assert (asked.trace, asked.parent, asked.kind, asked.name) == (TRACE, span.id, "client", "POST")
    assert asked.attributes == {
        "http.request.method": "POST",
        "url.full": f"http://127.0.0.1:{tool.port}/score",
        "server.address": "127.0.0.1",
        "server.port": tool.port,
        "gen_ai.tool.name": "a",
        "mcp_gateway.instance": "pod-1",
        "http.response.status_code": 200,
    }
    (seen,) = tool.seen
    assert (seen.header("traceparent"), seen.header("tracestate")) == (asked.traceparent, STATE)
    assert "hush" not in str(traced.spans)


@pytest.mark.parametrize("traces", [True, False])
async def test_a_trace_that_is_not_recorded_is_passed_on_as_it_came(
    open_desk: OpenDesk, start_pod: StartPod, traces: bool
) -> None:
    tool = await start_pod()
    desk = await open_desk(traced=traces)
    desk.tool("a", tool)
    told = UNSAMPLED if traces else SAMPLED
    await _call(Person(desk), "modern", {"traceparent": told, "tracestate": STATE})

    assert desk.spans == []
    (seen,) = tool.seen
    assert (seen.header("traceparent"), seen.header("tracestate")) == (told, STATE)


async def test_headers_count_more_than_the_message(traced: Desk, start_pod: StartPod) -> None:
    traced.tool("a", await start_pod())
    other = f"00-{TRACE}-00f067aa0ba902b7-01"
    await _call(Person(traced), "modern", {"traceparent": other}, ("traceparent", SAMPLED))
    assert traced.spans[-1].parent == CALLER


async def test_what_goes_wrong_is_told_in_a_word(traced: Desk, start_pod: StartPod) -> None:
    async def fails(exchange: Json) -> None:
        await exchange.answer(b"no", status=500)

    traced.tool("a", await start_pod(fails))
    alice, sampled = Person(traced), ("traceparent", SAMPLED)
    assert (await alice.call("a", {}, sampled))["isError"]
    span, asked = _both(traced)
    assert (span.error, asked.error) == ("tool_error", "500")

    traced.spans.clear()
    await alice.modern("tools/call", {"name": "missing-hush"}, sampled)
    await alice.modern("no/such-hush", {}, sampled)
    assert [(span.name, span.error) for span in traced.spans] == [("tools/call", "-32602"), ("_OTHER", "-32601")]
    assert "hush" not in str(traced.spans)


async def test_call_that_its_caller_leaves_ends_both_steps(traced: Desk, start_pod: StartPod) -> None:
    tool = await start_pod(silent)
    traced.tool("a", tool)
    body = modern_message("tools/call", {"name": "a"})
    headers = Person(traced).mirrored("tools/call", {"name": "a"}, ("traceparent", SAMPLED))
    async with Person(traced).sent(body, *headers):
        await tool.request()
    await eventually(lambda: len(traced.spans) == 2)
    assert [span.error for span in traced.spans] == ["cancelled", "cancelled"]


async def test_metrics_are_what_happened(desk: Desk, alice: Person, start_pod: StartPod) -> None:
    desk.tool("a", await start_pod())
    desk.tool("empty")
    await alice.begin()
    await alice.call("a", {})
    await alice.call("empty", {})
    await alice.modern("tools/call", {"name": "a"}, ("traceparent", SAMPLED))

    told = {it.instrument: it.value for it in desk.router.readings() if not it.words}
    wanted = {its.REQUESTS: 4, its.SESSIONS: 1, its.CHOICES: 2, its.HOLDS: 1, its.HOLDS_EXPIRED: 1, its.SAMPLED: 1}
    assert wanted.items() <= told.items()
    counts = {
        tuple(it.words.values()): sum(it.value.counts)
        for it in desk.router.readings()
        if isinstance(it.value, Histogram)
    }
    assert counts == {("initialize",): 1, ("tools/call",): 2, ("tools/call", "tool_error"): 1}


async def _call(alice: Person, era: str, meta: dict[str, str], *headers: tuple[str, str]) -> None:
    """Calls the tool `a`, with something secret."""
    more = (*headers, ("X-Request-Id", "r-1"))
    params: Json = {"name": "a", "arguments": {"secret": "hush"}, "_meta": {**META, **meta}}
    if era == "modern":
        reply = await alice.http(modern_message("tools/call", params), *alice.mirrored("tools/call", params, *more))
    else:
        client = await alice.begin()
        alice.desk.spans.clear()
        reply = await alice.http(message("tools/call", params), ("Mcp-Session-Id", client.id), *more)
    assert reply.status == 200, reply.body
    assert not reply.json()["result"].get("isError"), reply.body
