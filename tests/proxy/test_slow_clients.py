"""Clients that are slow on purpose are let go, in bounded time; those that are slow for a reason are served."""

import asyncio
import gc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, DummyCookieJar

from proxy.client import ClientConnection
from proxy.forward import ControlPlane
from proxy.pace import LEAST, Pace
from proxy.settings import Settings
from tests.proxy.gate import Open, StartPod, eventually
from tests.proxy.pod import Exchange
from tests.proxy.scripts import silent
from tests.proxy.wire import Connection

EVERY = 0.02  # seconds between two bytes: being slow is what these clients do


@asynccontextmanager
async def _trickling(connection: Connection, data: bytes) -> AsyncGenerator[None]:
    """Sends `data` byte by byte, for as long as the other side lets it; it would take longer than any wait here."""

    async def trickle() -> None:
        for byte in data:
            connection.writer.write(bytes((byte,)))
            await asyncio.sleep(EVERY)

    task = asyncio.create_task(trickle())
    try:
        yield
    finally:
        task.cancel()


@pytest.mark.parametrize("line", [b"X-%d: y\r\n", b"X: %d"], ids=["lines", "one line"])
@pytest.mark.parametrize("after", [0, 1], ids=["first", "second"])
async def test_head_that_trickles_is_cut(open_gate: Open, start_pod: StartPod, after: int, line: bytes) -> None:
    door = await open_gate(Settings(idle_seconds=0.3))
    door.adapter(await start_pod())
    async with door.connect() as connection:
        for _ in range(after):
            await connection.send(door.request())
            assert (await connection.reply()).status == 200
        head = door.request().partition(b"\r\n\r\n")[0] + b"\r\n"
        async with _trickling(connection, head + b"".join(line % n for n in range(1000))):
            assert await connection.ended()


async def test_head_that_trickles_behind_many_bytes_is_cut(open_gate: Open, start_pod: StartPod) -> None:
    """So many that no plain head has them."""
    door = await open_gate(Settings(idle_seconds=0.3))
    door.adapter(await start_pod())
    async with door.connect() as connection:
        await connection.send(door.request().partition(b"\r\n\r\n")[0] + b"\r\n")
        await connection.send(b"".join(b"X-%d: %b\r\n" % (n, b"x" * 1000) for n in range(20)))
        async with _trickling(connection, b"Y: " + b"y" * 1000):
            assert await connection.ended()


async def test_head_that_begins_late_is_waited_for(open_gate: Open, start_pod: StartPod) -> None:
    """Time has to pass here: the connection would be closed as idle if no head were on its way."""
    door = await open_gate(Settings(idle_seconds=3))
    door.adapter(await start_pod())
    whole = door.request()

    async def late(cut: int) -> int:
        async with door.connect() as connection:
            await asyncio.sleep(2)
            await connection.send(whole[:cut])
            await asyncio.sleep(1.5)
            await connection.send(whole[cut:])
            return (await connection.reply()).status

    assert await asyncio.gather(late(20), late(len(whole) - 1)) == [200, 200]


@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 1000\r\n", b"Content-Length: 100000\r\n", b"Transfer-Encoding: chunked\r\n"],
    ids=["small", "large", "chunked"],
)
async def test_body_that_trickles_is_cut(open_gate: Open, start_pod: StartPod, head: bytes) -> None:
    door = await open_gate(Settings(stall_seconds=0.3))
    door.adapter(await start_pod())
    async with door.connect() as connection:
        await connection.send(door.request().partition(b"Content-Length")[0] + head + b"\r\n")
        async with _trickling(connection, b"1\r\nx\r\n" * 1000):
            assert await connection.ended()


