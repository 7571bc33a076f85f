"""Sessions of the handshake revisions, begun, used and ended for a client that knows no HTTP."""

import asyncio

import msgspec
from aiohttp import web

from tests.local.connect.far_side import Seen, answer, event, far_side, notice, result, stream
from tests.local.connect.near_side import INITIALIZED, bridged, cancelled, initialize, notification, request
from tests.local.waiting import holds


async def test_every_request_after_the_handshake_names_the_session_and_the_revision() -> None:
    async with far_side() as far, bridged(far.url) as near:
        opened = await near.begin()
        assert opened["result"]["protocolVersion"] == "2025-06-18"
        await near.ask(request(1, "tools/list"))
    first, *others = far.seen
    assert "Mcp-Session-Id" not in first.headers
    assert "MCP-Protocol-Version" not in first.headers
    assert [(seen.verb, seen.method) for seen in others if seen.verb == "POST"] == [
        ("POST", "notifications/initialized"),
        ("POST", "tools/list"),
    ]
    assert {seen.session for seen in others} == {"session-1"}
    assert {seen.headers["MCP-Protocol-Version"] for seen in others} == {"2025-06-18"}
    assert all(not any(name.startswith("Mcp-Method") for name in seen.headers) for seen in far.seen)
    assert {seen.headers["Accept"] for seen in far.verbs("POST")} == {"application/json, text/event-stream"}
    assert {seen.headers["Content-Type"] for seen in far.verbs("POST")} == {"application/json"}


async def test_a_session_is_deleted_at_the_end_once() -> None:
    async with far_side() as far, bridged(far.url) as near:
        await near.begin()
    (end,) = far.verbs("DELETE")
    assert end.session == "session-1"


async def test_lines_sent_all_at_once_arrive_in_their_order() -> None:
    open_slowly = asyncio.Event()

    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.method in ("initialize", "notifications/initialized"):
            await open_slowly.wait()
        return None

    async with far_side(react) as far, bridged(far.url) as near:
        for message in (initialize(), INITIALIZED, request(1, "tools/list")):
            near.send(message)
        await holds(lambda: len(far.seen) == 1)
        open_slowly.set()
        assert [(await near.receive())["id"] for _ in range(2)] == [0, 1]
        methods = [seen.method for seen in far.verbs("POST")]
        assert methods == ["initialize", "notifications/initialized", "tools/list"]


async def test_a_line_goes_out_and_its_answer_comes_back_byte_for_byte() -> None:
    sent = b'{ "vendor" : [1.0e2, -0, 123456789012345678901234567890],"method":"\\u0061/b" ,"id":"\\/","params":{"z":1,"a":2,"a":3}}'
    came = b'{"result":{"z":1.50,"a":"\\u00e9 \xc3\xa9"}, "id" :"/","x":null,"jsonrpc":"2.0"}'

    async def react(seen: Seen) -> web.StreamResponse | None:
        return web.Response(body=came, content_type="application/json") if seen.body == sent else None

    async with far_side(react) as far, bridged(far.url) as near:
        near.send(sent)
        assert await near.line() == came


async def test_an_answer_on_several_lines_becomes_one() -> None:
    async def react(seen: Seen) -> web.StreamResponse:
        if seen.message["id"] == 1:
            return web.Response(body=b'{\n  "id": 1,\r\n  "result": {}\n}\n', content_type="application/json")
        return await stream(seen, b'data: {"id": 2,\ndata: "result":\r\ndata: {}}\r\n\r\n')

    async with far_side(react) as far, bridged(far.url) as near:
        near.send(request(1, "a"))
        assert await near.line() == b'{   "id": 1,    "result": {} }'
        near.send(request(2, "a"))
        assert await near.line() == b'{"id": 2, "result": {}}'


async def test_many_requests_are_under_way_at_once_and_answered_as_they_finish() -> None:
    first_may_end = asyncio.Event()

    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.message.get("id") == 1:
            await first_may_end.wait()
        return None

    async with far_side(react) as far, bridged(far.url) as near:
        await near.begin()
        for id in range(1, 51):
            near.send(request(id, "tools/call"))
        assert {(await near.receive())["id"] for _ in range(49)} == set(range(2, 51))
        first_may_end.set()
        assert (await near.receive())["id"] == 1


async def test_the_servers_requests_reach_the_client_and_its_answers_the_server() -> None:
    answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    question = b'{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{}}'

    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.method == "tools/call":
            reply = await stream(seen, event(question))
            await answered
            await reply.write(event(answer(seen, {"content": []})))
            return reply
        if "result" in seen.message:
            answered.set_result(seen.body)
        return None

    async with far_side(react) as far, bridged(far.url) as near:
        await near.begin()
        near.send(request(1, "tools/call"))
        assert await near.line() == question
        near.send(b'{"jsonrpc":"2.0", "id":"q", "result":{"action":"accept"}}')
        assert (await near.receive())["id"] == 1
        assert answered.result() == b'{"jsonrpc":"2.0", "id":"q", "result":{"action":"accept"}}'


