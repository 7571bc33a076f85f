"""Every log line is one JSON object, whatever was logged."""

import json
import logging

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
