"""Clients hear that their list of tools changed: soon, seldom, and only if it is theirs that did."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.journeys.caller import Caller
from tests.journeys.changes import ACKNOWLEDGED, CHANGED, SUBSCRIPTION, Changes, listening
from tests.journeys.client import Client
from tests.journeys.events import event
from tests.journeys.gateway import Gateway
from tests.journeys.tool_list import EFFECT, listed, shown
from tests.journeys.waiting import until

SOON = 1.0  # seconds after the 201; a tenth of it is promised, and recorded, where nothing else runs on the machine
LEAST = 0.25  # seconds between two notices
BURST = 20  # tools at once
BURSTS = 3
BOTH = pytest.mark.parametrize("modern", [True, False], ids=["modern", "legacy"])

type Record = Callable[[str, object], None]


@BOTH
async def test_new_tool_is_heard_of_right_after_its_201(
    gateway: Gateway, ada: Caller, modern: bool, record_testsuite_property: Record
) -> None:
    client = await Client(ada, modern=modern).begin()
    async with listening(client) as changes:
        name = await ada.publish(replicaCount=0)
        answered = asyncio.get_running_loop().time()
        await changes.until(1, SOON)
        record_testsuite_property(
            f"list_changed_after_201_ms_{'modern' if modern else 'legacy'}",
            round(1000 * (changes.times[0] - answered), 1),
        )
        if modern and not gateway.embedded:
            await shown(client, name)  # the router asked may be another
        assert name in await listed(client), "whoever looks then finds it"
        assert len(changes.messages) == 1
    heard = changes.messages[0]
    assert heard["method"] == CHANGED
    assert "id" not in heard
    if modern:
        assert SUBSCRIPTION in heard["params"]["_meta"]


@BOTH
async def test_changed_and_withdrawn_tools_are_heard_of(ada: Caller, modern: bool) -> None:
    name = await ada.publish(replicaCount=0)
    client = await Client(ada, modern=modern).begin()
    await shown(client, name)
    async with listening(client) as changes:
        await ada.change(
            name=name, definition={"description": "New.", "inputSchema": {"type": "object"}}, replicaCount=0
        )
        await changes.until(1, SOON)
        await ada.withdraw(name)
        await changes.until(2, SOON)


@BOTH
async def test_change_of_rights_is_heard_by_whom_it_concerns(ada: Caller, bob: Caller, modern: bool) -> None:
    name = await ada.publish(replicaCount=0)
    hers, his = [await Client(person, modern=modern).begin() for person in (ada, bob)]
    await shown(hers, name)
    async with listening(his) as heard_by_bob, listening(hers) as heard_by_ada:
        await ada.change(name=name, replicaCount=0, requiredRoles=[bob.roles])
        await heard_by_bob.until(1, SOON)
        await shown(his, name)
        await ada.change(name=name, replicaCount=0)
        await heard_by_bob.until(2, SOON)
        await until(lambda: listed(his), lambda tools: name not in tools, EFFECT)
        await fence(ada, hers)
        await heard_by_ada.until(1, SOON)
        assert len(heard_by_ada.messages) == 1, "her list was the same throughout"


@BOTH
async def test_tool_that_one_may_not_call_is_not_heard_of(ada: Caller, bob: Caller, modern: bool) -> None:
    hers, his = [await Client(person, modern=modern).begin() for person in (ada, bob)]
    async with listening(hers) as heard_by_ada, listening(his) as heard_by_bob:
        await ada.publish(replicaCount=0)
        await heard_by_ada.until(1, SOON)
        await listed(his)  # what was on its way to him has come before this answer
        assert heard_by_bob.messages == []
        await fence(bob, his)
        await heard_by_bob.until(1, SOON)
        assert len(heard_by_bob.messages) == 1


@BOTH
async def test_change_that_shows_in_no_list_is_not_heard_of(ada: Caller, modern: bool) -> None:
    name = await ada.publish(replicaCount=0)
    client = await Client(ada, modern=modern).begin()
    await shown(client, name)
    async with listening(client) as changes:
        await ada.change(name=name, replicaCount=1)
        await client.call(name)  # it runs now
        await ada.change(name=name, replicaCount=0, timeoutSeconds=7, requiredRoles=["nobody-has-it"])
        await ada.register("recorder", replicaCount=0)
        await listed(client)
        assert changes.messages == []
        await fence(ada, client)
        await changes.until(1, SOON)
        assert len(changes.messages) == 1


@BOTH
async def test_bursts_of_changes_are_heard_of_at_once_and_then_seldom(ada: Caller, modern: bool) -> None:
    client = await Client(ada, modern=modern).begin()
    async with listening(client) as changes:
        clock = asyncio.get_running_loop().time
        begun = clock()
        names: list[str] = []
        for _ in range(BURSTS):
            names += await asyncio.gather(*(ada.publish(replicaCount=0) for _ in range(BURST)))
        sent = clock()
        names.append(await ada.publish(replicaCount=0))
        await settled(changes, clock())
        assert set(names) <= (await listed(client)).keys()
        # Counted, and not by the gaps between them: a busy reader may find two at once that were sent apart.
        assert len(changes.messages) <= (changes.times[-1] - begun) / LEAST + 2
        assert changes.times[0] < sent, "the first comes at once"
        assert changes.times[-1] > sent, "and the last change is kept from nobody"


async def test_two_streams_of_one_person_hear_the_same(ada: Caller) -> None:
    clients = [await Client(ada, modern=modern).begin() for modern in (True, True, False, False)]
    async with (
        listening(clients[0]) as a,
        listening(clients[1]) as b,
        listening(clients[2]) as c,
        listening(clients[3]) as d,
    ):
        await ada.publish(replicaCount=0)
        await asyncio.gather(*(changes.until(1, SOON) for changes in (a, b, c, d)))
        await listed(clients[0])
        assert [len(changes.messages) for changes in (a, b, c, d)] == [1] * 4


async def test_stream_that_asks_for_nothing_of_ours_is_acknowledged_and_silent(ada: Caller) -> None:
    client, other = Client(ada, modern=True), Client(ada, modern=True)
    wanted = {"promptsListChanged": True, "resourcesListChanged": True, "toolsListChanged": False}
    message = client.message("subscriptions/listen", {"notifications": wanted})
    async with client.posting(message) as stream, listening(other) as changes:
        first = await event(stream)
        assert first
        assert first.data["method"] == ACKNOWLEDGED
        assert not any(first.data["params"]["notifications"].values()), "none of it is served here"
        await ada.publish(replicaCount=0)
        await changes.until(1, SOON)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(LEAST):
                await event(stream)


async def test_get_stream_needs_a_session_and_its_caller(ada: Caller, bob: Caller) -> None:
    mine, his = await Client(ada).begin(), Client(bob)
    his.session = mine.session
    async with his.listening() as stream:
        assert stream.status == 404
    his.session = ""
    async with his.listening() as stream:
        assert stream.status == 400


@BOTH
async def test_stream_closed_by_its_client_leaves_the_others_alone(ada: Caller, modern: bool) -> None:
    stays, goes = [await Client(ada, modern=modern).begin() for _ in range(2)]
    async with listening(stays) as changes:
        for _ in range(5):
            async with listening(goes):
                pass
        await ada.publish(replicaCount=0)
        await changes.until(1, SOON)


async def fence(caller: Caller, client: Client) -> None:
    """A change that the client must hear of."""
    await shown(client, await caller.publish(replicaCount=0))


async def settled(changes: Changes, since: float) -> None:
    """Returns when a notice due by now must have come."""
    clock = asyncio.get_running_loop().time
    with suppress(TimeoutError):
        while True:
            await changes.until(len(changes.messages) + 1, max(since + 2 * LEAST - clock(), 0))
