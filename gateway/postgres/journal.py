"""A Journal on PostgreSQL: the primary key is the fence. Each event carries a stamp, so that a writer knows its own."""

import secrets

from psycopg import AsyncConnection

from gateway.errors import Conflict
from gateway.postgres.database import Database
from gateway.store import Entry

_APPEND = """
    INSERT INTO mcp_gateway.journal AS j (session, seq, stamp, event, expires_at)
    VALUES (%s, %s, %s, %b, now() + make_interval(secs => %s::float8))
    ON CONFLICT (session, seq) DO UPDATE
    SET stamp = EXCLUDED.stamp, event = EXCLUDED.event, expires_at = EXCLUDED.expires_at WHERE j.expires_at <= now()
"""
_STAMP = "SELECT stamp FROM mcp_gateway.journal WHERE session = %s AND seq = %s"
_AFTER = """
    SELECT seq, event FROM mcp_gateway.journal
    WHERE session = %s AND seq > %s AND (expires_at IS NULL OR expires_at > now())
    ORDER BY seq
"""


class PostgresJournal:
    """A Journal. `ttl`: seconds after which an event is gone; None: never. Every verb raises Unavailable."""

    def __init__(self, database: Database, *, ttl: float | None = None) -> None:
        self._database = database
        self._ttl = ttl

    async def append(self, session: str, seq: int, event: bytes) -> None:
        """Writes event `seq`. Raises Conflict where it was written already."""
        stamp = secrets.token_hex(8)

        async def insert(connection: AsyncConnection) -> None:
            if (await connection.execute(_APPEND, (session, seq, stamp, event, self._ttl))).rowcount == 0:
                row = await (await connection.execute(_STAMP, (session, seq))).fetchone()
                if row is None or row[0] != stamp:
                    raise Conflict(f"Event {seq} of session `{session}` was written already.")

        await self._database.run(insert)

    async def after(self, session: str, seq: int) -> list[Entry]:
        """The events above `seq`, in order."""

        async def select(connection: AsyncConnection) -> list[tuple[int, bytes]]:
            cursor = await connection.execute(_AFTER, (session, seq), binary=True)
            return await cursor.fetchall()

        return [Entry(*row) for row in await self._database.run(select)]
