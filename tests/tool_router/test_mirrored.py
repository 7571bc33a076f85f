"""Arguments that headers repeat: both are compared before the tool is asked. What counts as the same is `gateway.mirrors`."""

import json
from typing import Any

import pytest

from tests.proxy.gate import StartPod
from tests.proxy.pod import Pod
from tests.proxy.wire import Reply
from tests.tool_router.desk import Desk
from tests.tool_router.person import META, Person

SCHEMA = {
    "type": "object",
    "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "count": {"type": "integer", "x-mcp-header": "X-Count"},
        "dry": {"type": "boolean", "x-mcp-header": "dry"},
        "deep": {"type": "object", "properties": {"er": {"type": "string", "x-mcp-header": "Deeper"}}},
        "plain": {"type": "string"},
    },
}


async def _called(desk: Desk, start_pod: StartPod, arguments: bytes, *headers: tuple[str, str]) -> tuple[Reply, Pod]:
    tool = await start_pod()
    desk.tool("a", tool, tool={"inputSchema": SCHEMA})
    body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":%b,"name":"a","arguments":%b}}'
    alice = Person(desk)
    sent = alice.mirrored("tools/call", {"name": "a"}, *headers)
    return await alice.http(body % (json.dumps(META).encode(), arguments), *sent), tool


TAKEN: dict[str, tuple[bytes, list[tuple[str, str]]]] = {
    "none": (b"{}", []),
    "string": (b'{"region":"eu-1"}', [("Mcp-Param-Region", "eu-1")]),
    "other case of the name": (b'{"region":"eu-1"}', [("mcp-param-REGION", "eu-1")]),
    "padded": (b'{"region":"eu-1"}', [("Mcp-Param-Region", "  eu-1\t")]),
    "empty": (b'{"region":""}', [("Mcp-Param-Region", "")]),
    "base64": (b'{"region":"eu-1"}', [("Mcp-Param-Region", "=?base64?ZXUtMQ==?=")]),
    "unicode": (b'{"region":"z\\u00fcrich"}', [("Mcp-Param-Region", "=?base64?esO8cmljaA==?=")]),
    "looks wrapped": (b'{"region":"=?base64?x?="}', [("Mcp-Param-Region", "=?base64?PT9iYXNlNjQ/eD89?=")]),
    "sentinel's case": (b'{"region":"=?Base64?eA==?="}', [("Mcp-Param-Region", "=?Base64?eA==?=")]),
    "integer": (b'{"count":42}', [("Mcp-Param-X-Count", "42")]),
    "integer as a decimal": (b'{"count":42}', [("Mcp-Param-X-Count", "42.0")]),
    "decimal as an integer": (b'{"count":42.0}', [("Mcp-Param-X-Count", "42")]),
    "exponent as an integer": (b'{"count":4.2e1}', [("Mcp-Param-X-Count", "42")]),
    "negative": (b'{"count":-7}', [("Mcp-Param-X-Count", "-7")]),
    "zero": (b'{"count":0}', [("Mcp-Param-X-Count", "0")]),
    "negative zero": (b'{"count":-0.0}', [("Mcp-Param-X-Count", "-0.0")]),
    "large": (b'{"count":123456789012345678901234567890}', [("Mcp-Param-X-Count", "123456789012345678901234567890")]),
    "true": (b'{"dry":true}', [("Mcp-Param-Dry", "true")]),
    "false": (b'{"dry":false}', [("Mcp-Param-Dry", "false")]),
    "nested": (b'{"deep":{"er":"x"}}', [("Mcp-Param-Deeper", "x")]),
    "nested in nothing": (b'{"deep":{}}', []),
    "not repeated": (b'{"plain":"x"}', []),
    "unknown": (b"{}", [("Mcp-Param-Unknown", "x"), ("Mcp-Param-Plain", "x")]),
    "key twice": (b'{"region":"no","region":"eu-1"}', [("Mcp-Param-Region", "eu-1")]),
}


@pytest.mark.parametrize("case", TAKEN)
async def test_arguments_that_agree_with_their_headers_are_taken(desk: Desk, start_pod: StartPod, case: str) -> None:
    arguments, headers = TAKEN[case]
    reply, tool = await _called(desk, start_pod, arguments, *headers)

    assert reply.status == 200, reply.body
    assert "isError" not in reply.json()["result"], reply.body
    assert [exchange.body for exchange in tool.seen] == [arguments]
    assert not [name for name, _ in tool.seen[0].headers if name.startswith("mcp-")]


