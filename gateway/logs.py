"""Log lines as JSON, one object a line, with the request id where there is one. Never arguments, tokens or values.

Whatever bytes a client, a tool or a disk puts into a message: it stays one line, bounded in length.
"""

import contextvars
import logging
import secrets
import sys
import traceback
from datetime import UTC, datetime

from gateway.json_line import json_line, plain

_MESSAGE = 4096  # characters
_TRACE = 32_768  # characters; of a longer one the end is kept, where the error is

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")


def new_request_id() -> str:
    """A fresh id: 32 hex digits."""
    return secrets.token_hex(16)


def to_stderr(level: int = logging.INFO) -> None:
    """Sends the process's logs to stderr as JSON. Called once, by entry points only."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)


class JsonLines(logging.Formatter):
    """`{"time", "level", "logger", "message", "requestId"?, "error"?}`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, without its newline."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": plain(record.getMessage(), _MESSAGE),
        }
        if (id := request_id.get()) != "":
            line["requestId"] = plain(id, 128)
        if record.exc_info and record.exc_info[1]:
            trace = "".join(traceback.format_exception(record.exc_info[1]))
            line["error"] = plain(trace[-_TRACE:], _TRACE)
        return json_line(line).decode()
