"""One stdio MCP server process with everything it starts: a process group of its own. Lines in, lines out, an end.

Knows no JSON. Standard error stays ours, so that it is read where the bridge's own is.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from samples.mcp_bridge.guard import Guard

# Seconds. The order is the specification's (2025-11-25, lifecycle, "Shutdown"): close its input, TERM, KILL.
AFTER_CLOSE = 1.0
AFTER_TERM = 2.0
AFTER_KILL = 1.0
# What a process wrote just before it exited is still read; a descendant that holds the pipe is not waited for.
LAST_OUTPUT = 1.0


class Ended(Exception):
    """The process has ended, or its input is closed."""


class Child:
    """Made by `Child.start`; always `stop` it, also when it ended by itself."""

    def __init__(self, transport: asyncio.SubprocessTransport, pipes: "_Pipes", guard: Guard) -> None:
        self._transport = transport
        self._pipes = pipes
        self._guard = guard
        self.pid = transport.get_pid()
        guard.watch(self.pid)

    @classmethod
    async def start(
        cls, command: tuple[str, ...], limit: int, on_line: Callable[[bytes], None], guard: Guard
    ) -> "Child":
        """Starts it with our whole environment. `limit`: bytes of one line. Raises OSError when it cannot start."""
        transport, pipes = await asyncio.get_running_loop().subprocess_exec(
            lambda: _Pipes(limit, on_line), *command, stderr=None, start_new_session=True
        )
        return cls(transport, pipes, guard)

    async def send(self, line: bytes) -> None:
        """Raises Ended. Waits while the process does not read."""
        await self._pipes.writable.wait()
        stdin = cast("asyncio.WriteTransport | None", self._transport.get_pipe_transport(0))
        if self._pipes.ended.is_set() or stdin is None or stdin.is_closing():
            raise Ended
        stdin.write(line + b"\n")

    async def wait(self) -> str:
        """Waits for its end and says how it ended."""
        await self._pipes.ended.wait()
        if self._pipes.fault:
            return self._pipes.fault
        # The end of its output is seen a moment before its exit code.
        exited = await self._gone(LAST_OUTPUT)
        code = f"exit code {self._transport.get_returncode()}" if exited else "its output closed"
        return f"the MCP server process ended ({code})"

    async def stop(self) -> None:
        """Ends the whole process group, within about four seconds; returns when it is gone."""
        self._pipes.deaf = True
        if stdin := self._transport.get_pipe_transport(0):
            stdin.close()
        try:
            if not await self._gone(AFTER_CLOSE):
                self._signal(signal.SIGTERM)
                if not await self._gone(AFTER_TERM):
                    self._signal(signal.SIGKILL)
                    await self._gone(AFTER_KILL)
        finally:
            # Descendants that outlived the process (`npx` started a server that ignores the end of its input).
            self._signal(signal.SIGKILL)
            self._transport.close()
            self._guard.release(self.pid)

    async def _gone(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._pipes.exited.wait(), seconds)
        return self._pipes.exited.is_set()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)


class _Pipes(asyncio.SubprocessProtocol):
    """`exited`: the process is gone. `ended`: nothing more will come of it. `writable`: its input takes more."""

    def __init__(self, limit: int, on_line: Callable[[bytes], None]) -> None:
        self._limit = limit
        self._on_line = on_line
        self._parts: list[bytes] = []
        self._size = 0
        self.exited = asyncio.Event()
        self.ended = asyncio.Event()
        self.writable = asyncio.Event()
        self.writable.set()
        self.deaf = False
        self.fault = ""

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if self.deaf:
            return  # being stopped: read on, so that it is not stuck writing, and forget
        first, *rest = data.split(b"\n")
        self._part(first)
        for part in rest:
            self._line()
            self._part(part)

    def _part(self, data: bytes) -> None:
        self._parts.append(data)
        self._size += len(data)
        if self._size > self._limit and not self.deaf:
            self.fault = f"the MCP server sent a message of more than {self._limit} bytes"
            sys.stderr.write(self.fault + "\n")
            self._end()

    def _line(self) -> None:
        # CR inside JSON is white space, and would end a line of an event stream.
        line = b"".join(self._parts).replace(b"\r", b" ").strip()
        self._parts.clear()
        self._size = 0
        if line and not self.deaf:
            self._on_line(line)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 0:
            self.writable.set()  # whoever waits learns of the end instead
        else:
            self._end()

    def process_exited(self) -> None:
        self.exited.set()
        asyncio.get_running_loop().call_later(LAST_OUTPUT, self._end)

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def _end(self) -> None:
        self.deaf = True
        self.writable.set()
        self.ended.set()
