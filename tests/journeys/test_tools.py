"""A tool is registered, listed, called, changed and withdrawn: what its owner does, as clients of `/mcp` see it."""

import asyncio

import pytest

from tests.journeys import proof
from tests.journeys.caller import Caller, adapter
from tests.journeys.client import Client
from tests.journeys.gateway import Gateway
from tests.journeys.result import failure, result, unknown
from tests.journeys.tool_list import listed, page, shown
from tests.journeys.waiting import GIVEN_UP, until

SECONDS = 10.0  # from a 201 to the first answer: an interpreter starts in between
AT_ONCE = 2.0


async def test_tool_is_listed_and_called_seconds_after_it_was_registered(caller: Caller, mcp: Client) -> None:
    clock = asyncio.get_running_loop().time
    begun = clock()
    name = await caller.publish()
    await shown(mcp, name)
    assert await mcp.call(name, text="hello") == {"text": "hello"}
    assert clock() - begun < SECONDS


async def test_call_right_after_the_201_is_held_until_the_tool_is_ready(caller: Caller, mcp: Client) -> None:
    name = await caller.publish(environmentVariables={"START_SECONDS": "1"})
    assert await mcp.call(name, text="patience") == {"text": "patience"}


async def test_sample_tool_is_called_as_its_readme_says(caller: Caller, mcp: Client) -> None:
    schema = {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]}
    name = await caller.publish(
        definition={"description": "The weather.", "inputSchema": schema},
        imageName="weather-tool",
        imageVersion="1.0.0",
    )
    assert (await mcp.call(name, location="Oslo"))["location"] == "Oslo"
    assert "404" not in failure(await mcp.calling(name, location=7))


async def test_changed_definition_is_listed_and_asked_for_at_once(caller: Caller, mcp: Client) -> None:
    name = await caller.publish()
    assert await mcp.call(name) == {}
    strict = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    await caller.change(name=name, definition={"description": "Changed.", "inputSchema": strict})
    changed = await until(lambda: listed(mcp), lambda tools: tools[name]["description"] == "Changed.", AT_ONCE)
    assert changed[name]["inputSchema"] == strict
    assert "n" in failure(await mcp.calling(name))
    assert await mcp.call(name, n=1) == {"n": 1}


async def test_withdrawn_tool_is_neither_listed_nor_known(caller: Caller, mcp: Client) -> None:
    name = await caller.publish(replicaCount=0)
    await shown(mcp, name)
    await caller.withdraw(name)
    await until(lambda: listed(mcp), lambda tools: name not in tools, AT_ONCE)
    unknown(await mcp.calling(name), name, modern=mcp.modern)


async def test_tool_that_was_never_there_is_unknown(mcp: Client) -> None:
    unknown(await mcp.calling("nobody-registered-this"), "nobody-registered-this", modern=mcp.modern)


async def test_stopped_tool_is_listed_and_its_calls_say_that_it_is_stopped(caller: Caller, mcp: Client) -> None:
    name = await caller.publish(replicaCount=0)
    await shown(mcp, name)
    reply, seconds = await _timed(mcp, name)
    assert "stopped" in reply
    assert seconds < AT_ONCE
    await caller.change(name=name)
    assert await mcp.call(name, text="started") == {"text": "started"}


async def test_tool_that_cannot_start_is_listed_and_its_calls_say_so_at_once(caller: Caller, mcp: Client) -> None:
    name = await caller.publish(image="crashes-at-once")
    await shown(mcp, name)
    # That it has failed is known before the data plane knows it: calls may still be held.
    said, _ = await until(lambda: _timed(mcp, name), lambda timed: timed[1] < AT_ONCE, GIVEN_UP)
    assert "start" in said
    await caller.change(name=name)
    reply = await until(lambda: mcp.calling(name, text="well"), lambda reply: not result(reply).failed)
    assert result(reply).structured == {"text": "well"}