REFUSED: dict[str, tuple[bytes, list[tuple[str, str]], str]] = {
    "missing": (b'{"region":"eu-1"}', [], "Mcp-Param-Region is missing, but the argument `region` is given."),
    "missing though empty": (b'{"region":""}', [], "is missing"),
    "missing though false": (b'{"dry":false}', [], "is missing"),
    "missing though nested": (b'{"deep":{"er":"x"}}', [], "Mcp-Param-Deeper is missing, but the argument `deep.er`"),
    "another": (b'{"region":"eu-1"}', [("Mcp-Param-Region", "eu-2")], "is not the argument `region`."),
    "another case": (b'{"region":"eu-1"}', [("Mcp-Param-Region", "EU-1")], "is not the argument"),
    "alone": (b"{}", [("Mcp-Param-Region", "eu-1")], "is given, but the argument `region` is not."),
    "alone and empty": (b"{}", [("Mcp-Param-Region", "")], "is given, but"),
    "with null": (b'{"region":null}', [("Mcp-Param-Region", "null")], "is given, but"),
    "twice": (b'{"region":"a"}', [("Mcp-Param-Region", "a")] * 2, "is given more than once."),
    "twice without": (b"{}", [("Mcp-Param-Region", "a"), ("mcp-param-region", "b")], "is given more than once."),
    "broken base64": (b'{"region":"x"}', [("Mcp-Param-Region", "=?base64?eA?=")], "is not the argument"),
    "loose base64": (b'{"region":"x"}', [("Mcp-Param-Region", "=?base64?eB==?=")], "is not the argument"),
    "base64 of no ASCII": (b'{"region":"x"}', [("Mcp-Param-Region", "=?base64?\xc3\xa9?=")], "is not the argument"),
    "base64 of no UTF-8": (b'{"region":"x"}', [("Mcp-Param-Region", "=?base64?/w==?=")], "is not the argument"),
    "unwrapped sentinel": (b'{"region":"=?base64?eA==?="}', [("Mcp-Param-Region", "=?base64?eA==?=")], "is not the"),
    "fraction": (b'{"count":42}', [("Mcp-Param-X-Count", "42.5")], "is not the argument"),
    "exponent": (b'{"count":42}', [("Mcp-Param-X-Count", "4.2e1")], "is not the argument"),
    "leading zero": (b'{"count":42}', [("Mcp-Param-X-Count", "042")], "is not the argument"),
    "plus": (b'{"count":42}', [("Mcp-Param-X-Count", "+42")], "is not the argument"),
    "off by one, and large": (
        b'{"count":123456789012345678901234567890}',
        [("Mcp-Param-X-Count", "123456789012345678901234567891")],
        "is not the argument",
    ),
    "digits of another script": (
        b'{"count":42}',
        [("Mcp-Param-X-Count", "=?base64?2aTZog==?=")],
        "is not the argument",
    ),
    "one for true": (b'{"dry":true}', [("Mcp-Param-Dry", "1")], "is not the argument"),
    "True": (b'{"dry":true}', [("Mcp-Param-Dry", "True")], "is not the argument"),
    "other truth": (b'{"dry":true}', [("Mcp-Param-Dry", "false")], "is not the argument"),
    "header for an object": (b'{"region":{}}', [("Mcp-Param-Region", "{}")], "is given, but the argument `region`"),
    "key twice": (b'{"region":"eu-1","region":"no"}', [("Mcp-Param-Region", "eu-1")], "is not the argument"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_arguments_that_do_not_agree_with_their_headers_are_refused(
    desk: Desk, start_pod: StartPod, case: str
) -> None:
    arguments, headers, words = REFUSED[case]
    reply, tool = await _called(desk, start_pod, arguments, *headers)

    assert reply.status == 400, reply.body
    assert reply.json()["error"]["code"] == -32020
    assert words in reply.json()["error"]["message"]
    assert tool.seen == []
    assert desk.results == ["invalid"]


@pytest.mark.parametrize(
    "arguments", [b'{"region":null}', b'{"region":{"a":1}}', b'{"region":[1]}', b'{"deep":[]}', b'{"deep":{"er":[]}}']
)
async def test_argument_that_no_header_can_repeat_is_for_the_schema_to_refuse(
    desk: Desk, start_pod: StartPod, arguments: bytes
) -> None:
    """Clients send no header for it; the caller is better told what is wrong with the argument."""
    reply, tool = await _called(desk, start_pod, arguments)

    assert reply.status == 200, reply.body
    assert "The arguments do not fit" in reply.json()["result"]["content"][0]["text"]
    assert tool.seen == []


async def test_sessions_of_the_handshake_repeat_nothing(desk: Desk, start_pod: StartPod) -> None:
    desk.tool("a", await start_pod(), tool={"inputSchema": SCHEMA})
    client = await Person(desk).begin()
    answer: Any = await client.call("a", {"region": "eu-1"})

    assert "isError" not in answer["result"]


async def test_hidden_tool_is_unknown_whatever_its_headers(desk: Desk, alice: Person) -> None:
    desk.tool("a", tool={"inputSchema": SCHEMA}, requiredRoles=["other"])
    reply = await alice.modern("tools/call", {"name": "a", "arguments": {"region": "x"}})

    assert reply.json()["error"] == {"code": -32602, "message": "Unknown tool: a"}
