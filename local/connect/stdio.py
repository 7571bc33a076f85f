"""Standard input and output as lines: without threads where the system lets one wait for them, which it does for pipes."""

import asyncio
import os
import stat
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol, cast

from local.connect.lines import Lines

_PIECE = 256 * 1024  # bytes read at once
LAST_WORDS = 1.0  # seconds for a client to read what was written before the end


class Output(Protocol):
    """Where lines go; `closed` once nobody reads them any more."""

    closed: asyncio.Event

    async def send(self, line: bytes) -> None:
        """Writes a line as a whole, and waits while the reader is behind."""
        ...


async def lines(reader: asyncio.StreamReader, limit: int) -> AsyncIterator[bytes]:
    """Line by line, until the end; one longer than `limit` is given as `Lines.overlong`."""
    found = Lines(limit)
    while chunk := await reader.read(_PIECE):
        for line in found.feed(chunk):
            yield line
    if line := found.rest():
        yield line


@asynccontextmanager
async def reading(descriptor: int) -> AsyncGenerator[asyncio.StreamReader]:
    """What comes on a descriptor; one that is closed is at its end."""
    reader = asyncio.StreamReader(_PIECE)
    if _is_pipe(descriptor):
        blocking = os.get_blocking(descriptor)
        pipe = os.fdopen(os.dup(descriptor), "rb", 0)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        try:
            yield reader
        finally:
            transport.close()
            os.set_blocking(descriptor, blocking)  # others may hold the same pipe
    else:
        thread = _ReadingThread(descriptor, reader)
        reader.set_transport(thread)
        thread.start()
        yield reader


@asynccontextmanager
async def writing(descriptor: int) -> AsyncGenerator[Output]:
    """A place for lines; at the end what was written is given a second to be read."""
    if not _is_pipe(descriptor):
        yield _File(descriptor)
        return
    blocking = os.get_blocking(descriptor)
    pipe = _Pipe()
    await asyncio.get_running_loop().connect_write_pipe(lambda: pipe, os.fdopen(os.dup(descriptor), "wb", 0))
    try:
        yield pipe
    finally:
        await pipe.close()
        with suppress(OSError):
            os.set_blocking(descriptor, blocking)


def _is_pipe(descriptor: int) -> bool:
    """Regular files cannot be waited for; a terminal's mode is shared with the shell, so it is left alone."""
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


class _Pipe(asyncio.BaseProtocol):
    def __init__(self) -> None:
        self.closed = asyncio.Event()
        self._ready = asyncio.Event()
        self._ready.set()
        self._transport: asyncio.WriteTransport | None = None

    async def send(self, line: bytes) -> None:
        if self._transport and not self.closed.is_set():
            self._transport.write(line + b"\n")
            await self._ready.wait()

    async def close(self) -> None:
        assert self._transport
        self._transport.close()
        try:
            await asyncio.wait_for(self.closed.wait(), LAST_WORDS)
        except TimeoutError:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's is not declared as one

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.closed.set()
        self._ready.set()

    def pause_writing(self) -> None:
        self._ready.clear()

    def resume_writing(self) -> None:
        self._ready.set()


class _File:
    def __init__(self, descriptor: int) -> None:
        self.closed = asyncio.Event()
        self._descriptor = descriptor
        self._turn = asyncio.Lock()

    async def send(self, line: bytes) -> None:
        async with self._turn:
            try:
                await asyncio.to_thread(self._write, memoryview(line + b"\n"))
            except OSError:
                self.closed.set()

    def _write(self, data: memoryview) -> None:
        while data:
            data = data[os.write(self._descriptor, data) :]


class _ReadingThread(asyncio.ReadTransport):
    """Reads where reading blocks. A daemon: nothing ends a read from a terminal but the terminal."""

    def __init__(self, descriptor: int, reader: asyncio.StreamReader) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._reader = reader
        self._loop = asyncio.get_running_loop()
        self._wanted = threading.Event()
        self._paused = False

    def start(self) -> None:
        threading.Thread(target=self._run, name="stdin", daemon=True).start()

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False
        self._wanted.set()

    def _run(self) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            while chunk := self._read():
                self._wanted.clear()
                self._loop.call_soon_threadsafe(self._feed, chunk)
                self._wanted.wait()
            self._loop.call_soon_threadsafe(self._reader.feed_eof)

    def _feed(self, chunk: bytes) -> None:
        self._reader.feed_data(chunk)
        if not self._paused:
            self._wanted.set()

    def _read(self) -> bytes:
        try:
            return os.read(self._descriptor, _PIECE)
        except OSError:
            return b""
