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


@pytest.mark.parametrize(
    "node",
    [
        '{"type":"number","x-mcp-header":"N"}',
        '{"x-mcp-header":"N"}',
        '{"type":"string","x-mcp-header":"a b"}',
        '{"type":"string","x-mcp-header":""}',
        '{"type":"string","x-mcp-header":5}',
        '{"type":"string","x-mcp-head\\u0065r":"a b"}',
        '{"type":"array","items":{"type":"string","x-mcp-header":"N"}}',
    ],
)
def test_header_that_no_client_would_send_is_refused_by_name(node: str) -> None:
    """Clients drop such a tool, and nobody would learn why it is not there."""
    with pytest.raises(Invalid) as refused:
        _settled(f'{{"inputSchema":{{"type":"object","properties":{{"n":{node}}}}}}}'.encode())

    assert refused.value.field == "toolDefinition.tool.inputSchema"
    assert "x-mcp-header" in refused.value.detail


def test_header_that_is_asked_for_twice_is_refused() -> None:
    same = '"type":"string","x-mcp-header"'
    with pytest.raises(Invalid, match="asked for twice"):
        _settled(
            f'{{"inputSchema":{{"type":"object","properties":{{"a":{{{same}:"N"}},"b":{{{same}:"n"}}}}}}}}'.encode()
        )


def test_header_that_clients_can_send_is_kept_as_it_is() -> None:
    text = b'{"name":"one","inputSchema":{"type":"object","properties":{"n":{"type":"integer","x-mcp-header":"N"}}}}'

    assert _settled(text) == text


def test_word_in_data_asks_for_no_header() -> None:
    text = b'{"name":"one","inputSchema":{"type":"object","default":{"type":"number","x-mcp-header":"a b"}}}'

    assert _settled(text) == text
