"""Every implementation of Store and Journal, opened empty: in a folder, or on a server."""

import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from gateway.azure.cosmos.account import opened as account
from gateway.azure.cosmos.journal import CosmosJournal
from gateway.azure.cosmos.store import CosmosStore, catalog
from gateway.postgres.journal import PostgresJournal
from gateway.postgres.store import PostgresStore
from gateway.records import Adapter, Record, Tool
from local.sqlite import Database, SqliteJournal, SqliteStore
from tests.azure.cloud import Cloud
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


@asynccontextmanager
async def cosmos_store(cloud: Cloud) -> AsyncGenerator[CosmosStore[Record]]:
    async with account(cloud.records(database=uuid.uuid4().hex)) as reached:
        yield catalog(reached)


@asynccontextmanager
async def cosmos_journal(cloud: Cloud) -> AsyncGenerator[CosmosJournal]:
    async with account(cloud.records(database=uuid.uuid4().hex)) as reached:
        yield CosmosJournal(reached)


STORES = [sqlite_store, postgres_store, cosmos_store]
JOURNALS = [sqlite_journal, postgres_journal, cosmos_journal]
ON_POSTGRES = (postgres_store, postgres_journal)
ON_COSMOS = (cosmos_store, cosmos_journal)
