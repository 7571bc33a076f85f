"""TokenCommand: tokens that a command prints, run when one is needed. Without a shell; its output is never repeated."""

import asyncio
import os
import re
import signal
from collections.abc import Sequence
from contextlib import suppress

from gateway.plain_line import plain_line
from gateway.tokens.jwt_expiry import jwt_expiry
from gateway.tokens.token import PATIENCE, NoToken, Token

LAST = 1.0  # seconds for a killed command to be gone
_TOKEN = re.compile(r"[\x21-\x7e]+")


class TokenCommand:
    """Made with the command's arguments. A JWT says itself when it ends."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command

    async def fetch(self, *, anew: bool) -> Token:
        """Runs it. Raises NoToken."""
        del anew  # it remembers nothing
        text = await _run(self._command)
        return Token(text, jwt_expiry(text))

    async def close(self) -> None:
        """Nothing is open between two runs."""


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
        last = plain_line((errors.decode(errors="replace").strip().splitlines() or ["nothing on standard error"])[-1])
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
