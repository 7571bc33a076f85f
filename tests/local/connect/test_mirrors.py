"""`Mcp-Param-…` headers, against what the official SDK's servers demand."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.shared.inbound import validate_mcp_param_headers
from msgspec import Raw

from local.connect.mirrors import TOOLS, Mirrors

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "count": {"type": "integer", "x-mcp-header": "Count"},
        "dry": {"type": "boolean", "x-mcp-header": "Dry"},
        "deep": {"type": "object", "properties": {"inner": {"type": "string", "x-mcp-header": "Inner"}}},
        "plain": {"type": "string"},
    },
}
scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text() | st.just([1])


def taught(*tools: object) -> Mirrors:
    mirrors = Mirrors()
    mirrors.learn(Raw(msgspec.json.encode({"tools": tools})))
    return mirrors


def headers(mirrors: Mirrors, arguments: object, tool: str = "t") -> dict[str, str]:
    return mirrors.headers(tool, Raw(msgspec.json.encode(arguments)))


@given(
    st.fixed_dictionaries(
        {}, optional={"region": scalars, "count": scalars | st.just(42.0), "dry": scalars, "deep": scalars}
    )
)
def test_the_official_server_finds_every_call_in_order(arguments: dict[str, Any]) -> None:
    sent = headers(taught({"name": "t", "inputSchema": SCHEMA}), arguments)
    read = msgspec.json.decode(msgspec.json.encode(arguments))
    assert validate_mcp_param_headers(SCHEMA, read, sent) is None


def test_marked_arguments_go_along_and_others_do_not() -> None:
    mirrors = taught({"name": "t", "inputSchema": SCHEMA})
    given = {"region": "é", "count": 42.0, "dry": True, "deep": {"inner": "x"}, "plain": "p"}
    assert headers(mirrors, given) == {
        "Mcp-Param-Region": "=?base64?w6k=?=",
        "Mcp-Param-Count": "42",
        "Mcp-Param-Dry": "true",
        "Mcp-Param-Inner": "x",
    }


def test_absent_and_null_arguments_have_no_header() -> None:
    mirrors = taught({"name": "t", "inputSchema": SCHEMA})
    assert headers(mirrors, {"region": None}) == {}
    assert mirrors.headers("t", None) == {}
    assert headers(mirrors, [1]) == {}


@pytest.mark.parametrize(
    "properties",
    [
        {"a": {"type": "string", "x-mcp-header": "A"}, "b": {"type": "string", "x-mcp-header": "a"}},
        {"a": {"type": "number", "x-mcp-header": "A"}},
        {"a": {"type": "string", "x-mcp-header": "A\r\nB: 1"}},
        {"a": {"type": "string", "x-mcp-header": ""}},
        {"a": {"type": "string", "x-mcp-header": 1}},
    ],
)
def test_a_tool_with_a_wrong_mark_has_none(properties: dict[str, Any]) -> None:
    mirrors = taught({"name": "t", "inputSchema": {"properties": properties}})
    assert headers(mirrors, {"a": "1", "b": "2"}) == {}


def test_a_newer_list_replaces_what_was_known() -> None:
    mirrors = taught({"name": "t", "inputSchema": SCHEMA})
    mirrors.learn(Raw(b'{"tools": [{"name": "t", "inputSchema": {"type": "object"}}]}'))
    assert headers(mirrors, {"region": "eu"}) == {}


@pytest.mark.parametrize("result", [b"{}", b"[]", b'{"tools": 1}', b'{"tools": [{"name": 1}]}'])
def test_a_list_that_makes_no_sense_teaches_nothing(result: bytes) -> None:
    mirrors = taught({"name": "t", "inputSchema": SCHEMA})
    mirrors.learn(Raw(result))
    assert headers(mirrors, {"region": "eu"}) == {"Mcp-Param-Region": "eu"}


def test_what_is_remembered_is_bounded_and_the_latest_stays() -> None:
    mirrors = taught(*({"name": f"t{n}", "inputSchema": SCHEMA} for n in range(TOOLS + 1)))
    assert headers(mirrors, {"region": "eu"}, "t0") == {}
    assert headers(mirrors, {"region": "eu"}, f"t{TOOLS}") == {"Mcp-Param-Region": "eu"}
