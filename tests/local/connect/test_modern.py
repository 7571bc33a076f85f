"""2026-07-28: headers that repeat the body, cancellation by closing the stream, no session."""

import asyncio

import msgspec
import pytest
from aiohttp import web
from mcp.shared.inbound import decode_header_value

from tests.fakes.wire import MODERN
from tests.local.connect.far_side import Seen, answer, cut, event, far_side, notice, result, stream, until_gone
from tests.local.connect.near_side import Json, bridged, cancelled, initialize, modern, notification, request
from tests.local.waiting import holds

BROKE = "The connection to the gateway broke before the answer came."


async def test_a_request_says_in_headers_what_it_says_in_its_body_and_names_no_session() -> None:
    async with far_side() as far, bridged(far.url) as near:
        await near.ask(modern(1, "server/discover"))
        await near.ask(modern(2, "tools/call", {"name": "écho", "arguments": {}}))
    discover, call = far.seen
    assert (discover.headers["MCP-Protocol-Version"], discover.headers["Mcp-Method"]) == (MODERN, "server/discover")
    assert "Mcp-Name" not in discover.headers
    assert call.headers["Mcp-Method"] == "tools/call"
    assert call.headers["Mcp-Name"] == "=?base64?w6ljaG8=?="
    assert not any("Mcp-Session-Id" in seen.headers for seen in far.seen)
    assert {seen.verb for seen in far.seen} == {"POST"}


@pytest.mark.parametrize(
    ("method", "params", "name"),
    [
        ("tools/call", {"name": "echo"}, "echo"),
        ("prompts/get", {"name": " p "}, " p "),
        ("resources/read", {"uri": "file:///ü"}, "file:///ü"),
        ("tasks/get", {"taskId": "t-1"}, "t-1"),
        ("tools/list", {"name": "not this"}, None),
        ("tools/call", {"name": 7}, None),
    ],
)
async def test_the_name_is_the_one_of_the_method(method: str, params: Json, name: str | None) -> None:
    async with far_side() as far, bridged(far.url) as near:
        await near.ask(modern(1, method, params))
    assert decode_header_value(far.seen[0].headers.get("Mcp-Name")) == name


async def test_a_revision_that_is_not_known_yet_goes_out_as_it_is_said() -> None:
    message = request(1, "tools/list", {"_meta": {"io.modelcontextprotocol/protocolVersion": "2027-01-01"}})
    async with far_side() as far, bridged(far.url) as near:
        await near.ask(message)
    assert far.seen[0].headers["MCP-Protocol-Version"] == "2027-01-01"


@pytest.mark.parametrize("as_stream", [False, True])
async def test_marked_arguments_go_along_once_a_list_has_told_of_them(*, as_stream: bool) -> None:
    properties = {"region": {"type": "string", "x-mcp-header": "Region"}}
    tools = {"tools": [{"name": "t", "inputSchema": {"type": "object", "properties": properties}}]}

    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.method != "tools/list":
            return None
        return await stream(seen, event(answer(seen, tools))) if as_stream else result(seen, tools)

    async with far_side(react) as far, bridged(far.url) as near:
        call = {"name": "t", "arguments": {"region": "eu", "other": 1}}
        await near.ask(modern(1, "tools/call", call))
        assert (await near.ask(modern(2, "tools/list")))["result"] == tools
        await near.ask(modern(3, "tools/call", call))
    assert [seen.headers.get("Mcp-Param-Region") for seen in far.posts("tools/call")] == [None, "eu"]


async def test_a_cancellation_closes_the_stream_of_its_request_and_posts_nothing() -> None:
    closed = asyncio.Event()

    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.method == "tools/call":
            await until_gone(seen)
            closed.set()
        return None

    async with far_side(react) as far, bridged(far.url) as near:
        near.send(modern("a", "tools/call", {"name": "slow"}))
        await holds(lambda: len(far.seen) == 1)
        near.send(cancelled("a"))
        await holds(closed.is_set, 1)
        assert (await near.ask(modern(2, "tools/list")))["id"] == 2
        assert near.received.empty()
    assert [seen.method for seen in far.seen] == ["tools/call", "tools/list"]
    assert near.said == []


