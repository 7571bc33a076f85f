"""Every implementation of Store and Journal, opened empty."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from gateway.records import Adapter, Record, Tool
from local.sqlite import Database, SqliteJournal, SqliteStore


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


STORES = [sqlite_store]
JOURNALS = [sqlite_journal]
