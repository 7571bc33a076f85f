"""Readiness: when may an instance get requests. Asks often at first, less often later; never gives up by itself."""

import asyncio
from collections.abc import Callable

from local.listening import dial, ports_of

_FIRST, _LAST, _FACTOR = 0.01, 0.2, 1.2  # seconds between looks
_PROBE = 1.0  # seconds for an answer to the probe


async def until_ready(pid: int, port: int, path: str, say: Callable[[str], None]) -> str:
    """Returns the address to dial as soon as `pid` or its kin listen on `port`, and `GET path`, if given, is answered 2xx or 3xx.

    Until then `say` is told what is missing, whenever that may have changed.
    """
    pause = _FIRST
    while True:
        # In a thread: /proc has a line for each connection of this machine.
        host = await asyncio.to_thread(dial, pid, port)
        if host and (not path or await _healthy(host, port, path)):
            return host
        if pause >= _LAST:
            say(await asyncio.to_thread(_missing, pid, port, path if host else ""))
        await asyncio.sleep(pause)
        pause = min(pause * _FACTOR, _LAST)


def _missing(pid: int, port: int, path: str) -> str:
    if path:
        return f"GET {path} is not answered with 2xx or 3xx yet"
    others = ", ".join(str(other) for other in ports_of(pid))
    wrong = f"; it listens on {others}, but must on $PORT" if others else ""
    return f"not listening on port {port} yet{wrong}"


async def _healthy(host: str, port: int, path: str) -> bool:
    try:
        async with asyncio.timeout(_PROBE):
            status = await _status(host, port, path)
    except (OSError, TimeoutError, ValueError):
        return False
    return 200 <= status < 400


async def _status(host: str, port: int, path: str) -> int:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n".encode())
        line = await reader.readline()  # HTTP/1.1 200 OK
        return int(line.split(b" ", 2)[1]) if line.startswith(b"HTTP/1.") else 0
    except IndexError:
        return 0
    finally:
        writer.close()
