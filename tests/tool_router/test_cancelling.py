"""Calls that somebody no longer wants: ended by a notification in a session, by hanging up in the later revision."""

import asyncio
from typing import Any

import pytest

from tests.proxy.gate import StartPod, eventually
from tests.proxy.pod import Exchange
from tests.proxy.scripts import silent
from tests.tool_router.desk import Desk, OpenDesk
from tests.tool_router.inside import active, cancellable, tasks
from tests.tool_router.person import Client, Person, message, modern_message

CANCELLED = {"code": -32800, "message": "Request cancelled"}


class Gated:
    """A tool that answers once it may."""

    def __init__(self) -> None:
        self.open = asyncio.Event()

    async def __call__(self, exchange: Exchange) -> None:
        opening = asyncio.create_task(self.open.wait())
        leaving = asyncio.create_task(exchange.gone.wait())
        await asyncio.wait([opening, leaving], return_when=asyncio.FIRST_COMPLETED)
        opening.cancel()
        leaving.cancel()
        if not exchange.gone.is_set():
            await exchange.answer(b'"done"')


async def _gone(exchange: Exchange) -> None:
    """Returns once the tool's caller hung up, which must be soon."""
    async with asyncio.timeout(1):
        await exchange.gone.wait()


def _call(id: object, name: str = "a") -> bytes:
    return message("tools/call", {"name": name}, id)


@pytest.mark.parametrize(
    ("id", "spelled"),
    [
        (b"1", b"1"),
        (b"1", b"1.0"),
        (b"100", b"1e2"),
        (b'"x"', b'"x"'),
        (b'"x"', b'"\\u0078"'),
        (b'"\xc3\xa9"', b'"\\u00e9"'),
        (b"0", b"-0"),
        (b'""', b'""'),
        (b"12345678901234567890123", b"12345678901234567890123"),
    ],
)
async def test_call_ends_when_its_id_is_cancelled_however_that_is_spelled(
    desk: Desk, alice: Person, start_pod: StartPod, id: bytes, spelled: bytes
) -> None:
    tool = await start_pod(silent)
    desk.tool("a", tool)
    client = await alice.begin()
    call = asyncio.create_task(client.post(_call("ID").replace(b'"ID"', id)))
    exchange = await tool.request()

    await client.cancel_raw(b'{"requestId":%b,"reason":"enough"}' % spelled)
    await _gone(exchange)
    reply = await call
    assert reply.body.startswith(b'{"jsonrpc":"2.0","id":%b,' % id)
    assert reply.json()["error"] == CANCELLED
    assert desk.results == ["cancelled"]
    assert cancellable(desk) == 0


@pytest.mark.parametrize(
    "params",
    [
        b"null",
        b"[]",
        b'"1"',
        b"{}",
        b'{"requestId":null}',
        b'{"requestId":true}',
        b'{"requestId":"1"}',
        b'{"requestId":2}',
        b'{"requestId":1.5}',
        b'{"requestId":[1]}',
        b'{"requestId":1e400}',
        b'{"requestId":%b}' % (b"9" * 5_000),
        b'{"reason":"x"}',
    ],
)
async def test_notification_that_names_no_running_call_ends_none(
    desk: Desk, alice: Person, start_pod: StartPod, params: bytes
) -> None:
    gated = Gated()
    tool = await start_pod(gated)
    desk.tool("a", tool)
    client = await alice.begin()
    call = asyncio.create_task(client.post(_call(1)))
    await tool.request()
    await client.cancel_raw(params)
    gated.open.set()

    assert (await call).json()["result"]["content"][0]["text"] == '"done"'


@pytest.mark.parametrize("id", [b"1e400", b"9" * 5_000])
async def test_call_whose_id_nobody_can_hold_is_ended_by_no_other_nonsense(
    desk: Desk, alice: Person, start_pod: StartPod, id: bytes
) -> None:
    gated = Gated()
    tool = await start_pod(gated)
    desk.tool("a", tool)
    client = await alice.begin()
    call = asyncio.create_task(client.post(_call("ID").replace(b'"ID"', id)))
    await tool.request()
    await client.cancel_raw(b"{}")
    await client.cancel_raw(b'{"requestId":-1e400}')
    await client.cancel_raw(b'{"requestId":null}')
    gated.open.set()

    assert b'"isError"' not in (await call).body
    assert desk.results == ["ok"]


