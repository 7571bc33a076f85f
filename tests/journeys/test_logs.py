"""Reading what an instance wrote: the tail, what comes next, and what was before a restart."""

import asyncio

import pytest

from tests.journeys.caller import Caller
from tests.journeys.client import Client
from tests.journeys.waiting import until

CURSOR = "X-Log-Cursor"


async def test_log_is_plain_text_of_the_last_lines(caller: Caller, recorder: str) -> None:
    client = Client(caller, recorder, modern=True)
    for number in range(5):
        await client.call("write", line=f"line {number}")
    whole = await until(lambda: caller.get(f"/adapters/{recorder}/logs"), lambda reply: b"line 4" in reply.body)
    assert whole.media == "text/plain"
    assert [f"line {number}" in whole.body.decode() for number in range(5)] == [True] * 5
    tail = await caller.get(f"/adapters/{recorder}/logs?tail=2")
    assert tail.body.decode().splitlines() == ["line 3", "line 4"]


async def test_reader_who_waits_gets_the_next_line_when_it_is_written_and_only_that(
    caller: Caller, recorder: str
) -> None:
    client = Client(caller, recorder, modern=True)
    await client.call("write", line="before")
    read = await until(lambda: caller.get(f"/adapters/{recorder}/logs"), lambda reply: b"before" in reply.body)
    cursor = read.headers[CURSOR]
    waiting = asyncio.create_task(caller.get(f"/adapters/{recorder}/logs?since={cursor}&wait=20"))
    nothing = await caller.get(f"/adapters/{recorder}/logs?since={cursor}")
    assert (nothing.status, nothing.body) == (200, b"")
    assert not waiting.done()
    await client.call("write", line="after")
    async with asyncio.timeout(5):
        came = await waiting
    assert came.body.decode().splitlines() == ["after"]
    assert (await caller.get(f"/adapters/{recorder}/logs?since={came.headers[CURSOR]}")).body == b""


async def test_lines_of_before_the_restart_can_still_be_read(caller: Caller) -> None:
    name = await caller.serving("recorder")
    client = Client(caller, name, modern=True)
    await client.call("write", line="last words")
    await client.calling("die")
    old = await until(
        lambda: caller.get(f"/adapters/{name}/logs?previous=true"), lambda reply: b"last words" in reply.body
    )
    assert old.status == 200


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("instance=7", 404, ""),
        ("instance=-1", 400, "instance"),
        ("instance=one", 400, "instance"),
        ("tail=0", 400, "tail"),
        ("tail=many", 400, "tail"),
        ("since=not-a-cursor", 400, "since"),
        ("since=not-a-cursor&wait=20", 400, "since"),
        ("wait=never", 400, "wait"),
        ("wait=100000", 400, "wait"),
        ("previous=maybe", 400, "previous"),
    ],
)
async def test_question_that_makes_no_sense_is_refused_by_name(
    caller: Caller, recorder: str, query: str, status: int, field: str
) -> None:
    reply = await caller.get(f"/adapters/{recorder}/logs?{query}")
    assert reply.problem["status"] == status
    assert reply.fields == ([field] if field else [])
