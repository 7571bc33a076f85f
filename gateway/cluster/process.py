"""Process: what every process of ours on a cluster does with its log, its signals, its port and its end. Serves nothing itself."""

import asyncio
import logging
import os
import resource
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from gateway.env import SettingsError
from gateway.logs import to_stderr

type Serve = Callable[[Mapping[str, str], asyncio.Event], Coroutine[None, None, None]]
type Loop = Callable[[], asyncio.AbstractEventLoop]

_FILES = 65536  # each open stream takes two, and the usual soft limit is 1024


def run(name: str, serve: Serve, loop: Loop) -> None:
    """Runs `serve(variables, ending)`; `ending` is set once TERM or INT came, and `serve` returns when it has drained.

    Exits 0 then, and 1, with one sentence in the log, where it cannot start (SettingsError, or OSError of listening).
    """
    to_stderr()
    _more_files()
    try:
        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(_ended_by_signals(serve))
    except (SettingsError, OSError) as error:
        logging.getLogger(name).critical("%s", error)
        sys.exit(1)


class Listens(Protocol):
    """What has a port while it runs."""

    async def start(self, host: str, port: int) -> int:
        """Listens, and returns the port. Raises OSError where it cannot."""
        ...

    async def stop(self) -> None:
        """Closes the port."""
        ...


@asynccontextmanager
async def listening(server: Listens, host: str, port: int, log: logging.Logger) -> AsyncGenerator[None]:
    """`server` listens while the block runs, and `log` has it. Raises OSError."""
    log.info("listening on port %d of %s", await server.start(host, port), host)
    try:
        yield
    finally:
        await server.stop()
        log.info("stopped")


def to_stdout(line: bytes) -> None:
    """Writes a whole line at once, past all buffers. Raises OSError."""
    while line:
        line = line[os.write(1, line) :]


async def _ended_by_signals(serve: Serve) -> None:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    await serve(os.environ, ending)


def _more_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    with suppress(ValueError, OSError):  # then it stays as it is
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
