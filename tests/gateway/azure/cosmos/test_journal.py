"""What the contract does not say of the Cosmos DB journal: long ones, what an item looks like, odd sessions, expiry."""

from typing import Any

import pytest

from gateway.azure.cosmos.account import Account
from gateway.azure.cosmos.journal import CosmosJournal
from gateway.store import Entry
from tests.azure.cloud import DATABASE, Cloud
from tests.azure.cosmos.container import Container
from tests.gateway.azure.cosmos.reached import JOURNAL


@pytest.fixture
def container(account: Account, cloud: Cloud) -> Container:
    return cloud.cosmos.databases[DATABASE].containers["JournalContainer"]


async def test_a_long_journal_comes_in_pages_and_in_order(
    journal: CosmosJournal, container: Container, cloud: Cloud
) -> None:
    for seq in range(1, 1302):
        item: dict[str, Any] = {"id": f"{seq:016}", "sessionId": "s", "stamp": "x", "text": str(seq)}
        container.create(item, "s")
    cloud.cosmos.longest = 400
    assert await journal.after("s", 0) == [Entry(seq, b"%d" % seq) for seq in range(1, 1302)]
    assert [entry.seq for entry in await journal.after("s", 1299)] == [1300, 1301]
    assert len([asked for asked in cloud.cosmos.asked if asked.endswith(JOURNAL)]) < 12


async def test_text_is_stored_as_text_and_all_else_as_base64(journal: CosmosJournal, container: Container) -> None:
    events = [
        b'{"a": 1e2, "big": 123456789012345678901234567890}\n',
        "é\u2028\U0001f600".encode(),
        b"\xff\x00",
        b"\x00",
    ]
    for seq, event in enumerate(events, 1):
        await journal.append("s", seq, event)
    kinds = [sorted(item.keys() & {"text", "base64"}) for _, item in container.items()]
    assert kinds == [["text"], ["text"], ["base64"], ["base64"]]
    assert [entry.event for entry in await journal.after("s", 0)] == events


@pytest.mark.parametrize("session", ["", "a/b", "../x", "é日\n", '"', "a,b", "x" * 500])
async def test_a_session_may_bear_any_name(journal: CosmosJournal, session: str) -> None:
    await journal.append(session, 1, b"mine")
    await journal.append("another", 1, b"theirs")
    assert await journal.after(session, 0) == [Entry(1, b"mine")]


async def test_a_session_is_asked_for_in_its_own_partition(journal: CosmosJournal, cloud: Cloud) -> None:
    await journal.append("s", 1, b"{}")
    cloud.cosmos.asked.clear()
    assert len(await journal.after("s", 0)) == 1
    # The SDK reads the account now and then beside it; whoever asks in all partitions asks for `pkranges` first.
    assert [what for asked in cloud.cosmos.asked if (what := asked.split("/")[-1])] == ["docs"]


async def test_an_event_above_a_megabyte_is_kept(journal: CosmosJournal) -> None:
    event = b'"' + b"x" * 1_500_000 + b'"'
    await journal.append("s", 1, event)
    assert await journal.after("s", 0) == [Entry(1, event)]


async def test_events_that_have_expired_are_gone_and_their_numbers_free(account: Account, cloud: Cloud) -> None:
    now = [1_000_000]
    cloud.cosmos.clock = lambda: now[0]
    journal = CosmosJournal(account, ttl=60)
    await journal.append("s", 1, b"old")
    now[0] += 60
    assert await journal.after("s", 0) == []
    await journal.append("s", 1, b"new")
    assert await journal.after("s", 0) == [Entry(1, b"new")]
