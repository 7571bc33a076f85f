"""Audit: who did what, one JSON line each, never with arguments, queries or values. Not the log: nothing here explains.

Lines go to `write` at once and whole (standard output on a cluster, a file locally), so that a crash loses none. Nothing is
left out, but that a flood of strangers is told in fewer lines than it has requests.

    event                            what                        result
    adapter.create|replace|delete    name                        ok denied invalid failed unavailable
    tool.create|replace|delete       name                        ok denied invalid failed unavailable
    adapter.logs, tool.logs          name                        ok denied invalid failed unavailable
    access.denied                    `METHOD /path`              denied
    tool.call                        name                        ok invalid failed timeout unavailable cancelled unknown denied
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

import msgspec

from gateway.identity import Principal
from gateway.json_line import json_line, plain
from gateway.telemetry.chatter import Chatter

type Result = Literal["ok", "invalid", "failed", "timeout", "unavailable", "cancelled", "unknown", "denied"]

# Characters. A path of 64 KB must not fill a disk; ids are `oid`s, or `issuer|subject`.
_MOST = {"event": 64, "who": 512, "what": 512, "result": 32, "request_id": 128, "reason": 512}
_USUAL = 400  # bytes of a line whose words are surely within their bounds

_log = logging.getLogger(__name__)


class Event(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """One line. `time` is RFC 3339 in UTC, `duration_ms` in milliseconds; `more` like it were not written before it."""

    time: datetime
    event: str
    who: str
    what: str
    result: str
    duration_ms: float = 0
    request_id: str = ""
    reason: str = ""
    more: int = 0


class Audit:
    """Writes events. A line that cannot be written is counted in `lost` and never fails what it tells of."""

    def __init__(self, write: Callable[[bytes], object], export: Callable[[Event], None] | None = None) -> None:
        """`write` takes one whole line at a time; it may raise OSError. `export` gets each event besides, and raises nothing."""
        self.lost = 0
        self._write = write
        self._export = export
        self._encode = msgspec.json.Encoder().encode
        # Whoever needs no name to be refused could else push everything else out of a trail that is bounded in size: this
        # way 20 MB of it last more than an hour.
        self._strangers = Chatter()

    def tool_call(self, caller: Principal, tool: str, result: Result, seconds: float, request_id: str = "") -> None:
        """A call of a tool, or what was refused as one."""
        self._put(Event(datetime.now(UTC), "tool.call", caller.id, tool, result, round(seconds * 1000, 3), request_id))

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
        more = 0
        milliseconds = round(seconds * 1000, 3) if seconds else 0  # 0.0 is not the default, and would be written
        if not who:
            if not self._strangers.may():
                return
            more = self._strangers.unsaid()
        self._put(Event(datetime.now(UTC), event, who, what, result, milliseconds, request_id, reason, more))

    def _put(self, event: Event) -> None:
        try:
            line = self._encode(event)
        except UnicodeEncodeError:  # ids come as header bytes, and need not be UTF-8
            line = b""
        if not 0 < len(line) <= _USUAL or not line.isascii():
            event = _mended(event)
            line = json_line(event)
        try:
            self._write(line + b"\n")
        except OSError as error:
            if not self.lost:
                _log.error("audit lines are being lost: %s", error)
            self.lost += 1
        if self._export is not None:
            self._export(event)


def _mended(event: Event) -> Event:
    """The same in words that are bounded, and that UTF-8 can carry."""
    return msgspec.structs.replace(event, **{name: plain(getattr(event, name), most) for name, most in _MOST.items()})
