"""A Store on PostgreSQL: each verb is one statement, which either took effect or did not.

An ETag is chosen before it is written: where the answer to a write was lost, the row says whose write it was.
"""

import secrets
from collections.abc import Callable

import msgspec
from psycopg import AsyncConnection

from gateway.errors import Conflict, NotFound, PreconditionFailed
from gateway.postgres.database import Database
from gateway.store import Identified, Versioned

# What has expired is gone for every verb, whether or not `purge` has been there already.
_GET = """
    SELECT body, etag FROM mcp_gateway.records
    WHERE container = %s AND id = %s AND (expires_at IS NULL OR expires_at > now())
"""
_ALL = """
    SELECT body, etag FROM mcp_gateway.records
    WHERE container = %s AND id > %s AND (expires_at IS NULL OR expires_at > now())
    ORDER BY id LIMIT %s
"""
_ADD = """
    INSERT INTO mcp_gateway.records AS r (container, id, etag, body, expires_at)
    VALUES (%s, %s, %s, %b, now() + make_interval(secs => %s::float8))
    ON CONFLICT (container, id) DO UPDATE
    SET etag = EXCLUDED.etag, body = EXCLUDED.body, expires_at = EXCLUDED.expires_at WHERE r.expires_at <= now()
"""
_REPLACE = """
    UPDATE mcp_gateway.records SET etag = %s, body = %b, expires_at = now() + make_interval(secs => %s::float8)
    WHERE container = %s AND id = %s AND etag = %s AND (expires_at IS NULL OR expires_at > now())
"""
_REMOVE = "DELETE FROM mcp_gateway.records WHERE container = %s AND id = %s AND etag = %s"


class PostgresStore[R: Identified]:
    """A Store. `decode` turns stored JSON back into a record: `msgspec.json.Decoder(type).decode`.

    `ttl`: seconds after its last write when a record is gone; None: never. Every verb raises Unavailable.
    """

    def __init__(
        self, database: Database, container: str, decode: Callable[[bytes], R], *, ttl: float | None = None
    ) -> None:
        self._database = database
        self._container = container
        self._decode = decode
        self._ttl = ttl

    async def get(self, id: str) -> Versioned[R] | None:
        """The record, or None."""
        return await self._database.run(lambda connection: self._get(connection, id))

    async def all(self, *, after: str = "", limit: int | None = None) -> list[Versioned[R]]:
        """Records above `after` in the order of their ids, at most `limit`."""

        async def select(connection: AsyncConnection) -> list[tuple[bytes, str]]:
            cursor = await connection.execute(_ALL, (self._container, after, limit), binary=True)
            return await cursor.fetchall()

        return [Versioned(self._decode(body), etag) for body, etag in await self._database.run(select)]

    async def add(self, record: R) -> str:
        """Claims the id. Raises Conflict."""
        etag, body = _etag(), msgspec.json.encode(record)

        async def insert(connection: AsyncConnection) -> None:
            values = (self._container, record.id, etag, body, self._ttl)
            if (await connection.execute(_ADD, values)).rowcount == 0:
                found = await self._get(connection, record.id)
                if found is None or found.etag != etag:
                    raise Conflict(f"`{record.id}` exists already.")

        await self._database.run(insert)
        return etag

    async def replace(self, record: R, etag: str) -> str:
        """Replaces that version. Raises PreconditionFailed or NotFound."""
        new, body = _etag(), msgspec.json.encode(record)

        async def update(connection: AsyncConnection) -> None:
            values = (new, body, self._ttl, self._container, record.id, etag)
            if (await connection.execute(_REPLACE, values)).rowcount == 0:
                found = await self._get(connection, record.id)
                if found is None:
                    raise NotFound(f"`{record.id}` does not exist.")
                if found.etag != new:
                    raise _changed(record.id)

        await self._database.run(update)
        return new

    async def remove(self, id: str, etag: str) -> None:
        """Removes that version. Raises PreconditionFailed."""

        async def delete(connection: AsyncConnection) -> None:
            cursor = await connection.execute(_REMOVE, (self._container, id, etag))
            if cursor.rowcount == 0 and await self._get(connection, id) is not None:
                raise _changed(id)

        await self._database.run(delete)

    async def _get(self, connection: AsyncConnection, id: str) -> Versioned[R] | None:
        cursor = await connection.execute(_GET, (self._container, id), binary=True)
        row: tuple[bytes, str] | None = await cursor.fetchone()
        return Versioned(self._decode(row[0]), row[1]) if row else None


def _etag() -> str:
    return secrets.token_hex(8)


def _changed(id: str) -> PreconditionFailed:
    return PreconditionFailed(f"`{id}` is not that version any more.")
