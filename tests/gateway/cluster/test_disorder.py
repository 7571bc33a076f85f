"""Whatever happens between the API server and us: after quiet the catalog is what the server has, and never was what it never had."""

import asyncio
from collections.abc import Callable
from typing import Any

import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.card import Card
from gateway.cluster.watch import Pace
from gateway.records import Listed
from tests.gateway.cluster.api_server import ApiServer, api_server
from tests.gateway.cluster.fast import following
from tests.gateway.cluster.history import History, Witness
from tests.gateway.cluster.world import DOWN, ENDED, ENDING, READY, World, pod
from tests.local.waiting import holds

PACE = Pace(silence=0.2, page=2, first=0.002, longest=0.01)
NAMES: list[tuple[Listed, str]] = [("adapter", "a"), ("adapter", "b"), ("adapter", "c"), ("platform", "toolgateway")]
SLICES_EACH = 2

type Step = Callable[[World], None]

names = st.sampled_from(NAMES)
numbers = st.integers(0, SLICES_EACH - 1)
endpoints = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from([READY, ENDING, DOWN, ENDED])), max_size=3, unique_by=lambda it: it[0]
)


def _put_service(name: tuple[Listed, str]) -> Step:
    def step(world: World) -> None:
        generation = world.server.version + 1  # a later card has a higher one, whoever wrote it
        world.show(Card(kind=name[0], name=name[1], uid="u", generation=generation, created_by="ada"))

    return step


def _spoil_service(name: tuple[Listed, str]) -> Step:
    card = Card(kind=name[0], name=name[1], uid="u", generation=0, created_by="ada")
    return lambda world: world.show(card, text='{"kind":')


def _put_slice(name: tuple[Listed, str], number: int, pods: list[tuple[int, dict[str, bool]]]) -> Step:
    # A pod has one address, in whichever slice it is.
    found = [pod(f"{name[1]}-{index}", f"10.0.0.{index}", conditions) for index, conditions in pods]
    return lambda world: world.slice(*name, *found, number=number)


def _hide(name: tuple[Listed, str]) -> Step:
    return lambda world: world.hide(*name)


def _unslice(name: tuple[Listed, str], number: int) -> Step:
    return lambda world: world.unslice(*name, number)


def _again(cause: Callable[[ApiServer], None]) -> Step:
    return lambda world: cause(world.server)


def _compact_and_cut(server: ApiServer) -> None:
    server.compact()
    server.cut()


def _refuse(status: int, times: int, cut: bool) -> Step:
    def step(world: World) -> None:
        world.server.refusals += [(status, {})] * times
        if cut:
            world.server.cut()

    return step


def _missed(steps: list[Step]) -> Step:
    """Changes that only a new list tells of."""

    def step(world: World) -> None:
        world.server.silence()
        for change in steps:
            change(world)
        _compact_and_cut(world.server)

    return step


def _told_twice(name: tuple[Listed, str]) -> Step:
    """Two changes, and then all events once more, the older ones too."""

    def step(world: World) -> None:
        _put_service(name)(world)
        _put_service(name)(world)
        world.server.repeat()

    return step


def _stall(server: ApiServer) -> None:
    server.stalls += 1
    server.cut()


def _chunk(size: int) -> Step:
    return lambda world: setattr(world.server, "chunk", size)


changes = st.one_of(
    st.builds(_put_service, names),
    st.builds(_put_service, names),
    st.builds(_spoil_service, names),
    st.builds(_hide, names),
    st.builds(_put_slice, names, numbers, endpoints),
    st.builds(_put_slice, names, numbers, endpoints),
    st.builds(_unslice, names, numbers),
)
troubles = st.one_of(
    st.sampled_from(
        [
            _again(cause)
            for cause in (
                ApiServer.cut,
                ApiServer.end,
                ApiServer.silence,
                ApiServer.bookmark,
                ApiServer.repeat,
                ApiServer.expire,
                ApiServer.compact,
                _compact_and_cut,
                _stall,
            )
        ]
    ),
    st.builds(_told_twice, names),
    st.builds(_refuse, st.sampled_from([401, 403, 410, 429, 500, 503, 504]), st.integers(1, 3), st.booleans()),
    st.builds(_chunk, st.sampled_from([0, 7, 30, 100])),
)
# How many turns of the event loop pass before the next step: none, some, or enough for all to arrive.
pauses = st.sampled_from([0, 0, 1, 3, 10, 40])
missed = st.builds(_missed, st.lists(changes, min_size=1, max_size=3))
scripts = st.lists(st.tuples(st.one_of(changes, changes, troubles, missed), pauses), min_size=4, max_size=30)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=st.lists(changes, max_size=4), script=scripts)
def test_after_quiet_the_catalog_is_what_the_server_has(before: list[Step], script: list[tuple[Step, int]]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_played(before, script))


async def _played(before: list[Step], script: list[tuple[Step, int]]) -> None:
    async with api_server() as server:
        world = World(server)
        for step in [*_everything(), *before]:
            step(world)
        history = History(world, NAMES, SLICES_EACH)
        server.between_pages = lambda: _between(world)
        living = asyncio.create_task(_bookmarks(server))
        async with following(server, pace=PACE) as catalog:
            witness = Witness(catalog, history)
            await holds(lambda: catalog.synced and len(server.connections) == 4)
            for step, turns in script:
                step(world)
                for _ in range(turns):
                    await asyncio.sleep(0)
            server.recover()
            await holds(lambda: _shown(catalog) == [world.expected(*name) for name in NAMES])
        living.cancel()
        assert witness.complaints == []


async def _bookmarks(server: ApiServer) -> None:
    """As an API server does, though not every minute: without them everything would be listed again and again, and so put right."""
    while True:
        server.bookmark()
        await asyncio.sleep(PACE.silence / 8)


def _everything() -> list[Step]:
    return [
        step for name in NAMES for step in (_put_service(name), *(_put_slice(name, it, [(it, READY)]) for it in (0, 1)))
    ]


def _between(world: World) -> None:
    """What happens while a list is read stands on none of its later pages."""
    world.show(Card(kind="adapter", name="c", uid="u", generation=world.server.version + 1, created_by="eve"))


def _shown(catalog: Any) -> list[Any]:
    return [catalog.get(*name) for name in NAMES]
