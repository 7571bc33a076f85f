"""`python -m functions` as a cluster runs it: a process of its own, with its log kept."""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import ClientSession

from tests.local.waiting import holds, until

_ROOT = Path(__file__).parents[2]
_PORT = re.compile(r"listening on port (\d+)")
_SECONDS = 30


class Reply(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return msgspec.json.decode(self.body)


class ContainerProcess:
    """One that runs. `gate` is the file that the adapter `slow` waits for."""

    def __init__(self, process: Process, log: Path, gate: Path, session: ClientSession) -> None:
        self.process = process
        self.gate = gate
        self._log = log
        self._session = session

    @property
    def log(self) -> str:
        """All it has logged."""
        return self._log.read_text()

    async def call(self, method: str, path: str, body: object = None) -> Reply:
        """One request. Raises aiohttp.ClientError."""
        found = _PORT.search(self.log)
        assert found, self.log
        url = f"http://127.0.0.1:{found[1]}{path}"
        async with self._session.request(method, url, json=body) as response:
            return Reply(response.status, dict(response.headers), await response.read())

    async def listening(self) -> None:
        """Waits until it takes requests."""
        await holds(lambda: _PORT.search(self.log) is not None or self.process.returncode is not None)

    async def ready(self) -> None:
        """Waits until it says that it is ready."""
        await self.listening()
        await until(lambda: self.call("GET", "/ready"), lambda reply: reply.status == 200)

    def term(self) -> None:
        """Asks it to end."""
        self.process.send_signal(signal.SIGTERM)

    async def ended(self) -> int:
        """Its exit code, waited for."""
        return await asyncio.wait_for(self.process.wait(), _SECONDS)


@asynccontextmanager
async def container(folder: Path, **variables: str) -> AsyncGenerator[ContainerProcess]:
    """One process, with these variables and no others of ours; killed at the end if it still runs."""
    folder.mkdir(exist_ok=True)
    log, gate = folder / "log", folder / "gate"
    environment = {
        "PATH": os.environ["PATH"],
        "Listen__Host": "127.0.0.1",
        "Listen__Port": "0",
        "Test__Gate": str(gate),
        **variables,
    }
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "functions"), cwd=_ROOT, env=environment, stdout=output, stderr=output
        )
        try:
            async with ClientSession() as session:
                yield ContainerProcess(process, log, gate, session)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
