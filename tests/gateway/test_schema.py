"""Schemas are checked, and nothing is ever fetched."""

import json
import socket
import threading
import time
from collections.abc import Iterator

import msgspec
import pytest

from gateway.errors import Invalid
from gateway.schema import compiled, refuse_bad_schema


def _schema(**members: object) -> bytes:
    return json.dumps({"type": "object", **members}).encode()


@pytest.mark.parametrize(
    "schema",
    [
        b'"x"',
        b"[]",
        b"{}",
        b'{"type":"string"}',
        _schema(properties=5),
        _schema(required="a"),
        _schema(properties={"a": {"type": "no-such-type"}}),
        _schema(properties={"a": {"$ref": "#/$defs/missing"}}),
    ],
)
def test_what_is_not_a_schema_of_an_object_is_refused_with_the_field(schema: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        refuse_bad_schema(schema, "tool.inputSchema")
    assert refused.value.field == "tool.inputSchema"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port that notes whether anybody connects."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.3)
    yield server
    server.close()


@pytest.mark.parametrize("place", ["$schema", "$ref", "embedded"])
def test_a_reference_to_another_host_is_refused_without_a_connection(listener: socket.socket, place: str) -> None:
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/s"
    connected = threading.Event()

    def accept() -> None:
        try:
            listener.accept()[0].close()
            connected.set()
        except TimeoutError:
            return

    thread = threading.Thread(target=accept)
    thread.start()
    schema = {
        "$schema": _schema(**{"$schema": url}),
        "$ref": _schema(properties={"a": {"$ref": url}}),
        "embedded": _schema(**{"$defs": {"x": {"$id": "http://a/b", "$schema": url}}}),
    }[place]
    with pytest.raises(Invalid):
        refuse_bad_schema(schema, "s")
    thread.join()
    assert not connected.is_set()


def test_local_references_and_every_known_dialect_are_welcome() -> None:
    refuse_bad_schema(_schema(properties={"a": {"$ref": "#/$defs/n"}}, **{"$defs": {"n": {"type": "integer"}}}), "s")
    refuse_bad_schema(_schema(**{"$schema": "http://json-schema.org/draft-07/schema#"}), "s")


def test_a_check_says_where_a_value_does_not_fit_and_why() -> None:
    check = compiled(_schema(properties={"n": {"type": "integer"}}, additionalProperties=False))
    assert check(b'{"n":1}') is None
    assert check(b'{"n":"x"}') == 'n: "x" is not of type "integer"'
    assert "zz" in (check(b'{"zz":1}') or "")


def test_big_integers_are_integers() -> None:
    assert compiled(_schema(properties={"n": {"type": "integer"}}))(b'{"n":123456789012345678901234567890}') is None


@pytest.mark.parametrize("value", [b"", b"{", b"{'a':1}", b'{"a":NaN}', b'{"a":"\\ud800"}', b"\xff"])
def test_what_is_no_json_is_for_the_caller_to_say(value: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        compiled(_schema())(value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (b'{"n":1e400}', "number out of range"),
        (b'{"n":' + b"9" * 5_000 + b"}", "integer value out of range"),
        (b'{"n":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
    ],
    ids=["exponent", "digits", "depth"],
)
def test_json_that_no_program_can_hold_does_not_fit(value: bytes, words: str) -> None:
    assert compiled(_schema())(value) == words


def test_only_the_first_thing_that_is_wrong_is_told_and_never_at_length() -> None:
    check = compiled(_schema(additionalProperties={"type": "integer"}))
    body = json.dumps({f"k{at}": "x" * 10_000 for at in range(1_000)}).encode()

    assert len(check(body) or "") < 600


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [{"$ref": "#"}]},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
        {"$dynamicAnchor": "x", "$dynamicRef": "#x"},
    ],
    ids=["itself", "in a circle", "dynamically"],
)
def test_schema_that_refers_to_itself_without_going_down_is_refused(schema: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="refers to itself"):
        compiled(_schema(**schema))


def test_schema_that_nests_itself_follows_the_value_down() -> None:
    check = compiled(_schema(properties={"a": {"$ref": "#"}}, additionalProperties=False))

    assert check(b'{"a":' * 100 + b"{}" + b"}" * 100) is None
    assert "unexpected" in (check(b'{"a":' * 100 + b'{"b":1}' + b"}" * 100) or "")


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|aa)+$", r"(?<=a)(a*)*b\1", r"((a|a)*)*\1b"])
def test_pattern_that_would_take_for_ever_does_not(pattern: str) -> None:
    check = compiled(_schema(properties={"a": {"type": "string", "pattern": pattern}}))
    started = time.process_time()

    assert check(json.dumps({"a": "a" * 5_000 + "!"}).encode()) is not None
    assert time.process_time() - started < 2