async def test_body_that_comes_slowly_but_comes_is_served(open_gate: Open, start_pod: StartPod) -> None:
    """In longer than a stall may last, but never with less than is due."""
    door = await open_gate(Settings(stall_seconds=1.0))
    pod = await start_pod()
    door.adapter(pod)

    async def slow(pieces: int) -> int:
        size = pieces * LEAST
        whole = door.request(body=b"x" * size)
        async with door.connect() as connection:
            await connection.send(whole[:-size])
            for _ in range(pieces):
                await asyncio.sleep(0.4)
                await connection.send(b"x" * LEAST)
            return (await connection.reply()).status

    assert await asyncio.gather(slow(3), slow(6)) == [200, 200]
    assert sorted(len(exchange.body) for exchange in pod.seen) == [3 * LEAST, 6 * LEAST]


async def test_control_planes_body_that_trickles_is_cut(open_gate: Open, start_pod: StartPod) -> None:
    pod = await start_pod()
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        control_plane = ControlPlane(session, f"http://127.0.0.1:{pod.port}")
        door = await open_gate(Settings(stall_seconds=0.3), control_plane=control_plane)
        for size in (1000, 100_000):
            async with door.connect() as connection:
                await connection.send(door.request(path="/adapters", body=b"x" * size)[:-size])
                async with _trickling(connection, b"x" * 1000):
                    assert await connection.ended()
    assert not pod.seen


async def test_client_that_sends_nothing_is_cut(open_gate: Open) -> None:
    door = await open_gate(Settings(idle_seconds=0.2))
    async with door.connect() as connection:
        assert await connection.ended()


async def test_client_that_takes_no_end_of_an_answer_is_cut(open_gate: Open, start_pod: StartPod) -> None:
    """Little enough is left that the answer counts as written; nobody would ever look at the connection again."""
    door = await open_gate(Settings(stall_seconds=0.2))
    ends = asyncio.Event()

    async def fills(exchange: Exchange) -> None:
        await exchange.stream()
        client = _client()
        while not _unsent(client):
            await exchange.chunk(b"x" * 8192)
            await asyncio.sleep(0)
        await exchange.chunk(b"")
        ends.set()

    door.adapter(await start_pod(fills))
    async with door.connect() as connection:
        await connection.send(door.request("GET", headers=[("Connection", "close")]))
        await asyncio.wait_for(ends.wait(), 10)
        client = _client()
        connection.reader._transport.pause_reading()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] (a client that takes nothing)
        await eventually(lambda: not client.connected)


def _client() -> ClientConnection:
    (client,) = [it for it in gc.get_objects() if isinstance(it, ClientConnection) and it.connected]
    return client


def _unsent(client: ClientConnection) -> int:
    return client.transport.get_write_buffer_size() if client.transport is not None else 0


async def test_slow_instance_is_no_fault_of_the_client(open_gate: Open, start_pod: StartPod) -> None:
    door = await open_gate(Settings(stall_seconds=0.1, idle_seconds=0.1))
    go = asyncio.Event()

    async def late(exchange: Exchange) -> None:
        await (go.wait() if exchange.header("x-late") else silent(exchange))
        await exchange.answer()

    door.adapter(await start_pod(late))
    async with door.connect() as slow, door.connect() as idle:
        await slow.send(door.request(headers=[("X-Late", "1")], body=b"x" * 100_000))
        assert await idle.ended()  # so the timers had their time
        go.set()
        assert (await slow.reply()).status == 200


def test_pace_counts_only_time_that_the_client_was_waited_for() -> None:
    pace = Pace()
    pace.wait(100.0)
    assert not pace.is_slow(160.0, 60.0)
    assert pace.is_slow(160.1, 60.0)
    pace.got(150.0, 10)
    assert not pace.is_slow(10_000.0, 60.0)
    pace.wait(10_000.0)
    assert not pace.is_slow(10_010.0, 60.0)
    assert pace.is_slow(10_010.1, 60.0)


def test_pace_begins_anew_once_enough_came() -> None:
    pace = Pace()
    for at in range(0, 5000, 50):
        pace.wait(float(at + 1))
        assert not pace.is_slow(at + 51, 60.0)
        pace.got(float(at + 51), LEAST)
