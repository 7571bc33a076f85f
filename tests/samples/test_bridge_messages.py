"""What passes through the bridge, in both directions, and what does not."""

import asyncio
import json
from typing import Any

import aiohttp
import mcp_types as types
import pytest
from mcp import Client
from mcp.client import ClientRequestContext

from tests.samples.conftest import StartBridge
from tests.samples.process import until
from tests.samples.wire import HEADERS, Wire, events, messages, request


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_sdks_client_uses_it_whatever_it_tries_first(bridge: StartBridge, mode: str) -> None:
    async with Client((await bridge()).url, mode=mode) as client:
        assert client.protocol_version == "2025-11-25"
        assert "pid" in [tool.name for tool in (await client.list_tools()).tools]
        pids = {text(await client.call_tool("pid")) for _ in range(20)}
        assert len(pids) == 1


async def test_the_client_is_asked_and_its_answers_reach_the_server(bridge: StartBridge) -> None:
    async def elicit(context: ClientRequestContext, params: types.ElicitRequestParams) -> types.ElicitResult:
        del context
        assert params.message == "Who?"
        return types.ElicitResult(action="accept", content={"name": "Ada"})

    async def sample(
        context: ClientRequestContext, params: types.CreateMessageRequestParams
    ) -> types.CreateMessageResult:
        del context
        assert params.max_tokens == 5
        content = types.TextContent(type="text", text="Hm")
        return types.CreateMessageResult(role="assistant", content=content, model="m")

    url = (await bridge()).url
    async with Client(url, elicitation_callback=elicit, sampling_callback=sample) as client:
        asked, sampled = await asyncio.gather(client.call_tool("ask"), client.call_tool("sample"))
        assert json.loads(text(asked)) == {"action": "accept", "content": {"name": "Ada"}}
        assert json.loads(text(sampled))["content"]["text"] == "Hm"


async def test_list_changed_and_log_entries_reach_the_sdks_client(bridge: StartBridge) -> None:
    heard: list[str] = []

    async def hear(message: object) -> None:
        heard.append(type(message).__name__)

    async def log(params: types.LoggingMessageNotificationParams) -> None:
        heard.append(params.data)

    async with Client((await bridge()).url, mode="legacy", message_handler=hear, logging_callback=log) as client:
        await client.call_tool("change")
        await client.call_tool("log")
        await until(lambda: {"ToolListChangedNotification", "hello"} <= set(heard), "both notifications")


async def test_list_changed_takes_the_get_stream(bridge: StartBridge, http: aiohttp.ClientSession) -> None:
    session = await Wire(http, (await bridge()).url).open()
    async with session.get() as stream:
        assert await session.call("change") == "change"
        assert (await anext(messages(stream)))["method"] == "notifications/tools/list_changed"


async def test_without_a_get_stream_it_takes_the_calls(bridge: StartBridge, http: aiohttp.ClientSession) -> None:
    session = await Wire(http, (await bridge()).url).open()
    async with session.post(session.tool("change")) as response:
        first, last = [message async for message in messages(response)]
    assert first["method"] == "notifications/tools/list_changed"
    assert last["result"]["content"][0]["text"] == "change"


async def test_what_comes_before_any_stream_is_kept_for_the_first(
    bridge: StartBridge, http: aiohttp.ClientSession
) -> None:
    session = await Wire(http, (await bridge(EARLY="1")).url).open()
    async with session.get() as stream:
        assert (await anext(messages(stream)))["method"] == "notifications/tools/list_changed"


async def test_progress_comes_with_the_call_it_is_of(bridge: StartBridge, http: aiohttp.ClientSession) -> None:
    session = await Wire(http, (await bridge()).url).open()
    waiting = session.tool("wait", {"progressToken": "other"})
    progressing = session.tool("progress", {"progressToken": "mine"})
    async with session.get(), session.post(waiting), session.post(progressing) as response:
        *steps, last = [message async for message in messages(response)]
    assert [step["params"] for step in steps] == [{"progressToken": "mine", "progress": n} for n in (1, 2)]
    assert last["result"]["content"][0]["text"] == "progress"


