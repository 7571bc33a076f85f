"""Answers that take long: a stream is begun and kept alive, and the answer is its last event."""

import asyncio
import json
from typing import Any

import pytest

from tests.proxy.gate import StartPod, eventually
from tests.proxy.pod import Exchange
from tests.tool_router.desk import Desk, OpenDesk
from tests.tool_router.events import Stream
from tests.tool_router.inside import active, tasks
from tests.tool_router.person import Person, message, modern_message
from tests.tool_router.test_cancelling import Gated

PARAMS = {"name": "a"}
SILENCE = 0.03


@pytest.fixture
async def hasty(open_desk: OpenDesk) -> Desk:
    """A desk whose clients are soon impatient."""
    return await open_desk(silence_seconds=SILENCE)


class Answers(Gated):
    """A Gated tool that answers some bytes."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.body = body

    async def __call__(self, exchange: Exchange) -> None:
        await self.open.wait()
        await exchange.answer(self.body)


async def _last(stream: Stream) -> Any:
    """The one event of a stream, and its end."""
    found = await stream.event()
    assert await stream.event() is None
    return found


async def test_silence_is_broken_by_comments_and_the_answer_comes_last(hasty: Desk, start_pod: StartPod) -> None:
    tool = Answers(b'{"done":true}')
    hasty.tool("a", await start_pod(tool))
    alice = Person(hasty)
    client = await alice.begin()
    asked = [
        (modern_message("tools/call", PARAMS, "m"), alice.mirrored("tools/call", PARAMS)),
        (message("tools/call", PARAMS, "l"), client.headers),
    ]
    for body, headers in asked:
        tool.open.clear()
        async with alice.opened(body, *headers) as stream:
            assert stream.head.header("cache-control") == "no-cache, no-transform"
            assert stream.head.header("x-accel-buffering") == "no"
            for _ in range(3):
                await stream.comment()
            tool.open.set()
            answer = await _last(stream)
        assert answer["id"] == json.loads(body)["id"]
        assert answer["result"]["content"] == [{"type": "text", "text": '{"done":true}'}]
        assert answer["result"]["structuredContent"] == {"done": True}
    assert hasty.results == ["ok", "ok"]


async def test_answer_in_time_is_plain_json(desk: Desk, alice: Person, start_pod: StartPod) -> None:
    desk.tool("a", await start_pod())

    assert (await alice.modern("tools/call", PARAMS)).header("content-type") == "application/json"


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\n\n", "\r\n\r\n", "\n \r", "\n:\n", "\ndata: x\n"])
async def test_line_ends_within_json_make_lines_of_data_that_join_to_the_same(
    hasty: Desk, start_pod: StartPod, end: str
) -> None:
    """They are white space between tokens; within strings JSON has none. What only looks like a field stands in a string."""
    space = end if not end.strip() else "\n"
    body = f'{{{space}"a":{space}[1,{space}2],"b":{json.dumps(end)}{space}}}'.encode()
    tool = Answers(body)
    hasty.tool("a", await start_pod(tool))
    alice = Person(hasty)
    async with alice.opened(modern_message("tools/call", PARAMS), *alice.mirrored("tools/call", PARAMS)) as stream:
        await stream.comment()
        tool.open.set()
        answer = await _last(stream)

    assert answer["result"]["content"][0]["text"] == body.decode()
    assert answer["result"]["structuredContent"] == {"a": [1, 2], "b": end}


async def test_fault_after_the_stream_began_is_its_event(hasty: Desk, start_pod: StartPod) -> None:
    """An unknown tool is waited for, longer than the client's silence lasts."""
    alice = Person(hasty)
    client = await alice.begin()
    modern = alice.opened(modern_message("tools/call", PARAMS, "m"), *alice.mirrored("tools/call", PARAMS))
    legacy = alice.opened(message("tools/call", PARAMS, "l"), *client.headers)
    async with modern as first, legacy as second:
        for id, stream in (("m", first), ("l", second)):
            await stream.comment()
            assert await _last(stream) == {
                "jsonrpc": "2.0",
                "id": id,
                "error": {"code": -32602, "message": "Unknown tool: a"},
            }


