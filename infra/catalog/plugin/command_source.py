"""CommandSource: tokens that a command prints. Run without a shell, when one is needed; its output is never repeated."""

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress

from gateway.jwt_expiry import jwt_expiry
from infra.catalog.plugin.tokens import PATIENCE, NoToken, Token


class CommandSource:
    """Made with the command's arguments. A JWT says itself when it ends."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command

    async def fetch(self, *, anew: bool) -> Token:
        """Runs it. Raises NoToken."""
        del anew  # it remembers nothing
        name = self._command[0]
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise NoToken(f"tokenCommand: `{name}` could not be started: {error.strerror}.") from None
        output, errors = await _spoken(process, name)
        if process.returncode:
            last = (errors.decode(errors="replace").strip().splitlines() or ["nothing on standard error"])[-1]
            raise NoToken(f"tokenCommand: `{name}` ended with {process.returncode}: {last}")
        text = output.decode(errors="replace").partition("\n")[0].strip()
        if not text.isascii() or not text.isprintable() or not text or " " in text:
            raise NoToken(f"tokenCommand: `{name}` did not print a token on its first line.")
        return Token(text, jwt_expiry(text))

    async def close(self) -> None:
        """Nothing is open between two runs."""


async def _spoken(process: asyncio.subprocess.Process, name: str) -> tuple[bytes, bytes]:
    try:
        async with asyncio.timeout(PATIENCE):
            return await process.communicate()
    except TimeoutError:
        raise NoToken(f"tokenCommand: `{name}` gave nothing within {PATIENCE:g} s.") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