async def test_cancellation_reaches_the_server_and_ends_the_stream(
    bridge: StartBridge, http: aiohttp.ClientSession
) -> None:
    session = await Wire(http, (await bridge()).url).open()
    waiting = session.tool("wait")
    async with session.post(waiting) as response:
        cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": waiting["id"]}}
        async with session.post(cancel) as accepted:
            assert (accepted.status, await accepted.read()) == (202, b"")
        assert [event async for event in events(response)] == []
    assert json.loads(await session.call("cancelled")) == [waiting["id"]]


async def test_a_disconnect_is_no_cancellation(bridge: StartBridge, http: aiohttp.ClientSession) -> None:
    running = await bridge()
    session = await Wire(http, running.url).open()
    async with session.post(session.tool("wait")):
        await until(lambda: "waiting" in running.log.read_text(), "the call")
    assert json.loads(await session.call("cancelled")) == []


async def test_the_bytes_of_a_message_stay_as_they_are(bridge: StartBridge, http: aiohttp.ClientSession) -> None:
    session = await Wire(http, (await bridge()).url).open()
    odd = b'{ "vendor":{"b":1e2,"a":null},"jsonrpc":"2.0",\r\n\t"id":"\\u0041","method":"tools/call","params":'
    odd += b'{"name":"raw","arguments":{"n":1.0,"s":"\xe2\x80\xa8\\n"},"x":[ ]}}'
    async with session.post(odd) as response:
        (event,) = [event async for event in events(response)]
    assert event.startswith('{"jsonrpc": "2.0", "id": "A", "result": {"content": [{"type": "text"')
    received = json.loads(event)["result"]["content"][0]["text"]
    assert received == odd.decode().replace("\r\n", "  ") + "\n"


async def test_what_is_no_message_is_logged_and_nothing_breaks(
    bridge: StartBridge, http: aiohttp.ClientSession
) -> None:
    running = await bridge()
    session = await Wire(http, running.url).open()
    assert await session.call("print") == "printed"
    assert "not a message, on standard output: this is no message" in running.log.read_text()


async def test_the_child_has_the_whole_environment(bridge: StartBridge, http: aiohttp.ClientSession) -> None:
    running = await bridge(COLOUR="green")
    session = await Wire(http, running.url).open()
    assert await session.call("env", name="COLOUR") == "green"
    assert await session.call("env", name="PORT") == str(running.port)


async def test_messages_beyond_the_limit_are_refused_in_both_directions(
    bridge: StartBridge, http: aiohttp.ClientSession
) -> None:
    running = await bridge(MCP_MESSAGE_BYTES="100000")
    session = await Wire(http, running.url).open()
    assert len(await session.call("big", bytes=90_000)) == 90_000
    async with session.post(session.tool("raw", text="x" * 100_000)) as response:
        assert response.status == 413
    async with session.post(session.tool("big", bytes=100_000)) as response:
        (answer,) = [message async for message in messages(response)]
    assert answer["error"]["message"] == "the MCP server sent a message of more than 100000 bytes"
    assert await session.status() == 404


async def test_a_reader_that_does_not_read_is_cut_off_and_others_are_not_held_up(
    bridge: StartBridge, http: aiohttp.ClientSession
) -> None:
    session = await Wire(http, (await bridge(MCP_MESSAGE_BYTES="2000")).url).open()
    async with session.post(session.tool("wait", {"progressToken": "unread"})) as unread:
        # Far more than the buffers of two sockets hold.
        assert await session.call("flood", messages=20_000, progressToken="unread") == "flooded"
        with pytest.raises(aiohttp.ClientError):
            await unread.read()
    assert await session.status() == 200


async def test_a_second_get_stream_takes_the_place_of_the_first(
    bridge: StartBridge, http: aiohttp.ClientSession
) -> None:
    session = await Wire(http, (await bridge()).url).open()
    async with session.get() as first, session.get() as second:
        assert await first.read() == b""
        await session.call("change")
        assert (await anext(messages(second)))["method"] == "notifications/tools/list_changed"


