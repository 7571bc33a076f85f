"""The platform's own worker library over the Azure entry, in a process of its own."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import functions

ROOM = Path(functions.__file__).parent
_SECONDS = 30


class Platform:
    """The worker process; one order, one answer."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def read(self) -> Any:
        """The next line it writes."""
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), _SECONDS)
        assert line, "the worker ended"
        return json.loads(line)

    async def invoke(self, function: str, name: str = "", body: object = None, **headers: str) -> Any:
        """Invokes a function by its name."""
        assert self._process.stdin is not None
        order = {
            "function": function,
            "method": "-",
            "route": {"name": name} if name else {},
            "query": {},
            "headers": {"content-type": "application/json", **headers},
            "body": "" if body is None else json.dumps(body),
        }
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return await self.read()


@asynccontextmanager
async def platform(wwwroot: Path, variables: Mapping[str, str]) -> AsyncGenerator[Platform]:
    """The worker over a deployed folder: the entry and host.json, nothing else of this room."""
    for file in ("function_app.py", "host.json"):
        shutil.copy(ROOM / file, wwwroot)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.functions.platform_worker", str(wwwroot)),
        cwd=wwwroot,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOM.parent), **variables},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Platform(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.wait(), _SECONDS)
