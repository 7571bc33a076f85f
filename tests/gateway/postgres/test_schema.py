"""The tables: made once, by whoever comes first; never by a gateway older than they are."""

import asyncio

import psycopg
import pytest

from gateway.postgres.schema import STEPS, NewerSchema, upgrade
from tests.postgres.opened import opened
from tests.postgres.server import Server

_VERSION = "SELECT number FROM mcp_gateway.version"


async def test_tables_are_made_on_an_empty_database_and_found_again(postgres: Server) -> None:
    conninfo = postgres.database()
    for _ in range(2):
        async with opened(conninfo) as database:
            await database.prepare()
    assert postgres.run(_VERSION) == [(len(STEPS),)]


async def test_many_at_once_on_an_empty_database_make_them_once(postgres: Server) -> None:
    conninfo = postgres.database()
    async with opened(conninfo) as a, opened(conninfo) as b, opened(conninfo) as c, opened(conninfo) as d:
        await asyncio.gather(*(database.prepare() for database in (a, b, c, d) for _ in range(4)))
    assert postgres.run(_VERSION) == [(len(STEPS),)]


async def test_many_at_once_make_them_once_whatever_isolation_the_role_has(postgres: Server) -> None:
    conninfo = f"{postgres.database()}?options=-cdefault_transaction_isolation%3Dserializable"
    async with opened(conninfo) as a, opened(conninfo) as b, opened(conninfo) as c:
        await asyncio.gather(*(database.prepare() for database in (a, b, c)))
    assert postgres.run(_VERSION) == [(len(STEPS),)]


async def test_tables_of_a_newer_gateway_are_left_alone(postgres: Server) -> None:
    conninfo = postgres.database()
    async with opened(conninfo) as database:
        await database.prepare()
    postgres.run("UPDATE mcp_gateway.version SET number = 99")
    async with opened(conninfo) as database:
        with pytest.raises(NewerSchema, match=r"newer gateway \(schema 99; this one knows 1\)"):
            await database.prepare()
    assert postgres.run(_VERSION) == [(99,)]


async def test_a_step_that_fails_leaves_nothing_half_made(postgres: Server) -> None:
    async with await psycopg.AsyncConnection.connect(postgres.database(), autocommit=True) as connection:
        with pytest.raises(psycopg.errors.DuplicateTable):
            await upgrade(connection, (*STEPS, "CREATE TABLE mcp_gateway.records (x int)"))
        assert postgres.run("SELECT to_regnamespace('mcp_gateway')") == [(None,)]
        await upgrade(connection)
    assert postgres.run(_VERSION) == [(len(STEPS),)]


async def test_the_next_version_takes_only_the_steps_that_are_new(postgres: Server) -> None:
    async with await psycopg.AsyncConnection.connect(postgres.database(), autocommit=True) as connection:
        await upgrade(connection)
        await upgrade(connection, (*STEPS, "CREATE TABLE mcp_gateway.more (x int)"))
    assert postgres.run(_VERSION) == [(len(STEPS) + 1,)]
    assert postgres.run("SELECT to_regclass('mcp_gateway.more') IS NOT NULL") == [(True,)]


async def test_a_role_that_may_create_nothing_can_use_what_is_there(postgres: Server) -> None:
    postgres.database()
    async with opened(postgres.conninfo()) as database:
        await database.prepare()
    role = "plain"
    postgres.run(
        f"DROP ROLE IF EXISTS {role}",
        f"CREATE ROLE {role} LOGIN",
        f"GRANT USAGE ON SCHEMA mcp_gateway TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA mcp_gateway TO {role}",
    )
    async with opened(postgres.conninfo(role)) as database:
        await database.prepare()
    postgres.run(f"DROP OWNED BY {role}", f"DROP ROLE {role}")


async def test_a_schema_that_somebody_made_for_us_is_used(postgres: Server) -> None:
    postgres.database()
    role = "tenant"
    postgres.run(
        f"DROP ROLE IF EXISTS {role}", f"CREATE ROLE {role} LOGIN", f"CREATE SCHEMA mcp_gateway AUTHORIZATION {role}"
    )
    async with opened(postgres.conninfo(role)) as database:
        await database.prepare()
    assert postgres.run(_VERSION) == [(len(STEPS),)]
    postgres.run("DROP SCHEMA mcp_gateway CASCADE", f"DROP ROLE {role}")
