"""The proxy as a process: its own answers, its start, its end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from proxy.app import Proxy
from proxy.index import prefers_html
from proxy.settings import Settings
from tests.proxy.gate import PATH, SESSION, Gate, Open, StartPod, eventually
from tests.proxy.pod import Exchange
from tests.proxy.scripts import silent_stream


async def test_index_says_where_things_are(door: Gate) -> None:
    reply = await door.call(method="GET", path="/")
    assert (reply.status, reply.header("Content-Type")) == (200, "application/json")
    assert reply.json()["name"] == "mcp-gateway"
    assert reply.json()["routes"]["adapter"] == PATH.replace("/a/", "/{name}/")
    page = await door.call(("Accept", "text/html,application/xhtml+xml;q=0.9"), method="GET", path="/")
    assert (page.status, page.header("Content-Type")) == (200, "text/html; charset=utf-8")
    assert b"/openapi.json" in page.body


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("text/html", True),
        ("application/json, text/html", False),
    ],
)
def test_browsers_get_html(accept: str, html: bool) -> None:
    assert prefers_html(accept) is html


async def test_draining_is_unready_and_serves_on(open_gate: Open, start_pod: StartPod) -> None:
    door = await open_gate(Settings(drain_seconds=30))
    go = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        if exchange.header("x-slow"):
            await go.wait()
        await exchange.answer()

    pod = await start_pod(slow)
    door.adapter(pod)
    call = asyncio.create_task(door.call(("X-Slow", "1")))
    await pod.request()
    draining = asyncio.create_task(door.proxy.drain())
    async with asyncio.timeout(5):
        while (reply := await door.call(method="GET", path="/ready")).status != 503:
            pass
    assert reply.header("Retry-After") is not None
    reply = await door.call()
    assert (reply.status, reply.header("Connection")) == (200, "close")
    assert not draining.done()
    go.set()
    assert (await call).status == 200
    async with asyncio.timeout(5):
        await draining


@pytest.mark.parametrize("end", [Proxy.drain, Proxy.leave])
async def test_the_end_waits_for_streams_no_longer_than_it_should(
    open_gate: Open, start_pod: StartPod, end: Callable[[Proxy], Awaitable[None]]
) -> None:
    door = await open_gate(Settings(drain_seconds=0.05))
    door.adapter(await start_pod(silent_stream))
    async with door.connect() as connection:
        await connection.send(door.request("GET"))
        await connection.head()
        async with asyncio.timeout(5):
            await end(door.proxy)


async def test_stopping_cuts_what_is_under_way(open_gate: Open, start_pod: StartPod) -> None:
    door = await open_gate()
    pod = await start_pod(silent_stream)
    door.adapter(pod)
    async with door.connect() as connection, door.connect() as idle:
        await connection.send(door.request("GET"))
        await connection.head()
        await idle.send(door.request("GET", "/ping"))
        await idle.reply()
        async with asyncio.timeout(5):
            await door.proxy.stop()
        assert await connection.ended()
        assert await idle.ended()
        async with asyncio.timeout(5):
            await pod.seen[0].gone.wait()
    with pytest.raises(ConnectionError):
        await door.call()


async def test_leaving_closes_what_is_idle_and_waits_for_the_rest(open_gate: Open, start_pod: StartPod) -> None:
    door = await open_gate()
    go = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        await go.wait()
        await exchange.answer()

    pod = await start_pod(slow)
    door.adapter(pod)
    async with door.connect() as busy, door.connect() as idle, door.connect() as unused:
        await busy.send(door.request())
        await pod.request()
        await idle.send(door.request("GET", "/ping"))
        await idle.reply()
        leaving = asyncio.create_task(door.proxy.leave())
        assert await idle.ended()
        assert await unused.ended()
        with pytest.raises(ConnectionError):
            await door.call()
        assert not leaving.done()
        go.set()
        assert (await busy.reply()).status == 200
        assert await busy.ended()
        async with asyncio.timeout(5):
            await leaving


async def test_request_that_came_as_its_connection_was_about_to_be_closed_is_answered(open_gate: Open) -> None:
    door = await open_gate()
    async with door.connect() as connection:
        await connection.send(door.request("GET", "/ping"))
        await connection.reply()
        await asyncio.sleep(0.2)  # it has to be idle for a while
        connection.writer.write(door.request("GET", "/ping"))  # in the kernel at once, and nobody read it yet
        leaving = asyncio.Task(door.proxy.leave(), loop=asyncio.get_running_loop(), eager_start=True)
        reply = await connection.reply()
        assert (reply.status, reply.header("Connection")) == (200, "close")
        async with asyncio.timeout(5):
            await leaving


async def test_idle_connection_is_closed_and_a_busy_one_is_not(open_gate: Open, start_pod: StartPod) -> None:
    door = await open_gate(Settings(idle_seconds=0.3))
    door.adapter(await start_pod(silent_stream))
    async with door.connect() as busy, door.connect() as idle, door.connect() as half:
        await busy.send(door.request("GET"))
        await busy.head()
        await half.send(door.request()[:20])
        await idle.send(door.request("GET", "/ping"))
        await idle.reply()
        assert await idle.ended()
        assert await half.ended()
        assert door.proxy.counters.streams == 1


async def test_client_whose_body_does_not_come_is_cut(open_gate: Open, start_pod: StartPod) -> None:
    door = await open_gate(Settings(stall_seconds=0.1))
    door.adapter(await start_pod())
    async with door.connect() as connection:
        await connection.send(door.request(body=b"x" * 100_000)[:50_000])
        assert await connection.ended()


async def test_counters_count(door: Gate, start_pod: StartPod) -> None:
    pod = await start_pod()
    door.adapter(pod)
    await door.call()
    await door.call(path="/nowhere")
    await door.call((SESSION, "x"))
    await pod.stop()
    door.view.drop("adapter", "a")
    counters = door.proxy.counters
    assert (counters.requests, counters.refused, counters.seals_refused, counters.choices) == (3, 2, 1, 1)


async def test_requests_whose_trace_is_sampled_are_counted_and_pass_it_on(door: Gate, start_pod: StartPod) -> None:
    pod = await start_pod()
    door.adapter(pod)
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-"
    for traceparent in (f"{trace}00", f"{trace}01", "nonsense"):
        assert (await door.call(("traceparent", traceparent))).status == 200
        assert pod.seen[-1].header("traceparent") == traceparent
    assert door.proxy.counters.sampled == 1


async def test_log_lines_are_for_what_went_wrong(
    door: Gate, start_pod: StartPod, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    door.adapter(await start_pod())
    await door.call()
    assert not caplog.records
    await door.call(path=f"{PATH}?session_id=SECRET")
    await door.call(path="/nowhere?session_id=SECRET")
    assert [record.levelname for record in caplog.records] == ["INFO", "INFO"]
    assert "SECRET" not in caplog.text


async def test_slow_calls_are_logged(open_gate: Open, start_pod: StartPod, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    door = await open_gate(Settings(slow_seconds=-1))
    door.adapter(await start_pod())
    await door.call(path=f"{PATH}?session_id=")
    assert [record.message.partition(":")[0] for record in caplog.records] == ["slow"]


async def test_what_breaks_in_us_is_500_and_logged(
    door: Gate, start_pod: StartPod, caplog: pytest.LogCaptureFixture
) -> None:
    door.adapter(await start_pod(), path="\udcff\ud800")  # no card has such a path
    reply = await door.call()
    assert (reply.status, reply.header("Content-Type")) == (500, "application/problem+json")
    assert reply.json()["detail"] == "Something went wrong here."
    assert "UnicodeEncodeError" in caplog.text
    caplog.clear()
    assert (await door.call(method="GET", path="/ping")).status == 200


async def test_requests_under_way_are_counted_down(door: Gate, start_pod: StartPod) -> None:
    pod = await start_pod(silent_stream)
    door.adapter(pod)
    async with door.connect() as connection:
        await connection.send(door.request("GET"))
        await connection.head()
        connection.reset()
    await eventually(lambda: door.proxy.counters.streams == 0)
    async with asyncio.timeout(5):
        await door.proxy.drain()
