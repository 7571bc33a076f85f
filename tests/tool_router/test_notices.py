"""Notices: whom a change concerns, and how soon and how often they hear of it. At the unit: a View and no connection."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Raw

from gateway.card import Card
from gateway.catalog import Instance
from gateway.identity import Principal, principal
from gateway.records import Acl
from gateway.view import View
from tests.tool_router.crowd import callers, cards, open_to
from tests.tool_router.desk import card
from tests.tool_router.ear import PERIOD, Place, ticks
from tool_router.notices import Notices
from tool_router.shelf import Shelf

_CALM = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture
async def place() -> AsyncGenerator[Place]:
    """A Place that is closed in the end."""
    made = Place()
    yield made
    made.notices.close()


async def test_change_is_told_at_once(place: Place) -> None:
    ear = place.ear()

    place.view.put_card(card("a"))
    assert ear.count == 0, "not from within whoever changes it"

    await ticks()
    assert ear.count == 1


async def test_changes_made_together_are_told_together(place: Place) -> None:
    ear = place.ear()

    for at in range(100):
        place.view.put_card(card(f"t{at}"))
    await ticks()

    assert ear.count == 1


async def test_there_is_one_notice_a_period_at_most_and_none_is_forgotten(place: Place) -> None:
    ear = place.ear()
    at = 0
    async with asyncio.timeout(10):
        while ear.count < 4:  # by what was told, not by a time: a busy machine may give us no turn in several periods
            at += 1
            place.view.put_card(card(f"t{at}"))
            await asyncio.sleep(0)
    last = time.monotonic()
    place.view.put_card(card("one-more"))
    await ear.told(5)
    assert ear.times[-1] >= last

    gaps = [after - before for before, after in zip(ear.times, ear.times[1:], strict=False)]
    assert min(gaps) >= PERIOD - 0.002, gaps  # the loop's clock and ours differ by its resolution
    assert at > 4, "changes outnumbered notices"


async def test_change_within_the_period_is_told_at_its_end(place: Place) -> None:
    ear = place.ear()
    place.view.put_card(card("a"))
    await ear.told(1)
    place.view.put_card(card("b"))
    await ticks()
    assert ear.count == 1

    await ear.told(2)
    assert PERIOD - 0.002 <= ear.times[1] - ear.times[0] < 2


async def test_what_comes_and_goes_together_is_no_change(place: Place) -> None:
    ear = place.ear()
    place.view.put_card(card("a"))
    place.view.drop("tool", "a")
    await ticks()

    assert ear.count == 0


async def test_what_comes_and_goes_within_the_period_is_no_change(place: Place) -> None:
    ear = place.ear()
    place.view.put_card(card("a"))
    await ear.told(1)
    place.view.put_card(card("b"))
    await ticks()
    place.view.drop("tool", "b")
    await ticks()

    await _period_of(place)
    assert ear.count == 1


async def _period_of(place: Place) -> None:
    """Returns after whatever was due within a period by now: a witness who is told twice saw it go by."""
    witness = place.ear("witness")
    place.view.put_card(card("w-1", createdBy="witness", requiredRoles=[]))
    await witness.told(1)
    place.view.put_card(card("w-2", createdBy="witness", requiredRoles=[]))
    await witness.told(2)
    witness.cancel()


@pytest.mark.parametrize(
    "changed",
    [
        {"generation": 2},
        {"replicas": 3},
        {"replicas": 0},
        {"state": "failed", "reason": "no image"},
        {"timeout": 5, "port": 9000, "path": "/other"},
        {"uid": "another"},
        {"requiredRoles": ["team", "another"]},
        {"createdBy": "somebody-else"},
        {"acl": {"call": ["team"]}},
        {"acl": {"call": ["alice"], "read": []}},
    ],
)
async def test_what_changes_nothing_on_the_callers_list_is_told_to_nobody(
    place: Place, changed: dict[str, object]
) -> None:
    await place.listed(card("a"))
    ear = place.ear()
    place.view.put_card(card("a", **changed))
    await ticks()

    assert ear.count == 0


async def test_instances_that_come_and_go_are_told_to_nobody(place: Place) -> None:
    await place.listed(card("a"))
    ear = place.ear()
    place.view.put_instances("tool", "a", [Instance("i", "127.0.0.1", 1)])
    place.view.put_instances("tool", "a", [])
    await ticks()

    assert ear.count == 0


async def test_adapters_are_told_to_nobody(place: Place) -> None:
    ear = place.ear()
    place.view.put_card(card("a", kind="adapter"))
    await ticks()

    assert ear.count == 0


async def test_definition_that_changed_is_told_to_whoever_may_call_it(place: Place) -> None:
    await place.listed(card("a"))
    inside, outside = place.ear(), place.ear("bob", "other")
    place.view.put_card(card("a", tool={"description": "better"}))
    await ticks()

    assert (inside.count, outside.count) == (1, 0)


async def test_changed_roles_are_told_to_exactly_those_whose_list_changed(place: Place) -> None:
    await place.listed(card("a", requiredRoles=["red", "blue"]))
    ears = {
        "loses": place.ear("1", "red"),
        "keeps": place.ear("2", "blue"),
        "gains": place.ear("3", "GREEN"),
        "stranger": place.ear("4", "white"),
        "owner": place.ear("Owner"),
        "admin": place.ear("5", "MCP.Admin"),
        "has both": place.ear("6", "red", "green"),
    }
    place.view.put_card(card("a", requiredRoles=["blue", "green"], generation=2))
    await ticks()

    assert {who for who, ear in ears.items() if ear.count} == {"loses", "gains"}


async def test_lists_of_rights_may_name_people(place: Place) -> None:
    anna, bob = place.ear("Anna", "none"), place.ear("bob", "none")
    made = card("a", requiredRoles=["none"])
    made.acl = Acl(call=["anna"])
    place.view.put_card(made)
    await ticks()
    assert (anna.count, bob.count) == (1, 0)

    made = card("a", requiredRoles=["none"], generation=2)
    made.acl = Acl(call=["bob"])
    place.view.put_card(made)
    await anna.told(2)
    await ticks()
    assert (anna.count, bob.count) == (2, 1)


async def test_two_of_the_same_caller_are_both_told_and_at_their_own_pace(place: Place) -> None:
    first = place.ear()
    place.view.put_card(card("a"))
    await first.told(1)
    second = place.ear()
    place.view.put_card(card("b"))
    await ticks()
    assert (first.count, second.count) == (1, 1), "the second was told nothing yet, so now"

    await first.told(2)
    assert second.count == 1


async def test_many_callers_are_told_in_one_turn_of_the_loop(place: Place) -> None:
    ears = [place.ear(f"p{at}", f"r{at % 7}") for at in range(2_000)]
    place.view.put_card(card("a", requiredRoles=["r0", "r3"]))
    await ticks()

    assert [ear.count for ear in ears] == [1 if at % 7 in (0, 3) else 0 for at in range(2_000)]


async def test_whoever_cancels_is_told_nothing_not_even_what_was_due(place: Place) -> None:
    ear, witness = place.ear(), place.ear()
    place.view.put_card(card("a"))
    await ear.told(1)
    place.view.put_card(card("b"))
    await ticks()
    ear.cancel()
    ear.cancel()
    await witness.told(2)

    assert ear.count == 1


async def test_whoever_cancels_while_being_told_disturbs_nobody(place: Place) -> None:
    told: list[str] = []
    caller = principal("alice", "alice", ["team"])
    cancels: list[Callable[[], None]] = []

    def leave() -> None:
        told.append("leaves")
        for cancel in cancels:
            cancel()

    cancels.append(place.notices.listen(caller, leave))
    cancels.append(place.notices.listen(caller, lambda: told.append("was cancelled")))
    stays = place.ear()
    place.view.put_card(card("a"))
    await ticks()

    assert (told[0], stays.count) == ("leaves", 1)


async def test_closed_notices_tell_nobody(place: Place) -> None:
    ear = place.ear()
    place.view.put_card(card("a"))
    await ear.told(1)
    place.view.put_card(card("b"))
    await ticks()
    place.view.put_card(card("c"))
    place.notices.close()
    place.notices.close()

    witness = Place()
    heard = witness.ear()
    for count in (1, 2):
        witness.view.put_card(card(f"t{count}"))
        await heard.told(count)
    witness.notices.close()
    assert ear.count == 1


@_CALM
@given(
    before=st.lists(cards, max_size=5),
    after=st.lists(cards, max_size=5),
    dropped=st.lists(st.integers(0, 4), max_size=3),
    people=st.lists(callers, min_size=1, max_size=6),
)
def test_told_are_exactly_those_whose_list_changed(
    before: list[Card], after: list[Card], dropped: list[int], people: list[Principal]
) -> None:
    view = View(synced=True)
    for one in before:
        view.put_card(one)
    notices = Notices(Shelf(view), 0)
    told: set[int] = set()

    async def change() -> None:
        for at, caller in enumerate(people):
            notices.listen(caller, lambda at=at: told.add(at))
        for one in after:
            view.put_card(msgspec.structs.replace(one, tool=Raw(bytes(one.tool or b"{}"))))
        for at in dropped:
            view.drop("tool", before[at].name if at < len(before) else "none")
        await ticks()

    lists = [_lists(view, caller) for caller in people]
    with asyncio.Runner() as runner:
        runner.run(change())
    notices.close()

    assert told == {at for at, caller in enumerate(people) if _lists(view, caller) != lists[at]}


def _lists(view: View, caller: Principal) -> list[bytes]:
    found = [view.get("tool", name) for name in open_to(view, caller)]
    return [bytes(listing.card.tool or b"") for listing in found if listing]
