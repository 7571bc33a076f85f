"""Expiry: takes away what has expired. Nobody saw it any more; this gives the room back. Has no clock of its own."""

from typing import LiteralString

from psycopg import AsyncConnection

from gateway.postgres.database import Database

_BATCH = 1000  # rows of a statement, so that none takes long
_RECORDS = """
    DELETE FROM mcp_gateway.records WHERE (container, id) IN (
        SELECT container, id FROM mcp_gateway.records WHERE expires_at <= now() LIMIT %s FOR UPDATE SKIP LOCKED)
"""
_EVENTS = """
    DELETE FROM mcp_gateway.journal WHERE (session, seq) IN (
        SELECT session, seq FROM mcp_gateway.journal WHERE expires_at <= now() LIMIT %s FOR UPDATE SKIP LOCKED)
"""


async def purge(database: Database) -> int:
    """Removes all that has expired, and returns how many rows that were. Two at once share the work. Raises Unavailable."""
    return await _purged(database, _RECORDS) + await _purged(database, _EVENTS)


async def _purged(database: Database, statement: LiteralString) -> int:
    async def delete(connection: AsyncConnection) -> int:
        return (await connection.execute(statement, (_BATCH,))).rowcount

    removed = 0
    while rows := await database.run(delete):
        removed += rows
    return removed
