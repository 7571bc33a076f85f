"""What is read of a message, and that its bytes stay as they are."""

import pytest
from msgspec import Raw, UnsetType

from local.connect.awaited import Awaited
from local.connect.message import INVALID_REQUEST, PARSE_ERROR, Malformed, error_line, one_line, read, same, with_id

UNUSUAL = (
    b'{ "vendor":[1.0e2,-0,12345678901234567890123],"result":{"b":"\\u00e9\\/","a":1,"a":2} ,"id":7,"jsonrpc":"2.0"}'
)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b'{"id":1,"method":"a"}', (True, False, False)),
        (b'{"method":"a","params":[1]}', (False, True, False)),
        (b'{"id":1,"result":null}', (False, False, True)),
        (b'{"id":null,"error":{}}', (False, False, True)),
    ],
)
def test_each_kind_is_told_apart(line: bytes, kind: tuple[bool, bool, bool]) -> None:
    (message,) = read(line)
    assert (message.is_request, message.is_notification, message.is_response) == kind


@pytest.mark.parametrize(
    "line", [b"", b"x", b'{"id":1', b'{"method":"\xff"}', b'{"a":{"b":"\xff"}}', b'{"a":' + b"[" * 100_000]
)
def test_what_is_not_json_is_a_parse_error(line: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        read(line)
    assert caught.value.code == PARSE_ERROR


@pytest.mark.parametrize(
    "line",
    [b"1", b"null", b"{}", b"[]", b"[1]", b'{"id":null,"method":"a"}', b'{"id":{},"method":"a"}', b'{"method":1}'],
)
def test_json_that_is_no_message_is_an_invalid_request(line: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        read(line)
    assert caught.value.code == INVALID_REQUEST


def test_odd_params_are_the_servers_business() -> None:
    for params in (b"1", b"[1]", b'"x"', b'{"_meta":7}', b'{"_meta":{"io.modelcontextprotocol/protocolVersion":7}}'):
        (message,) = read(b'{"id":1,"method":"a","params":' + params + b"}")
        assert message.version == ""


def test_an_answer_is_passed_on_byte_for_byte() -> None:
    awaited = Awaited(read(b'{"id":7,"method":"a"}'))
    assert awaited.take(UNUSUAL) is UNUSUAL
    assert not awaited


def test_an_error_without_an_id_answers_the_only_request_and_keeps_its_other_bytes() -> None:
    awaited = Awaited(read(b'{"id":"\\u0061","method":"a"}'))
    taken = awaited.take(b'{"error":{"code":-1, "x":1e2} ,"id":null,"vendor":1.50}')
    assert taken == b'{"error":{"code":-1, "x":1e2},"id":"\\u0061","vendor":1.50}'
    assert not awaited


def test_an_answer_to_another_id_leaves_the_request_open() -> None:
    awaited = Awaited(read(b'{"id":1,"method":"a"}'))
    assert awaited.take(b'{"id":"1","result":{}}') == b'{"id":"1","result":{}}'
    assert len(awaited) == 1


def test_a_request_of_the_server_with_the_same_id_is_no_answer() -> None:
    awaited = Awaited(read(b'{"id":1,"method":"a"}'))
    awaited.take(b'{"id":1,"method":"elicitation/create"}')
    assert len(awaited) == 1


def test_a_batch_is_answered_request_by_request() -> None:
    awaited = Awaited(read(b'[{"id":1,"method":"a"},{"method":"n"},{"id":2,"method":"b"},{"id":3,"method":"c"}]'))
    awaited.take(b'[{"id":2,"result":{}}]')
    awaited.take(b'{"id":null,"error":{}}')  # whose?
    assert awaited.refuse("gone") == [error_line(id, -32603, "gone") for id in (read_id(b"1"), read_id(b"3"))]
    assert not awaited


def test_ids_are_the_same_however_they_are_written() -> None:
    assert same(read_id(b'"a"')) == same(read_id(b'"\\u0061"'))
    assert same(read_id(b"1")) != same(read_id(b'"1"'))


def test_line_ends_become_white_space() -> None:
    assert one_line(b'{\r\n "a":\n1}\n') == b'{   "a": 1}'


def test_with_id_adds_one_where_there_is_none() -> None:
    assert with_id(b'{"error":1}', read_id(b"5")) == b'{"error":1,"id":5}'


def read_id(raw: bytes) -> Raw:
    (message,) = read(b'{"method":"a","id":' + raw + b"}")
    assert not isinstance(message.id, UnsetType)
    return message.id