async def test_batch_that_takes_long_is_one_event(hasty: Desk, start_pod: StartPod) -> None:
    tool = Answers(b"1")
    hasty.tool("a", await start_pod(tool))
    alice = Person(hasty)
    client = await alice.begin("2025-03-26")
    body = b"[%b,%b]" % (message("tools/call", PARAMS, 1), message("ping", id=2))
    async with alice.opened(body, *client.headers) as stream:
        await stream.comment()
        tool.open.set()
        assert [answer["id"] for answer in await _last(stream)] == [1, 2]


async def test_call_cancelled_in_its_stream_is_told_there(hasty: Desk, start_pod: StartPod) -> None:
    hasty.tool("a", await start_pod(Answers(b"")))
    alice = Person(hasty)
    client = await alice.begin()
    async with alice.opened(message("tools/call", PARAMS, "c"), *client.headers) as stream:
        await stream.comment()
        await client.cancel({"requestId": "c"})
        answer = await _last(stream)

    assert answer == {"jsonrpc": "2.0", "id": "c", "error": {"code": -32800, "message": "Request cancelled"}}


async def test_large_answer_in_a_stream_arrives_whole(hasty: Desk, start_pod: StartPod) -> None:
    body = json.dumps({"x": "é" * 600_000}, ensure_ascii=False, indent=1).encode()
    tool = Answers(body)
    hasty.tool("a", await start_pod(tool))
    alice = Person(hasty)
    async with alice.opened(modern_message("tools/call", PARAMS), *alice.mirrored("tools/call", PARAMS)) as stream:
        await stream.comment()
        tool.open.set()
        answer = await _last(stream)

    assert answer["result"]["content"][0]["text"] == body.decode()


async def test_answers_on_the_brink_are_whole_one_way_or_the_other(open_desk: OpenDesk, start_pod: StartPod) -> None:
    """Nothing is lost or said twice where the answer comes just when the stream would begin."""
    desk = await open_desk(silence_seconds=0.002)
    desk.tool("a", await start_pod())
    alice = Person(desk)
    kinds = set[str]()
    for _ in range(100):
        reply = await alice.modern("tools/call", PARAMS)
        kind = reply.header("content-type") or ""
        kinds.add(kind)
        assert reply.clean
        if kind == "application/json":
            assert reply.json()["result"]["structuredContent"] == {}
        else:
            events = [block for block in reply.body.split(b"\n\n") if block and block != b": "]
            assert len(events) == 1
            assert json.loads(events[0].partition(b"data: ")[2])["result"]["structuredContent"] == {}
    assert kinds <= {"application/json", "text/event-stream"}


async def test_clients_who_leave_while_their_answer_is_written_are_no_failure(hasty: Desk, start_pod: StartPod) -> None:
    tool = Answers(b'"' + b"x" * 500_000 + b'"')
    pod = await start_pod(tool)
    hasty.tool("a", pod)
    alice = Person(hasty)
    client = await alice.begin()
    for at in range(1, 6):
        tool.open.clear()
        async with alice.opened(message("tools/call", PARAMS), *client.headers) as stream:
            await pod.request(at)
            await stream.comment()
            tool.open.set()
            stream.connection.reset()
        await eventually(lambda: active(hasty) == tasks(hasty) == 0)
    assert hasty.results == ["ok"] * 5
    assert hasty.router.counters.failed == 0


async def test_timer_of_an_answered_request_is_gone(open_desk: OpenDesk) -> None:
    """Else each request would be kept in memory until its silence is over."""
    desk = await open_desk(silence_seconds=3600)
    alice = Person(desk)
    before = _timers()
    for _ in range(20):
        await alice.modern("server/discover")
    assert _timers() - before < 10


def _timers() -> int:
    loop = asyncio.get_running_loop()
    scheduled: list[asyncio.TimerHandle] = getattr(loop, "_scheduled", [])
    return sum(1 for timer in scheduled if not timer.cancelled() and timer.when() > loop.time() + 1000)
