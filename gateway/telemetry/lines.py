"""Lines: log lines of WARNING and above on their way to a collector. What a line may say is `gateway.logs`' to know.

Of an error only its kind and where it was raised go along: its message may quote what was sent.
"""

import logging
import traceback
from collections.abc import Callable

import msgspec

from gateway.json_line import plain
from gateway.logs import request_id

_MESSAGE = 4096  # characters
_TRACE = 16_384  # characters; of a longer one the end is kept, where the error is
_THREADS = ("outbox of ", "pulse of ")  # who sends must not send for having said that it cannot
_SENDERS = ("gateway.outbox", "gateway.telemetry")


class Line(msgspec.Struct, frozen=True, gc=False):
    """`time` is in nanoseconds since 1970, `level` one of `logging`."""

    time: int
    level: int
    logger: str
    message: str
    request_id: str = ""
    error: str = ""
    trace: str = ""


class Lines(logging.Handler):
    """Hands lines to `put`, which neither waits nor fails."""

    def __init__(self, put: Callable[[Line], None]) -> None:
        super().__init__(logging.WARNING)
        self._put = put

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        if record.name.startswith(_SENDERS) or (record.threadName or "").startswith(_THREADS):
            return
        try:
            self._put(_line(record))
        except Exception:  # noqa: BLE001 - as handlers do it: said on standard error, and the program goes on
            self.handleError(record)


def _line(record: logging.LogRecord) -> Line:
    kind, error, frames = record.exc_info or (None, None, None)
    trace = "".join(traceback.format_tb(frames)) if error is not None else ""
    return Line(
        time=int(record.created * 1_000_000_000),
        level=record.levelno,
        logger=record.name,
        message=plain(record.getMessage(), _MESSAGE),
        request_id=plain(request_id.get(), 128),
        error=kind.__qualname__ if kind is not None else "",
        trace=plain(trace[-_TRACE:], _TRACE),
    )
