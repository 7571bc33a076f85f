"""Every sentence of `Journal` in gateway/store.py."""

import asyncio

import pytest

from gateway.errors import Conflict
from gateway.store import Entry, Journal


async def test_an_unknown_session_has_no_events(journal: Journal) -> None:
    assert await journal.after("nobody", 0) == []


async def test_events_come_back_in_order_and_byte_for_byte(journal: Journal) -> None:
    events = [b'{"a":1}', "é\n\x00".encode(), b"", b"\xff" * 70_000]
    for seq, event in enumerate(events, 1):
        await journal.append("s", seq, event)
    assert await journal.after("s", 0) == [Entry(seq, event) for seq, event in enumerate(events, 1)]


async def test_events_are_ordered_by_number_beyond_ten(journal: Journal) -> None:
    for seq in range(1, 13):
        await journal.append("s", seq, b"%d" % seq)
    assert [entry.seq for entry in await journal.after("s", 0)] == list(range(1, 13))


async def test_after_gives_only_what_is_above_the_number(journal: Journal) -> None:
    for seq in (1, 2, 3):
        await journal.append("s", seq, b"%d" % seq)
    assert [entry.seq for entry in await journal.after("s", 1)] == [2, 3]
    assert await journal.after("s", 3) == []
    assert await journal.after("s", 99) == []


async def test_a_number_is_written_once_by_whomever(journal: Journal) -> None:
    await journal.append("s", 1, b"first")
    for event in (b"second", b"first"):
        with pytest.raises(Conflict):
            await journal.append("s", 1, event)
    assert await journal.after("s", 0) == [Entry(1, b"first")]


async def test_of_many_writers_of_one_number_one_wins(journal: Journal) -> None:
    events = [b"writer %d" % n for n in range(8)]
    done = await asyncio.gather(*(journal.append("s", 1, event) for event in events), return_exceptions=True)
    winners = [event for event, result in zip(events, done, strict=True) if result is None]
    assert len(winners) == 1
    assert sum(isinstance(result, Conflict) for result in done) == 7
    assert await journal.after("s", 0) == [Entry(1, winners[0])]


async def test_sessions_do_not_see_each_other(journal: Journal) -> None:
    await journal.append("s", 1, b"of s")
    await journal.append("t", 1, b"of t")
    assert await journal.after("s", 0) == [Entry(1, b"of s")]
    assert await journal.after("t", 0) == [Entry(1, b"of t")]
