"""Open streams: what comes first, what comes last, and who is held up by whom."""

import asyncio
import json

import pytest

from tests.proxy.gate import eventually
from tests.proxy.wire import request
from tests.tool_router.desk import Desk, OpenDesk
from tests.tool_router.inside import active, end_streams, is_behind, listeners, streams, tapped_sessions
from tests.tool_router.person import LATEST, SESSION, VERSION, Client, Person, modern_message

CHANGED = "notifications/tools/list_changed"
ID = "io.modelcontextprotocol/subscriptionId"


def _tag(message: dict[str, dict[str, dict[str, object]]]) -> object:
    return message["params"]["_meta"][ID]


@pytest.mark.parametrize("id", [7, "seven", "7", 0, "", -1, 1.5, 12345678901234567890123])
async def test_subscription_is_acknowledged_first_and_every_message_is_tagged(
    desk: Desk, alice: Person, id: float | str
) -> None:
    body = modern_message("subscriptions/listen", {"notifications": {"toolsListChanged": True, "x": 1}}, id)
    async with alice.opened(body, *alice.mirrored("subscriptions/listen")) as stream:
        first = await stream.event()
        assert first == {
            "jsonrpc": "2.0",
            "method": "notifications/subscriptions/acknowledged",
            "params": {"notifications": {"toolsListChanged": True}, "_meta": {ID: id}},
        }
        desk.tool("a")
        assert await stream.event() == {"jsonrpc": "2.0", "method": CHANGED, "params": {"_meta": {ID: id}}}


async def test_head_of_a_stream_forbids_buffers_and_caches(alice: Person) -> None:
    async with alice.listening() as stream:
        assert stream.head.header("cache-control") == "no-cache, no-transform"
        assert stream.head.header("x-accel-buffering") == "no"
        assert stream.head.header("content-encoding") is None
        assert stream.head.header(SESSION) is None


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"toolsListChanged": False},
        {"toolsListChanged": None},
        {"toolsListChanged": "true"},
        {"promptsListChanged": True},
    ],
)
async def test_subscription_to_nothing_we_have_is_acknowledged_as_that_and_hears_nothing(
    desk: Desk, alice: Person, wanted: dict[str, object]
) -> None:
    body = modern_message("subscriptions/listen", {"notifications": wanted})
    async with alice.opened(body, *alice.mirrored("subscriptions/listen")) as stream, alice.listening(2) as witness:
        assert (await stream.event())["params"]["notifications"] == {}
        desk.tool("a")
        assert (await witness.event())["method"] == CHANGED
        end_streams(desk)
        assert "result" in await stream.event()


@pytest.mark.parametrize("notifications", [None, [], "x", 1, True])
async def test_subscription_without_a_filter_is_refused(alice: Person, notifications: object) -> None:
    params = {} if notifications is True else {"notifications": notifications}
    reply = await alice.modern("subscriptions/listen", params)

    assert reply.status == 400
    assert reply.json()["error"] == {"code": -32602, "message": "params.notifications: expected an object."}


async def test_notices_of_both_eras_come_for_each_change_that_concerns_the_caller(desk: Desk, alice: Person) -> None:
    client = await alice.begin()
    async with alice.listening("l") as modern, client.listening() as legacy:
        for at in range(3):
            desk.tool("theirs", requiredRoles=["other"], generation=at)
            desk.tool(f"ours-{at}")
            assert await legacy.event() == {"jsonrpc": "2.0", "method": CHANGED}
            assert _tag(await modern.event()) == "l"


async def test_streams_end_gracefully_when_we_drain(desk: Desk, alice: Person) -> None:
    client = await alice.begin()
    async with alice.listening("l") as modern, client.listening() as legacy:
        async with asyncio.timeout(3):
            await desk.router.drain()
        assert await modern.event() == {
            "jsonrpc": "2.0",
            "id": "l",
            "result": {"resultType": "complete", "_meta": {ID: "l"}},
        }
        assert await modern.event() is None
        assert await legacy.event() is None, "no session's stream has a result"
    assert streams(desk) == 0


async def test_change_of_the_last_moment_is_told_before_the_end(desk: Desk, alice: Person) -> None:
    async with alice.listening() as stream:
        desk.tool("a")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        end_streams(desk)
        assert (await stream.event())["method"] == CHANGED
        assert "result" in await stream.event()


async def test_no_stream_is_opened_while_we_drain(desk: Desk, alice: Person) -> None:
    client = await alice.begin()
    await desk.router.drain()

    legacy = await alice.http(None, *client.headers, method="GET")
    modern = await alice.modern("subscriptions/listen", {"notifications": {}})
    assert (legacy.status, modern.status) == (503, 503)
    assert (legacy.header("retry-after"), modern.header("retry-after")) == ("2", "2")


async def test_second_stream_of_a_session_ends_the_first_and_only_it_hears(desk: Desk, alice: Person) -> None:
    client, other = await alice.begin(), await alice.begin()
    async with client.listening() as first, other.listening() as untouched:
        async with client.listening() as second:
            assert await first.event() is None
            desk.tool("a")
            assert (await second.event())["method"] == CHANGED
            assert (await untouched.event())["method"] == CHANGED
        await eventually(lambda: streams(desk) == 1)
        async with client.listening() as third:
            desk.tool("b")
            assert (await third.event())["method"] == CHANGED
    await eventually(lambda: streams(desk) == 0)


