"""A server that fails: restarted, frozen, gone, slow. Work is done, at most twice, or refused with 503 in bounded time."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator

import pytest
from psycopg import AsyncConnection

from gateway.errors import Conflict, Unavailable
from gateway.postgres.database import Database
from tests.local.waiting import holds
from tests.postgres.opened import opened
from tests.postgres.server import LOCKED, PASSWORD, Server

_KILL = "SELECT pg_terminate_backend(pg_backend_pid())"


class Work:
    """Runs its statements, one each time it is run; the last is for every time after."""

    def __init__(self, *statements: str) -> None:
        self.statements = list(statements)
        self.times = 0

    async def __call__(self, connection: AsyncConnection) -> object:
        self.times += 1
        statement = self.statements[min(self.times, len(self.statements)) - 1]
        row = await (await connection.execute(statement.encode())).fetchone()
        return row and row[0]


@pytest.fixture
async def database(postgres: Server) -> AsyncGenerator[Database]:
    async with opened(postgres.database()) as database:
        yield database


def failing(sqlstate: str) -> str:
    """A statement that the server answers with this error."""
    return f"DO $$ BEGIN RAISE EXCEPTION 'broken' USING ERRCODE = '{sqlstate}'; END $$"


async def test_connections_that_a_restart_cut_are_noticed_before_anyone_is_refused(
    postgres: Server, database: Database
) -> None:
    await asyncio.gather(*(database.run(Work("SELECT pg_sleep(0.05)")) for _ in range(8)))
    with postgres.stopped():
        pass
    work = [Work("SELECT 1") for _ in range(8)]
    assert await asyncio.gather(*map(database.run, work)) == [1] * 8


async def test_work_waits_for_a_server_that_is_just_starting(
    postgres: Server, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await database.prepare()
    with postgres.stopped():
        waiting = asyncio.create_task(database.run(Work("SELECT 1")))
        await holds(lambda: "error connecting" in caplog.text)
    assert await waiting == 1


@pytest.mark.parametrize("first", [_KILL, failing("40001"), failing("40P01"), failing("25006"), failing("08006")])
async def test_work_is_done_once_more_after_a_failure_that_passes(database: Database, first: str) -> None:
    work = Work(first, "SELECT 7")
    assert await database.run(work) == 7
    assert work.times == 2


@pytest.mark.parametrize("always", [_KILL, failing("40001"), failing("25006")])
async def test_work_that_fails_so_again_is_refused(database: Database, always: str) -> None:
    work = Work(always)
    with pytest.raises(Unavailable) as refused:
        await database.run(work)
    assert work.times == 2
    assert refused.value.headers == {"Retry-After": "2"}
    assert await database.run(Work("SELECT 1")) == 1


@pytest.mark.parametrize("statement", [failing("53100"), failing("42501"), "SELECT 1/0", "SELECT nonsense"])
async def test_other_failures_are_refused_at_once(database: Database, statement: str) -> None:
    work = Work(statement)
    with pytest.raises(Unavailable):
        await database.run(work)
    assert work.times == 1


async def test_refusals_of_the_work_itself_pass_through(database: Database) -> None:
    async def refuse(connection: AsyncConnection) -> None:
        raise Conflict(str(connection.broken))

    with pytest.raises(Conflict, match="False"):
        await database.run(refuse)


async def test_a_server_that_is_not_there_is_unavailable_in_bounded_time_and_found_when_it_is_back(
    postgres: Server,
) -> None:
    async with opened(postgres.database(), wait=0.5) as database:
        await database.prepare()
        with postgres.stopped():
            for _ in range(2):
                began = time.monotonic()
                with pytest.raises(Unavailable):
                    await database.run(Work("SELECT 1"))
                assert time.monotonic() - began < 5
        async with asyncio.timeout(10):
            while await outcome(database) != 1:
                pass  # each try waits by itself


async def test_a_database_opened_before_its_server_serves_once_that_is_there(postgres: Server) -> None:
    conninfo = postgres.database()
    with postgres.stopped():
        async with opened(conninfo, wait=0.2) as early:
            with pytest.raises(Unavailable):
                await early.prepare()
    async with opened(conninfo) as database:
        assert await database.run(Work("SELECT 1")) == 1


async def test_a_server_that_stands_still_is_unavailable_in_bounded_time(postgres: Server) -> None:
    async with opened(postgres.database(), connections=1, wait=0.5, statement=0.3) as database:
        started = asyncio.Event()

        async def work(connection: AsyncConnection) -> None:
            started.set()
            await connection.execute("SELECT pg_sleep(3600)")

        await database.prepare()
        under_way = asyncio.create_task(database.run(work))
        await started.wait()
        with postgres.frozen():
            began = time.monotonic()
            for refused in (under_way, database.run(Work("SELECT 1"))):
                with pytest.raises(Unavailable):
                    await refused
            assert time.monotonic() - began < 8
        async with asyncio.timeout(10):
            while await outcome(database) != 1:
                pass


async def test_a_statement_that_takes_too_long_is_ended_and_not_repeated(postgres: Server) -> None:
    async with opened(postgres.database(), statement=0.2) as database:
        work = Work("SELECT pg_sleep(3601)")  # no other test's: the server may still be ending theirs
        with pytest.raises(Unavailable):
            await database.run(work)
        assert work.times == 1
        assert postgres.run("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%3601%' AND state = 'active'") == [
            (1,)  # the one that asks
        ]


async def test_whoever_finds_all_connections_lent_for_too_long_is_refused(postgres: Server) -> None:
    async with opened(postgres.database(), connections=1, wait=0.3) as database:
        lent, give_back = asyncio.Event(), asyncio.Event()

        async def keep(_: AsyncConnection) -> str:
            lent.set()
            await give_back.wait()
            return "kept"

        keeping = asyncio.create_task(database.run(keep))
        await lent.wait()
        with pytest.raises(Unavailable):
            await database.run(Work("SELECT 1"))
        give_back.set()
        assert await keeping == "kept"
        assert await database.run(Work("SELECT 1")) == 1


async def test_work_whose_caller_went_away_leaves_its_connection_usable(postgres: Server) -> None:
    async with opened(postgres.database(), connections=1) as database:
        started = asyncio.Event()

        async def work(connection: AsyncConnection) -> None:
            started.set()
            await connection.execute("SELECT pg_sleep(3600)")

        left = asyncio.create_task(database.run(work))
        await started.wait()
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left
        assert await database.run(Work("SELECT 1")) == 1


async def test_tables_that_vanish_are_not_made_again_by_a_process_that_saw_them(
    postgres: Server, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await database.prepare()
    postgres.database()
    with pytest.raises(Unavailable):
        await database.run(Work("SELECT 1 FROM mcp_gateway.records"))
    assert [record.levelname for record in caplog.records if "UndefinedTable" in record.message] == ["ERROR"]


async def test_a_wrong_password_is_unavailable_and_no_password_is_ever_logged(
    postgres: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    postgres.run(f"DROP ROLE IF EXISTS {LOCKED}", f"CREATE ROLE {LOCKED} SUPERUSER LOGIN PASSWORD '{PASSWORD}'")
    async with opened(postgres.conninfo(LOCKED), wait=2) as database:
        assert await database.run(Work("SELECT 1")) == 1
    wrong = postgres.conninfo(LOCKED).replace(PASSWORD, "wrong-battery-8")
    async with opened(wrong, wait=0.3) as database:
        with pytest.raises(Unavailable) as refused:
            await database.run(Work("SELECT 1"))
    assert "password authentication failed" in caplog.text
    for said in (caplog.text, str(refused.value), str(refused.value.__cause__)):
        assert PASSWORD not in said
        assert "wrong-battery-8" not in said
    postgres.run("DROP SCHEMA mcp_gateway CASCADE", f"DROP ROLE {LOCKED}")


async def outcome(database: Database) -> object:
    try:
        return await database.run(Work("SELECT 1"))
    except Unavailable as error:
        return error
