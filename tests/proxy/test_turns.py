"""Callers that come too often hear so; those that find out what a server speaks wait instead."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from aiohttp import ClientSession, DummyCookieJar

from proxy.forward import ControlPlane
from proxy.settings import Settings
from proxy.turns import WAITERS_EACH
from tests.proxy.gate import MCP, MODERN, PATH, SESSION, VERSION, Gate, Open, StartPod
from tests.proxy.scripts import as_router, with_sessions
from tests.proxy.tokens import PROTECTED, Tokens, bearer

PROBLEM = "application/problem+json"
DISCOVER = [MODERN, ("Mcp-Method", "server/discover")]
CALL = [MODERN, ("Mcp-Method", "tools/call"), ("Mcp-Name", "x")]
# So slow that no test sees a second turn, and fast enough to wait for one.
ONE = Settings(rate=1, burst=1, replicas=100, hold_seconds=0.05)
QUICK = Settings(rate=20, burst=1, hold_seconds=30)


def _as(name: str) -> tuple[str, str]:
    return "X-Dev-UserId", name


@pytest.fixture
async def session() -> AsyncGenerator[ClientSession]:
    """A session for the control plane."""
    async with ClientSession(cookie_jar=DummyCookieJar()) as opened:
        yield opened


async def _gate(open_gate: Open, start_pod: StartPod, settings: Settings) -> Gate:
    door = await open_gate(settings)
    door.adapter(await start_pod(with_sessions))
    door.routers(await start_pod(as_router, "router"))
    return door


@pytest.mark.parametrize("path", [PATH, MCP])
async def test_over_the_rate_is_429_with_a_time_to_come_back(open_gate: Open, start_pod: StartPod, path: str) -> None:
    door = await _gate(open_gate, start_pod, ONE)
    assert (await door.call(*CALL, path=path)).status == 200
    reply = await door.call(*CALL, path=path)
    assert (reply.status, reply.header("Content-Type")) == (429, PROBLEM)
    assert 1 < int(reply.header("Retry-After") or "") <= 100
    assert not door.audited


async def test_callers_have_turns_of_their_own_over_all_routes(open_gate: Open, start_pod: StartPod) -> None:
    door = await _gate(open_gate, start_pod, ONE)
    assert (await door.call(*CALL, _as("ana"))).status == 200
    assert (await door.call(*CALL, _as("ana"), path=MCP)).status == 429
    assert (await door.call(*CALL, _as("bob"), path=MCP)).status == 200


async def test_without_a_rate_callers_come_as_often_as_they_like(open_gate: Open, start_pod: StartPod) -> None:
    door = await _gate(open_gate, start_pod, Settings(rate=0, burst=1))
    async with door.connect() as connection:
        for _ in range(200):
            await connection.send(door.request(headers=CALL))
            assert (await connection.reply()).status == 200


async def test_burst_is_twice_the_rate_and_shared_by_the_replicas(open_gate: Open, start_pod: StartPod) -> None:
    door = await _gate(open_gate, start_pod, Settings(rate=10, replicas=10))
    assert [(await door.call(*CALL)).status for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize(
    "headers", [DISCOVER, [], [(VERSION, "2025-06-18")]], ids=["discover", "initialize", "versioned"]
)
@pytest.mark.parametrize("path", [PATH, MCP])
async def test_whoever_begins_waits_for_a_turn(
    open_gate: Open, start_pod: StartPod, path: str, headers: list[tuple[str, str]]
) -> None:
    door = await _gate(open_gate, start_pod, QUICK)
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(door.call(*headers, path=path)) for _ in range(5)]
    assert {call.result().status for call in calls} == {200}


async def test_whoever_waits_too_long_hears_so(open_gate: Open, start_pod: StartPod) -> None:
    door = await _gate(open_gate, start_pod, ONE)
    assert (await door.call(*DISCOVER)).status == 200
    for headers in (DISCOVER, []):
        reply = await door.call(*headers)
        assert (reply.status, reply.header("Content-Type")) == (429, PROBLEM)


async def test_what_goes_on_in_a_session_does_not_wait(open_gate: Open, start_pod: StartPod) -> None:
    door = await _gate(open_gate, start_pod, Settings(rate=1, burst=2))
    id = await door.session()
    async with asyncio.timeout(30):
        while (reply := await door.call((SESSION, id))).status == 200:
            pass
    assert (reply.status, reply.header("Retry-After")) == (429, "1")
    statuses = {(await door.call((SESSION, id), method=method)).status for method in ("GET", "DELETE") * 3}
    assert statuses <= {200, 429}
    assert 429 in statuses


async def test_places_to_wait_are_bounded(open_gate: Open, start_pod: StartPod) -> None:
    door = await _gate(open_gate, start_pod, Settings(rate=1, burst=1, hold_seconds=3600))
    assert (await door.call(*CALL)).status == 200
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(door.call(*DISCOVER)) for _ in range(WAITERS_EACH + 3)]
        refused = 0
        for done in asyncio.as_completed(calls):
            reply = await done
            refused += reply.status == 429
            if refused == 3:
                break
        for call in calls:
            call.cancel()
    assert (await door.call(*CALL, _as("bob"))).status == 200


async def test_client_that_leaves_gives_its_place_up(open_gate: Open, start_pod: StartPod) -> None:
    door = await _gate(open_gate, start_pod, Settings(rate=1000, burst=1, replicas=1, hold_seconds=3600))
    async with door.connect() as connection:
        await connection.send(door.request(headers=DISCOVER) * 3)
        connection.reset()
    async with asyncio.timeout(5):
        while (await door.call(*DISCOVER)).status != 200:
            pass


async def test_control_planes_callers_have_the_same_turns(
    open_gate: Open, start_pod: StartPod, session: ClientSession
) -> None:
    pod = await start_pod()
    control_plane = ControlPlane(session, f"http://127.0.0.1:{pod.port}")
    door = await open_gate(ONE, Tokens(), control_plane, protected=PROTECTED)
    for token, statuses in (("good", (200, 429)), ("as-bob", (200, 429)), ("bad", (200, 200)), ("poor", (200, 200))):
        replies = [await door.call(bearer(token), path="/adapters") for _ in statuses]
        assert tuple(reply.status for reply in replies) == statuses
        assert (replies[-1].header("Retry-After") is not None) == (statuses[-1] == 429)
    assert [(await door.call(path="/adapters")).status for _ in range(3)] == [200, 200, 200]
    assert len(pod.seen) == 9


async def test_nobody_hears_of_signing_in_before_of_rates(open_gate: Open) -> None:
    door = await open_gate(ONE, Tokens(), protected=PROTECTED)
    assert [(await door.call()).status for _ in range(4)] == [401] * 4
