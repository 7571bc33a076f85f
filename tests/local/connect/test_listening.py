"""The GET stream of a session."""

import asyncio

from aiohttp import web

from tests.local.connect.far_side import Seen, cut, event, far_side, notice, stream, until_gone
from tests.local.connect.near_side import bridged, initialize, request
from tests.local.waiting import holds


async def test_it_is_opened_after_initialized_and_what_comes_reaches_the_client() -> None:
    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.verb != "GET":
            return None
        reply = await stream(seen, b": hello\n\n", event(notice("notifications/tools/list_changed")))
        await until_gone(seen)
        return reply

    async with far_side(react) as far, bridged(far.url) as near:
        await near.ask(initialize())
        assert far.verbs("GET") == []
        await near.begin()
        assert (await near.receive())["method"] == "notifications/tools/list_changed"
        (get,) = far.verbs("GET")
        assert (get.session, get.headers["Accept"]) == ("session-2", "text/event-stream")
        assert "Last-Event-ID" not in get.headers


async def test_a_server_without_one_is_asked_once_and_nothing_is_said() -> None:
    async with far_side() as far, bridged(far.url) as near:
        await near.begin()
        await holds(lambda: len(far.verbs("GET")) == 1)
        await near.ask(request(1, "ping"))
    assert len(far.verbs("GET")) == 1
    assert near.said == []


async def test_a_stream_that_ends_or_breaks_is_opened_again_after_its_last_event() -> None:
    gets: list[Seen] = []

    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.verb != "GET":
            return None
        gets.append(seen)
        reply = await stream(seen, b"retry: 5\n\n", event(notice(f"notifications/{len(gets)}"), id=str(len(gets))))
        if len(gets) == 2:
            cut(seen)
        if len(gets) > 3:
            await until_gone(seen)
        return reply

    async with far_side(react) as far, bridged(far.url) as near:
        await near.begin()
        heard = [(await near.receive())["method"] for _ in range(4)]
    assert heard == [f"notifications/{n}" for n in range(1, 5)]
    assert [seen.headers.get("Last-Event-ID") for seen in gets] == [None, "1", "2", "3"]


async def test_a_gateway_that_is_away_is_said_once_and_found_again() -> None:
    opened = asyncio.Event()

    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.verb != "GET":
            return None
        opened.set()
        reply = await stream(seen, event(notice("notifications/here")))
        await until_gone(seen)
        return reply

    async def refuse(seen: Seen) -> web.StreamResponse | None:
        return web.Response(status=503) if seen.verb == "GET" else None

    async with far_side(refuse) as far, bridged(far.url) as near:
        await near.begin()
        await holds(lambda: len(far.verbs("GET")) >= 3)
        assert near.said == ["The gateway answered 503 Service Unavailable."]
        far.react = react
        assert (await near.receive())["method"] == "notifications/here"


async def test_a_stream_whose_session_is_gone_begins_a_new_one_for_a_silent_client() -> None:
    alive = "session-1"

    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.session and seen.session != alive:
            return web.Response(status=404)
        if seen.verb != "GET":
            return None
        reply = await stream(seen, event(notice(f"notifications/{seen.session}"), id="7"))
        if seen.session == "session-2":
            await until_gone(seen)
        return reply

    async def restarted(seen: Seen) -> web.StreamResponse | None:
        nonlocal alive
        if seen.verb == "GET" and seen.session == "session-1":
            alive = "session-2"
        return await react(seen)

    async with far_side(react) as far, bridged(far.url) as near:
        await near.begin()
        assert (await near.receive())["method"] == "notifications/session-1"
        far.react = restarted
        while (heard := await near.receive())["method"] != "notifications/session-2":
            pass
        assert "id" not in heard
        assert near.received.empty()  # the answer to the second `initialize` is not the client's
    assert [seen.session for seen in far.posts("notifications/initialized")] == ["session-1", "session-2"]
    assert [seen.headers.get("Last-Event-ID") for seen in far.verbs("GET") if seen.session == "session-2"] == [None]


async def test_it_closes_when_the_session_is_replaced() -> None:
    closed = asyncio.Event()

    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.verb != "GET":
            return None
        reply = await stream(seen)
        await until_gone(seen)
        closed.set()
        return reply

    async with far_side(react) as far, bridged(far.url) as near:
        await near.begin()
        await holds(lambda: len(far.verbs("GET")) == 1)
        await near.ask(initialize(1))
        await holds(closed.is_set)
