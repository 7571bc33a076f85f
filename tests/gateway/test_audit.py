"""The audit trail: one whole line of JSON for each event, whatever the words in it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit import Audit, Result
from gateway.identity import principal

ALICE = principal("alice", "Alice A.", ["team"])


def _line(who: str = "alice", what: str = "a", result: Result = "ok", seconds: float = 0, request_id: str = "") -> Any:
    lines: list[bytes] = []
    Audit(lines.append).tool_call(principal(who, who, ()), what, result, seconds, request_id)
    (line,) = lines
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    return json.loads(line.decode())


def test_line_says_who_did_what_when_and_how_it_went() -> None:
    before = datetime.now(UTC)
    line = _line("alice", "weather", "failed", 0.0123456, "r-1")
    moment = datetime.fromisoformat(line.pop("time"))

    assert before - timedelta(seconds=1) < moment <= datetime.now(UTC)
    assert moment.utcoffset() == timedelta()
    assert line == {
        "event": "tool.call",
        "who": "alice",
        "what": "weather",
        "result": "failed",
        "durationMs": 12.346,
        "requestId": "r-1",
    }


def test_what_there_is_not_is_left_out() -> None:
    assert set(_line()) == {"time", "event", "who", "what", "result"}


@given(st.binary(max_size=20), st.text(max_size=20), st.binary(max_size=20))
def test_any_bytes_of_a_header_make_a_line(who: bytes, what: str, request_id: bytes) -> None:
    """Headers are read as UTF-8, and what is none is kept in surrogates."""
    name, id = who.decode("utf-8", "surrogateescape"), request_id.decode("utf-8", "surrogateescape")
    what = what.encode("utf-8", "replace").decode()
    line = _line(name, what, "ok", 0, id)

    assert (line["who"], line["what"]) == (who.decode("utf-8", "replace"), what)
    assert line.get("requestId", "") == request_id.decode("utf-8", "replace")


@pytest.mark.parametrize("word", ["a\nb", "a\r\nb", 'a","who":"mallory', "\x00\x1b[31m", "\u2028"])
def test_no_word_can_end_its_line_or_its_member(word: str) -> None:
    line = _line(word, word, "ok", 0, word)

    assert (line["who"], line["what"], line["requestId"]) == (word, word, word)


def test_line_that_cannot_be_written_is_counted_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    def full(_: bytes) -> None:
        raise OSError(28, "No space left on device")

    audit = Audit(full)
    for _ in range(3):
        audit.tool_call(ALICE, "a", "ok", 0)

    assert audit.lost == 3
    assert [record.getMessage() for record in caplog.records] == [
        "audit lines are being lost: [Errno 28] No space left on device"
    ]