async def test_tool_that_never_gets_ready_is_given_up_after_the_hold(
    gateway: Gateway, caller: Caller, mcp: Client
) -> None:
    name = await caller.publish(image="never-ready")
    said, seconds = await _timed(mcp, name)
    assert "ready" in said
    assert gateway.hold - 0.5 < seconds < gateway.hold + 5


async def test_tool_whose_process_ends_in_a_call_is_called_again_when_it_is_back(caller: Caller, mcp: Client) -> None:
    name = await caller.publish()
    before = await mcp.call(name, do="about")
    failure(await mcp.calling(name, do="die"))
    back = await until(lambda: mcp.calling(name, do="about"), lambda reply: not result(reply).failed)
    seen = result(back).structured
    assert seen
    assert seen["pid"] != before["pid"]


async def test_tool_is_told_nothing_about_who_calls(caller: Caller, mcp: Client, tool: str) -> None:
    message = mcp.message("tools/call", {"name": tool, "arguments": {"do": "about"}})
    sent = {**proof.claimed("root", "mcp.admin"), "Cookie": "a=1", "X-Mcp-UserId": "root", "X-Own": "1"}
    reply = await mcp.post(message, **sent, Traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    seen = result(reply).structured
    assert seen
    headers = dict(seen["headers"])
    assert len(headers) == len(seen["headers"]), "no header arrives twice"
    assert not {"authorization", "cookie", "mcp-session-id", "x-own", "mcp-protocol-version"} & headers.keys()
    assert not [name for name in headers if name.startswith(("x-mcp-", "x-dev-", "x-gateway-", "mcp-", "x-forwarded"))]
    assert headers["host"].startswith("localhost")
    assert headers["content-type"].startswith("application/json")
    assert seen["target"] == "/score"


async def test_client_is_told_nothing_of_the_tools_headers(mcp: Client, tool: str) -> None:
    reply = await mcp.calling(tool)
    assert not {"Set-Cookie", "X-Powered-By", "X-Tool"} & reply.headers.keys()
    assert "of-the-tool" not in reply.headers.values()


async def test_path_of_the_definition_is_where_the_tool_is_asked(caller: Caller, mcp: Client) -> None:
    name = await caller.publish()
    body = (await caller.get(f"/tools/{name}")).json
    body["toolDefinition"]["path"] = "/elsewhere"
    assert (await caller.put(f"/tools/{name}", body)).status == 200
    answer = await until(lambda: mcp.calling(name), lambda reply: "followed" in result(reply).text)
    assert result(answer).structured == {"followed": True}


async def test_adapters_are_not_tools(caller: Caller, mcp: Client) -> None:
    name = await caller.register("recorder", replicaCount=0)
    assert name not in await listed(mcp)
    unknown(await mcp.calling(name), name, modern=mcp.modern)


async def test_list_says_how_long_and_for_whom_it_may_be_kept(mcp: Client, tool: str) -> None:
    found = (await page(mcp)).reply.json["result"]
    assert tool
    if mcp.modern:
        assert found["resultType"] == "complete"
        assert found["cacheScope"] == "private"
        assert found["ttlMs"] >= 0


@pytest.mark.parametrize("cursor", ["", "not-a-cursor", "AQ", "x" * 5000, 7])
async def test_cursor_that_nobody_gave_is_refused(mcp: Client, cursor: object) -> None:
    reply = await mcp.ask("tools/list", cursor=cursor)
    assert reply.status == (400 if mcp.modern else 200)
    assert reply.json["error"]["code"] == -32602


async def test_tool_can_be_named_like_nothing_else(caller: Caller) -> None:
    name = await caller.publish(replicaCount=0)
    taken = await caller.post("/adapters", adapter("recorder", name=name))
    assert taken.problem["status"] == 409


async def _timed(client: Client, name: str) -> tuple[str, float]:
    clock = asyncio.get_running_loop().time
    begun = clock()
    return failure(await client.calling(name)), clock() - begun
