"""Processes of the cluster: started in the node's network namespace, found again by pid files, ended. Knows no component.

A pid file holds the pid and when that process started, so that a number given to somebody else since is never signalled.
"""

import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

NSENTER = "/usr/bin/nsenter"  # `ip netns exec` would remount /sys, and the cgroups below it would be gone


class Process(msgspec.Struct, frozen=True):
    """The process that a pid file names, whether it runs or not."""

    file: Path

    def start(self, command: Sequence[str], log: Path, namespace: Path, env: Mapping[str, str] | None = None) -> None:
        """Starts it, a session of its own, as a child that is nobody's to wait for: it outlives us.

        posix_spawn and not subprocess: a Popen that is dropped while its process runs is a warning.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        pid = os.posix_spawn(
            NSENTER,
            [NSENTER, f"--net={namespace}", "--", *command],
            {**os.environ, **(env or {})},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )
        self.file.write_text(f"{pid} {_started(pid)}\n")

    def pid(self) -> int | None:
        """Its pid while it runs (or is stopped by SIGSTOP), else None."""
        try:
            pid, started = map(int, self.file.read_text().split())
        except (FileNotFoundError, ValueError):
            return None
        return pid if started and _started(pid) == started else None

    def send(self, number: signal.Signals) -> bool:
        """Sends the signal; False if there is nobody to send it to."""
        pid = self.pid()
        if pid is None:
            return False
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return False
        return True

    def stop(self, patience: float = 10, number: signal.Signals = signal.SIGTERM) -> None:
        """Ends it by the signal, and by SIGKILL after `patience` seconds. Not running is fine."""
        self.send(number)
        if not self.gone(patience):
            self.send(signal.SIGKILL)
            self.gone(10)
        self.file.unlink(missing_ok=True)

    def gone(self, patience: float) -> bool:
        """Whether it has ended within that many seconds."""
        deadline = time.monotonic() + patience
        while self.pid() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)  # not our child as a rule: there is nothing to wait on
        return True


def _started(pid: int) -> int:
    """When it started, in the kernel's ticks since boot; 0 if it does not run. Reaps it if it is our own dead child."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    fields = stat.rpartition(")")[2].split()  # the command's name before it may hold anything
    if fields[0] not in "ZX":
        return int(fields[19])
    with suppress(ChildProcessError):  # then it is its parent's to reap
        os.waitpid(pid, os.WNOHANG)
    return 0