@pytest.mark.parametrize("id", [b"1e400", b"9" * 5_000])
async def test_id_nobody_can_hold_cancels_the_call_that_was_written_so(
    desk: Desk, alice: Person, start_pod: StartPod, id: bytes
) -> None:
    tool = await start_pod(silent)
    desk.tool("a", tool)
    client = await alice.begin()
    call = asyncio.create_task(client.post(_call("ID").replace(b'"ID"', id)))
    exchange = await tool.request()
    await client.cancel_raw(b'{"requestId":%b}' % id)

    await _gone(exchange)
    await call


async def test_nobody_cancels_calls_of_another_session(desk: Desk, alice: Person, start_pod: StartPod) -> None:
    gated = Gated()
    tool = await start_pod(gated)
    desk.tool("a", tool)
    client = await alice.begin()
    call = asyncio.create_task(client.call("a", id=1))
    await tool.request()
    for other in (await alice.begin(), await Person(desk, "bob").begin()):
        await other.cancel({"requestId": 1})
    stolen = Client(Person(desk, "bob"), client.id, client.revision)
    refused = await stolen.post(message("notifications/cancelled", {"requestId": 1}, id=None))
    assert refused.status == 404
    gated.open.set()

    assert "result" in await call


async def test_cancelling_what_is_over_or_never_was_changes_nothing(
    desk: Desk, alice: Person, start_pod: StartPod
) -> None:
    desk.tool("a", await start_pod())
    client = await alice.begin()
    assert "result" in await client.call("a", id=1)
    for id in (1, 2, "x"):
        await client.cancel({"requestId": id})
    assert "result" in await client.call("a", id=1)


async def test_id_in_flight_twice_is_answered_twice(desk: Desk, alice: Person, start_pod: StartPod) -> None:
    """The client's mistake; cancelling it ends the later one, and the earlier one comes to its end."""
    gated = Gated()
    tool = await start_pod(gated)
    desk.tool("a", tool)
    client = await alice.begin()
    first = asyncio.create_task(client.call("a", id=1))
    await tool.request(1)
    second = asyncio.create_task(client.call("a", id=1))
    later = await tool.request(2)
    await client.cancel({"requestId": 1})
    await _gone(later)
    assert (await second)["error"] == CANCELLED
    gated.open.set()

    assert "result" in await first
    assert (cancellable(desk), tasks(desk)) == (0, 0)


async def test_client_of_a_session_that_hangs_up_leaves_its_call_running(
    desk: Desk, alice: Person, start_pod: StartPod
) -> None:
    gated = Gated()
    tool = await start_pod(gated)
    desk.tool("a", tool)
    client = await alice.begin()
    for leave_within in ("asyncio", "reset"):
        async with alice.sent(_call(leave_within), *client.headers) as connection:
            exchange = await tool.request(len(tool.seen) + 1)
            connection.reset()
            await eventually(lambda: active(desk) == 0)
        assert not exchange.gone.is_set()
    assert tasks(desk) == 2
    gated.open.set()
    await eventually(lambda: tasks(desk) == 0)
    assert desk.results == ["ok", "ok"]
    assert cancellable(desk) == 0


async def test_call_that_nobody_waits_for_can_still_be_cancelled(
    desk: Desk, alice: Person, start_pod: StartPod
) -> None:
    tool = await start_pod(silent)
    desk.tool("a", tool)
    client = await alice.begin()
    async with alice.sent(_call("left"), *client.headers):
        exchange = await tool.request()
    await eventually(lambda: active(desk) == 0)
    await client.cancel({"requestId": "left"})

    await _gone(exchange)
    assert desk.results == ["cancelled"]


