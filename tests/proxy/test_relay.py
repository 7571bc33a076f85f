"""Replies reach the client as the instance wrote them, when it wrote them, or visibly not whole (DESIGN §5)."""

import asyncio

import pytest

from proxy.settings import Settings
from tests.proxy.gate import MODERN, PATH, SESSION, Gate, Open, StartPod
from tests.proxy.pod import Exchange, Script
from tests.proxy.scripts import garbage, resets, silent, silent_stream, two_lengths

PROBLEM = "application/problem+json"


async def test_headers_pass_by_the_allow_list(door: Gate, start_pod: StartPod) -> None:
    async def talks(exchange: Exchange) -> None:
        await exchange.answer(
            b"{}",
            "Set-Cookie: a=b",
            "WWW-Authenticate: Bearer",
            "Location: /elsewhere",
            "Server: x",
            "Connection: keep-alive, X-Hop",
            "X-Hop: secret",
            "Keep-Alive: timeout=99",
            "Proxy-Authenticate: Basic",
            "X-Accel-Buffering: no",
            "Date: Sun, 22 Nov 2026 10:00:00 GMT",
            "Vary: Accept",
            "vary: Origin",
            "ETag: 100%",
            "X-Request-Id: r",
            "Mcp-Anything: kept",
        )

    door.adapter(await start_pod(talks))
    reply = await door.call()
    assert sorted(reply.headers) == sorted(
        [
            ("content-type", "application/json"),
            ("content-length", "2"),
            ("date", "Sun, 22 Nov 2026 10:00:00 GMT"),
            ("vary", "Accept"),
            ("vary", "Origin"),
            ("etag", "100%"),
            ("x-request-id", "r"),
            ("mcp-anything", "kept"),
        ]
    )


@pytest.mark.parametrize("status", [401, 407])
async def test_pods_own_challenge_is_502(door: Gate, start_pod: StartPod, status: int) -> None:
    async def challenges(exchange: Exchange) -> None:
        await exchange.answer(b"{}", 'WWW-Authenticate: Bearer resource_metadata="x"', status=status)

    door.adapter(await start_pod(challenges))
    reply = await door.call()
    assert (reply.status, reply.header("WWW-Authenticate")) == (502, None)


@pytest.mark.parametrize("status", [200, 201, 202, 302, 307, 400, 403, 404, 405, 406, 413, 418, 429, 500, 503])
async def test_other_answers_pass_unchanged(door: Gate, start_pod: StartPod, status: int) -> None:
    async def answers(exchange: Exchange) -> None:
        body = b"<h1>oops</h1"
        await exchange.send(
            b"HTTP/1.1 %d Odd Reason\r\nContent-Type: text/html\r\nLocation: http://elsewhere/\r\nContent-Length: %d\r\n\r\n%b"
            % (status, len(body), body)
        )

    pod = await start_pod(answers)
    door.adapter(pod)
    reply = await door.call()
    assert (reply.status, reply.body, reply.header("Content-Type")) == (status, b"<h1>oops</h1", "text/html")
    assert reply.header("Location") is None
    assert len(pod.seen) == 1


async def test_head_of_a_stream_comes_before_its_first_byte(door: Gate, start_pod: StartPod) -> None:
    door.adapter(await start_pod(silent_stream))
    async with door.connect() as connection:
        await connection.send(door.request("GET"))
        reply = await connection.head()
        assert (reply.status, reply.header("Content-Type")) == (200, "text/event-stream")
        assert door.proxy.counters.streams == 1


