"""The bearer token of a command: run when one is needed, remembered while it lasts. Never printed."""

import asyncio
import base64
import os
import re
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec

from local.connect.said import plain

PATIENCE = 120.0  # seconds a command may take; some wait for a person at a browser
OPAQUE = 300.0  # seconds for which a token is remembered that does not say how long it is valid
MARGIN = 60.0  # seconds before its end at which a token is no longer used
LAST = 1.0  # seconds for a killed command to be gone
_TOKEN = re.compile(r"[\x21-\x7e]+")


class NoToken(Exception):
    """The command gave none; the message says why, without its output."""


class Token:
    """Made with the command's arguments; `clock` gives seconds since 1970."""

    def __init__(self, command: Sequence[str], clock: Callable[[], float] = time.time) -> None:
        self._command = command
        self._clock = clock
        self._token = ""
        self._until = 0.0
        self._running: asyncio.Task[str] | None = None

    async def current(self) -> str:
        """A token that is valid as far as can be told. Raises NoToken."""
        return self._token if self._clock() < self._until else await self._shared()

    async def after(self, refused: str) -> str:
        """One that is not `refused`, as far as the command has another. Raises NoToken."""
        if self._token == refused:
            self._until = 0.0
        return await self.current()

    async def close(self) -> None:
        """Ends a command that is running."""
        if self._running:
            self._running.cancel()
            await asyncio.wait([self._running])

    async def _shared(self) -> str:
        """All who ask while the command runs get what it gives."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._fetch(), name="token")
            # Those who asked may be gone by then; an error that nobody fetches would be printed with its traceback.
            self._running.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(self._running)

    async def _fetch(self) -> str:
        self._token = await _run(self._command)
        expiry = _expiry(self._token)
        self._until = self._clock() + OPAQUE if expiry is None else expiry - MARGIN
        return self._token


async def _run(command: Sequence[str]) -> str:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,  # ours is the client's
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise NoToken(f"The token command `{command[0]}` could not be started: {error.strerror}.") from None
    try:
        async with asyncio.timeout(PATIENCE):
            output, errors = await process.communicate()
    except TimeoutError:
        raise NoToken(f"The token command `{command[0]}` gave nothing within {PATIENCE:g} s.") from None
    finally:
        if process.returncode is None:
            await _end(process)
    if process.returncode:
        last = plain((errors.decode(errors="replace").strip().splitlines() or ["nothing on standard error"])[-1])
        raise NoToken(f"The token command `{command[0]}` ended with {process.returncode}: {last}")
    return _first_line(command[0], output)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Only while it has not been waited for: its group's number could be somebody else's later."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), LAST)


def _first_line(name: str, output: bytes) -> str:
    line = output.decode(errors="replace").partition("\n")[0].strip()
    if not _TOKEN.fullmatch(line):
        raise NoToken(f"The token command `{name}` did not print a token on its first line.")
    return line


class _Claims(msgspec.Struct):
    exp: float


def _expiry(token: str) -> float | None:
    """When a JWT ends, in seconds since 1970; None for anything else. Verifies nothing: that is the gateway's part."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return msgspec.json.decode(claims, type=_Claims).exp
    except (ValueError, msgspec.DecodeError):
        return None
