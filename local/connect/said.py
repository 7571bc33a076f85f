"""What is said to a person, on standard error: one line each, never waiting for somebody to read it."""

import os
import select
from contextlib import suppress

from gateway.plain_line import plain_line


def say(text: str, descriptor: int = 2) -> None:
    """Writes a line, unless nobody has read the earlier ones: then a pipe is full, and waiting would stop the bridge."""
    line = f"mcp-gateway: {plain_line(text)}\n".encode(errors="replace")
    with suppress(OSError, ValueError):
        if select.select([], [descriptor], [], 0)[1]:
            os.write(descriptor, line)