async def test_stream_passes_piece_by_piece_byte_for_byte(door: Gate, start_pod: StartPod) -> None:
    pieces = [
        b": ping\n\n",
        b"id: 1\r\nevent: message\r\ndata: a\r\n\r\n",
        *(bytes([c]) for c in "😀é".encode()),
        b"data",
    ]
    turn = asyncio.Semaphore(0)

    async def speaks(exchange: Exchange) -> None:
        await exchange.stream()
        for piece in pieces:
            await exchange.chunk(piece)
            await turn.acquire()
        await exchange.chunk(b"")

    door.adapter(await start_pod(speaks))
    async with door.connect() as connection:
        await connection.send(door.request())
        await connection.head()
        for piece in pieces:
            assert await connection.chunk() == piece
            turn.release()
        assert await connection.chunk() == b""
        await connection.send(door.request())
        assert (await connection.head()).status == 200, "the connection is good for another request"


async def test_body_that_ends_with_the_connection_ends_cleanly(door: Gate, start_pod: StartPod) -> None:
    async def ends(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{}")
        exchange.close()

    door.adapter(await start_pod(ends))
    reply = await door.call()
    assert (reply.status, reply.body, reply.clean) == (200, b"{}", True)


async def cut_in_chunks(exchange: Exchange) -> None:
    await exchange.stream()
    await exchange.chunk(b"data: 1\n\n")
    exchange.close()


async def cut_in_length(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\ndata: 1\n\n")
    exchange.close()


@pytest.mark.parametrize("script", [cut_in_chunks, cut_in_length])
async def test_reply_that_breaks_off_is_cut_and_never_ended(door: Gate, start_pod: StartPod, script: Script) -> None:
    door.adapter(await start_pod(script))
    reply = await door.call()
    assert (reply.status, reply.clean) == (200, False)
    assert b"data: 1\n\n".startswith(reply.body)
    assert door.proxy.counters.streams == 0


async def reset(exchange: Exchange) -> None:
    exchange.reset()


async def break_off(exchange: Exchange) -> None:
    exchange.close()


async def speak_nonsense(exchange: Exchange) -> None:
    await exchange.send(b"zzz\r\n")


@pytest.mark.parametrize("end", [reset, break_off, speak_nonsense])
async def test_stream_that_breaks_off_after_a_while_is_cut(door: Gate, start_pod: StartPod, end: Script) -> None:
    heard = asyncio.Event()

    async def breaks(exchange: Exchange) -> None:
        await exchange.stream()
        await exchange.chunk(b"data: 1\n\n")
        await heard.wait()
        await end(exchange)

    door.adapter(await start_pod(breaks))
    async with door.connect() as connection:
        await connection.send(door.request())
        assert (await connection.head()).status == 200
        assert await connection.chunk() == b"data: 1\n\n"
        heard.set()
        assert await connection.ended()


async def test_reset_in_place_of_the_end_of_a_body_is_cut(door: Gate, start_pod: StartPod) -> None:
    heard = asyncio.Event()

    async def resets_late(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\ndata: 1\n\n")
        await heard.wait()
        exchange.reset()

    door.adapter(await start_pod(resets_late))
    async with door.connect() as connection:
        await connection.send(door.request())
        assert (await connection.head()).status == 200
        assert await connection.chunk() == b"data: 1\n\n"
        heard.set()
        assert await connection.ended()


async def test_old_client_sees_a_cut_as_a_reset(door: Gate, start_pod: StartPod) -> None:
    begun = asyncio.Event()

    async def breaks(exchange: Exchange) -> None:
        await exchange.stream()
        await exchange.chunk(b"data: 1\n\n")
        await begun.wait()
        exchange.close()

    door.adapter(await start_pod(breaks))
    async with door.connect() as connection:
        await connection.send(door.request().replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        reply = await connection.head()
        assert (reply.header("Transfer-Encoding"), reply.header("Connection")) == (None, "close")
        assert await connection.reader.readexactly(9) == b"data: 1\n\n"
        begun.set()
        with pytest.raises(ConnectionError):
            async with asyncio.timeout(5):
                await connection.reader.read()


async def closes(exchange: Exchange) -> None:
    exchange.close()


async def switches(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")


async def gzips(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")


async def boasts(exchange: Exchange) -> None:
    await exchange.answer(b"{}", "X-Long: " + "y" * 70_000)


async def never_ends_its_head(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nX-Long: " + b"y" * 70_000)
    await exchange.gone.wait()


async def repeats_interim_heads(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 2_000)
    await exchange.gone.wait()


async def both_framings(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}")


@pytest.mark.parametrize(
    "script",
    [
        closes,
        resets,
        garbage,
        two_lengths,
        both_framings,
        switches,
        gzips,
        boasts,
        never_ends_its_head,
        repeats_interim_heads,
    ],
)
async def test_answer_that_cannot_be_one_is_502(door: Gate, start_pod: StartPod, script: Script) -> None:
    door.adapter(await start_pod(script))
    reply = await door.call(MODERN)
    assert (reply.status, reply.header("Content-Type"), reply.clean) == (502, PROBLEM, True)
    assert reply.json()["requestId"] == reply.header("X-Request-Id")


async def test_no_head_in_time_is_504(open_gate: Open, start_pod: StartPod) -> None:
    pod = await start_pod(silent)
    door = await open_gate(Settings(head_seconds=0.1))
    door.adapter(pod)
    reply = await door.call()
    assert (reply.status, reply.header("Content-Type")) == (504, PROBLEM)
    async with asyncio.timeout(5):
        await pod.seen[0].gone.wait()


async def test_silence_after_the_head_is_no_time_out(open_gate: Open, start_pod: StartPod) -> None:
    go = asyncio.Event()

    async def waits(exchange: Exchange) -> None:
        await exchange.stream()
        await go.wait()
        await exchange.chunk(b"late")
        await exchange.chunk(b"")

    door = await open_gate(Settings(head_seconds=0.1))
    door.adapter(await start_pod(waits))
    async with door.connect() as connection:
        await connection.send(door.request())
        await connection.head()
        assert (await door.call(path="/adapters/nobody-knows/mcp")).status == 404, "takes a second: a sweep is over"
        go.set()
        assert await connection.chunk() == b"late"


async def test_interim_heads_stay_here(door: Gate, start_pod: StartPod) -> None:
    async def hints(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
        await exchange.answer(b"[]")

    door.adapter(await start_pod(hints))
    reply = await door.call()
    assert (reply.status, reply.body) == (200, b"[]")


@pytest.mark.parametrize("status", [204, 304])
async def test_replies_without_a_body_end_with_their_head(door: Gate, start_pod: StartPod, status: int) -> None:
    async def empty(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 %d X\r\nETag: e\r\n\r\n" % status)

    pod = await start_pod(empty)
    door.adapter(pod)
    async with door.connect() as connection:
        for _ in range(3):
            await connection.send(door.request())
            reply = await connection.head()
            assert (reply.status, reply.header("Transfer-Encoding")) == (status, None)
    assert pod.connections == 1


async def test_second_answer_that_nobody_asked_for_is_dropped(door: Gate, start_pod: StartPod) -> None:
    async def talkative(exchange: Exchange) -> None:
        whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
        await exchange.send(whole + b"{}" + whole + b"[]")

    pod = await start_pod(talkative)
    door.adapter(pod)
    for _ in range(2):
        assert (await door.call()).body == b"{}"
    assert pod.connections == 2


async def test_instance_keeps_its_connection(door: Gate, start_pod: StartPod) -> None:
    pod = await start_pod()
    door.adapter(pod)
    async with door.connect() as connection:
        for _ in range(20):
            await connection.send(door.request())
            assert (await connection.reply()).body == b"{}"
    assert (pod.connections, len(pod.seen)) == (1, 20)


async def test_slow_reader_holds_up_its_own_instance_connection_only(door: Gate, start_pod: StartPod) -> None:
    size, done = 40 * 2**20, asyncio.Event()

    async def floods(exchange: Exchange) -> None:
        if exchange.header("x-small"):
            await exchange.answer()
            return
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(40):
            await exchange.send(bytes(2**20))
        done.set()

    door.adapter(await start_pod(floods))
    async with door.connect() as connection:
        await connection.send(door.request())
        reply = await connection.head()
        for _ in range(50):
            assert (await door.call(("X-Small", "1"))).status == 200
        assert not done.is_set(), "all of it is in our memory"
        received = 0
        async with asyncio.timeout(30):
            while received < size and (piece := await connection.reader.read(2**20)):
                received += len(piece)
        assert (reply.status, received) == (200, size)


async def test_connection_that_a_slow_reader_held_up_is_good_again(door: Gate, start_pod: StartPod) -> None:
    async def large(exchange: Exchange) -> None:
        await exchange.answer(bytes(int(exchange.header("x-size") or 2)))

    pod = await start_pod(large)
    door.adapter(pod)
    async with door.connect() as slow:
        size = 8 * 2**20
        await slow.send(door.request(headers=[("X-Size", str(size))]))
        await slow.head()
        async with asyncio.timeout(10):
            assert len(await slow.reader.readexactly(size)) == size
        for _ in range(3):
            assert (await door.call()).status == 200
    assert pod.connections == 1


async def test_client_that_takes_nothing_is_cut(open_gate: Open, start_pod: StartPod) -> None:
    async def floods(exchange: Exchange) -> None:
        await exchange.stream()
        while not exchange.gone.is_set():
            await exchange.chunk(bytes(2**20))

    pod = await start_pod(floods)
    door = await open_gate(Settings(stall_seconds=0.2))
    door.adapter(pod)
    async with door.connect() as connection:
        await connection.send(door.request())
        await connection.head()
        async with asyncio.timeout(10):
            await pod.seen[0].gone.wait()


@pytest.mark.parametrize("script", [silent, silent_stream])
@pytest.mark.parametrize("polite", [True, False])
async def test_client_that_leaves_is_gone_for_the_instance_at_once(
    door: Gate, start_pod: StartPod, script: Script, polite: bool
) -> None:
    pod = await start_pod(script)
    door.adapter(pod)
    async with door.connect() as connection:
        await connection.send(door.request(headers=[MODERN]))
        exchange = await pod.request()
        if script is silent_stream:
            await connection.head()
        connection.writer.close() if polite else connection.reset()
        async with asyncio.timeout(1):
            await exchange.gone.wait()
    assert door.proxy.counters.streams == 0


@pytest.mark.parametrize("behind", [1, 40])
async def test_client_that_leaves_with_requests_behind_is_gone_too(
    door: Gate, start_pod: StartPod, behind: int
) -> None:
    pod = await start_pod(silent)
    door.adapter(pod)
    async with door.connect() as connection:
        await connection.send(door.request())
        exchange = await pod.request()
        await connection.send(door.request() * behind)
        connection.writer.close()
        async with asyncio.timeout(3):
            await exchange.gone.wait()
    assert len(pod.seen) == 1


async def test_streams_leave_nothing_behind(door: Gate, start_pod: StartPod) -> None:
    pod = await start_pod(silent_stream)
    door.adapter(pod)
    for number in range(20):
        async with door.connect() as connection:
            await connection.send(door.request("GET"))
            await connection.head()
        async with asyncio.timeout(5):
            await pod.seen[number].gone.wait()
    assert (door.proxy.counters.streams, door.proxy.counters.requests) == (0, 20)


async def test_pods_session_header_is_all_that_is_changed_in_a_reply(door: Gate, start_pod: StartPod) -> None:
    body = (
        b'{ "jsonrpc":"2.0",  "id":1e0,\n "result":{"big":123456789012345678901234567890,"u":"\\u00e9\\/ \xc3\xa9"} }\n'
    )

    async def odd(exchange: Exchange) -> None:
        await exchange.answer(body, f"{SESSION}: id-1", "Cache-Control: no-cache, no-transform")

    door.adapter(await start_pod(odd))
    reply = await door.call(path=PATH + "/")
    assert (reply.body, reply.header("Cache-Control")) == (body, "no-cache, no-transform")
