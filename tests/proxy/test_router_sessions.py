"""Sessions at `/mcp`: their ids are the routers' own, and one session's requests meet at one router (DESIGN §5)."""

import asyncio
from collections import Counter
from urllib.parse import quote

import pytest

from gateway.catalog import Instance
from proxy.settings import Settings
from tests.proxy.gate import MCP, MODERN, SESSION, Gate, Open, StartPod, eventually
from tests.proxy.pod import Exchange, Pod
from tests.proxy.scripts import as_router, resets, silent_stream
from tests.proxy.test_sessions import NOT_FOUND

PROBLEM = "application/problem+json"
IDS = [f"session.{n}~" for n in range(40)]


async def _homes(door: Gate, *pods: Pod) -> dict[str, str]:
    """Which router each session of IDS meets."""
    homes: dict[str, str] = {}
    for id in IDS:
        before = [len(pod.seen) for pod in pods]
        assert (await door.call((SESSION, id), path=MCP)).status == 200
        (homes[id],) = [pod.uid for pod, count in zip(pods, before, strict=True) if len(pod.seen) > count]
    return homes


async def _three(start_pod: StartPod) -> list[Pod]:
    return [await start_pod(as_router, f"router-{n}") for n in range(3)]


async def test_id_goes_both_ways_unchanged(door: Gate, start_pod: StartPod) -> None:
    router = await start_pod(as_router)
    door.routers(router)
    id = await door.session(path=MCP)
    assert id == "sealed-by-a-router.1"
    reply = await door.call((SESSION, id), path=MCP)
    assert (reply.status, reply.header(SESSION)) == (200, None)
    assert router.seen[1].header(SESSION) == id


async def test_every_id_that_can_be_one_reaches_the_router(door: Gate, start_pod: StartPod) -> None:
    router = await start_pod(as_router)
    door.routers(router)
    id = "".join(map(chr, range(0x21, 0x7F)))
    assert (await door.call((SESSION, id), path=MCP)).status == 200
    assert (await door.call(path=f"{MCP}?session_id={quote(id, safe='')}")).status == 200
    assert [exchange.header(SESSION) for exchange in router.seen] == [id, id]


@pytest.mark.parametrize("status", [200, 202, 400, 404, 500])
async def test_routers_id_passes_with_whatever_answer(door: Gate, start_pod: StartPod, status: int) -> None:
    async def stamps(exchange: Exchange) -> None:
        await exchange.answer(b"{}", f"{SESSION}: routers own", status=status)

    door.routers(await start_pod(stamps))
    for method in ("POST", "GET", "DELETE"):
        assert (await door.call(method=method, path=MCP)).header(SESSION) == "routers own"


async def test_ids_mean_nothing_to_modern_traffic(door: Gate, start_pod: StartPod) -> None:
    async def stamps(exchange: Exchange) -> None:
        await exchange.answer(b"{}", f"{SESSION}: stray")

    router = await start_pod(stamps)
    door.routers(router)
    reply = await door.call(MODERN, (SESSION, "whatever"), path=f"{MCP}?session_id=%0d%0aother&x=1")
    assert (reply.status, reply.header(SESSION)) == (200, None)
    assert (router.seen[0].header(SESSION), router.seen[0].target) == (None, "/mcp?x=1")


async def test_id_may_come_in_the_query_and_goes_on_in_the_header(door: Gate, start_pod: StartPod) -> None:
    router = await start_pod(as_router)
    door.routers(router)
    for query, kept in (("session_id=a.b", ""), ("x=1&session_id=a%2Eb&y=%C3%A9", "?x=1&y=%C3%A9")):
        for headers in ([], [(SESSION, "a.b")]):
            assert (await door.call(*headers, path=f"{MCP}?{query}")).status == 200
            assert (router.seen[-1].header(SESSION), router.seen[-1].target) == ("a.b", f"/mcp{kept}")
    reply = await door.call((SESSION, "a"), path=f"{MCP}?session_id=b")
    assert (reply.status, reply.json()["errors"][0]["field"]) == (400, "session_id")
    assert len(router.seen) == 4


@pytest.mark.parametrize("id", ["a%0D%0AX-Gateway-Secret:%20x", "a%20b", "%C3%A9", "%00", "a%09b", "%7F"])
async def test_id_that_no_session_can_have_is_not_found(door: Gate, start_pod: StartPod, id: str) -> None:
    router = await start_pod(as_router)
    door.routers(router)
    for method in ("POST", "GET", "DELETE"):
        reply = await door.call(method=method, path=f"{MCP}?session_id={id}")
        assert (reply.status, reply.body) == (404, NOT_FOUND)
    assert (await door.call((SESSION, "a b"), path=MCP)).status == 404
    assert not router.seen
    assert door.proxy.counters.seals_refused == 4


async def test_session_meets_one_router_on_every_replica(open_gate: Open, start_pod: StartPod) -> None:
    pods = await _three(start_pod)
    one, other = await open_gate(), await open_gate()
    one.routers(*pods)
    other.routers(*reversed(pods))
    homes = await _homes(one, *pods)
    assert await _homes(one, *pods) == homes
    assert await _homes(other, *pods) == homes
    assert len(set(homes.values())) == 3


