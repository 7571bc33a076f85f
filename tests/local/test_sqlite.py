"""What SQLite promises beyond the contracts: it outlives its process, refuses what is not its own, and never blocks the loop."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from gateway.records import Adapter, Record, Tool
from local.home import HomeError
from local.sqlite import Database, SqliteJournal, SqliteStore
from tests.contracts.records import adapter, tool
from tests.local.tiny.images import ROOT

_WRITER = """
import asyncio, sys
from pathlib import Path
from local.sqlite import Database, SqliteJournal

async def main():
    journal = SqliteJournal(await Database.opened(Path(sys.argv[1])))
    seq = 0
    while True:
        seq += 1
        await journal.append("s", seq, b"event")
        sys.stdout.write(f"{seq}\\n")
        sys.stdout.flush()

asyncio.run(main())
"""


def store(database: Database, container: str = "c") -> SqliteStore[Record]:
    return SqliteStore[Record](database, container, msgspec.json.Decoder(Adapter | Tool).decode)


async def test_records_and_etags_are_back_after_a_reopen(tmp_path: Path) -> None:
    database = await Database.opened(tmp_path / "db")
    etag = await store(database).add(adapter())
    await database.close()
    database = await Database.opened(tmp_path / "db")
    found = await store(database).get("one")
    await database.close()
    assert found
    assert (found.record, found.etag) == (adapter(), etag)


async def test_containers_do_not_see_each_other(tmp_path: Path) -> None:
    database = await Database.opened(tmp_path / "db")
    await store(database, "a").add(adapter())
    await store(database, "b").add(tool())
    await store(database, "b").remove("one", (await store(database, "b").all())[0].etag)
    assert [v.record for v in await store(database, "a").all()] == [adapter()]
    await database.close()


async def test_every_answered_write_survives_a_kill(tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(tmp_path / "db")], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert writer.stdout
    answered = 0
    for line in writer.stdout:
        answered = int(line)
        if answered == 200:
            writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    database = await Database.opened(tmp_path / "db")
    entries = await SqliteJournal(database).after("s", 0)
    await database.close()
    assert answered <= len(entries) <= answered + 1
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))


async def test_a_database_of_a_newer_gateway_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "db"
    await (await Database.opened(path)).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(HomeError, match="newer gateway"):
        await Database.opened(path)


async def test_a_file_that_is_no_database_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "db").write_bytes(b"certainly not SQLite" * 100)
    with pytest.raises(HomeError, match="db"):
        await Database.opened(tmp_path / "db")


async def test_the_loop_runs_on_while_a_write_waits_for_another_process(tmp_path: Path) -> None:
    database = await Database.opened(tmp_path / "db")
    other = sqlite3.connect(tmp_path / "db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(store(database).add(adapter()))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not writing.done()
    other.execute("ROLLBACK")
    other.close()
    async with asyncio.timeout(10):
        await writing
    await database.close()


async def test_a_failed_write_leaves_nothing_half_done(tmp_path: Path) -> None:
    database = await Database.opened(tmp_path / "db")

    def half(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO records VALUES ('c', 'x', 'e', 'b')")
        raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        await database.run(half)
    assert await store(database).get("x") is None
    await store(database).add(adapter())
    await database.close()
