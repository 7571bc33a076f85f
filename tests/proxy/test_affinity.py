"""Which instance gets a request that no session binds, and how long it waits for one (DESIGN §5)."""

import asyncio
from collections import Counter

import pytest

from gateway.card import Card
from gateway.catalog import Instance, Listing
from gateway.errors import Unavailable
from gateway.telemetry.counters import Counters
from gateway.view import View
from proxy.affinity import Affinity
from proxy.settings import Settings
from tests.proxy.gate import MODERN, Gate, Open, StartPod, eventually
from tests.proxy.pod import Exchange
from tests.proxy.scripts import resets, silent_stream

NONE: frozenset[str] = frozenset()
PROBLEM = "application/problem+json"


def _listing(count: int, **card: object) -> Listing:
    wanted = Card(kind="adapter", name="a", uid="u", generation=1, created_by="dev", **card)  # pyright: ignore[reportArgumentType] (a test's own keywords)
    return Listing(wanted, tuple(Instance(f"pod-{n}", "127.0.0.1", 1) for n in range(count)))


def _affinity() -> Affinity:
    return Affinity(View(), Counters())


def _chosen(affinity: Affinity, listing: Listing, user: str = "u", *, modern: bool = False) -> str:
    by_caller = modern and listing.card.affinity == "principal"
    instance = affinity.choose(listing, user if by_caller else None, NONE)
    assert instance is not None
    return instance.uid


@pytest.mark.parametrize(("instances", "sessions"), [(3, 20), (5, 250), (32, 400)])
def test_sessions_one_after_another_reach_every_instance(instances: int, sessions: int) -> None:
    for _ in range(50):
        affinity, listing = _affinity(), _listing(instances)
        spread = Counter(_chosen(affinity, listing) for _ in range(sessions))
        assert len(spread) == instances
        assert max(spread.values()) <= 3 * sessions / instances + 3


def test_instance_with_less_to_do_is_preferred() -> None:
    affinity, listing = _affinity(), _listing(2)
    affinity.load("pod-0").in_flight = 5
    assert {_chosen(affinity, listing) for _ in range(20)} == {"pod-1"}


def test_new_instance_gets_its_share_and_no_more() -> None:
    affinity = _affinity()
    for _ in range(1000):
        _chosen(affinity, _listing(3))
    spread = Counter(_chosen(affinity, _listing(4)) for _ in range(400))
    assert 50 < spread["pod-3"] < 200


def test_modern_caller_stays_on_one_instance_and_callers_spread() -> None:
    listing = _listing(5)
    homes = {user: _chosen(_affinity(), listing, user, modern=True) for user in (f"user-{n}" for n in range(500))}
    assert all(_chosen(_affinity(), listing, user, modern=True) == home for user, home in homes.items())
    spread = Counter(homes.values())
    assert len(spread) == 5
    assert min(spread.values()) > 50


def test_only_the_callers_of_a_lost_instance_move() -> None:
    before, after = _listing(5), _listing(4)
    for user in (f"user-{n}" for n in range(300)):
        home = _chosen(_affinity(), before, user, modern=True)
        if home != "pod-4":
            assert _chosen(_affinity(), after, user, modern=True) == home


def test_affinity_none_spreads_one_caller() -> None:
    affinity, listing = _affinity(), _listing(3, affinity="none")
    assert len({_chosen(affinity, listing, modern=True) for _ in range(20)}) == 3


def test_only_ready_instances_not_tried_before_are_chosen() -> None:
    ready, other = Instance("r", "h", 1), Instance("t", "h", 1, ready=False)
    listing = Listing(_listing(0).card, (ready, other))
    for key in ("u", None):
        assert _affinity().choose(listing, key, NONE) == ready
        assert _affinity().choose(listing, key, frozenset({"r"})) is None


def test_stopped_adapter_has_nothing_to_choose() -> None:
    with pytest.raises(Unavailable):
        _affinity().choose(_listing(2, replicas=0), None, NONE)


def test_instances_long_gone_are_forgotten() -> None:
    affinity = _affinity()
    for _ in range(100):
        _chosen(affinity, _listing(3))
    busy = affinity.load("pod-0")
    busy.in_flight = 1
    for _ in range(11_000):
        _chosen(affinity, Listing(_listing(0).card, (Instance("x", "h", 1), Instance("y", "h", 1))))
    affinity.forget()
    assert affinity.load("pod-0") is busy
    assert affinity.load("pod-1").turn == 0


async def test_request_waits_for_an_instance_to_be_ready(door: Gate, start_pod: StartPod) -> None:
    pod = await start_pod()
    door.adapter(pod.instance(ready=False))
    calls = [asyncio.create_task(door.call(*headers, body=b"x" * 100_000)) for headers in ([], [MODERN])]
    await eventually(lambda: door.proxy.counters.held == 2)
    assert not pod.seen
    door.adapter(pod)
    assert [(await call).status for call in calls] == [200, 200]
    assert {len(exchange.body) for exchange in pod.seen} == {100_000}


@pytest.mark.parametrize("headers", [[], [MODERN]])
async def test_nothing_ready_in_time_is_503_with_retry_after(open_gate: Open, headers: list[tuple[str, str]]) -> None:
    door = await open_gate(Settings(hold_seconds=0.05))
    door.adapter(Instance("p", "127.0.0.1", 1, ready=False))
    for method in ("POST",) if headers else ("POST", "GET", "DELETE"):
        reply = await door.call(*headers, method=method)
        assert (reply.status, reply.header("Content-Type")) == (503, PROBLEM)
        assert int(reply.header("Retry-After") or 0) > 0