async def test_2026_07_28_is_refused_with_the_revisions_served(
    bridge: StartBridge, http: aiohttp.ClientSession
) -> None:
    url = (await bridge()).url
    modern = HEADERS | {"MCP-Protocol-Version": "2026-07-28"}
    async with http.post(url, json=request(5, "server/discover"), headers=modern) as response:
        answer = await response.json()
    data: dict[str, Any] = {"requested": "2026-07-28"}
    data["supported"] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
    error = {"code": -32022, "message": "Unsupported protocol version", "data": data}
    assert (response.status, answer) == (400, {"jsonrpc": "2.0", "id": 5, "error": error})
    for method in ("GET", "DELETE"):
        async with http.request(method, url, headers=modern) as response:
            assert (response.status, response.headers["Allow"]) == (405, "POST")


WRONG: list[tuple[str, bytes, dict[str, str], int, int]] = [
    ("POST", b"{", {}, 400, -32700),
    ("POST", b"\xff", {}, 400, -32700),
    ("POST", b"[]", {}, 400, -32600),
    ("POST", b'{"id":1,"method":"ping","params":' + b"[" * 100_000, {}, 400, -32700),
    ("POST", b"7", {}, 400, -32600),
    ("POST", b"{}", {}, 400, -32600),
    ("POST", b'{"id":null,"method":"ping"}', {}, 400, -32600),
    ("POST", b'{"id":{},"method":"ping"}', {}, 400, -32600),
    ("POST", b'{"id":1,"method":7}', {}, 400, -32600),
    ("POST", b'{"id":1,"method":"ping"}', {"Content-Type": "text/plain"}, 415, -32600),
    ("POST", b'{"id":1,"method":"ping"}', {"Accept": "application/json"}, 406, -32600),
    ("POST", b'{"id":1,"method":"ping"}', {"Mcp-Session-Id": "unknown"}, 404, -32600),
    ("POST", b'{"id":1,"method":"ping"}', {"Mcp-Session-Id": ""}, 404, -32600),
    ("POST", b'{"id":1,"method":"ping"}', {}, 400, -32600),
    ("POST", b'{"method":"initialize"}', {}, 400, -32600),
    ("POST", b'{"id":1,"method":"ping"}', {"Origin": "http://localhost.example"}, 403, -32600),
    ("POST", b'{"id":1,"method":"ping"}', {"Origin": "null"}, 403, -32600),
    ("GET", b"", {}, 400, -32600),
    ("GET", b"", {"Mcp-Session-Id": "unknown"}, 404, -32600),
    ("GET", b"", {"Accept": "application/json"}, 406, -32600),
    ("DELETE", b"", {}, 400, -32600),
    ("DELETE", b"", {"Mcp-Session-Id": "unknown"}, 404, -32600),
    ("PUT", b"", {}, 405, -32600),
    ("OPTIONS", b"", {}, 405, -32600),
]


async def test_wrong_requests_get_the_status_that_clients_act_upon(
    bridge: StartBridge, http: aiohttp.ClientSession
) -> None:
    url = (await bridge()).url
    for method, body, headers, status, code in WRONG:
        async with http.request(method, url, data=body, headers=HEADERS | headers) as response:
            answer = await response.json()
            case = (method, body, headers)
            assert (response.status, answer["error"]["code"], answer["id"]) == (status, code, None), case


async def test_an_id_still_unanswered_is_not_taken_twice(bridge: StartBridge, http: aiohttp.ClientSession) -> None:
    session = await Wire(http, (await bridge()).url).open()
    waiting = session.tool("wait")
    async with session.post(waiting):
        async with session.post(waiting | {"id": str(waiting["id"])}) as another:
            assert another.status == 200  # "1" is not 1
        async with session.post(waiting) as again:
            assert (again.status, (await again.json())["id"]) == (400, waiting["id"])


def text(result: types.CallToolResult) -> str:
    assert isinstance(result.content[0], types.TextContent)
    return result.content[0].text
