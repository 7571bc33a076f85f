"""Calls, as the router makes them: what reaches the tool of the request, and what of its answer reaches the client."""

import asyncio
import json
from typing import Any

import pytest

from tests.proxy.gate import StartPod
from tests.proxy.pod import Exchange
from tests.tool_router.desk import Desk
from tests.tool_router.inside import shelved
from tests.tool_router.person import META, Person, modern_message

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OTHER = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-00"


@pytest.mark.parametrize(
    ("header", "meta", "told"),
    [
        (TRACE, None, TRACE),
        (None, TRACE, TRACE),
        (TRACE, OTHER, TRACE),
        (None, None, None),
        (None, f"{TRACE}\r\nX-Evil: 1", None),
        (None, "é", None),
        (None, "x" * 100_000, None),
        (None, 5, None),
        (None, ["x"], None),
        (None, "", None),
    ],
)
async def test_tool_is_told_of_the_trace_whichever_way_it_came(
    desk: Desk, alice: Person, start_pod: StartPod, header: str | None, meta: Any, told: str | None
) -> None:
    tool = await start_pod()
    desk.tool("a", tool)
    params = {"name": "a", "_meta": META if meta is None else {**META, "traceparent": meta}}
    sent = [("traceparent", header)] if header else []
    reply = await alice.http(
        modern_message("tools/call", params), *alice.mirrored("tools/call", params, ("X-Request-Id", "r-7"), *sent)
    )

    assert "isError" not in reply.json()["result"], reply.body
    (seen,) = tool.seen
    assert (seen.header("traceparent"), seen.header("x-request-id")) == (told, "r-7")
    assert desk.audited[0]["requestId"] == "r-7"


async def test_tool_learns_nothing_else_of_the_request(desk: Desk, alice: Person, start_pod: StartPod) -> None:
    tool = await start_pod()
    desk.tool("a", tool)
    private = [
        ("Authorization", "Bearer secret"),
        ("Cookie", "secret=1"),
        ("tracestate", "x=1"),
        ("X-Whatever", "secret"),
        ("Mcp-Session-Id", "secret"),
        ("Mcp-Param-X", "secret"),
    ]
    await alice.call("a", {"x": 1}, *private)

    (seen,) = tool.seen
    assert {name for name, _ in seen.headers} == {"host", "content-type", "accept", "content-length"}


async def test_request_id_that_is_no_utf8_disturbs_nothing(desk: Desk, alice: Person, start_pod: StartPod) -> None:
    tool = await start_pod()
    desk.tool("a", tool)
    caller = Person(desk, "al\xefice", "team")
    result = await caller.call("a", {}, ("X-Request-Id", "r\xff"))

    assert "isError" not in result
    assert desk.audited[0]["requestId"] == "r\ufffd"
    assert desk.audited[0]["who"] == "al\ufffdice"


async def test_client_learns_nothing_of_the_tools_head(desk: Desk, alice: Person, start_pod: StartPod) -> None:
    async def tells(exchange: Exchange) -> None:
        await exchange.answer(b"{}", "Set-Cookie: secret=1", "X-Powered-By: secret", "Server: secret")

    desk.tool("a", await start_pod(tells))
    reply = await alice.modern("tools/call", {"name": "a"})

    assert "secret" not in str(reply.headers)
    assert b"secret" not in reply.body


BODIES = [
    b'{ "z":1, "a" : 1.10,\n"big":123456789012345678901234567890,"e":1e400,"u":"\\u00e9\\/","k":1,"k":2 }',
    b'["not", "an object"]',
    "plain, with é and \u2028".encode(),
    b'quotes " and \\ and \x00 and \x7f and \t',
    b"",
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_reply_arrives_as_it_was(desk: Desk, alice: Person, start_pod: StartPod, body: bytes) -> None:
    async def says(exchange: Exchange) -> None:
        await exchange.answer(body)

    desk.tool("a", await start_pod(says))
    reply = await alice.modern("tools/call", {"name": "a"})

    assert reply.json()["result"]["content"] == [{"type": "text", "text": body.decode()}]
    assert (b'"structuredContent":' + body in reply.body) == body.startswith(b"{")


async def test_one_line_in_the_trail_for_each_call_and_none_with_what_was_said(
    desk: Desk, alice: Person, start_pod: StartPod
) -> None:
    async def says(exchange: Exchange) -> None:
        await exchange.answer(b"secret-reply", status=200 if b"good" in exchange.body else 500)

    schema = {"type": "object", "properties": {"secret-key": {"type": "string"}}}
    desk.tool("a", await start_pod(says), tool={"inputSchema": schema})
    desk.tool("stopped", replicas=0)
    desk.tool("hidden", requiredRoles=["other"])
    await alice.call("a", {"secret-key": "good-secret"})
    await alice.call("a", {"secret-key": "bad-secret"})
    await alice.call("a", {"secret-key": 5})
    await alice.call("stopped")
    unknown = [alice.modern("tools/call", {"name": name}) for name in ("hidden", "missing")]
    assert [reply.status for reply in await asyncio.gather(*unknown)] == [400, 400]

    assert desk.results[:4] == ["ok", "failed", "invalid", "unavailable"]
    assert sorted(desk.results[4:]) == ["denied", "unknown"]
    assert b"secret" not in b"".join(desk.trail)


async def test_call_with_arguments_that_are_no_object_is_in_the_trail_without_them(desk: Desk, alice: Person) -> None:
    desk.tool("a")
    reply = await alice.modern("tools/call", {"name": "a", "arguments": ["secret"]})

    assert reply.status == 400
    assert [(line["who"], line["what"], line["result"]) for line in desk.audited] == [("alice", "a", "invalid")]
    assert b"secret" not in desk.trail[0]


async def test_hidden_and_unknown_tools_are_answered_alike_in_both_eras(desk: Desk, alice: Person) -> None:
    desk.tool("hidden", requiredRoles=["other"])
    client = await alice.begin()
    modern = [alice.modern("tools/call", {"name": name}) for name in ("hidden", "missing")]
    legacy = [client.call(name) for name in ("hidden", "missing")]
    answers = await asyncio.gather(*modern)
    for name, reply in zip(("hidden", "missing"), answers, strict=True):
        assert reply.status == 400
        assert reply.json()["error"] == {"code": -32602, "message": f"Unknown tool: {name}"}
    for name, answer in zip(("hidden", "missing"), await asyncio.gather(*legacy), strict=True):
        assert answer["error"] == {"code": -32602, "message": f"Unknown tool: {name}"}


async def test_long_name_of_an_unknown_tool_is_not_given_back_whole(alice: Person) -> None:
    client = await alice.begin()
    answer = await client.call("x" * 100_000)

    assert len(json.dumps(answer)) < 500


async def test_tool_that_changed_is_checked_as_it_is_now(desk: Desk, alice: Person, start_pod: StartPod) -> None:
    tool = await start_pod()
    desk.tool("a", tool)
    assert "isError" not in await alice.call("a", {"n": "x"})
    desk.tool("a", generation=2, tool={"inputSchema": {"type": "object", "properties": {"n": {"type": "integer"}}}})
    assert (await alice.call("a", {"n": "x"}))["isError"]

    desk.view.drop("tool", "a")
    assert shelved(desk) == []


async def test_two_routers_serve_the_same_catalog(desk: Desk, open_desk: Any, start_pod: StartPod) -> None:
    other = await open_desk(view=desk.view)
    desk.tool("a", await start_pod())
    client = await Person(desk).begin()
    client.person = Person(other)

    assert (await client.call("a"))["result"]["content"][0]["text"] == "{}"
    assert (desk.results, other.results) == ([], ["ok"])
