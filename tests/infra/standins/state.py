"""State: what exists in a stand-in's world, in a folder that several processes share and that outlives them.

`journal` is the order in which things were made, changed and removed: what tests assert order by.
"""

import fcntl
import hashlib
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import msgspec

from tests.infra.standins.wire import Json

VARIABLE = "STANDINS"  # the environment's name of the folder


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A resource that exists."""

    id: str
    type: str
    urn: str
    inputs: Json
    outputs: Json


class Event(msgspec.Struct, frozen=True):
    """`verb`: made, changed, removed, refused, or done (beside the engine). `at`: seconds since some start."""

    verb: str
    type: str
    id: str
    at: float


class State:
    """Every verb is whole before the next of any process begins."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "resources").mkdir(parents=True, exist_ok=True)

    @classmethod
    def from_env(cls) -> Self:
        """The folder that the environment names. Raises KeyError."""
        return cls(Path(os.environ[VARIABLE]))

    def get(self, id: str) -> Entry | None:
        """What has that id. Azure's ids do not tell upper case from lower."""
        return _read(self._path(id))

    def all(self) -> list[Entry]:
        """Everything that exists."""
        found = [_read(path) for path in sorted((self.folder / "resources").glob("*.json"))]
        return [entry for entry in found if entry is not None]

    def put(self, entry: Entry) -> None:
        """Makes or changes it, and says so in the journal."""
        with self.alone():
            verb = "changed" if self._path(entry.id).exists() else "made"
            self._write(entry)
            self.note(verb, entry.type, entry.id)

    def drift(self, entry: Entry) -> None:
        """Changes it behind the engine's back."""
        self._write(entry)

    def remove(self, entry: Entry) -> None:
        """It exists no more."""
        with self.alone():
            self._path(entry.id).unlink(missing_ok=True)
            self.note("removed", entry.type, entry.id)

    def note(self, verb: str, type: str, id: str) -> None:
        """A line in the journal."""
        line = msgspec.json.encode(Event(verb, type, id, time.monotonic()))
        with (self.folder / "journal.jsonl").open("ab") as journal:
            journal.write(line + b"\n")

    def journal(self) -> list[Event]:
        """What happened, in order."""
        path = self.folder / "journal.jsonl"
        lines = path.read_bytes().splitlines() if path.exists() else []
        return [msgspec.json.decode(line, type=Event) for line in lines]

    @contextmanager
    def alone(self) -> Generator[None]:
        """No other process changes anything meanwhile."""
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _path(self, id: str) -> Path:
        return self.folder / "resources" / f"{hashlib.sha256(id.lower().encode()).hexdigest()[:24]}.json"

    def _write(self, entry: Entry) -> None:
        path = self._path(entry.id)
        unfinished = path.with_suffix(f".{os.getpid()}.{time.monotonic_ns()}")
        unfinished.write_bytes(msgspec.json.encode(entry))
        unfinished.rename(path)


def _read(path: Path) -> Entry | None:
    """None as well for what another removes meanwhile."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Entry)
    except FileNotFoundError:
        return None
