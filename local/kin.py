"""Which processes belong to a child: its session, its group, whatever descends from it. Reads /proc; signals nobody.

Without /proc (anything but Linux) only the child itself is known, by `ps`.
"""

import asyncio
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

PROC = Path("/proc")
HAS_PROC = (PROC / "self/stat").exists() and (PROC / "net/tcp").exists()
_BOOT = PROC / "sys/kernel/random/boot_id"


class Process(msgspec.Struct, frozen=True):
    """One line of /proc. `start` tells it from a later process of the same pid; `state` is `Z` once it has ended."""

    pid: int
    state: str
    parent: int
    group: int
    session: int
    start: str


def start_of(pid: int) -> str | None:
    """When a process began, as a text that no other process of that pid has in this `epoch`; None where there is none."""
    if HAS_PROC:
        process = _read(pid)
        return process.start if process else None
    found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip() or None


def family(pid: int) -> list[Process]:
    """All living processes in the session or group of `pid`, or descended from it; itself included, if it lives."""
    alive = [process for process in _all() if process.state not in "ZX"]
    kin = {process.pid for process in alive if pid in (process.pid, process.group, process.session)}
    size = -1
    while len(kin) != size:  # until a round finds no more children
        size = len(kin)
        kin.update(process.pid for process in alive if process.parent in kin)
    return [process for process in alive if process.pid in kin]


def descendants(pid: int) -> list[Process]:
    """The living processes below `pid`, whatever session they made for themselves; looks only at these, not at all there are."""
    if not HAS_PROC:
        return []
    below = [child for parent in _children(pid) if (child := _read(parent))]
    return below + [deeper for child in below for deeper in descendants(child.pid)]


def still(process: Process) -> bool:
    """Whether that very process is alive."""
    if not HAS_PROC:
        return start_of(process.pid) == process.start
    now = _read(process.pid)
    return now is not None and now.start == process.start and now.state not in "ZX"


async def until_ended(processes: list[Process]) -> None:
    """Returns once none of them is alive."""
    while any(still(process) for process in processes):  # noqa: ASYNC110 - not our children: nobody tells us when they end
        await asyncio.sleep(0.02)


def epoch() -> str:
    """The boot and the pid namespace: ticks since boot, and pids, repeat in another one."""
    if not HAS_PROC:
        return ""
    return f"{_BOOT.read_text().strip() if _BOOT.exists() else ''} {(PROC / 'self/ns/pid').readlink()}"


def _children(pid: int) -> list[int]:
    # proc_pid_children(5), per thread; missing in few kernels, where detached grandchildren then stay unknown.
    found: list[int] = []
    for task in (PROC / str(pid) / "task").glob("*/children"):
        with suppress(OSError):
            found += map(int, task.read_text().split())
    return found


def _all() -> Iterable[Process]:
    if HAS_PROC:
        for entry in PROC.iterdir():
            if entry.name.isdigit() and (process := _read(int(entry.name))):
                yield process


def _read(pid: int) -> Process | None:
    try:
        text = (PROC / str(pid) / "stat").read_bytes().decode(errors="replace")
    except OSError:
        return None
    # proc_pid_stat(5): the command, field 2, may itself hold brackets and spaces; the last `)` ends it.
    fields = text.rpartition(")")[2].split()
    state, parent, group, session, start = fields[0], fields[1], fields[2], fields[3], fields[19]
    return Process(pid, state, int(parent), int(group), int(session), start)
