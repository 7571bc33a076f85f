"""What the hot path may afford: plain integer counters, and one look at `traceparent`. Exporters read; nothing here sends."""

import re

import msgspec

_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-([0-9a-f]{2})")


class Counters(msgspec.Struct):
    """Counts since the start of the process; an exporter reads them when it likes. Adding to one costs no call."""

    requests: int = 0
    streams: int = 0  # replies that are open now
    held: int = 0
    refused: int = 0
    failed: int = 0
    seals_refused: int = 0
    choices: int = 0
    sampled: int = 0  # requests whose caller asked for the trace to be recorded


def sampled(traceparent: str | None) -> bool:
    """Whether the caller asked for this trace to be recorded (W3C Trace Context, flag 01). A malformed header says no."""
    if traceparent is None:
        return False
    found = _TRACEPARENT.match(traceparent)
    return found is not None and bool(int(found[1], 16) & 1)
