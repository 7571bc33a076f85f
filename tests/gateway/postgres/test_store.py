"""What the contract does not say of the PostgreSQL store: the order of bytes, odd ids, several containers, expiry."""

import asyncio
from collections.abc import AsyncGenerator

import msgspec
import pytest

from gateway.errors import Conflict, NotFound
from gateway.postgres.database import Database
from gateway.postgres.expiry import purge
from gateway.postgres.journal import PostgresJournal
from gateway.postgres.store import PostgresStore
from gateway.records import Record
from gateway.store import Entry
from tests.contracts.records import adapter
from tests.postgres.opened import opened
from tests.postgres.server import Server

_AGE = "UPDATE mcp_gateway.{} SET expires_at = now() - interval '1 s' WHERE expires_at IS NOT NULL"


class Note(msgspec.Struct, frozen=True):
    """Something with an id."""

    id: str
    text: str = ""


@pytest.fixture
async def database(postgres: Server) -> AsyncGenerator[Database]:
    async with opened(postgres.database()) as database:
        yield database


def notes(database: Database, container: str = "Notes", ttl: float | None = None) -> PostgresStore[Note]:
    return PostgresStore(database, container, msgspec.json.Decoder(Note).decode, ttl=ttl)


async def test_order_is_that_of_bytes_whatever_the_database_thinks(postgres: Server, database: Database) -> None:
    assert postgres.run("SELECT 'a' < 'B'") == [(True,)]  # or this would prove nothing
    store = notes(database)
    for id in ("a", "B", "_", "é", "a-b", "ab", "Z", "\U0001f600"):
        await store.add(Note(id))
    ids = [found.record.id for found in await store.all()]
    assert ids == sorted(ids, key=str.encode)
    assert [found.record.id for found in await store.all(after="Z", limit=2)] == ["_", "a"]


async def test_containers_do_not_see_each_other(database: Database) -> None:
    one, two = notes(database, "One"), notes(database, "Two")
    etag = await one.add(Note("x", "of one"))
    await two.add(Note("x", "of two"))
    await one.remove("x", etag)
    assert [found.record for found in await two.all()] == [Note("x", "of two")]


async def test_processes_share_what_is_stored_and_one_of_many_takes_a_name(postgres: Server) -> None:
    conninfo = postgres.database()
    async with opened(conninfo) as a, opened(conninfo) as b:
        stores = [PostgresStore[Record](each, "C", msgspec.json.Decoder(Record).decode) for each in (a, b)]
        adds = [store.add(adapter(uid=f"{n}-{m}")) for m, store in enumerate(stores) for n in range(6)]
        done = await asyncio.gather(*adds, return_exceptions=True)
        assert sum(isinstance(result, str) for result in done) == 1
        assert sum(isinstance(result, Conflict) for result in done) == 11
        assert await stores[0].get("one") == await stores[1].get("one")


async def test_hundreds_of_writes_at_once_are_all_made(database: Database) -> None:
    store = notes(database)
    text = "x" * 2000
    await asyncio.gather(*(store.add(Note(f"n{number:03}", text)) for number in range(200)))
    assert [found.record.id for found in await store.all()] == [f"n{number:03}" for number in range(200)]


async def test_what_has_expired_is_gone_for_every_verb(postgres: Server, database: Database) -> None:
    store = notes(database, ttl=3600)
    first, second = await store.add(Note("a")), await store.add(Note("b"))
    postgres.run(_AGE.format("records"))
    assert await store.get("a") is None
    assert await store.all() == []
    with pytest.raises(NotFound):
        await store.replace(Note("a"), first)
    await store.remove("b", "of some other version")
    assert await store.add(Note("a")) != first
    await store.remove("b", second)
    assert [found.record.id for found in await store.all()] == ["a"]


async def test_a_replace_gives_a_record_its_whole_time_again(postgres: Server, database: Database) -> None:
    store = notes(database, ttl=3600)
    etag = await store.add(Note("a"))
    postgres.run("UPDATE mcp_gateway.records SET expires_at = now() + interval '9 s'")
    await store.replace(Note("a"), etag)
    left = postgres.run("SELECT extract(epoch FROM expires_at - now()) FROM mcp_gateway.records")
    assert 3500 < float(left[0][0]) <= 3600


async def test_events_expire_too(postgres: Server, database: Database) -> None:
    journal = PostgresJournal(database, ttl=3600)
    await journal.append("s", 1, b"old")
    postgres.run(_AGE.format("journal"))
    assert await journal.after("s", 0) == []
    await journal.append("s", 1, b"new")
    assert await journal.after("s", 0) == [Entry(1, b"new")]


async def test_purge_removes_what_has_expired_and_nothing_else(postgres: Server, database: Database) -> None:
    short, forever = notes(database, "Short", ttl=3600), notes(database)
    await asyncio.gather(*(short.add(Note(f"n{number}")) for number in range(5)))
    await PostgresJournal(database, ttl=3600).append("s", 1, b"e")
    postgres.run(_AGE.format("records"), _AGE.format("journal"))
    await short.add(Note("fresh"))
    await forever.add(Note("kept"))
    await PostgresJournal(database).append("t", 1, b"e")
    assert sum(await asyncio.gather(purge(database), purge(database))) == 6
    assert postgres.run("SELECT id FROM mcp_gateway.records ORDER BY id") == [("fresh",), ("kept",)]
    assert postgres.run("SELECT session FROM mcp_gateway.journal") == [("t",)]
    assert await purge(database) == 0
