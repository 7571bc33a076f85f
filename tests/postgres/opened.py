"""A Database for the length of a block."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec

from gateway.postgres.database import Database
from gateway.postgres.settings import Settings


@asynccontextmanager
async def opened(
    conninfo: str, *, connections: int = 8, wait: float = 5.0, statement: float = 10.0
) -> AsyncGenerator[Database]:
    """Opened with the settings that this connection string gives, and closed."""
    settings = Settings.from_env({"Postgres__ConnectionString": conninfo})
    settings = msgspec.structs.replace(settings, connections=connections, wait=wait, statement=statement)
    database = await Database.opened(settings)
    try:
        yield database
    finally:
        await database.close()
