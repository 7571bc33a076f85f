"""The server did what it was asked, and the answer was lost: whoever asks again recognises its own write."""

from collections.abc import AsyncGenerator

import msgspec
import pytest

from gateway.errors import Conflict, NotFound, PreconditionFailed, Unavailable
from gateway.postgres.journal import PostgresJournal
from gateway.postgres.store import PostgresStore
from gateway.records import Record
from gateway.store import Entry, Versioned
from tests.contracts.records import adapter
from tests.postgres.opened import opened
from tests.postgres.relay import Relay, relay
from tests.postgres.server import Server


@pytest.fixture
async def between(postgres: Server) -> AsyncGenerator[Relay]:
    postgres.database()
    async with relay(postgres.port) as made:
        yield made


@pytest.fixture
async def store(postgres: Server, between: Relay) -> AsyncGenerator[PostgresStore[Record]]:
    async with opened(postgres.conninfo(port=between.port)) as database:
        yield PostgresStore[Record](database, "CatalogContainer", msgspec.json.Decoder(Record).decode)


@pytest.fixture
async def journal(postgres: Server, between: Relay) -> AsyncGenerator[PostgresJournal]:
    async with opened(postgres.conninfo(port=between.port)) as database:
        yield PostgresJournal(database)


async def test_an_add_whose_answer_was_lost_took_the_name(store: PostgresStore[Record], between: Relay) -> None:
    assert await store.all() == []
    between.lose_answer_to("INSERT INTO mcp_gateway.records")
    etag = await store.add(adapter())
    assert between.lost == 1
    assert await store.get("one") == Versioned(adapter(), etag)


async def test_an_add_of_a_taken_name_is_a_conflict_even_if_the_first_answer_was_lost(
    store: PostgresStore[Record], between: Relay
) -> None:
    etag = await store.add(adapter(uid="first"))
    between.lose_answer_to("INSERT INTO mcp_gateway.records")
    with pytest.raises(Conflict):
        await store.add(adapter(uid="second"))
    assert between.lost == 1
    assert await store.get("one") == Versioned(adapter(uid="first"), etag)


async def test_a_replace_whose_answer_was_lost_is_done(store: PostgresStore[Record], between: Relay) -> None:
    first = await store.add(adapter())
    between.lose_answer_to("UPDATE mcp_gateway.records")
    second = await store.replace(adapter(generation=2), first)
    assert between.lost == 1
    assert await store.get("one") == Versioned(adapter(generation=2), second)


async def test_a_replace_of_another_version_fails_even_if_the_first_answer_was_lost(
    store: PostgresStore[Record], between: Relay
) -> None:
    etag = await store.add(adapter())
    between.lose_answer_to("UPDATE mcp_gateway.records")
    with pytest.raises(PreconditionFailed):
        await store.replace(adapter(generation=2), "stale")
    await store.remove("one", etag)
    between.lose_answer_to("UPDATE mcp_gateway.records")
    with pytest.raises(NotFound):
        await store.replace(adapter(generation=2), etag)
    assert between.lost == 2


async def test_a_remove_whose_answer_was_lost_is_done(store: PostgresStore[Record], between: Relay) -> None:
    etag = await store.add(adapter())
    between.lose_answer_to("DELETE FROM mcp_gateway.records")
    await store.remove("one", etag)
    assert between.lost == 1
    assert await store.get("one") is None


async def test_an_append_whose_answer_was_lost_is_written_once(journal: PostgresJournal, between: Relay) -> None:
    assert await journal.after("s", 0) == []
    between.lose_answer_to("INSERT INTO mcp_gateway.journal")
    await journal.append("s", 1, b"mine")
    assert between.lost == 1
    assert await journal.after("s", 0) == [Entry(1, b"mine")]


async def test_an_append_to_a_written_number_is_a_conflict_even_if_the_first_answer_was_lost(
    journal: PostgresJournal, between: Relay
) -> None:
    await journal.append("s", 1, b"same")
    between.lose_answer_to("INSERT INTO mcp_gateway.journal")
    with pytest.raises(Conflict):
        await journal.append("s", 1, b"same")
    assert between.lost == 1


async def test_a_write_whose_answers_are_lost_twice_is_unavailable_and_says_it_may_have_been_made(
    store: PostgresStore[Record], between: Relay
) -> None:
    assert await store.all() == []
    between.lose_answer_to("INSERT INTO mcp_gateway.records", times=2)
    with pytest.raises(Unavailable, match="may have been made"):
        await store.add(adapter())
    assert [found.record for found in await store.all()] == [adapter()]
