"""Orphans: children that a crashed gateway left running. Written down while they run, found by pid *and* start time, ended.

One file per child in the home, named after its pid, with its start time in it; removed when the child has ended.
Not covered: what a gateway started in the very millisecond it was killed in, between the start and the note of it.
"""

import asyncio
import os
import signal
from pathlib import Path

import msgspec

from local.kin import Process, epoch, family, start_of, still, until_ended

_POLITE = 1.0  # seconds between TERM and KILL: nobody waits for their answers any more


class Children(msgspec.Struct, frozen=True):
    """The notes about running children, in a folder."""

    folder: Path

    def note(self, pid: int) -> None:
        """Writes a child down, before anybody uses it. One that has ended already needs no note."""
        if start := start_of(pid):
            (self.folder / str(pid)).write_text(f"{start}\n{epoch()}")

    def forget(self, pid: int) -> None:
        """The child has ended."""
        (self.folder / str(pid)).unlink(missing_ok=True)

    async def end_orphans(self) -> int:
        """Ends all that an earlier gateway noted and never forgot, with their kin; returns how many processes that were."""
        notes = [note for note in self.folder.iterdir() if note.name.isdigit()]
        orphans = [process for note in notes for process in _survivors(int(note.name), *_read(note))]
        await _end(orphans)
        for note in notes:
            note.unlink()
        return len(orphans)


def _read(note: Path) -> tuple[str, str]:
    start, _, its_epoch = note.read_text().partition("\n")
    return start, its_epoch


def _survivors(pid: int, start: str, its_epoch: str) -> list[Process]:
    if its_epoch != epoch():
        return []
    now = start_of(pid)
    # Another start time: the pid was given anew, which the kernel does not do while anyone is left in its group or session.
    # No process at all: the child ended, but what it started may live on in its session.
    if now not in (start, None):
        return []
    return family(pid) or ([Process(pid, "R", 0, pid, pid, start)] if now else [])


async def _end(orphans: list[Process]) -> None:
    _signal(orphans, signal.SIGTERM)
    try:
        async with asyncio.timeout(_POLITE):
            await until_ended(orphans)
    except TimeoutError:
        _signal([orphan for orphan in orphans if still(orphan)], signal.SIGKILL)


def _signal(processes: list[Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            continue