async def test_draining_waits_for_calls_that_nobody_waits_for(desk: Desk, alice: Person, start_pod: StartPod) -> None:
    gated = Gated()
    tool = await start_pod(gated)
    desk.tool("a", tool)
    client = await alice.begin()
    async with alice.sent(_call(1), *client.headers):
        await tool.request()
    await eventually(lambda: active(desk) == 0)
    draining = asyncio.create_task(desk.router.drain())
    assert (await alice.http(None, path="/ready", method="GET")).status == 503
    assert not draining.done()
    gated.open.set()
    async with asyncio.timeout(3):
        await draining

    assert desk.results == ["ok"]


async def test_draining_gives_up_in_time_and_stopping_cuts(open_desk: OpenDesk, start_pod: StartPod) -> None:
    desk = await open_desk(drain_seconds=0.05)
    alice = Person(desk)
    tool = await start_pod(silent)
    desk.tool("a", tool)
    client = await alice.begin()
    waits = asyncio.create_task(client.post(_call(1)))
    exchange = await tool.request()
    async with alice.sent(_call(2), *client.headers):
        other = await tool.request(2)
    async with asyncio.timeout(3):
        await desk.router.drain()
        assert not exchange.gone.is_set()
        await desk.router.stop()
    await _gone(exchange)
    await _gone(other)
    await asyncio.wait([waits])
    waits.exception()
    assert desk.results == ["cancelled", "cancelled"]


async def test_batch_goes_on_where_one_of_its_calls_is_cancelled(
    desk: Desk, alice: Person, start_pod: StartPod
) -> None:
    gated = Gated()
    tool = await start_pod(gated)
    desk.tool("a", tool)
    client = await alice.begin("2025-03-26")
    batch = asyncio.create_task(client.post(b"[%b,%b]" % (_call(1), _call(2))))
    await tool.request(2)
    await client.cancel({"requestId": 1})
    gated.open.set()
    first, second = (await batch).json()

    assert first["error"] == CANCELLED
    assert "result" in second


async def test_client_of_the_later_revision_that_hangs_up_has_cancelled(
    desk: Desk, alice: Person, start_pod: StartPod
) -> None:
    tool = await start_pod(silent)
    desk.tool("a", tool)
    body, headers = _modern_call(alice)
    for at, leave in enumerate(("reset", "close"), 1):
        async with alice.sent(body, *headers) as connection:
            exchange = await tool.request(at)
            if leave == "reset":
                connection.reset()
            else:
                connection.writer.close()
            await _gone(exchange)
    await eventually(lambda: active(desk) == 0)
    assert desk.results == ["cancelled", "cancelled"]
    assert desk.router.counters.failed == 0


async def test_that_is_so_once_its_stream_has_begun(open_desk: OpenDesk, start_pod: StartPod) -> None:
    desk = await open_desk(silence_seconds=0.03)
    alice = Person(desk)
    tool = await start_pod(silent)
    desk.tool("a", tool)
    body, headers = _modern_call(alice)
    for at, leave in enumerate(("reset", "close"), 1):
        async with alice.opened(body, *headers) as stream:
            exchange = await tool.request(at)
            await stream.comment()
            await stream.comment()
            if leave == "reset":
                stream.connection.reset()
            else:
                stream.connection.writer.close()
            await _gone(exchange)
    await eventually(lambda: active(desk) == 0)
    assert desk.results == ["cancelled", "cancelled"]
    assert desk.router.counters.failed == 0


async def test_hanging_up_cancels_a_call_that_waits_for_its_tool(open_desk: OpenDesk) -> None:
    desk = await open_desk(hold_seconds=30)
    alice = Person(desk)
    desk.tool("a")
    body, headers = _modern_call(alice)
    async with alice.sent(body, *headers):
        await eventually(lambda: active(desk) == 1)
    await eventually(lambda: active(desk) == 0)
    await eventually(lambda: desk.results == ["cancelled"])


def _modern_call(alice: Person) -> tuple[bytes, Any]:
    params = {"name": "a"}
    return modern_message("tools/call", params), alice.mirrored("tools/call", params)
