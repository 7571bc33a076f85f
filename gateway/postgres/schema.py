"""The tables, and how they come to be: once, whoever comes first. Versions grow only, and no step is ever edited.

While a release rolls out, processes of the release before still use the tables: a step must leave them working.
A JSON body is bytea, as it was written: `SELECT convert_from(body, 'UTF8') FROM mcp_gateway.records` shows it.
"""

from collections.abc import Sequence
from typing import LiteralString

from psycopg import AsyncConnection

from gateway.errors import Unavailable

UPGRADE_SECONDS = 60

# Version n is the state after the first n steps. "C" is the order of bytes, whatever the database's own is.
STEPS = (
    """
    CREATE TABLE mcp_gateway.records (
        container text COLLATE "C",
        id text COLLATE "C",
        etag text NOT NULL,
        body bytea NOT NULL,
        expires_at timestamptz,
        PRIMARY KEY (container, id)
    );
    CREATE INDEX records_expiry ON mcp_gateway.records (expires_at) WHERE expires_at IS NOT NULL;
    CREATE TABLE mcp_gateway.journal (
        session text COLLATE "C",
        seq bigint,
        stamp text NOT NULL,
        event bytea NOT NULL,
        expires_at timestamptz,
        PRIMARY KEY (session, seq)
    );
    CREATE INDEX journal_expiry ON mcp_gateway.journal (expires_at) WHERE expires_at IS NOT NULL;
    """,
)
_TABLE = "CREATE TABLE mcp_gateway.version (one boolean PRIMARY KEY DEFAULT true CHECK (one), number integer NOT NULL)"
_NOTE = "INSERT INTO mcp_gateway.version (number) VALUES (%s) ON CONFLICT (one) DO UPDATE SET number = EXCLUDED.number"
# Asked of the catalog's tables: `to_regclass` and its like may answer from memory, and miss what came while we waited.
_HAS_SCHEMA = "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = 'mcp_gateway'"
_HAS_TABLE = "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = 'mcp_gateway' AND tablename = 'version'"
_LOCK = 0x6D63_7067  # any number that everybody here agrees on


class NewerSchema(Unavailable):
    """The tables are those of a newer gateway: this one must not touch them."""


async def upgrade(connection: AsyncConnection, steps: Sequence[LiteralString] = STEPS) -> None:
    """Takes the steps not taken yet, in one transaction. Two at once: the second waits, and finds nothing to do.

    With tables of this version it only reads, so a role may do without the right to create any. Raises NewerSchema.
    """
    if await _version(connection, steps) == len(steps):
        return
    async with connection.transaction():
        # Whatever the role's default is: what the other one committed while we waited must be seen.
        await connection.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        await connection.execute("SELECT set_config('statement_timeout', %s, true)", (f"{UPGRADE_SECONDS}s",))
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        await _climb(connection, steps, await _version(connection, steps))


async def _climb(connection: AsyncConnection, steps: Sequence[LiteralString], version: int) -> None:
    if version == 0:
        # An existing schema is asked for first: CREATE … IF NOT EXISTS wants a right that its owner may not have given.
        if await (await connection.execute(_HAS_SCHEMA)).fetchone() is None:
            await connection.execute("CREATE SCHEMA mcp_gateway")
        await connection.execute(_TABLE)
    for step in steps[version:]:
        await connection.execute(step)
    await connection.execute(_NOTE, (len(steps),))


async def _version(connection: AsyncConnection, steps: Sequence[LiteralString]) -> int:
    """0 before the first step."""
    if await (await connection.execute(_HAS_TABLE)).fetchone() is None:
        return 0
    row = await (await connection.execute("SELECT number FROM mcp_gateway.version")).fetchone()
    version: int = row[0] if row else 0
    if version > len(steps):
        raise NewerSchema(
            f"The record store was written by a newer gateway (schema {version}; this one knows {len(steps)})."
        )
    return version
