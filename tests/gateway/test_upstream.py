"""The pool: which connection carries a request, what comes back, and what is said when it does not."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.catalog import Instance
from gateway.errors import BadUpstream, Invalid, UpstreamTimeout
from gateway.reply import Broken, Head, NotConnected, Source
from gateway.upstream import Pool, fetch
from tests.proxy.pod import Exchange, Pod, Script, ok, pod
from tests.proxy.scripts import garbage, resets, silent, silent_stream, two_lengths

REQUEST = b"POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
async def pool() -> AsyncGenerator[Pool]:
    """A pool that is closed in the end."""
    made = Pool()
    yield made
    made.close()


class Heard:
    """A Receiver that writes down what it is told."""

    def __init__(self) -> None:
        self.head: Head | None = None
        self.body = b""
        self.complete = False
        self.begun = 0
        self.source: Source | None = None
        self.first = asyncio.Event()

    def begin(self, source: Source) -> None:
        self.begun += 1
        self.source = source

    def received(self, head: Head | None, body: bytes, complete: bool) -> None:
        assert (head is None) != (self.head is None), "the head comes once, and first"
        self.head = self.head or head
        self.body += body
        self.complete = complete
        self.first.set()


@asynccontextmanager
async def two_pods(first: Script, second: Script) -> AsyncGenerator[tuple[Pod, Pod]]:
    """Two Pods."""
    async with pod(first, "one") as one, pod(second, "two") as two:
        yield one, two


async def test_whole_reply_is_fetched(pool: Pool) -> None:
    async def answers(exchange: Exchange) -> None:
        await exchange.answer(b"hello", "X-Two: a", "X-Two: b", "X-Space:  c ", status=418)

    async with pod(answers) as server:
        reply = await fetch(pool, server.instance(), REQUEST, limit=100)
        assert (reply.head.status, reply.head.reason, reply.body) == (418, b"X", b"hello")
        assert (reply.head.get(b"x-two"), reply.head.get(b"x-space"), reply.head.get(b"x-none")) == (b"a", b"c", None)
        assert server.seen[0].body == b"{}"


async def test_reply_above_the_limit_is_refused(pool: Pool) -> None:
    async def endless(exchange: Exchange) -> None:
        await exchange.stream()
        while not exchange.gone.is_set():
            await exchange.chunk(bytes(1000))

    async with pod(endless) as server:
        with pytest.raises(BadUpstream, match="100,000"):
            await fetch(pool, server.instance(), REQUEST, limit=100_000)
        assert pool.size == 0 or await _closed(pool)


async def test_connection_is_kept_and_used_again(pool: Pool) -> None:
    async with pod(ok) as server:
        for _ in range(5):
            await fetch(pool, server.instance(), REQUEST, limit=100)
        assert (server.connections, pool.size) == (1, 1)


async def test_requests_at_once_have_connections_of_their_own(pool: Pool) -> None:
    async with pod(ok) as server:
        await asyncio.gather(*(fetch(pool, server.instance(), REQUEST, limit=100) for _ in range(5)))
        await asyncio.gather(*(fetch(pool, server.instance(), REQUEST, limit=100) for _ in range(5)))
        assert server.connections == 5


async def test_another_instance_at_the_same_address_gets_a_connection_of_its_own(pool: Pool) -> None:
    async with pod(ok) as server:
        await fetch(pool, server.instance(), REQUEST, limit=100)
        server.uid = "reborn"
        await fetch(pool, server.instance(), REQUEST, limit=100)
        assert [exchange.connection for exchange in server.seen] == [1, 2]


async def test_kept_connection_that_lies_idle_is_closed() -> None:
    pool = Pool(idle_seconds=0.05)
    async with pod(ok) as server:
        await fetch(pool, server.instance(), REQUEST, limit=100)
        assert await _closed(pool)


async def test_connection_idle_for_too_long_is_not_used_even_before_the_sweep() -> None:
    pool = Pool(idle_seconds=0)
    async with pod(ok) as server:
        for _ in range(3):
            await fetch(pool, server.instance(), REQUEST, limit=100)
        assert server.connections == 3
    pool.close()


async def test_idle_connections_are_bounded() -> None:
    pool = Pool(kept=2)
    async with pod(ok) as server:
        await asyncio.gather(*(fetch(pool, server.instance(), REQUEST, limit=100) for _ in range(10)))
        await _until(lambda: pool.size == 2)
    pool.close()


async def test_kept_connection_that_died_is_replaced_once(pool: Pool) -> None:
    async def closes_the_first(exchange: Exchange) -> None:
        if exchange.connection == 1 and len(server.seen) == 2:
            exchange.close()
        else:
            await exchange.answer(b"%d" % exchange.connection)

    async with pod(closes_the_first) as server:
        assert (await fetch(pool, server.instance(), REQUEST, limit=100)).body == b"1"
        assert (await fetch(pool, server.instance(), REQUEST, limit=100)).body == b"2"
        assert len(server.seen) == 3


async def test_replacement_is_not_replaced(pool: Pool) -> None:
    async def once(exchange: Exchange) -> None:
        await (ok if len(server.seen) == 1 else resets)(exchange)

    async with pod(once) as server:
        await fetch(pool, server.instance(), REQUEST, limit=100)
        with pytest.raises(Broken):
            await fetch(pool, server.instance(), REQUEST, limit=100)
        assert len(server.seen) == 3


async def test_fresh_connection_that_dies_is_not_replaced(pool: Pool) -> None:
    async with pod(resets) as server:
        with pytest.raises(Broken):
            await fetch(pool, server.instance(), REQUEST, limit=100)
        assert len(server.seen) == 1


async def test_nothing_is_sent_twice_after_a_byte(pool: Pool) -> None:
    async def stutters(exchange: Exchange) -> None:
        if len(server.seen) == 1:
            await exchange.answer()
        else:
            await exchange.send(b"H")
            exchange.close()

    async with pod(stutters) as server:
        await fetch(pool, server.instance(), REQUEST, limit=100)
        with pytest.raises(Broken):
            await fetch(pool, server.instance(), REQUEST, limit=100)
        assert len(server.seen) == 2


async def test_refused_connection_is_an_error_of_its_own(pool: Pool) -> None:
    async with pod(ok) as server:
        await server.stop()
        with pytest.raises(NotConnected):
            await fetch(pool, server.instance(), REQUEST, limit=100)


async def test_refusal_after_a_kept_connection_died_is_not_that_error(pool: Pool) -> None:
    async def dies(exchange: Exchange) -> None:
        await (exchange.answer() if len(server.seen) == 1 else server.stop())

    async with pod(dies) as server:
        await fetch(pool, server.instance(), REQUEST, limit=100)
        with pytest.raises(Broken):
            await fetch(pool, server.instance(), REQUEST, limit=100)


async def test_connection_that_does_not_come_about_in_time_is_not_connected() -> None:
    pool = Pool(connect_seconds=0.05)
    unreachable = Instance("u", "192.0.2.1", 80)  # RFC 5737: nobody is there
    with pytest.raises(NotConnected):
        await fetch(pool, unreachable, REQUEST, limit=100)


@pytest.mark.parametrize("script", [garbage, two_lengths])
async def test_what_is_not_http_is_bad(pool: Pool, script: Script) -> None:
    async with pod(script) as server:
        with pytest.raises(BadUpstream, match="HTTP"):
            await fetch(pool, server.instance(), REQUEST, limit=100)


async def test_no_head_in_time_is_a_time_out(pool: Pool) -> None:
    async with pod(silent) as server:
        with pytest.raises(UpstreamTimeout):
            await fetch(pool, server.instance(), REQUEST, limit=100, seconds=0.05)
        async with asyncio.timeout(5):
            await server.seen[0].gone.wait()


async def test_cancelled_call_is_gone_for_the_server_at_once(pool: Pool) -> None:
    for script in (silent, silent_stream):
        async with pod(script) as server:
            call = asyncio.create_task(pool.exchange(server.instance(), REQUEST, Heard()))
            exchange = await server.request()
            call.cancel()
            async with asyncio.timeout(1):
                await exchange.gone.wait()
            with pytest.raises(asyncio.CancelledError):
                await call


async def test_answer_to_head_has_no_body_whatever_it_says(pool: Pool) -> None:
    async def head(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        await exchange.gone.wait()

    async with pod(head) as server:
        request = b"HEAD /mcp HTTP/1.1\r\nHost: x\r\n\r\n"
        reply = await fetch(pool, server.instance(), request, limit=10, bodiless=True)
        assert (reply.head.get(b"content-length"), reply.body, reply.head.framing) == (b"1000", b"", "none")


async def test_bytes_that_nobody_asked_for_end_the_connection(pool: Pool) -> None:
    async def babbles(exchange: Exchange) -> None:
        await exchange.answer()
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with pod(babbles) as server:
        await fetch(pool, server.instance(), REQUEST, limit=100)
        assert await _closed(pool)


async def test_body_is_sent_in_pieces_and_its_error_is_the_calls(pool: Pool) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

    async def body(fails: bool) -> AsyncIterator[bytes]:
        yield b"3\r\nabc\r\n"
        if fails:
            raise Invalid("no")
        yield b"0\r\n\r\n"

    async with pod(ok) as server:
        for _ in range(2):
            heard = Heard()
            await pool.exchange(server.instance(), head, heard, body=body(fails=False))
            assert heard.complete
        assert [exchange.body for exchange in server.seen] == [b"abc", b"abc"]
        assert server.connections == 2, "a body that cannot be sent twice goes on a fresh connection"
        with pytest.raises(Invalid):
            await pool.exchange(server.instance(), head, Heard(), body=body(fails=True))
        assert len(server.seen) == 2


async def test_receiver_may_refuse_a_reply(pool: Pool) -> None:
    class Picky(Heard):
        def received(self, head: Head | None, body: bytes, complete: bool) -> None:
            raise Invalid("not this one")

    async with pod(ok) as server:
        with pytest.raises(Invalid):
            await pool.exchange(server.instance(), REQUEST, Picky())
        assert await _closed(pool)


async def test_paused_source_reads_no_more(pool: Pool) -> None:
    written = 0

    async def floods(exchange: Exchange) -> None:
        nonlocal written
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (40 * 2**20))
        for _ in range(40):
            await exchange.send(bytes(2**20))
            written += 1

    async with two_pods(floods, ok) as (flooding, other):
        heard = Heard()
        call = asyncio.create_task(pool.exchange(flooding.instance(), REQUEST, heard))
        await heard.first.wait()
        assert heard.source is not None
        heard.source.pause()
        for _ in range(100):
            await fetch(pool, other.instance(), REQUEST, limit=100)
        assert written < 40
        heard.source.resume()
        await call
        assert len(heard.body) == 40 * 2**20


async def test_connection_that_was_paused_to_the_end_is_good_again(pool: Pool) -> None:
    class Slow(Heard):
        def received(self, head: Head | None, body: bytes, complete: bool) -> None:
            super().received(head, body, complete)
            assert self.source is not None
            self.source.pause()

    async with pod(ok) as server:
        for _ in range(3):
            async with asyncio.timeout(5):
                await pool.exchange(server.instance(), REQUEST, Slow())
        assert server.connections == 1


async def test_closing_the_pool_breaks_what_is_under_way(pool: Pool) -> None:
    async with pod(silent) as server:
        call = asyncio.create_task(pool.exchange(server.instance(), REQUEST, Heard()))
        await server.request()
        pool.close()
        with pytest.raises(Broken):
            await call


async def _closed(pool: Pool) -> bool:
    await _until(lambda: pool.size == 0)
    return True


async def _until(condition: object) -> None:
    assert callable(condition)
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)
