"""What is said to a person, on standard error: one line each, never waiting for somebody to read it."""

import os
import re
import select
from contextlib import suppress

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LONGEST = 1000  # characters; a pipe that takes anything takes a line of that length


def say(text: str, descriptor: int = 2) -> None:
    """Writes a line, unless nobody has read the earlier ones: then a pipe is full, and waiting would stop the bridge."""
    line = f"mcp-gateway: {plain(text)}\n".encode(errors="replace")
    with suppress(OSError, ValueError):
        if select.select([], [descriptor], [], 0)[1]:
            os.write(descriptor, line)


def plain(text: str) -> str:
    """On one line, of bearable length, without what would move a terminal's cursor."""
    line = _CONTROL.sub(" ", text).strip()
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