@pytest.mark.parametrize(
    ("card", "words"),
    [({"state": "failed", "reason": "no such image"}, "no such image"), ({"replicas": 0}, "stopped")],
)
async def test_adapter_that_cannot_come_is_503_at_once(door: Gate, card: dict[str, object], words: str) -> None:
    door.adapter(**card)  # pyright: ignore[reportArgumentType] (a test's own keywords)
    async with asyncio.timeout(3):
        reply = await door.call()
    assert (reply.status, words in reply.json()["detail"]) == (503, True)
    assert reply.header("Retry-After") is not None


async def test_adapter_that_fails_while_a_request_waits_is_503_at_once(door: Gate) -> None:
    door.adapter()
    call = asyncio.create_task(door.call())
    await eventually(lambda: door.proxy.counters.held == 1)
    door.adapter(state="failed", reason="crashes")
    async with asyncio.timeout(3):
        assert (await call).status == 503


async def test_adapter_that_is_deleted_while_a_request_waits_is_404(door: Gate) -> None:
    door.adapter()
    call = asyncio.create_task(door.call())
    await eventually(lambda: door.proxy.counters.held == 1)
    door.view.drop("adapter", "a")
    assert (await call).status == 404


async def test_rights_lost_while_waiting_are_lost(door: Gate, start_pod: StartPod) -> None:
    door.adapter()
    call = asyncio.create_task(door.call(("X-Dev-UserId", "bob")))
    await eventually(lambda: door.proxy.counters.held == 1)
    door.adapter(await start_pod(), requiredRoles=["other"])
    assert (await call).status == 403


async def test_client_that_leaves_while_waiting_is_forgotten(door: Gate, start_pod: StartPod) -> None:
    pod = await start_pod()
    door.adapter()
    async with door.connect() as connection:
        await connection.send(door.request())
        await eventually(lambda: door.proxy.counters.held == 1)
        connection.reset()
    assert (await door.call(path="/ping", method="GET")).status == 200
    door.adapter(pod)
    assert (await door.call()).status == 200
    assert len(pod.seen) == 1


@pytest.mark.parametrize("headers", [[], [MODERN]])
async def test_instance_that_takes_no_connection_is_passed_over(
    door: Gate, start_pod: StartPod, headers: list[tuple[str, str]]
) -> None:
    dead, alive = await start_pod(uid="dead"), await start_pod(uid="alive")
    await dead.stop()
    door.adapter(dead, alive)
    for _ in range(6):
        assert (await door.call(*headers, body=b"x" * 100_000)).status == 200
    assert len(alive.seen) == 6


async def test_when_none_takes_a_connection_news_are_awaited(door: Gate, start_pod: StartPod) -> None:
    dead, alive = await start_pod(uid="dead"), await start_pod(uid="alive")
    await dead.stop()
    door.adapter(dead)
    call = asyncio.create_task(door.call())
    await eventually(lambda: door.proxy.counters.held == 1)
    door.adapter(alive)
    assert (await call).status == 200


async def test_instance_that_took_no_connection_is_tried_again_though_the_catalog_says_nothing_new(
    door: Gate, start_pod: StartPod
) -> None:
    pod = await start_pod()
    await pod.stop()
    door.adapter(pod)
    call = asyncio.create_task(door.call())
    await eventually(lambda: door.proxy.counters.held == 1)
    await pod.start()
    assert (await call).status == 200
    assert len(pod.seen) == 1


async def test_when_none_takes_a_connection_and_none_comes_it_is_503(open_gate: Open, start_pod: StartPod) -> None:
    door = await open_gate(Settings(hold_seconds=0.05))
    dead = await start_pod()
    await dead.stop()
    door.adapter(dead)
    assert (await door.call()).status == 503


async def test_request_that_an_instance_broke_goes_to_no_other(door: Gate, start_pod: StartPod) -> None:
    pods = [await start_pod(resets, f"pod-{n}") for n in range(3)]
    door.adapter(*pods)
    assert (await door.call()).status == 502
    assert sum(len(pod.seen) for pod in pods) == 1


async def test_request_that_killed_its_instance_goes_to_no_other(door: Gate, start_pod: StartPod) -> None:
    """On a kept connection nobody can tell a stale one from a death: one more try there, none elsewhere."""

    async def dies_on_poison(exchange: Exchange) -> None:
        await (dead.stop() if exchange.header("x-poison") else exchange.answer())

    dead, other = await start_pod(dies_on_poison, "dead"), await start_pod(silent_stream, "other")
    door.adapter(other)
    async with door.connect() as connection:
        await connection.send(door.request("GET"))
        await connection.head()
        door.adapter(dead, other)  # of the two, `other` is the busy one
        assert (await door.call()).status == 200
        assert (await door.call(("X-Poison", "1"))).status == 502
    assert (len(dead.seen), len(other.seen)) == (2, 1)


async def test_legacy_streams_count_as_load(door: Gate, start_pod: StartPod) -> None:
    async def streams(exchange: Exchange) -> None:
        await (silent_stream(exchange) if exchange.method == "GET" else exchange.answer())

    one, two = await start_pod(streams, "one"), await start_pod(streams, "two")
    door.adapter(one)
    async with door.connect() as connection:
        await connection.send(door.request("GET"))
        await connection.head()
        door.adapter(one, two)
        for _ in range(10):
            await door.call()
    assert (len(one.seen), len(two.seen)) == (1, 10)
