"""Store and Journal on one SQLite file (WAL): one connection, used by one thread of its own, so that the event loop never waits.

What was answered is on the disk (synchronous=FULL): writes are rare here, and a name that was given must stay given.
"""

import asyncio
import secrets
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from gateway.errors import Conflict, NotFound, PreconditionFailed
from gateway.store import Entry, Identified, Versioned
from local.home import HomeError

# Version n is the state after the first n steps; a step that was released is never edited.
_STEPS = (
    """CREATE TABLE records (container TEXT, id TEXT, etag TEXT NOT NULL, body BLOB NOT NULL,
       PRIMARY KEY (container, id)) WITHOUT ROWID;
       CREATE TABLE journal (session TEXT, seq INTEGER, event BLOB NOT NULL, PRIMARY KEY (session, seq)) WITHOUT ROWID;""",
)
_BUSY = 5.0  # seconds to wait for a reader outside (`sqlite3` on the command line)


class Database:
    """The file, and the thread that talks to it. Opened by `await Database.opened(path)`, closed by `close`."""

    def __init__(self, thread: ThreadPoolExecutor, connection: sqlite3.Connection) -> None:
        self._thread = thread
        self._connection = connection

    @classmethod
    async def opened(cls, path: Path) -> "Database":
        """Raises HomeError for a file that is no database, or one of a newer gateway."""
        thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        try:
            connection = await asyncio.get_running_loop().run_in_executor(thread, _connect, path)
        except BaseException:
            thread.shutdown()
            raise
        return cls(thread, connection)

    async def run[T](self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` returns, done in the thread as one transaction: whole, or (if it raises) not at all."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work)

    async def close(self) -> None:
        """Finishes what was begun, and closes the file."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown()

    def _transact[T](self, work: Callable[[sqlite3.Connection], T]) -> T:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            done = work(self._connection)
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        return done


class SqliteStore[R: Identified]:
    """A Store. `decode` turns stored JSON back into a record: `msgspec.json.Decoder(type).decode`."""

    def __init__(self, database: Database, container: str, decode: Callable[[bytes], R]) -> None:
        self._database = database
        self._container = container
        self._decode = decode

    async def get(self, id: str) -> Versioned[R] | None:
        """The record, or None."""
        query = "SELECT body, etag FROM records WHERE container = ? AND id = ?"
        rows = await self._rows(query, self._container, id)
        return self._versioned(*rows[0]) if rows else None

    async def all(self, *, after: str = "", limit: int | None = None) -> list[Versioned[R]]:
        """Records above `after` in the order of their ids, at most `limit`."""
        query = "SELECT body, etag FROM records WHERE container = ? AND id > ? ORDER BY id LIMIT ?"
        rows = await self._rows(query, self._container, after, -1 if limit is None else limit)
        return [self._versioned(*row) for row in rows]

    async def add(self, record: R) -> str:
        """Claims the id. Raises Conflict."""
        etag, body = _etag(), msgspec.json.encode(record)

        def insert(connection: sqlite3.Connection) -> None:
            try:
                connection.execute("INSERT INTO records VALUES (?, ?, ?, ?)", (self._container, record.id, etag, body))
            except sqlite3.IntegrityError:
                raise Conflict(f"`{record.id}` exists already.") from None

        await self._database.run(insert)
        return etag

    async def replace(self, record: R, etag: str) -> str:
        """Replaces that version. Raises PreconditionFailed or NotFound."""
        new, body = _etag(), msgspec.json.encode(record)

        def update(connection: sqlite3.Connection) -> None:
            query = "UPDATE records SET etag = ?, body = ? WHERE container = ? AND id = ? AND etag = ?"
            if connection.execute(query, (new, body, self._container, record.id, etag)).rowcount == 0:
                raise _changed(record.id) if self._exists(connection, record.id) else _gone(record.id)

        await self._database.run(update)
        return new

    async def remove(self, id: str, etag: str) -> None:
        """Removes that version. Raises PreconditionFailed."""

        def delete(connection: sqlite3.Connection) -> None:
            query = "DELETE FROM records WHERE container = ? AND id = ? AND etag = ?"
            if connection.execute(query, (self._container, id, etag)).rowcount == 0 and self._exists(connection, id):
                raise _changed(id)

        await self._database.run(delete)

    def _exists(self, connection: sqlite3.Connection, id: str) -> bool:
        query = "SELECT 1 FROM records WHERE container = ? AND id = ?"
        return connection.execute(query, (self._container, id)).fetchone() is not None

    def _versioned(self, body: bytes, etag: str) -> Versioned[R]:
        return Versioned(self._decode(body), etag)

    async def _rows(self, query: str, *values: str | int) -> list[tuple[bytes, str]]:
        return await self._database.run(lambda connection: connection.execute(query, values).fetchall())


class SqliteJournal:
    """A Journal."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, session: str, seq: int, event: bytes) -> None:
        """Writes event `seq`. Raises Conflict where it was written already."""

        def insert(connection: sqlite3.Connection) -> None:
            try:
                connection.execute("INSERT INTO journal VALUES (?, ?, ?)", (session, seq, event))
            except sqlite3.IntegrityError:
                raise Conflict(f"Event {seq} of session `{session}` was written already.") from None

        await self._database.run(insert)

    async def after(self, session: str, seq: int) -> list[Entry]:
        """The events above `seq`, in order."""
        query = "SELECT seq, event FROM journal WHERE session = ? AND seq > ? ORDER BY seq"
        rows: list[tuple[int, bytes]] = await self._database.run(
            lambda connection: connection.execute(query, (session, seq)).fetchall()
        )
        return [Entry(*row) for row in rows]


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        _upgrade(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise HomeError(f"{path}: {error}.") from None
    except HomeError:
        connection.close()
        raise
    return connection


def _upgrade(connection: sqlite3.Connection, path: Path) -> None:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(_STEPS):
        raise HomeError(f"{path}: written by a newer gateway (schema {version}; this one knows {len(_STEPS)}).")
    for number, step in enumerate(_STEPS[version:], version + 1):
        connection.executescript(f"BEGIN; {step} PRAGMA user_version = {number}; COMMIT;")


def _etag() -> str:
    return secrets.token_hex(8)


def _changed(id: str) -> PreconditionFailed:
    return PreconditionFailed(f"`{id}` is not that version any more.")


def _gone(id: str) -> NotFound:
    return NotFound(f"`{id}` does not exist.")
