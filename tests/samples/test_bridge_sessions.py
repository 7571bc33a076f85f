"""One child per session, and none that outlives its session, whoever goes first."""

import asyncio
import os
import signal

import aiohttp

from tests.samples.conftest import StartBridge
from tests.samples.process import Running, alive, until
from tests.samples.wire import Wire, initialize, messages


async def test_each_session_has_a_child_of_its_own(bridge: StartBridge, http: aiohttp.ClientSession) -> None:
    url = (await bridge()).url
    first, second = await asyncio.gather(Wire(http, url).open(), Wire(http, url).open())
    pids = [await session.call("pid") for session in (first, second, first, second)]
    assert pids[:2] == pids[2:]
    assert pids[0] != pids[1]


async def test_delete_ends_the_child_and_the_id_is_unknown_from_then_on(
    bridge: StartBridge, http: aiohttp.ClientSession
) -> None:
    url = (await bridge()).url
    session, other = await Wire(http, url).open(), await Wire(http, url).open()
    pid = int(await session.call("pid"))
    assert await session.delete() == 200
    assert not alive(pid)
    assert await session.status() == 404
    assert await session.delete() == 404
    assert await other.status() == 200


async def test_a_child_that_ignores_everything_is_killed_with_its_descendants(
    bridge: StartBridge, http: aiohttp.ClientSession
) -> None:
    session = await Wire(http, (await bridge(STUBBORN="1")).url).open()
    pids = int(await session.call("pid")), int(await session.call("litter"))
    assert await session.delete() == 200
    await until(lambda: not any(map(alive, pids)), "the end of the group")


async def test_the_bridges_end_is_the_end_of_all_children_however_often_it_is_asked(
    bridge: StartBridge, http: aiohttp.ClientSession
) -> None:
    running = await bridge(STUBBORN="1")
    sessions = [await Wire(http, running.url).open() for _ in range(3)]
    pids = [int(await session.call(tool)) for session in sessions for tool in ("pid", "litter")]
    async with sessions[0].get() as stream:
        assert await running.end(signal.SIGINT, signal.SIGTERM, signal.SIGTERM) == 0
        assert await stream.read() == b""
    await until(lambda: not any(map(alive, pids)), "the end of the children")


async def test_a_killed_bridge_leaves_no_child_behind(bridge: StartBridge, http: aiohttp.ClientSession) -> None:
    running = await bridge(STUBBORN="1")
    session = await Wire(http, running.url).open()
    pids = int(await session.call("pid")), int(await session.call("litter"))
    await running.end(signal.SIGKILL)
    await until(lambda: not any(map(alive, pids)), "the end of the children")


async def test_a_childs_death_answers_its_calls_and_ends_the_session(
    bridge: StartBridge, http: aiohttp.ClientSession
) -> None:
    session = await Wire(http, (await bridge()).url).open()
    async with session.get() as stream, session.post(session.tool("wait")) as waiting:
        os.kill(int(await session.call("pid")), signal.SIGKILL)
        *_, last = [message async for message in messages(waiting)]
        assert last["error"] == {"code": -32603, "message": "the MCP server process ended (exit code -9)"}
        assert await stream.read() == b""
    assert await session.status() == 404


async def test_a_dead_childs_descendants_go_with_it(bridge: StartBridge, http: aiohttp.ClientSession) -> None:
    session = await Wire(http, (await bridge()).url).open()
    descendant = int(await session.call("litter"))
    async with session.post(session.tool("die")) as response:
        *_, last = [message async for message in messages(response)]
    assert last["error"]["message"] == "the MCP server process ended (exit code 3)"
    await until(lambda: not alive(descendant), "the end of the descendant")


async def test_an_idle_session_ends_but_not_while_a_stream_is_open(
    bridge: StartBridge, http: aiohttp.ClientSession
) -> None:
    url = (await bridge(MCP_SESSION_IDLE_SECONDS="1")).url
    idle, listening = await Wire(http, url).open(), await Wire(http, url).open()
    async with listening.get():
        pid = int(await idle.call("pid"))
        await until(lambda: not alive(pid), "the end of the idle child")
        assert await idle.status() == 404
        pid = int(await listening.call("pid"))
    await until(lambda: not alive(pid), "the end of the other, once its stream was closed")


async def test_no_more_sessions_than_allowed(bridge: StartBridge, http: aiohttp.ClientSession) -> None:
    url = (await bridge(MCP_MAX_SESSIONS="2")).url
    first = await Wire(http, url).open()
    await Wire(http, url).open()
    async with Wire(http, url).post(initialize(7)) as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "30")
        assert (await response.json())["id"] == 7
    await first.delete()
    await Wire(http, url).open()


async def test_a_client_that_vanishes_during_initialize_leaves_no_child(
    bridge: StartBridge, http: aiohttp.ClientSession
) -> None:
    running = await bridge(SILENT="1", STUBBORN="1")
    opening = asyncio.create_task(Wire(http, running.url).open())
    pid = await silent_child(running)
    opening.cancel()
    await until(lambda: not alive(pid), "the end of the child")


async def test_a_server_that_does_not_answer_initialize_is_ended(
    bridge: StartBridge, http: aiohttp.ClientSession
) -> None:
    running = await bridge(SILENT="1", MCP_START_SECONDS="1")
    async with Wire(http, running.url).post(initialize()) as response:
        assert response.status == 502
        assert (await response.json())["error"]["message"] == "no answer to initialize within 1 seconds"
    pid = await silent_child(running)
    await until(lambda: not alive(pid), "the end of the child")


async def test_a_server_that_ends_at_initialize_says_so(bridge: StartBridge, http: aiohttp.ClientSession) -> None:
    async with Wire(http, (await bridge(EXIT="1")).url).post(initialize()) as response:
        assert response.status == 502
        assert "ended (exit code 3); its standard error says more" in await response.text()


async def test_a_server_that_refuses_initialize_is_quoted_and_no_session_begins(
    bridge: StartBridge, http: aiohttp.ClientSession
) -> None:
    url = (await bridge(REFUSE="1", MCP_MAX_SESSIONS="1")).url
    for _ in range(2):  # the first leaves its place to the second
        async with Wire(http, url).post(initialize()) as response:
            assert (await response.json())["error"] == {"code": -32602, "message": "not today"}
            assert "Mcp-Session-Id" not in response.headers


async def silent_child(running: Running) -> int:
    await until(lambda: "silent" in running.log.read_text(), "a child that was asked to initialize")
    return int(running.log.read_text().partition("silent ")[2].split()[0])
