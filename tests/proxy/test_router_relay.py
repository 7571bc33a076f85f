"""What goes through `/mcp` goes through as it does through an adapter: at once, unread, as far as both sides take it."""

import asyncio
import logging

import pytest

from proxy.settings import Settings
from tests.proxy.gate import MCP, MODERN, SESSION, Gate, Open, StartPod
from tests.proxy.pod import Exchange, Script
from tests.proxy.scripts import as_router, garbage, resets, silent, silent_stream

PROBLEM = "application/problem+json"
BOTH_ERAS = pytest.mark.parametrize("era", [[], [MODERN]], ids=["legacy", "modern"])

type Era = list[tuple[str, str]]


@BOTH_ERAS
async def test_stream_passes_piece_by_piece(door: Gate, start_pod: StartPod, era: Era) -> None:
    pieces = [b": ping\n\n", b"event: message\ndata: {}\n\n", "😀".encode()[:2]]
    turn = asyncio.Semaphore(0)

    async def speaks(exchange: Exchange) -> None:
        await exchange.stream()
        for piece in pieces:
            await turn.acquire()
            await exchange.chunk(piece)
        await exchange.chunk(b"")

    door.routers(await start_pod(speaks))
    async with door.connect() as connection:
        await connection.send(door.request(path=MCP, headers=era))
        reply = await connection.head()
        assert (reply.status, reply.header("Content-Type")) == (200, "text/event-stream")
        for piece in pieces:
            turn.release()
            assert await connection.chunk() == piece
        assert await connection.chunk() == b""
        await connection.send(door.request(path=MCP))
        assert (await connection.head()).status == 200, "the connection is good for another request"


async def test_legacy_stream_of_messages_opens_at_once(door: Gate, start_pod: StartPod) -> None:
    router = await start_pod(as_router)
    door.routers(router)
    async with door.connect() as connection:
        await connection.send(door.request("GET", MCP, [(SESSION, "s")]))
        assert (await connection.head()).header("Content-Type") == "text/event-stream"
        assert (router.seen[0].method, router.seen[0].header(SESSION)) == ("GET", "s")
        assert door.proxy.counters.streams == 1
        assert (await door.call((SESSION, "s"), path=MCP)).status == 200, "beside the stream"


@BOTH_ERAS
@pytest.mark.parametrize("script", [silent, silent_stream])
@pytest.mark.parametrize("polite", [True, False])
async def test_client_that_leaves_is_gone_for_the_router_at_once(
    door: Gate, start_pod: StartPod, era: Era, script: Script, polite: bool
) -> None:
    router = await start_pod(script)
    door.routers(router)
    async with door.connect() as connection:
        await connection.send(door.request(path=MCP, headers=era))
        exchange = await router.request()
        if script is silent_stream:
            await connection.head()
        connection.writer.close() if polite else connection.reset()
        async with asyncio.timeout(1):
            await exchange.gone.wait()
    assert door.proxy.counters.streams == 0


async def test_large_bodies_pass_both_ways(door: Gate, start_pod: StartPod) -> None:
    router = await start_pod(as_router)
    door.routers(router)
    for size in (0, 65_536, 65_537, 5 * 2**20):
        reply = await door.call(path=MCP, body=b"x" * size)
        assert (reply.status, len(reply.body), reply.clean) == (200, size, True)
        assert router.seen[-1].header("Content-Length") == str(size)


async def test_chunks_stay_chunks(door: Gate, start_pod: StartPod) -> None:
    router = await start_pod(as_router)
    door.routers(router)
    head = door.request(path=MCP, headers=[("Transfer-Encoding", "chunked"), ("X-Request-Id", "r")])
    async with door.connect() as connection:
        await connection.send(head.partition(b"Content-Length")[0] + b"\r\n3\r\nabc\r\n")
        assert (await door.call(path="/ping", method="GET")).status == 200  # what was sent so far has been read by now
        await connection.send(b"2\r\nde\r\n0\r\n\r\n")
        assert (await connection.reply()).body == b"abcde"
    exchange = router.seen[0]
    assert (exchange.header("Transfer-Encoding"), exchange.header("Content-Length")) == ("chunked", None)
    assert exchange.header("X-Request-Id") == "r"


async def test_body_over_the_limit_is_413_though_no_router_is_ready(open_gate: Open) -> None:
    door = await open_gate(Settings(body_limit=100))
    door.routers()
    assert (await door.call(path=MCP, body=b"x" * 101)).status == 413
    assert door.proxy.counters.held == 0


