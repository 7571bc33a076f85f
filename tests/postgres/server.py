"""A real PostgreSQL server for the run, from Debian's package: a cluster of its own in a folder that goes with it.

Never as root: started by root it runs as the package's user. Nothing is synced to the disk, for nothing shall last.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.fakes.ports import free_port

USER = "gateway"
PASSWORD = "correct-horse-7"
LOCKED = "locked"  # a role that must give PASSWORD
_PACKAGE_USER = "postgres"
_PATIENCE = 30.0  # seconds
_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60", "shared_buffers=16MB")


class Server:
    """On a port of loopback; `database()` is an empty one. Its order of text is not that of bytes."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._programs = programs
        self._process: subprocess.Popen[Any] | None = None

    def create(self) -> None:
        """Makes the cluster's files."""
        locale = ("--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en")
        common = ("--no-sync", "-A", "trust", "-U", USER, "-E", "UTF8", *locale, "-D", str(self._data))
        subprocess.run([self._programs / "initdb", *common], check=True, capture_output=True, **_owner())
        access = self._data / "pg_hba.conf"
        access.write_text(f"host all {LOCKED} 127.0.0.1/32 scram-sha-256\n{access.read_text()}")

    def start(self) -> None:
        """Returns when it takes connections."""
        options = [f"-c{setting}" for setting in (*_SETTINGS, f"unix_socket_directories={self.folder}")]
        command = [self._programs / "postgres", "-D", self._data, "-h", "127.0.0.1", "-p", str(self.port), *options]
        with (self.folder / "log").open("ab") as log:
            process = self._process = subprocess.Popen(command, stdout=log, stderr=log, **_owner())
        deadline = time.monotonic() + _PATIENCE
        while not self._answers():
            late = process.poll() is not None or time.monotonic() > deadline
            assert not late, (self.folder / "log").read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        """At once, as far as clients can tell: their connections are cut. Returns when it has ended."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(_PATIENCE)
            self._process = None

    @contextmanager
    def stopped(self) -> Generator[None]:
        """Not there while the block runs."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def frozen(self) -> Generator[None]:
        """There, but silent, while the block runs: it accepts connections and answers nothing."""
        everyone = self._processes()
        for pid in everyone:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in everyone:
                os.kill(pid, signal.SIGCONT)

    def conninfo(self, user: str = USER, *, port: int = 0) -> str:
        """The connection string, by another port where something stands in between."""
        return f"postgresql://{user}:{PASSWORD}@127.0.0.1:{port or self.port}/postgres"

    def database(self) -> str:
        """The connection string of the one database there is, emptied. A new one for each test would take a second."""
        self.run("DROP SCHEMA IF EXISTS mcp_gateway CASCADE")
        return self.conninfo()

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """What the last statement returns; each is a transaction of its own."""
        with psycopg.connect(self.conninfo(), autocommit=True) as connection:
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.conninfo()).close()
        except psycopg.OperationalError:
            return False
        return True

    def _processes(self) -> list[int]:
        assert self._process is not None
        first = self._process.pid
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return [first, *map(int, children)]


@contextmanager
def running() -> Generator[Server | None]:
    """A server while the block runs; None where PostgreSQL is not installed."""
    if (programs := _programs()) is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _PACKAGE_USER, _PACKAGE_USER)
        server = Server(programs, folder)
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _programs() -> Path | None:
    """The newest that Debian's packages brought, or whatever is on the path."""
    packaged = Path("/usr/lib/postgresql")
    versions = sorted(packaged.glob("*/bin/initdb"), key=lambda program: int(program.parts[-3]))
    found = versions[-1] if versions else shutil.which("initdb")
    return Path(found).parent if found else None


def _owner() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(_PACKAGE_USER)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": "/"}
