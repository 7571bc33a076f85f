"""What a reply comes to: a table, and that whatever is passed on as JSON is JSON."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.reply import Head
from gateway.schema import Check, compiled
from gateway.tool_checks import Checks
from gateway.tool_reply import Outcome, outcome_of
from gateway.upstream import Reply


def _outcome(body: bytes, status: int = 200, reply: Check | None = None) -> Outcome:
    head = Head(status, b"X", (b"Location", b"WWW-Authenticate"), (b"http://secret", b"secret"), "length")
    return outcome_of(Reply(head, body), Checks(lambda _: None, reply, ()))


@pytest.mark.parametrize(
    ("body", "structured"),
    [
        (b"{}", True),
        (b' \t\r\n{"a":1}\n', True),
        (b'{"a":1e400,"n":' + b"9" * 5_000 + b"}", True),
        (b'{"a":{"b":[null,true]},"a":2}', True),
        (b'{"a":"\\u00e9\\ud83d\\ude00"}', True),
        (b"", False),
        (b" ", False),
        (b"[]", False),
        (b'"x"', False),
        (b"1", False),
        (b"null", False),
        (b"{", False),
        (b"{}x", False),
        (b"{'a':1}", False),
        (b'{"a":NaN}', False),
        (b'{"a":01}', False),
        (b'{"a":"\n"}', False),
        (b'{"a":"\\x41"}', False),
        (b'{"a":"\\ud800"}', False),
        (b'{"a":1,}', False),
        (b"\xef\xbb\xbf{}", False),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", False),
        (b'{"a":' * 100_000, False),
    ],
    ids=range(23),
)
def test_reply_is_structured_where_it_is_one_json_object(body: bytes, structured: bool) -> None:
    outcome = _outcome(body)

    assert (outcome.result, outcome.text) == ("ok", body.decode())
    assert outcome.structured == (body if structured else None)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=10,
)


@given(json_values, st.booleans(), st.sampled_from([None, 1]))
def test_any_json_is_passed_on_as_it_is(value: Any, ascii: bool, indent: int | None) -> None:
    body = json.dumps(value, ensure_ascii=ascii, indent=indent).encode("utf-8", "replace")
    outcome = _outcome(body)

    assert (outcome.result, outcome.text.encode()) == ("ok", body)
    if outcome.structured is not None:
        assert outcome.structured == body
    assert (outcome.structured is not None) == isinstance(value, dict) or b"\\u" in body


@given(st.binary(max_size=60) | st.sampled_from(b'{}[]",:\\u0129ef truefalsn').map(lambda byte: bytes([byte])))
def test_whatever_is_passed_on_as_json_is_json(body: bytes) -> None:
    for text in (body, b'{"a":%b}' % body, b'{"%b":1}' % body):
        outcome = _outcome(text)
        if outcome.structured is not None:
            assert isinstance(json.loads(outcome.structured), dict)
        if outcome.result == "ok":
            assert outcome.text.encode() == text


@pytest.mark.parametrize("body", [b"\xff", b"\xc3", b"\x80abc", "é".encode("latin-1"), "x".encode("utf-16")])
def test_what_is_no_text_is_said_to_be_none(body: bytes) -> None:
    outcome = _outcome(body)

    assert outcome == Outcome("failed", f"The tool answered {len(body):,} bytes that are not text (UTF-8).")
    assert outcome.is_error


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308, 399])
def test_redirect_is_not_followed_nor_told(status: int) -> None:
    outcome = _outcome(b"http://secret", status)

    assert outcome.result == "failed"
    assert outcome.text.endswith("; redirects are not followed.")
    assert "secret" not in outcome.text


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (400, b'{"detail":"no such city"}', "400 (Bad Request): no such city."),
        (400, b'{"detail":"  no such city.  "}', "400 (Bad Request): no such city."),
        (400, b'{"message":"m","error":"e"}', "400 (Bad Request): m."),
        (400, b'{"detail":"","message":" ","error":"e"}', "400 (Bad Request): e."),
        (400, b'{"detail":{"x":"nested"},"error":"e"}', "400 (Bad Request): e."),
        (400, b'{"detail":["list"]}', "400 (Bad Request)."),
        (400, b'{"title":"t","trace":"secret"}', "400 (Bad Request)."),
        (400, b'"text"', "400 (Bad Request)."),
        (400, b"[]", "400 (Bad Request)."),
        (400, b"<html>secret</html>", "400 (Bad Request)."),
        (400, b"secret", "400 (Bad Request)."),
        (400, b"", "400 (Bad Request)."),
        (400, b"\xff", "400 (Bad Request)."),
        (400, b'{"detail":"\xff"}', "400 (Bad Request)."),
        (400, b'{"detail":1e400}', "400 (Bad Request)."),
        (400, b'{"detail":"x","n":1e400}', "400 (Bad Request)."),
        (400, b"[" * 100_000, "400 (Bad Request)."),
        (401, b'{"detail":"secret"}', "401 (Unauthorized)."),
        (403, b'{"detail":"secret"}', "403 (Forbidden)."),
        (407, b'{"detail":"secret"}', "407 (Proxy Authentication Required)."),
        (404, b'{"error":"no such thing"}', "404 (Not Found): no such thing."),
        (429, b'{"message":"slower"}', "429 (Too Many Requests): slower."),
        (499, b'{"message":"m"}', "499: m."),
        (500, b'{"detail":"secret"}', "500 (Internal Server Error)."),
        (503, b"secret", "503 (Service Unavailable)."),
        (599, b"", "599."),
        (999, b"", "999."),
    ],
)
def test_refusal_quotes_what_was_wrong_with_the_request_and_no_more(status: int, body: bytes, text: str) -> None:
    assert _outcome(body, status) == Outcome("failed", f"The tool answered HTTP {text}")


def test_quote_is_bounded() -> None:
    assert len(_outcome(msgspec.json.encode({"detail": "x" * 100_000}), 400).text) < 1_100


SCHEMA = compiled(b'{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}')


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (b'{"n":1}', None),
        (b'{"n":1,"more":2}', None),
        (b"{}", '"n" is a required property'),
        (b'{"n":"x"}', 'n: "x" is not of type "integer"'),
        (b"[]", '[] is not of type "object"'),
        (b"1", '1 is not of type "object"'),
        (b"hello", "it is not JSON"),
        (b"", "it is not JSON"),
        (b'{"n":1e400}', "number out of range"),
        (b'{"n":' + b"[" * 100_000, "nested too deeply"),
    ],
    ids=range(10),
)
def test_output_schema_is_kept_or_the_tool_has_failed(body: bytes, wrong: str | None) -> None:
    outcome = _outcome(body, reply=SCHEMA)

    if wrong is None:
        assert (outcome.result, outcome.structured) == ("ok", body)
    else:
        assert (outcome.result, outcome.structured) == ("failed", None)
        assert outcome.text == f"The tool's answer does not fit its output schema: {wrong}"


def test_errors_of_the_tool_are_not_measured_by_its_output_schema() -> None:
    assert _outcome(b'{"detail":"d"}', 404, SCHEMA).text == "The tool answered HTTP 404 (Not Found): d."