async def test_client_that_expects_100_is_asked_for_its_body(door: Gate, start_pod: StartPod) -> None:
    router = await start_pod(as_router)
    door.routers(router)
    whole = door.request(path=MCP, headers=[("Expect", "100-continue")], body=b"x" * 10)
    async with door.connect() as connection:
        await connection.send(whole[:-10])
        assert (await connection.head()).status == 100
        await connection.send(whole[-10:])
        assert (await connection.reply()).body == b"x" * 10
    assert router.seen[0].header("Expect") is None


async def test_slow_reader_holds_up_its_own_router_connection_only(door: Gate, start_pod: StartPod) -> None:
    size, done = 40 * 2**20, asyncio.Event()

    async def floods(exchange: Exchange) -> None:
        if exchange.header("x-small"):
            await exchange.answer()
            return
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(40):
            await exchange.send(bytes(2**20))
        done.set()

    door.routers(await start_pod(floods))
    async with door.connect() as connection:
        await connection.send(door.request(path=MCP))
        await connection.head()
        for _ in range(50):
            assert (await door.call(("X-Small", "1"), path=MCP)).status == 200
        assert not done.is_set(), "all of it is in our memory"
        received = 0
        async with asyncio.timeout(30):
            while received < size and (piece := await connection.reader.read(2**20)):
                received += len(piece)
        assert received == size


async def test_client_that_takes_nothing_is_cut(open_gate: Open, start_pod: StartPod) -> None:
    async def floods(exchange: Exchange) -> None:
        await exchange.stream()
        while not exchange.gone.is_set():
            await exchange.chunk(bytes(2**20))

    router = await start_pod(floods)
    door = await open_gate(Settings(stall_seconds=0.2))
    door.routers(router)
    async with door.connect() as connection:
        await connection.send(door.request(path=MCP))
        await connection.head()
        async with asyncio.timeout(10):
            await router.seen[0].gone.wait()


@pytest.mark.parametrize("script", [resets, garbage])
async def test_router_that_breaks_is_502(door: Gate, start_pod: StartPod, script: Script) -> None:
    door.routers(await start_pod(script))
    reply = await door.call(MODERN, path=MCP)
    assert (reply.status, reply.header("Content-Type")) == (502, PROBLEM)


async def test_router_that_is_silent_is_504(open_gate: Open, start_pod: StartPod) -> None:
    door = await open_gate(Settings(head_seconds=0.1))
    door.routers(await start_pod(silent))
    assert (await door.call(path=MCP)).status == 504


async def test_answer_that_breaks_off_is_cut(door: Gate, start_pod: StartPod, caplog: pytest.LogCaptureFixture) -> None:
    async def breaks(exchange: Exchange) -> None:
        await exchange.stream()
        await exchange.chunk(b"data: 1\n\n")
        exchange.close()

    door.routers(await start_pod(breaks))
    reply = await door.call(path=f"{MCP}?session_id=SECRET")
    assert (reply.status, reply.clean) == (200, False)
    assert "cut: POST /mcp:" in caplog.text
    assert "SECRET" not in caplog.text


async def test_router_keeps_its_connection(door: Gate, start_pod: StartPod) -> None:
    router = await start_pod(as_router)
    door.routers(router)
    async with door.connect() as connection:
        for _ in range(20):
            await connection.send(door.request(path=MCP, headers=[MODERN]))
            assert (await connection.reply()).body == b"{}"
    assert (router.connections, len(router.seen)) == (1, 20)


async def test_draining_waits_for_calls_under_way(open_gate: Open, start_pod: StartPod) -> None:
    go = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        await go.wait()
        await exchange.answer()

    door, router = await open_gate(Settings(drain_seconds=30)), await start_pod(slow)
    door.routers(router)
    call = asyncio.create_task(door.call(path=MCP))
    await router.request()
    draining = asyncio.create_task(door.proxy.drain())
    assert (await door.call(path="/ping", method="GET")).status == 200
    assert not draining.done()
    go.set()
    assert (await call).status == 200
    async with asyncio.timeout(5):
        await draining


async def test_counters_and_slow_calls_are_those_of_adapters(
    open_gate: Open, start_pod: StartPod, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    door = await open_gate(Settings(slow_seconds=-1))
    door.routers(await start_pod(as_router))
    await door.call(("X-Request-Id", "r"), path=MCP)
    assert [record.message.partition(":")[0] for record in caplog.records] == ["slow"]
    counters = door.proxy.counters
    assert (counters.requests, counters.choices, counters.refused, counters.failed) == (1, 1, 0, 0)
