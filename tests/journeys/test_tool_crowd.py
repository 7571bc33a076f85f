"""Three hundred tools of mixed visibility, two people and no peace: tools come, go and change hands while both read lists.

No list ever holds what its reader may not call, none misses what it may, and pages neither repeat nor skip.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator, Collection

import msgspec
import pytest

from tests.journeys.caller import Caller, fresh
from tests.journeys.client import Client
from tests.journeys.gateway import Gateway
from tests.journeys.history import ABSENT, History
from tests.journeys.result import failure, unknown
from tests.journeys.tool_list import ToolPage, listed, page

TOOLS = 300
REGISTERED = 30.0  # seconds for all of them; three are normal
CHANGES = 150
AT_ONCE = 4  # who change things at the same time
SETTLE = 1.0  # seconds for a change to travel, where the data plane is elsewhere


class Reading(msgspec.Struct, frozen=True):
    """One page as somebody read it: between which moments, and the reading of the list that it belongs to."""

    reader: str
    turn: int
    start: float
    end: float
    page: ToolPage


class Crowd:
    """The tools' owner, the people's names, and what happened."""

    def __init__(self, owner: Caller, people: Collection[str], settle: float) -> None:
        self.owner = owner
        self.people = people
        self.history = History(settle)
        self.stem = fresh("crowd")
        self._count = 0

    async def add(self, callers: Collection[str]) -> str:
        """A new tool, its name somewhere among the others."""
        self._count += 1
        name = f"{self.stem}-{random.randrange(10**6):06}-{self._count}"
        self.history.change(name, callers, self._now())
        await self.owner.publish(name=name, replicaCount=0, requiredRoles=[role(person) for person in callers])
        self.history.changed(name, self._now())
        return name

    async def hand_over(self, name: str, callers: Collection[str]) -> None:
        """The tool's rights are others from now on."""
        self.history.change(name, callers, self._now())
        await self.owner.change(name=name, replicaCount=0, requiredRoles=[role(person) for person in callers])
        self.history.changed(name, self._now())

    async def remove(self, name: str) -> None:
        """The tool goes."""
        self.history.change(name, ABSENT, self._now())
        await self.owner.withdraw(name)
        self.history.changed(name, self._now())

    def somebody(self) -> list[str]:
        """None, one, or all of the people."""
        return random.choice([[], *([person] for person in self.people), list(self.people)])

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


@pytest.fixture
async def crowd(gateway: Gateway, ada: Caller, bob: Caller) -> AsyncGenerator[Crowd]:
    """TOOLS tools, none of which runs."""
    people = [person.user for person in (ada, bob)]
    async with Caller(gateway.url, fresh("owner"), "publisher") as owner:
        made = Crowd(owner, people, 0 if gateway.embedded else SETTLE)
        gate = asyncio.Semaphore(AT_ONCE)

        async def add() -> None:
            async with gate:
                await made.add(made.somebody())

        async with asyncio.timeout(REGISTERED):
            await asyncio.gather(*(add() for _ in range(TOOLS)))
        yield made


async def test_lists_are_right_at_every_moment_while_three_hundred_tools_come_go_and_change_hands(
    gateway: Gateway, crowd: Crowd, ada: Caller, bob: Caller
) -> None:
    clients = [await Client(person, modern=modern).begin() for person in (ada, bob) for modern in (True, False)]
    over = asyncio.Event()
    names = sorted(crowd.history.names())
    parts = [names[part::AT_ONCE] for part in range(AT_ONCE)]  # so that no two touch the same tool
    async with asyncio.TaskGroup() as group:
        reading = [group.create_task(read(client, reader_of(client, ada, bob), over)) for client in clients]
        await asyncio.wait([group.create_task(restless(crowd, part, CHANGES // AT_ONCE)) for part in parts])
        over.set()
    readings = [task.result() for task in reading]

    for one in readings:
        assert len({reading.turn for reading in one}) > 1, "nobody read a list meanwhile"
        no_page_holds_what_its_reader_may_not_call(crowd, one)
        no_list_misses_or_repeats(crowd, one)
    if gateway.page:
        assert max(len(reading.page.names) for one in readings for reading in one) == gateway.page
    for client in clients:
        await lists_and_calls_agree(crowd, client, reader_of(client, ada, bob))


def no_page_holds_what_its_reader_may_not_call(crowd: Crowd, readings: list[Reading]) -> None:
    """Page by page: each is one answer, of one moment between its request and its end."""
    for reading in readings:
        for name in reading.page.names:
            if name in crowd.history.names():
                start, end = reading.start, reading.end
                assert crowd.history.may_have_called(name, reading.reader, start, end), (
                    name,
                    reading.reader,
                    start,
                    end,
                )


def no_list_misses_or_repeats(crowd: Crowd, readings: list[Reading]) -> None:
    """List by list: what was there from its first request to its last answer stands on one page."""
    for turn in {reading.turn for reading in readings}:
        list_ = [reading for reading in readings if reading.turn == turn]
        names = [name for reading in list_ for name in reading.page.names]
        assert names == sorted(set(names)), "in order, and none twice"
        counted, start, end = Counter(names), list_[0].start, list_[-1].end
        for name in crowd.history.names():
            if crowd.history.could_call_throughout(name, list_[0].reader, start, end):
                assert counted[name] == 1, (name, list_[0].reader, start, end)


async def read(client: Client, reader: str, over: asyncio.Event) -> list[Reading]:
    """Lists, one after the other, until it is over, and a last one then."""
    readings: list[Reading] = []
    clock = asyncio.get_running_loop().time
    turn, last, cursor = 0, False, None
    while not last or cursor:
        if cursor is None:
            last, turn = over.is_set(), turn + 1
        start = clock()
        found = await page(client, cursor)
        readings.append(Reading(reader, turn, start, clock(), found))
        cursor = found.next
    return readings


async def restless(crowd: Crowd, mine: list[str], changes: int) -> None:
    """Adds, removes and hands over, one after the other."""
    for _ in range(changes):
        name = random.choice(mine)
        match random.choice(["add", "remove", "hand over", "hand over"]):
            case "add":
                mine.append(await crowd.add(crowd.somebody()))
            case "remove":
                mine.remove(name)
                await crowd.remove(name)
            case _:
                await crowd.hand_over(name, crowd.somebody())


async def lists_and_calls_agree(crowd: Crowd, client: Client, reader: str) -> None:
    """Once there is peace: what is listed can be called, and the rest is unknown."""
    now = asyncio.get_running_loop().time() + 2 * SETTLE
    mine = {name for name in crowd.history.names() if crowd.history.may_have_called(name, reader, now, now)}
    assert {name for name in await listed(client) if name in crowd.history.names()} == mine
    others = set(crowd.history.names()) - mine
    for name in random.sample(sorted(mine), 10):
        assert "stopped" in failure(await client.calling(name))
    hidden = random.sample(sorted(others), 10)
    for name, reply in zip(hidden, await asyncio.gather(*(client.calling(name) for name in hidden)), strict=True):
        unknown(reply, name, modern=client.modern)


def reader_of(client: Client, *people: Caller) -> str:
    """Whose client it is."""
    return next(person.user for person in people if client.headers({}).items() >= person.headers.items())


def role(person: str) -> str:
    """The role that only this person has (see the fixtures)."""
    return f"role-{person}"
