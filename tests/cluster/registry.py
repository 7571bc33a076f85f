"""The image registry of the test cluster: Debian's `docker-registry` as a process. Holds images; builds none.

What it stores stays in the cache folder, so that images outlive the cluster; `start` sweeps it when it has grown.
`python -m tests.cluster.registry start ADDRESS HOME` runs one by hand, `… stop ADDRESS HOME` ends it.
"""

import fcntl
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import IO

import msgspec

from tests.cluster.cache import folder

START = 10.0  # seconds
LARGE = 3 * 2**30
_PROGRAM = "docker-registry"


class RegistryError(Exception):
    """The registry did not start; the message is the end of its log."""


class Registry(msgspec.Struct, frozen=True):
    """A running registry. `address` is `host:port`, as images are named by it."""

    address: str
    home: Path

    @classmethod
    def start(cls, address: str, home: Path, large: int = LARGE) -> "Registry":
        """Runs it, unless it runs already; `home` gets its pid file, configuration and log. Raises RegistryError.

        `large`: bytes of storage from which on images without a tag are removed first.
        """
        registry = cls(address, home)
        if registry.answers():
            return registry
        registry.stop()
        home.mkdir(parents=True, exist_ok=True)
        storage = folder("registry")
        _configuration(home).write_text(json.dumps(_settings(address, storage)))
        with (storage / ".lock").open("w") as lock:
            _sweep(home, storage, lock, large)
            registry._run(lock)
        registry._wait()
        return registry

    def answers(self) -> bool:
        """Whether a registry listens at the address."""
        try:
            with urllib.request.urlopen(f"http://{self.address}/v2/", timeout=2) as response:
                return response.status == 200
        except OSError:
            return False

    def stop(self) -> None:
        """Ends the process that `start` left in the pid file, if it is still that program."""
        pid = self._pid()
        if pid:
            os.kill(pid, signal.SIGTERM)
            _gone(pid)
        _pid_file(self.home).unlink(missing_ok=True)

    def _run(self, lock: IO[str]) -> None:
        # By a shell that ends at once: the registry outlives this process and is nobody's child to wait for. The lock
        # goes with it: nobody sweeps the storage under a registry that runs.
        script = '"$@" >"$LOG" 2>&1 </dev/null & echo $!'
        started = subprocess.run(
            ["setsid", "sh", "-c", script, "sh", _PROGRAM, "serve", str(_configuration(self.home))],
            check=True,
            stdout=subprocess.PIPE,
            pass_fds=[lock.fileno()],
            env={**os.environ, "LOG": str(_log(self.home))},
        )
        _pid_file(self.home).write_text(started.stdout.decode())

    def _wait(self) -> None:
        deadline = time.monotonic() + START
        while not self.answers():
            if time.monotonic() > deadline or not self._pid():
                raise RegistryError(_log(self.home).read_text()[-2000:])
            time.sleep(0.05)  # nobody tells when a port opens

    def _pid(self) -> int:
        """The process, 0 if it is gone. A number that another program has by now is not ours to end."""
        try:
            pid = int(_pid_file(self.home).read_text())
            return pid if _PROGRAM in Path(f"/proc/{pid}/cmdline").read_text() else 0
        except (OSError, ValueError):
            return 0


def _settings(address: str, storage: Path) -> dict[str, object]:
    # Without a cache of descriptors there is nothing that a sweep could make stale.
    return {
        "version": "0.1",
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(storage)}, "delete": {"enabled": True}},
        "http": {"addr": address, "secret": secrets.token_hex()},
    }


def _sweep(home: Path, storage: Path, lock: IO[str], large: int) -> None:
    """Removes untagged images when the storage is large and nobody else's registry serves it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(lock, fcntl.LOCK_SH)
        return
    blobs = storage / "docker/registry/v2/blobs"
    if sum(path.stat().st_size for path in blobs.rglob("data")) > large:
        command = [_PROGRAM, "garbage-collect", "--delete-untagged", str(_configuration(home))]
        subprocess.run(command, check=True, capture_output=True)
    fcntl.flock(lock, fcntl.LOCK_SH)


def _gone(pid: int) -> None:
    deadline = time.monotonic() + START
    while Path(f"/proc/{pid}").exists() and _state(pid) != "Z":
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            deadline += START
        time.sleep(0.02)  # it is not our child: there is no waiting for it


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def _pid_file(home: Path) -> Path:
    return home / "registry.pid"


def _configuration(home: Path) -> Path:
    return home / "registry.json"  # JSON is YAML


def _log(home: Path) -> Path:
    return home / "registry.log"


if __name__ == "__main__":
    verb, where, state = sys.argv[1:]
    if verb == "start":
        Registry.start(where, Path(state))
    else:
        Registry(where, Path(state)).stop()