@pytest.mark.parametrize("leave", ["gone", "terminating", "dead"])
async def test_only_the_sessions_of_a_lost_router_move(door: Gate, start_pod: StartPod, leave: str) -> None:
    pods = await _three(start_pod)
    door.routers(*pods)
    homes = await _homes(door, *pods)
    lost, *rest = pods
    if leave == "dead":
        await lost.stop()  # and the catalog does not know yet
    else:
        door.routers(*rest, *([lost.instance(ready=False)] if leave == "terminating" else []))
    after = await _homes(door, *pods)
    assert lost.uid not in after.values()
    assert all(after[id] == home for id, home in homes.items() if home != lost.uid)
    assert {after[id] for id, home in homes.items() if home == lost.uid} == {pod.uid for pod in rest}


@pytest.mark.parametrize("era", [[], [MODERN]], ids=["legacy", "modern"])
async def test_without_a_session_the_less_loaded_of_two_is_chosen(
    door: Gate, start_pod: StartPod, era: list[tuple[str, str]]
) -> None:
    async def streams(exchange: Exchange) -> None:
        await (silent_stream(exchange) if exchange.header("x-stream") else exchange.answer())

    busy, free = await start_pod(streams, "busy"), await start_pod(streams, "free")
    door.routers(busy)
    async with door.connect() as connection:
        await connection.send(door.request(path=MCP, headers=[*era, ("X-Stream", "1")]))
        await connection.head()
        door.routers(busy, free)
        for _ in range(10):
            assert (await door.call(*era, path=MCP)).status == 200
    assert (len(busy.seen), len(free.seen)) == (1, 10)


async def test_one_callers_modern_requests_are_spread(door: Gate, start_pod: StartPod) -> None:
    pods = await _three(start_pod)
    door.routers(*pods)
    async with door.connect() as connection:
        for _ in range(30):
            await connection.send(door.request(path=MCP, headers=[MODERN]))
            assert (await connection.reply()).status == 200
    spread = Counter({pod.uid: len(pod.seen) for pod in pods})
    assert min(spread.values()) >= 5


@pytest.mark.parametrize("headers", [[], [MODERN], [(SESSION, "s")]], ids=["legacy", "modern", "session"])
async def test_router_that_takes_no_connection_is_passed_over(
    door: Gate, start_pod: StartPod, headers: list[tuple[str, str]]
) -> None:
    dead, alive = await start_pod(as_router, "dead"), await start_pod(as_router, "alive")
    await dead.stop()
    door.routers(dead, alive)
    for _ in range(6):
        assert (await door.call(*headers, path=MCP, body=b"x" * 100_000)).status == 200
    assert len(alive.seen) == 6


async def test_request_that_a_router_broke_goes_to_no_other(door: Gate, start_pod: StartPod) -> None:
    pods = [await start_pod(resets, f"router-{n}") for n in range(3)]
    door.routers(*pods)
    assert (await door.call((SESSION, "s"), path=MCP)).status == 502
    assert sum(len(pod.seen) for pod in pods) == 1


@pytest.mark.parametrize("headers", [[], [MODERN], [(SESSION, "s")]], ids=["legacy", "modern", "session"])
@pytest.mark.parametrize("listed", [True, False])
async def test_request_waits_for_a_router_with_its_body_unread(
    door: Gate, start_pod: StartPod, headers: list[tuple[str, str]], listed: bool
) -> None:
    router = await start_pod(as_router)
    if listed:
        door.routers(router.instance(ready=False))
    call = asyncio.create_task(door.call(*headers, path=MCP, body=b"x" * 100_000))
    await eventually(lambda: door.proxy.counters.held == 1)
    assert not router.seen
    door.routers(router)
    assert (await call).status == 200
    assert router.seen[0].body == b"x" * 100_000


@pytest.mark.parametrize("headers", [[], [MODERN], [(SESSION, "s")]], ids=["legacy", "modern", "session"])
async def test_no_router_in_time_is_503_that_says_so(
    open_gate: Open, start_pod: StartPod, headers: list[tuple[str, str]]
) -> None:
    door = await open_gate(Settings(hold_seconds=0.05))
    dead = await start_pod()
    await dead.stop()
    details: list[str] = []
    for instances in (None, [], [Instance("r", "127.0.0.1", 1, ready=False)], [dead]):
        if instances is not None:
            door.routers(*instances)
        reply = await door.call(*headers, path=MCP)
        assert (reply.status, reply.header("Content-Type")) == (503, PROBLEM)
        assert int(reply.header("Retry-After") or 0) > 0
        details.append(reply.json()["detail"])
    assert all(detail.startswith("The tool router is not ") for detail in details)


async def test_when_no_router_takes_a_connection_news_are_awaited(door: Gate, start_pod: StartPod) -> None:
    dead, alive = await start_pod(uid="dead"), await start_pod(uid="alive")
    await dead.stop()
    door.routers(dead)
    call = asyncio.create_task(door.call((SESSION, "s"), path=MCP))
    await eventually(lambda: door.proxy.counters.held == 1)
    door.view.drop("platform", "toolgateway")  # a router that is being replaced may be away for a moment
    door.routers(alive)
    assert (await call).status == 200
    assert alive.seen[0].header(SESSION) == "s"