async def test_a_request_that_is_cancelled_in_the_same_breath_is_not_sent() -> None:
    async with far_side() as far, bridged(far.url) as near:
        near.send(modern(1, "tools/call", {"name": "slow"}))
        near.send(cancelled(1))
        assert (await near.ask(modern(2, "tools/list")))["id"] == 2
    assert [seen.method for seen in far.seen] == ["tools/list"]


async def test_a_cancellation_of_something_unknown_is_nothing() -> None:
    async with far_side() as far, bridged(far.url) as near:
        near.send(cancelled("nobody"))
        await near.ask(modern(1, "tools/list"))
        near.send(cancelled(1))  # too late
        await near.ask(modern(2, "tools/list"))
    assert [seen.method for seen in far.seen] == ["tools/list"] * 2


async def test_a_subscription_stays_open_while_others_come_and_go() -> None:
    say = asyncio.Event()

    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.method != "subscriptions/listen":
            return None
        reply = await stream(seen, event(notice("notifications/subscriptions/acknowledged")), b": ping\n\n")
        await say.wait()
        await reply.write(event(notice("notifications/tools/list_changed")))
        await reply.write(event(answer(seen, {"resultType": "complete"})))
        return reply

    async with far_side(react) as far, bridged(far.url) as near:
        near.send(modern("listen-1", "subscriptions/listen"))
        assert (await near.receive())["method"] == "notifications/subscriptions/acknowledged"
        assert (await near.ask(modern(1, "tools/list")))["id"] == 1
        say.set()
        assert (await near.receive())["method"] == "notifications/tools/list_changed"
        assert (await near.receive())["id"] == "listen-1"


@pytest.mark.parametrize("method", ["tools/call", "subscriptions/listen"])
async def test_a_stream_that_breaks_is_answered_with_an_error_and_not_taken_up_again(method: str) -> None:
    async def react(seen: Seen) -> web.StreamResponse | None:
        reply = await stream(seen, event(notice("notifications/a"), id="7"))
        cut(seen)
        return reply

    async with far_side(react) as far, bridged(far.url) as near:
        near.send(modern(1, method))
        await near.receive()
        assert (await near.receive())["error"] == {"code": -32603, "message": BROKE}
        assert len(far.seen) == 1


async def test_a_client_may_probe_and_then_fall_back_to_the_handshake() -> None:
    body = b'{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found","data":{"vendor":1e0}}}'

    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.method == "server/discover":
            return web.Response(status=404, body=body, content_type="application/json")
        return None

    async with far_side(react) as far, bridged(far.url) as near:
        near.send(modern(1, "server/discover"))
        assert await near.line() == body
        await near.ask(initialize(2))
        near.send(notification("notifications/initialized"))
        await near.ask(request(3, "tools/list"))
    assert far.posts("initialize")[0].headers.get("MCP-Protocol-Version") is None
    assert far.posts("initialize")[0].headers.get("Mcp-Method") is None
    assert far.posts("tools/list")[0].headers["MCP-Protocol-Version"] == "2025-06-18"
    assert far.posts("notifications/initialized")[0].session == "session-1"


async def test_both_eras_may_be_spoken_at_once() -> None:
    async with far_side() as far, bridged(far.url) as near:
        await near.begin()
        await near.ask(modern(1, "tools/list"))
        await near.ask(request(2, "tools/list"))
    sent = [(seen.headers["MCP-Protocol-Version"], seen.session) for seen in far.posts("tools/list")]
    assert sent == [(MODERN, ""), ("2025-06-18", "session-1")]


async def test_a_notification_speaks_the_revision_that_the_client_last_spoke() -> None:
    async with far_side() as far, bridged(far.url) as near:
        await near.ask(modern(1, "server/discover"))
        near.send(notification("notifications/vendor"))
        await holds(lambda: len(far.seen) == 2)
    assert far.seen[1].headers["MCP-Protocol-Version"] == MODERN
    assert far.seen[1].headers["Mcp-Method"] == "notifications/vendor"


async def test_what_would_break_a_header_line_is_encoded() -> None:
    async with far_side() as far, bridged(far.url) as near:
        await near.ask(modern(1, "a\r\nX-Evil: 1"))
        odd = {"_meta": {"io.modelcontextprotocol/protocolVersion": "2027\r\nX-Evil: 1"}}
        await near.ask(msgspec.json.encode(request(2, "b", odd)))
    assert all("X-Evil" not in seen.headers for seen in far.seen)
