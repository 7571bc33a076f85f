"""The MCP tool inside a record: settled where it must be, untouched where it may be."""

import json

import pytest
from msgspec import Raw

from gateway.definition import settled
from gateway.errors import Invalid


def _settled(text: bytes, name: str = "one") -> bytes:
    return bytes(settled(Raw(text), name))


def test_definition_that_is_complete_keeps_every_byte() -> None:
    text = b'{ "x" : [1.10, 1e2, null],\n "inputSchema":{"type":"object"}, "name":"one", "u":"\\u00e9\\/" }'

    assert _settled(text) == text


@pytest.mark.parametrize("text", [b"{}", b'{"name":""}'])
def test_blank_name_becomes_the_records_and_a_schema_is_added(text: bytes) -> None:
    assert json.loads(_settled(text)) == {"name": "one", "inputSchema": {"type": "object"}}


def test_values_keep_their_bytes_where_something_is_added() -> None:
    assert b'"x":{"b" : 1.10, "a":123456789012345678901234567890}' in _settled(
        b'{"x":{"b" : 1.10, "a":123456789012345678901234567890}}'
    )


def test_null_members_that_mean_absent_are_dropped_and_others_kept() -> None:
    text = b'{"title":null,"outputSchema":null,"annotations":null,"icons":null,"_meta":null,"x":null}'

    assert json.loads(_settled(text)) == {"name": "one", "x": None, "inputSchema": {"type": "object"}}


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (b"[]", "toolDefinition.tool"),
        (b'{"name":"other"}', "toolDefinition.tool.name"),
        (b'{"name":null}', "toolDefinition.tool.name"),
        (b'{"title":1}', "toolDefinition.tool.title"),
        (b'{"icons":{}}', "toolDefinition.tool.icons"),
        (b'{"inputSchema":null}', "toolDefinition.tool.inputSchema"),
        (b'{"inputSchema":{"type":"array"}}', "toolDefinition.tool.inputSchema"),
        (b'{"outputSchema":{"type":"object","required":"a"}}', "toolDefinition.tool.outputSchema"),
        (b'{"x":"\\u0000"}', "toolDefinition.tool"),
        (b'{"x":' + b"[" * 65 + b"]" * 65 + b"}", "toolDefinition.tool"),
        (b'{"x":"' + b"a" * 204_800 + b'"}', "toolDefinition.tool"),
        (b'{"x":1' + b"0" * 5_000 + b"}", "toolDefinition.tool"),
    ],
)
def test_wrong_member_is_named(text: bytes, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        _settled(text)

    assert refused.value.field == field
    assert len(refused.value.detail) < 700


@pytest.mark.parametrize("text", [b'{"x":"\\\\u0000"}', b'{"x":' + b"[" * 62 + b"]" * 62 + b"}"])
def test_what_only_looks_like_it_is_taken(text: bytes) -> None:
    """A backslash before `u0000` is text; 64 levels are allowed."""
    assert json.loads(_settled(text))["name"] == "one"
