"""Streams: what an open, silent event stream costs a proxy in memory. One fresh proxy process per figure."""

import asyncio
import resource

from bench import cpu
from bench.child import HOST, Failed
from bench.session import PATH, Session

_AT_ONCE = 64  # being opened; the rest is open
_TIMEOUT = 60.0  # seconds for all of them


def allow_files(wanted: int) -> int:
    """Raises the limit of open files, here and in children started later, towards `wanted`; the limit then in force."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return allowed


def kb_per_stream(session: Session, count: int) -> float:
    """Growth of the proxy's resident memory by `count` open streams, in KB (1,024 bytes) each. Raises Failed."""
    try:
        return asyncio.run(_measure(session, count))
    except (OSError, EOFError) as error:  # refused, reset, cut off, or not all open in time
        raise Failed(f"{session.child.name}: not all of {count:,} streams opened: {error!r}") from error


async def _measure(session: Session, count: int) -> float:
    pid = session.child.pid
    opened = await _open(session, 8)  # what is loaded or allocated once is not a stream's
    try:
        before = cpu.resident(pid)
        opened += await _open(session, count)
        grown = cpu.resident(pid) - before
        if ended := sum(reader.at_eof() for reader, _ in opened):
            raise Failed(f"{session.child.name}: {ended} of {count} streams ended by themselves.")
        return grown / count / 1024
    finally:
        for _, writer in opened:
            writer.transport.abort()


async def _open(session: Session, count: int) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    gate = asyncio.Semaphore(_AT_ONCE)
    async with asyncio.timeout(_TIMEOUT):
        return await asyncio.gather(*(_open_one(session, gate) for _ in range(count)))


async def _open_one(session: Session, gate: asyncio.Semaphore) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    headers = {**session.headers, "Host": f"{HOST}:{session.child.port}", "Accept": "text/event-stream"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if name != "Content-Type")
    async with gate:
        reader, writer = await asyncio.open_connection(HOST, session.child.port)
        writer.write(f"GET {PATH} HTTP/1.1\r\n{lines}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if not head.startswith(b"http/1.1 200 ") or b"content-type: text/event-stream" not in head:
        raise Failed(f"{session.child.name}: a stream was answered {head.decode(errors='replace')}")
    return reader, writer
