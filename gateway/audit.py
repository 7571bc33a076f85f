"""Audit: who did what, one JSON line each, never with arguments or values. Not the log: nothing here explains, nothing is left out.

Lines go to `write` at once and whole (standard output on a cluster, a file locally), so that a crash loses none.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

import msgspec

from gateway.identity import Principal

type Result = Literal["ok", "invalid", "failed", "timeout", "unavailable", "cancelled", "unknown", "denied"]

_log = logging.getLogger(__name__)


class Event(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """One line. `time` is RFC 3339 in UTC, `duration_ms` in milliseconds."""

    time: datetime
    event: str
    who: str
    what: str
    result: str
    duration_ms: float = 0
    request_id: str = ""
    reason: str = ""


class Audit:
    """Writes events. A line that cannot be written is counted in `lost` and never fails what it tells of."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        """`write` takes one whole line at a time; it may raise OSError."""
        self.lost = 0
        self._write = write
        self._encoder = msgspec.json.Encoder()

    def tool_call(self, caller: Principal, tool: str, result: Result, seconds: float, request_id: str = "") -> None:
        """A call of a tool, or what was refused as one."""
        self.note("tool.call", caller.id, tool, result, seconds=seconds, request_id=request_id)

    def note(
        self,
        event: str,
        who: str,
        what: str,
        result: Result,
        *,
        seconds: float = 0.0,
        request_id: str = "",
        reason: str = "",
    ) -> None:
        """Any event. `who` is a principal's id, empty for nobody known; `reason` is a sentence, where it was refused."""
        line = Event(datetime.now(UTC), event, who, what, result, round(seconds * 1000, 3), request_id, reason)
        try:
            self._write(_encoded(self._encoder, line) + b"\n")
        except OSError as error:
            if not self.lost:
                _log.error("audit lines are being lost: %s", error)
            self.lost += 1


def _encoded(encoder: msgspec.json.Encoder, line: Event) -> bytes:
    try:
        return encoder.encode(line)
    except UnicodeEncodeError:  # ids come as header bytes, and need not be UTF-8
        plain = {name: _plain(getattr(line, name)) for name in ("who", "what", "request_id")}
        return encoder.encode(msgspec.structs.replace(line, **plain))


def _plain(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
