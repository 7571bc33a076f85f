"""A sample running in a process of its own. Not a fixture: conftest.py makes those."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.fakes.ports import free_port

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0  # seconds; two busy cores


async def until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Returns when the condition holds; fails with `what` when it does not come to."""
    try:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"not within {seconds:g} seconds: {what}") from None


def alive(pid: int) -> bool:
    """A zombie is not alive: whoever should bury it has not yet come to it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def descendants(pid: int) -> list[int]:
    """Of a live process, its own children first."""
    children = [int(word) for path in Path(f"/proc/{pid}/task").glob("*/children") for word in path.read_text().split()]
    return children + [other for child in children for other in descendants(child)]


class Running:
    """`python -m module` with this environment and little else. `log` has its standard error."""

    def __init__(self, module: str, log: Path, environ: Mapping[str, str]) -> None:
        self.port = free_port()
        self.log = log
        self.url = f"http://127.0.0.1:{self.port}/mcp"
        base = {"PATH": os.environ["PATH"], "HOME": str(log.parent), "PORT": str(self.port)}
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module], cwd=ROOT, env=base | dict(environ), stderr=errors
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    async def ready(self) -> None:
        await until(lambda: self.ended or self._accepts(), "a listening socket")
        assert not self.ended, self.log.read_text()

    async def end(self, *signals: signal.Signals) -> int:
        """Sends the signals in order and returns the exit code."""
        for number in signals or (signal.SIGTERM,):
            if not self.ended:
                self.process.send_signal(number)
        return await self.exit_code()

    async def exit_code(self) -> int:
        await until(lambda: self.ended, f"the end of process {self.pid}: {self.log.read_text()}")
        code: int | None = self.process.returncode
        assert code is not None
        return code

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def _accepts(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
