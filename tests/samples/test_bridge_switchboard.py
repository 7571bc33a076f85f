"""Where a message of the server goes: the table behind the bridge, without processes or HTTP."""

import json
from typing import Any

from samples.mcp_bridge.message import read
from samples.mcp_bridge.stream import Stream
from samples.mcp_bridge.switchboard import WAITING, Switchboard

CAPACITY = 1_000_000
QUESTION = {"id": "q", "method": "elicitation/create"}
CHANGED = {"method": "notifications/tools/list_changed"}
LOG = {"method": "notifications/message"}


class Board:
    """A switchboard with streams that are read to their present end."""

    def __init__(self) -> None:
        self.board = Switchboard(CAPACITY)
        self.overflows = 0

    def call(self, id: Any, token: Any = None) -> Stream:
        params = {"_meta": {"progressToken": token}} if token is not None else {}
        return self.board.call(read(line({"id": id, "method": "tools/call", "params": params})), self.overflow)

    def listen(self) -> Stream:
        return self.board.listen(self.overflow)

    def deliver(self, *messages: dict[str, Any]) -> None:
        for message in messages:
            self.board.deliver(line(message))

    def overflow(self) -> None:
        self.overflows += 1


def line(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode()


async def drained(stream: Stream) -> list[dict[str, Any]]:
    """What the stream holds; closes it, so that reading it ends."""
    stream.close()
    return [json.loads(text) async for text in stream.lines(every=5) if text is not None]


async def test_an_answer_goes_to_its_request_and_closes_its_stream() -> None:
    board = Board()
    first, second = board.call(1), board.call("1")
    answer: dict[str, Any] = {"id": "1", "result": {}}
    board.deliver(answer)
    assert (first.open, second.open) == (True, False)
    assert (await drained(first), await drained(second)) == ([], [answer])


async def test_a_question_and_a_log_entry_go_to_the_newest_call() -> None:
    board = Board()
    listening, older, newer = board.listen(), board.call(1), board.call(2)
    board.deliver(QUESTION, LOG)
    assert [await drained(s) for s in (listening, older, newer)] == [[], [], [QUESTION, LOG]]


async def test_what_belongs_to_no_call_goes_to_the_get_stream() -> None:
    board = Board()
    listening, call = board.listen(), board.call(1)
    board.deliver(CHANGED)
    assert [await drained(s) for s in (listening, call)] == [[CHANGED], []]


async def test_a_closed_stream_is_passed_over() -> None:
    board = Board()
    listening, older, newer = board.listen(), board.call(1), board.call(2)
    newer.close()
    board.deliver(QUESTION)
    listening.close()
    board.deliver(CHANGED)
    assert await drained(older) == [QUESTION, CHANGED]


async def test_progress_without_its_call_is_not_kept() -> None:
    board = Board()
    progress = {"method": "notifications/progress", "params": {"progressToken": 7, "progress": 1}}
    call = board.call(1, token=7)
    board.deliver(progress, {"id": 1, "result": {}}, progress)
    assert (await drained(call))[0] == progress
    assert await drained(board.listen()) == []


async def test_what_nobody_can_take_waits_and_the_oldest_is_dropped() -> None:
    board = Board()
    board.deliver(*({"id": n, "method": "ping"} for n in range(WAITING + 3)))
    assert [message["id"] for message in await drained(board.call(1))] == list(range(3, WAITING + 3))
    assert await drained(board.listen()) == []


async def test_a_cancelled_requests_late_answer_is_dropped_and_its_id_is_free() -> None:
    board = Board()
    cancelled = board.call(1)
    board.board.cancel(1)
    board.deliver({"id": 1, "result": {}})
    assert await drained(cancelled) == []
    assert await drained(board.call(1)) == []


async def test_a_stream_that_is_not_read_overflows_once() -> None:
    board = Board()
    call = board.call(1)
    padding = {"method": "notifications/message", "params": {"data": "x" * (CAPACITY // 2)}}
    board.deliver(padding, padding, padding)
    assert (board.overflows, call.open) == (1, False)


async def test_one_message_larger_than_all_bounds_still_passes() -> None:
    board = Board()
    call = board.call(1)
    board.deliver({"id": 1, "result": {"text": "x" * CAPACITY}})
    assert board.overflows == 0
    assert len((await drained(call))[0]["result"]["text"]) == CAPACITY