async def test_notifications_arrive_in_their_order() -> None:
    hold = asyncio.Event()

    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.method == "notifications/one":
            await hold.wait()
        return None

    async with far_side(react) as far, bridged(far.url) as near:
        await near.begin()
        near.send(notification("notifications/one"))
        near.send(notification("notifications/two"))
        await near.ask(request(1, "ping"))  # is not held up
        assert far.posts("notifications/two") == []
        hold.set()
        await holds(lambda: bool(far.posts("notifications/two")))


async def test_a_cancellation_is_posted_and_the_request_is_not_answered_for() -> None:
    told = asyncio.Event()

    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.method == "tools/call":
            reply = await stream(seen, event(notice("notifications/begun")))
            await told.wait()
            return reply  # ends without an answer, as it should
        if seen.method == "notifications/cancelled":
            told.set()
        return None

    async with far_side(react) as far, bridged(far.url) as near:
        await near.begin()
        near.send(request(1, "tools/call"))
        assert (await near.receive())["method"] == "notifications/begun"
        near.send(cancelled(1))
        await holds(told.is_set)
        assert (await near.ask(request(2, "ping")))["id"] == 2
        assert near.received.empty()
        assert near.said == []


async def test_a_batch_goes_out_as_it_is_and_each_request_is_answered() -> None:
    batch = b'[{"id":1,"method":"a"}, {"method":"notifications/x"},{"id":2,"method":"b"}]'

    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.body == batch:
            return web.Response(body=b'[{"id":2,"result":{}}]', content_type="application/json")
        return None

    async with far_side(react) as far, bridged(far.url) as near:
        await near.begin()
        near.send(batch)
        assert await near.line() == b'[{"id":2,"result":{}}]'
        missing = await near.receive()
        assert missing["id"] == 1
        assert "without an answer" in missing["error"]["message"]


async def test_a_malformed_line_is_answered_and_the_next_one_goes_through() -> None:
    async with far_side() as far, bridged(far.url) as near:
        reply = await near.ask(b"{oops")
        assert (reply["id"], reply["error"]["code"]) == (None, -32700)
        assert (await near.ask(b"7"))["error"]["code"] == -32600
        assert (await near.ask(request(1, "ping")))["id"] == 1
    assert len(far.seen) == 1
    assert all("left out" in line for line in near.said)


async def test_a_thousand_requests_are_the_most_under_way() -> None:
    release = asyncio.Event()

    async def react(seen: Seen) -> web.StreamResponse | None:
        await release.wait()
        return None

    async with far_side(react) as far, bridged(far.url) as near:
        for id in range(1010):
            near.send(request(id, "a"))
        await holds(lambda: len(far.seen) == 1000)
        assert near.lines.qsize() >= 9
        release.set()
        ids = {(await near.receive())["id"] for _ in range(1010)}
        assert ids == set(range(1010))


async def test_a_second_initialize_begins_a_new_session_and_ends_the_old_one() -> None:
    async with far_side() as far, bridged(far.url) as near:
        await near.begin()
        await near.ask(initialize(5))
        near.send(INITIALIZED)
        await near.ask(request(6, "ping"))
    assert far.posts("initialize")[1].session == ""
    assert far.posts("ping")[0].session == "session-2"
    assert [seen.session for seen in far.verbs("DELETE")] == ["session-1", "session-2"]


async def test_a_server_without_sessions_gets_no_session_and_no_delete() -> None:
    async def react(seen: Seen) -> web.StreamResponse | None:
        return result(seen, {"protocolVersion": "2025-03-26"}) if seen.method == "initialize" else None

    async with far_side(react) as far, bridged(far.url) as near:
        await near.begin()
        await near.ask(request(1, "ping"))
    (ping,) = far.posts("ping")
    assert "Mcp-Session-Id" not in ping.headers
    assert ping.headers["MCP-Protocol-Version"] == "2025-03-26"
    assert far.verbs("DELETE") == []


async def test_an_initialize_that_is_refused_begins_no_session() -> None:
    def refusal(seen: Seen) -> web.Response:
        body = msgspec.json.encode(
            {"jsonrpc": "2.0", "id": seen.message["id"], "error": {"code": -32602, "message": "no"}}
        )
        return web.Response(body=body, content_type="application/json", headers={"Mcp-Session-Id": "phantom"})

    async def react(seen: Seen) -> web.StreamResponse | None:
        return refusal(seen) if seen.method == "initialize" else None

    async with far_side(react) as far, bridged(far.url) as near:
        assert (await near.ask(initialize()))["error"]["message"] == "no"
        await near.ask(request(1, "ping"))
    assert far.posts("ping")[0].session == ""
    assert far.verbs("DELETE") == []
