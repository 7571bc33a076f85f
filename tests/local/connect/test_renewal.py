"""A session that the server has forgotten, and streams that break: what a stdio client must not notice, and what it must."""

import asyncio

from aiohttp import web

from tests.local.connect.far_side import Seen, answer, cut, event, far_side, initialized, notice, stream
from tests.local.connect.near_side import bridged, initialize, request

BROKE = "The connection to the gateway broke before the answer came."


class Restarts:
    """A server that has forgotten every session but the latest one after `restart`."""

    def __init__(self) -> None:
        self.alive: set[str] = set()
        self.down = False
        self._count = 0

    def restart(self) -> None:
        """Forgets."""
        self.alive.clear()

    async def react(self, seen: Seen) -> web.StreamResponse | None:
        """404 for what it does not know."""
        if self.down and seen.verb == "POST":
            return web.Response(
                status=404, body=b'{"detail":"No adapter `a`."}', content_type="application/problem+json"
            )
        if seen.method == "initialize":
            self._count += 1
            self.alive.add(f"s{self._count}")
            return initialized(seen, f"s{self._count}", "2025-11-25" if self._count > 1 else "2025-06-18")
        if seen.verb == "POST" and seen.session not in self.alive:
            body = b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Session not found"}}'
            return web.Response(status=404, body=body, content_type="application/json")
        return None


async def test_a_forgotten_session_is_begun_again_and_the_request_repeated() -> None:
    server = Restarts()
    async with far_side(server.react) as far, bridged(far.url) as near:
        near.send(initialize("first"))
        await near.receive()
        near.send(b'{"jsonrpc":"2.0","method":"notifications/initialized","params":{"vendor":1e1}}')
        await near.ask(request(1, "ping"))
        server.restart()
        assert (await near.ask(request(2, "tools/list")))["result"] == {"method": "tools/list"}
        assert near.received.empty()
    one, two = far.posts("initialize")
    assert one.body == two.body
    assert (two.session, two.headers.get("MCP-Protocol-Version")) == ("", None)
    again = far.posts("notifications/initialized")[1]
    assert again.body == b'{"jsonrpc":"2.0","method":"notifications/initialized","params":{"vendor":1e1}}'
    assert again.session == "s2"
    lists = far.posts("tools/list")
    assert [seen.session for seen in lists] == ["s1", "s2"]
    assert [seen.headers["MCP-Protocol-Version"] for seen in lists] == ["2025-06-18", "2025-11-25"]
    assert near.said == ["The session had ended there; a new one was begun in its place."]


async def test_however_many_find_it_gone_it_is_begun_again_once() -> None:
    server = Restarts()
    async with far_side(server.react) as far, bridged(far.url) as near:
        await near.begin()
        await near.ask(request("first", "ping"))
        server.restart()
        for id in range(30):
            near.send(request(id, "tools/call"))
        answers = [await near.receive() for _ in range(30)]
        assert all("result" in answer for answer in answers)
        assert len(far.posts("initialize")) == 2
        assert len(near.said) == 1


async def test_a_request_is_repeated_once_only() -> None:
    async def react(seen: Seen) -> web.StreamResponse | None:
        return web.Response(status=404) if seen.method == "tools/call" else None

    async with far_side(react) as far, bridged(far.url) as near:
        await near.begin()
        reply = await near.ask(request(1, "tools/call"))
        assert reply["error"] == {"code": -32603, "message": "The gateway answered 404 Not Found."}
        assert len(far.posts("tools/call")) == 2


async def test_where_there_is_no_new_session_the_first_answer_counts() -> None:
    server = Restarts()
    async with far_side(server.react) as far, bridged(far.url) as near:
        await near.begin()
        server.down = True
        reply = await near.ask(request(1, "tools/call"))
        assert reply["error"] == {"code": -32603, "message": "No adapter `a`."}
        assert len(far.posts("tools/call")) == 1


async def test_a_404_without_a_session_is_just_that() -> None:
    async def react(seen: Seen) -> web.StreamResponse | None:
        return web.Response(status=404)

    async with far_side(react) as far, bridged(far.url) as near:
        assert "404" in (await near.ask(initialize()))["error"]["message"]
        assert len(far.seen) == 1


async def test_a_broken_stream_is_taken_up_again_after_its_last_event() -> None:
    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.method == "tools/call":
            reply = await stream(seen, b"id: 1\nretry: 5\ndata:\n\n", event(notice("notifications/a"), id="2"))
            cut(seen)
            return reply
        if seen.verb == "GET" and (after := seen.headers.get("Last-Event-ID")):
            if after == "2":
                return await stream(seen, b"id: 3\ndata:\n\n")  # closes once more: polling
            return await stream(seen, event(answer(far.posts("tools/call")[0], {"late": True}), id="4"))
        return None

    async with far_side(react) as far, bridged(far.url) as near:
        await near.begin()
        near.send(request(1, "tools/call"))
        assert (await near.receive())["method"] == "notifications/a"
        assert (await near.receive())["result"] == {"late": True}
        after = [seen.headers["Last-Event-ID"] for seen in far.verbs("GET") if "Last-Event-ID" in seen.headers]
        assert after == ["2", "3"]
        assert near.said == []


async def test_a_broken_stream_without_ids_is_answered_with_an_error() -> None:
    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.method != "tools/call":
            return None
        reply = await stream(seen, event(notice("notifications/a")))
        cut(seen)
        return reply

    async with far_side(react) as far, bridged(far.url) as near:
        await near.begin()
        near.send(request(1, "tools/call"))
        await near.receive()
        assert (await near.receive())["error"] == {"code": -32603, "message": BROKE}
        assert near.said == [BROKE]


async def test_a_stream_that_cannot_be_taken_up_again_is_answered_with_an_error() -> None:
    async def react(seen: Seen) -> web.StreamResponse | None:
        return await stream(seen, b"id: 1\ndata:\nretry: 1\n\n") if seen.method == "tools/call" else None

    async with far_side(react) as far, bridged(far.url) as near:  # its GET is 405
        await near.begin()
        assert (await near.ask(request(1, "tools/call")))["error"]["message"] == BROKE


async def test_a_server_that_takes_a_stream_up_again_for_nothing_is_left_alone_some_time() -> None:
    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.method == "tools/call" or "Last-Event-ID" in seen.headers:
            return await stream(seen, b"id: 1\nretry: 1\ndata:\n\n")
        return None

    async with far_side(react) as far, bridged(far.url) as near:
        await near.begin()
        assert (await near.ask(request(1, "tools/call")))["error"]["message"] == BROKE


async def test_a_json_answer_that_breaks_off_is_answered_with_an_error() -> None:
    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.method != "tools/call":
            return None
        reply = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "100"})
        await reply.prepare(seen.request)
        await reply.write(b'{"id":1,')
        cut(seen)
        return reply

    async with far_side(react) as far, bridged(far.url) as near:
        await near.begin()
        assert (await near.ask(request(1, "tools/call")))["error"]["message"] == BROKE


async def test_a_connection_that_breaks_before_the_head_is_answered_with_an_error() -> None:
    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.method == "tools/call":
            cut(seen)
            await asyncio.Event().wait()
        return None

    async with far_side(react) as far, bridged(far.url) as near:
        await near.begin()
        assert (await near.ask(request(1, "tools/call")))["error"]["message"] == BROKE
        assert len(far.posts("tools/call")) == 1  # it may have been carried out: never sent twice
