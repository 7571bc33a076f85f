"""Where the gateway's own log lines go: all to a file in the home, warnings to stderr as well. JSON, both."""

import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

from gateway.logs import JsonLines

_SIZE = 5 * 1024 * 1024  # bytes; one file of that size is kept besides


@contextmanager
def logged_to(path: Path) -> Generator[None]:
    """Sends the process's logs there while the block runs. Called once, by entry points only."""
    root = logging.getLogger()
    file = RotatingFileHandler(path, maxBytes=_SIZE, backupCount=1, encoding="utf-8")
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setLevel(logging.WARNING)
    level = root.level
    root.setLevel(logging.INFO)
    for handler in (file, terminal):
        handler.setFormatter(JsonLines())
        root.addHandler(handler)
    try:
        yield
    finally:
        root.setLevel(level)
        for handler in (file, terminal):
            root.removeHandler(handler)
        file.close()
