"""WorkerProcess: the worker of one deployed folder, started, asked, and ended. It sees that folder's packages and no others."""

import asyncio
import importlib.util
import json
import os
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

_WORKER = Path(__file__).with_name("worker.py")
_LIBRARY = "azure_functions_runtime"
_LINE = 2**28  # bytes
_SECONDS = 60.0  # until it has indexed; machines may be busy
_GRACE = 5.0


class Failed(Exception):
    """The function raised, or the app could not be indexed: what the platform writes to its log."""


class WorkerProcess:
    """`functions` are those indexed, each with its bindings."""

    def __init__(self, process: Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.functions: list[dict[str, Any]] = []
        self.process = process
        self._reader, self._writer = reader, writer
        self._numbers = count()
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def indexed(self) -> None:
        """Returns once the app is. Raises Failed with what the platform would show."""
        async with asyncio.timeout(_SECONDS):
            said = json.loads(await self._reader.readline() or b'{"error": "the worker ended"}')
        if "error" in said:
            raise Failed(said["error"])
        self.functions = said["functions"]

    async def ask(self, function: str, parameter: str, **order: object) -> dict[str, Any]:
        """One invocation. Raises Failed."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._writer.write(
            json.dumps({"id": number, "function": function, "parameter": parameter, **order}).encode() + b"\n"
        )
        await self._writer.drain()
        said = await answer
        if "error" in said:
            raise Failed(said["error"])
        return said

    async def listen(self) -> None:
        """Hands on what comes, until the worker has ended: whoever waits then has no answer."""
        while line := await self._reader.readline():
            said = json.loads(line)
            self._waiting.pop(said["id"]).set_result(said)
        for answer in self._waiting.values():
            answer.set_result({"error": "the worker ended"})
        self._waiting.clear()


@asynccontextmanager
async def worker_process(wwwroot: Path, variables: Mapping[str, str], folder: Path) -> AsyncGenerator[WorkerProcess]:
    """One that has indexed its app; `folder` takes what it writes: `worker.out` and `worker.err`. Raises Failed."""
    ours, theirs = socket.socketpair()
    with ours, theirs, (folder / "worker.out").open("ab") as out, (folder / "worker.err").open("ab") as err:
        process = await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                "-I",
                "-S",
                "-B",
                str(_WORKER),
                str(wwwroot),
                str(_library(folder)),
                str(theirs.fileno()),
            ),
            cwd=wwwroot,
            env={"PATH": os.environ["PATH"], **variables},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        reader, writer = await asyncio.open_connection(sock=ours, limit=_LINE)
        try:
            worker = WorkerProcess(process, reader, writer)
            await worker.indexed()
            yield worker
        finally:
            writer.close()
            await _ended(process)


def _library(folder: Path) -> Path:
    """A folder with the platform's library in it, and nothing else of ours."""
    found = importlib.util.find_spec(_LIBRARY)
    assert found
    assert found.origin
    alone = folder / "runtime"
    alone.mkdir(exist_ok=True)
    link = alone / _LIBRARY
    if not link.exists():
        link.symlink_to(Path(found.origin).parent)
    return alone


async def _ended(process: Process) -> None:
    """It ends when nobody gives orders any more, or is ended."""
    try:
        await asyncio.wait_for(process.wait(), _GRACE)
    except TimeoutError:
        process.kill()
        await process.wait()
