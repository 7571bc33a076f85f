"""The audit trail: one whole line of JSON for each event, whatever the words in it."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit import Audit, Event, Result
from gateway.identity import principal
from gateway.telemetry.chatter import LINES

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


def _notes(audit: Audit, count: int, who: str = "") -> None:
    for _ in range(count):
        audit.note("access.denied", who, "POST /mcp", "denied", request_id="r-1", reason="No token.")


def test_refusal_says_why_and_names_nobody_it_does_not_know() -> None:
    lines: list[bytes] = []
    _notes(Audit(lines.append), 1)
    line = json.loads(lines[0])
    del line["time"]

    assert line == {
        "event": "access.denied",
        "who": "",
        "what": "POST /mcp",
        "result": "denied",
        "requestId": "r-1",
        "reason": "No token.",
    }


@pytest.mark.parametrize("word", ["x" * 60_000, "\x00" * 60_000, "\udcff" * 60_000, "🙂" * 60_000, "\u2028" * 60_000])
def test_long_words_are_cut(word: str) -> None:
    lines: list[bytes] = []
    Audit(lines.append).note(word, word, word, "failed", request_id=word, reason=word)
    (line,) = lines

    assert len(line) < 16_000
    assert {name: len(said) for name, said in json.loads(line).items() if name in ("who", "what", "requestId")} == {
        "who": 512,
        "what": 512,
        "requestId": 128,
    }


@pytest.mark.parametrize("word", ["a\u2028b", "\x85", "\x9b31m", "\u202eevil", "\ud800", "\x7f"])
def test_no_line_holds_what_ends_colours_or_turns_a_line(word: str) -> None:
    lines: list[bytes] = []
    Audit(lines.append).note("access.denied", word, word, "denied", request_id=word, reason=word)
    text = lines[0].decode()

    assert text.isascii()
    assert text.splitlines() == [text.removesuffix("\n")]


def test_flood_of_strangers_is_told_in_few_lines_and_counted() -> None:
    lines: list[bytes] = []
    audit = Audit(lines.append)
    _notes(audit, 10 * LINES)
    written = len(lines)
    _notes(audit, 100, "alice")

    assert LINES <= written < 2 * LINES
    assert len(lines) == written + 100, "whoever is known is told of each time"


def test_what_was_not_written_of_a_flood_is_in_the_next_line() -> None:
    lines: list[bytes] = []
    audit = Audit(lines.append)
    asked = 0
    deadline = time.monotonic() + 10
    while not any(b'"more"' in line for line in lines) and time.monotonic() < deadline:
        _notes(audit, 1)
        asked += 1

    told = [json.loads(line) for line in lines]
    assert told[-1]["more"] == asked - len(told)


def test_export_gets_what_is_written_and_what_cannot_be() -> None:
    def full(_: bytes) -> None:
        raise OSError(28, "No space left on device")

    for write in (bytes, full):
        exported: list[Event] = []
        audit = Audit(write, exported.append)
        audit.tool_call(ALICE, "\udcff", "ok", 0.5, "r-1")
        _notes(audit, 1)

        assert [(event.event, event.who, event.what) for event in exported] == [
            ("tool.call", "alice", "\ufffd"),
            ("access.denied", "", "POST /mcp"),
        ]
