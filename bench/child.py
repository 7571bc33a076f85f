"""Child: one process of the bench, from its start until it is surely gone; and how our own Python children serve. Measures nothing."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Generator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec
import uvloop

HOST = "127.0.0.1"
_ROOT = Path(__file__).resolve().parents[1]
_READY = 20.0  # seconds until a child must listen
_TAIL = 4000  # bytes of what a child wrote that a person is shown
_GONE = 5.0  # seconds between TERM and KILL


class Child(msgspec.Struct, frozen=True):
    """A running process that listens on `port` of HOST."""

    name: str
    pid: int
    port: int


class Failed(Exception):
    """The bench cannot give a figure; the text says why, for a person."""


@contextlib.contextmanager
def python(name: str, module: str, *arguments: object) -> Generator[Child]:
    """`python -m module PORT arguments…` in a process of its own, under this interpreter."""
    port = free_port()
    command = [sys.executable, "-m", module, str(port), *map(str, arguments)]
    with running(name, command, port) as child:
        yield child


@contextlib.contextmanager
def running(name: str, command: Sequence[str], port: int) -> Generator[Child]:
    """The command once it listens on `port`. A Failed, from here or from inside the block, ends with what the command wrote."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=output, stderr=output, cwd=_ROOT, env=environment()
        )
        try:
            _await_listening(name, process, port)
            yield Child(name, process.pid, port)
        except Failed as error:
            raise Failed(f"{error}{_written(name, output)}") from error
        finally:
            _end(process)


def environment() -> dict[str, str]:
    """Without the caller's Python and telemetry variables: every run measures the same thing."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "OTEL_"))}


def free_port() -> int:
    """A port of HOST that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def serve(start: Callable[[int], Awaitable[object]]) -> None:
    """The main of a Python child, on uvloop: `start(port)`, then serve until TERM or until the bench is gone (end of stdin)."""
    port = int(sys.argv[1])

    async def main() -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        loop.add_reader(sys.stdin.fileno(), ended.set)
        kept = await start(port)
        await ended.wait()
        del kept

    uvloop.run(main())


def _await_listening(name: str, process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _READY
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Failed(f"{name} ended with {process.returncode} before it listened.")
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection((HOST, port), 1):
            return
        time.sleep(0.02)  # a poll: nothing tells when another program listens
    raise Failed(f"{name} did not listen within {_READY:.0f} s.")


def _written(name: str, output: BinaryIO) -> str:
    output.seek(0, os.SEEK_END)
    output.seek(max(0, output.tell() - _TAIL))
    text = output.read().decode(errors="replace").strip()
    return f"\n{name} wrote: {text}" if text else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_GONE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin:
        process.stdin.close()
