"""The database: a few connections, lent for one piece of work at a time; and what becomes of a server that fails.

A connection that broke, a restart, a conflict between transactions: the work is done once more, at once, and so it must
recognise its own first try. Everything else that goes wrong is Unavailable, never a surprise. Knows no table.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager

import psycopg
from psycopg import AsyncConnection, errors
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from gateway.errors import Unavailable
from gateway.postgres.schema import UPGRADE_SECONDS, upgrade
from gateway.postgres.settings import Settings

type Work[T] = Callable[[AsyncConnection], Awaitable[T]]

_BEYOND = 1.0  # seconds more by our clock than by the server's: one that stands still ends no statement
_CHECK = 2.0  # seconds for an idle connection to say that it lives
_WAITING = 200  # requests at once; more are turned away

# 08: the connection; 40001, 40P01: two transactions in each other's way; 25006: the server became a replica;
# 57P01-03: it is being restarted. None of them says that the work was done.
_AGAIN = ("08", "40001", "40P01", "25006", "57P01", "57P02", "57P03")

# Every piece of work is made for READ COMMITTED, whatever the role's own default is.
_SETTINGS = """
    SELECT set_config('statement_timeout', %s, false), set_config('default_transaction_isolation', 'read committed', false)
"""

_log = logging.getLogger(__name__)


class Database:
    """Opened by `await Database.opened(settings)`, which needs no server yet; closed by `close`."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection], settings: Settings) -> None:
        self._pool = pool
        self._statement = settings.statement + _BEYOND
        self._upgrading = asyncio.Lock()
        self._upgraded = False

    @classmethod
    async def opened(cls, settings: Settings) -> "Database":
        """Ready to be asked. Where there is no server, or no right to use it, `run` says so."""
        pool = AsyncConnectionPool[AsyncConnection](
            settings.conninfo,
            # Without prepared statements a pooler between us and the server may hand us another connection.
            kwargs={"autocommit": True, "prepare_threshold": None},
            min_size=1,
            max_size=settings.connections,
            open=False,
            configure=_configured(settings),
            check=_check,
            name="records",
            timeout=settings.wait,
            max_waiting=_WAITING,
            # Short: whoever waits next begins anew. With the pool's default a server that is back would be found late.
            reconnect_timeout=settings.wait,
        )
        await pool.open()
        return cls(pool, settings)

    async def prepare(self) -> None:
        """Creates or upgrades the tables, where nobody did yet. Raises NewerSchema, Unavailable."""
        await self.run(_nothing)

    async def run[T](self, work: Work[T]) -> T:
        """What `work` returns. It may be run twice, where nobody can say whether the first time took effect.

        One statement is one transaction, unless `work` opens its own. Raises Unavailable, NewerSchema.
        """
        try:
            try:
                return await self._attempt(work)
            except psycopg.Error as error:
                if not _once_more(error):
                    raise
                _log.info("once more, after: %s", _words(error))
                if isinstance(error, errors.ReadOnlySqlTransaction):
                    await self._pool.drain()  # the other connections lead to the same replica
            return await self._attempt(work)
        except (psycopg.Error, TimeoutError) as error:
            _log.log(_level(error), "the record store failed: %s", _words(error))
            raise Unavailable(
                "The record store does not answer. Ask again in a moment; a change may have been made all the same."
            ) from error

    async def close(self) -> None:
        """Ends every connection."""
        await self._pool.close()

    async def _attempt[T](self, work: Work[T]) -> T:
        async with self._pool.connection() as connection:
            if not self._upgraded:
                await self._upgrade(connection)
            with _bounded(connection, self._statement):
                return await work(connection)

    async def _upgrade(self, connection: AsyncConnection) -> None:
        """Once in this process. Tables that vanish later are not made again: whoever lost data shall be asked first."""
        async with self._upgrading:
            if not self._upgraded:
                with _bounded(connection, UPGRADE_SECONDS + _BEYOND):
                    await upgrade(connection)
                self._upgraded = True


def _configured(settings: Settings) -> Callable[[AsyncConnection], Awaitable[None]]:
    async def configure(connection: AsyncConnection) -> None:
        with _bounded(connection, settings.wait):
            await connection.execute(_SETTINGS, (f"{settings.statement * 1000:.0f}ms",))

    return configure


async def _check(connection: AsyncConnection) -> None:
    with _bounded(connection, _CHECK):
        await AsyncConnectionPool.check_connection(connection)


async def _nothing(_: AsyncConnection) -> None:
    """No work at all: whoever asks for it wants what comes before."""


@contextmanager
def _bounded(connection: AsyncConnection, seconds: float) -> Generator[None]:
    """Cuts the connection after that time, which raises TimeoutError here.

    Cancelling would not do: psycopg then asks the server, politely and for seconds, to cancel too.
    """
    cut = asyncio.Event()

    def end() -> None:
        if connection.closed:
            return
        cut.set()
        # A second descriptor of the same socket: psycopg and the loop keep theirs, and read its end.
        with socket.socket(fileno=os.dup(connection.fileno())) as shared:
            shared.shutdown(socket.SHUT_RDWR)

    timer = asyncio.get_running_loop().call_later(seconds, end)
    try:
        yield
    except psycopg.Error as error:
        if cut.is_set():
            raise TimeoutError(f"no answer in {seconds:g} s") from error
        raise
    finally:
        timer.cancel()


def _once_more(error: psycopg.Error) -> bool:
    if isinstance(error, PoolTimeout | PoolClosed | TooManyRequests):
        return False
    if error.sqlstate is None:  # said by the client library: nobody is there any more
        return isinstance(error, psycopg.OperationalError)
    return error.sqlstate.startswith(_AGAIN)


def _level(error: Exception) -> int:
    """What no waiting mends is an error: a missing right, a missing table."""
    return logging.WARNING if isinstance(error, psycopg.OperationalError | TimeoutError) else logging.ERROR


def _words(error: Exception) -> str:
    """What happened, without the values that details quote."""
    primary = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return f"{type(error).__name__}: {primary or error}"