async def test_subscriptions_of_one_caller_do_not_end_one_another(desk: Desk, alice: Person) -> None:
    async with alice.listening(1) as first, alice.listening(1) as second:
        desk.tool("a")
        assert (await first.event())["method"] == (await second.event())["method"] == CHANGED


async def test_too_many_streams_are_refused_for_now(open_desk: OpenDesk) -> None:
    desk = await open_desk(streams=2)
    alice = Person(desk)
    client = await alice.begin()
    async with alice.listening(), alice.listening():
        for id, reply in (
            (None, await alice.http(None, *client.headers, method="GET")),
            ("mine", await alice.modern("subscriptions/listen", {"notifications": {}}, id="mine")),
        ):
            assert (reply.status, reply.header("retry-after")) == (503, "2")
            assert reply.json()["id"] == id
            assert reply.json()["error"] == {"code": -32603, "message": "No more streams can be opened here."}
        assert (await alice.modern("tools/list")).status == 200, "calls and lists go on"
    await eventually(lambda: streams(desk) == 0)
    async with client.listening():
        assert streams(desk) == 1


async def test_silent_streams_are_kept_alive_by_comments(open_desk: OpenDesk) -> None:
    desk = await open_desk(silence_seconds=0.02)
    alice = Person(desk)
    client = await alice.begin()
    async with alice.listening() as modern, client.listening() as legacy:
        for _ in range(3):
            await modern.comment()
            await legacy.comment()
        desk.tool("a")
        assert (await modern.event())["method"] == (await legacy.event())["method"] == CHANGED
        await modern.comment()
        await legacy.comment()


async def test_reader_that_reads_nothing_holds_up_only_itself(open_desk: OpenDesk) -> None:
    """It is flooded until its connection takes no more; the others are told as ever, and nothing piles up for it."""
    desk = await open_desk(notice_seconds=0, silence_seconds=30)
    alice = Person(desk)
    body = modern_message("subscriptions/listen", {"notifications": {"toolsListChanged": True}}, "x" * 60_000)
    async with alice.sent(body, *alice.mirrored("subscriptions/listen")) as deaf, alice.listening() as witness:
        await deaf.head()
        count = stuck = 0
        async with asyncio.timeout(20):
            while stuck < 20:
                count += 1
                desk.tool(f"t{count}")
                assert (await witness.event())["method"] == CHANGED
                stuck = stuck + 1 if is_behind(desk) else 0
        for at in range(5):
            desk.tool(f"more-{at}")
            assert (await witness.event())["method"] == CHANGED
        assert streams(desk) == 2
    await eventually(lambda: streams(desk) == 0)


async def test_whoever_leaves_is_forgotten(desk: Desk, alice: Person) -> None:
    client = await alice.begin()
    for leave in ("close", "reset"):
        async with alice.listening() as modern, client.listening() as legacy:
            assert (streams(desk), listeners(desk)) == (2, 2)
            for stream in (modern, legacy):
                if leave == "reset":
                    stream.connection.reset()
                else:
                    stream.connection.writer.close()
            await eventually(lambda: (streams(desk), listeners(desk), active(desk)) == (0, 0, 0))
    assert tapped_sessions(desk) == 0
    desk.tool("a")
    assert (await alice.modern("tools/list")).status == 200
    assert desk.router.counters.failed == 0


async def test_whoever_leaves_while_much_is_told_is_no_failure(open_desk: OpenDesk) -> None:
    desk = await open_desk(notice_seconds=0)
    alice = Person(desk)
    for at in range(20):
        async with alice.listening() as stream, alice.listening() as witness:
            stream.connection.reset()
            for more in range(5):
                desk.tool(f"t{at}-{more}")
                await witness.event()
        await eventually(lambda: streams(desk) == 0)
    assert desk.router.counters.failed == 0


async def test_stream_needs_a_session_that_is_the_callers(desk: Desk, alice: Person) -> None:
    client = await alice.begin()

    async def status(*headers: tuple[str, str], person: Person = alice) -> int:
        return (await person.http(None, *headers, method="GET")).status

    assert await status() == 400
    assert await status((VERSION, LATEST)) == 400
    assert await status((SESSION, "forged")) == 404
    assert await status((SESSION, client.id), person=Person(desk, "bob")) == 404
    assert await status((SESSION, client.id), ("Accept", "application/json")) == 406
    assert await status((SESSION, client.id), ("Accept", "")) == 406


async def test_stream_of_a_session_begins_without_a_message(desk: Desk, alice: Person) -> None:
    """The head is not held back until there is something to tell."""
    client: Client = await alice.begin()
    async with desk.connect() as connection:
        headers = alice.stamped(*client.headers, ("Accept", "text/event-stream"))
        await connection.send(request("GET", "/mcp", headers))
        assert (await connection.head()).status == 200
        assert json.dumps((await connection.chunk()).decode()) == '": \\n\\n"'


async def test_stop_ends_what_is_open(desk: Desk, alice: Person) -> None:
    async with alice.listening() as stream:
        async with asyncio.timeout(5):
            await desk.router.stop()
        assert "result" in await stream.event()
    assert streams(desk) == 0
