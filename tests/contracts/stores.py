"""Every implementation of Store and Journal, opened empty: in a folder, or on a server."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from gateway.postgres.journal import PostgresJournal
from gateway.postgres.store import PostgresStore
from gateway.records import Adapter, Record, Tool
from local.sqlite import Database, SqliteJournal, SqliteStore
from tests.postgres.opened import opened
from tests.postgres.server import Server


@asynccontextmanager
async def sqlite_store(folder: Path) -> AsyncGenerator[SqliteStore[Record]]:
    database = await Database.opened(folder / "records.db")
    yield SqliteStore[Record](database, "CatalogContainer", msgspec.json.Decoder(Adapter | Tool).decode)
    await database.close()


@asynccontextmanager
async def sqlite_journal(folder: Path) -> AsyncGenerator[SqliteJournal]:
    database = await Database.opened(folder / "records.db")
    yield SqliteJournal(database)
    await database.close()


@asynccontextmanager
async def postgres_store(server: Server) -> AsyncGenerator[PostgresStore[Record]]:
    async with opened(server.database()) as database:
        yield PostgresStore[Record](database, "CatalogContainer", msgspec.json.Decoder(Adapter | Tool).decode)


@asynccontextmanager
async def postgres_journal(server: Server) -> AsyncGenerator[PostgresJournal]:
    async with opened(server.database()) as database:
        yield PostgresJournal(database)


STORES = [sqlite_store, postgres_store]
JOURNALS = [sqlite_journal, postgres_journal]
ON_POSTGRES = (postgres_store, postgres_journal)
