"""Every log line is one JSON object, whatever was logged."""

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.logs import JsonLines, new_request_id, request_id


def _line(message: str, error: BaseException | None = None) -> dict[str, str]:
    info = (type(error), error, None) if error else None
    record = logging.LogRecord("proxy.app", logging.WARNING, __file__, 1, message, None, info)
    text = JsonLines().format(record)
    assert "\n" not in text
    return json.loads(text)


def test_a_line_says_when_how_bad_where_and_what() -> None:
    line = _line("refused")
    assert (line["level"], line["logger"], line["message"]) == ("warning", "proxy.app", "refused")
    assert line["time"].endswith("+00:00")


def test_a_message_with_newlines_stays_one_line() -> None:
    assert _line('a\r\n{"level":"info"}')["message"] == 'a\r\n{"level":"info"}'


def test_an_error_is_told_with_its_trace() -> None:
    assert "ValueError: no" in _line("broke", ValueError("no"))["error"]


def test_the_request_id_of_the_context_is_on_the_line() -> None:
    id = new_request_id()
    token = request_id.set(id)
    try:
        assert _line("x")["requestId"] == id
    finally:
        request_id.reset(token)
    assert "requestId" not in _line("x")


@pytest.mark.parametrize(
    "word", ["\u2028", "\u2029", "\x85", "\x0b\x0c", "\x1b[2J", "\x9b2J", "\x00", "\x7f", "\udcff", "\u202e"]
)
def test_nothing_in_a_message_ends_or_colours_its_line(word: str) -> None:
    record = logging.LogRecord("a", logging.INFO, __file__, 1, "refused: %s", (f"GET /a{word}b",), None)
    text = JsonLines().format(record)

    assert text.splitlines() == [text]
    assert text.replace("\ufffd", "?").isascii()
    assert json.loads(text)["message"].startswith("refused: GET /a")


@given(st.text(st.characters(categories=["C", "Z", "L"]), max_size=50))
def test_any_message_is_one_line_that_says_it(message: str) -> None:
    line = JsonLines().format(logging.LogRecord("a", logging.INFO, __file__, 1, message, None, None))

    assert len(line.splitlines()) == 1
    said = json.loads(line)["message"]
    assert said == message or any("\ud800" <= c <= "\udfff" for c in message)


def test_a_readable_message_stays_readable() -> None:
    line = JsonLines().format(logging.LogRecord("a", logging.INFO, __file__, 1, "Zoë 東京 🙂", None, None))

    assert '"message":"Zoë 東京 🙂"' in line


def test_a_long_message_and_a_long_trace_are_cut() -> None:
    line = _line("x" * 60_000, ValueError("the end: " + "y" * 60_000 + "!"))

    assert len(line["message"]) == 4096
    assert len(line["error"]) == 32_768
    assert line["error"].endswith("y!\n")
