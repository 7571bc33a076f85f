"""Context: which trace a request belongs to, as headers say it (W3C Trace Context), and whether it is to be recorded. Pure."""

import re

import msgspec

_TRACEPARENT = re.compile(
    r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-[!-~]*)?\Z"
)
_SAMPLED = 1
_LONGEST = 512  # characters of a `tracestate` (W3C Trace Context §3.3.1.5)


class Context(msgspec.Struct, frozen=True, gc=False):
    """A span of a trace that is recorded: 32 and 16 hex digits. `state` is the `tracestate`, which we only pass on."""

    trace: str
    span: str
    state: str = ""


def sampled(traceparent: str | None) -> bool:
    """Whether the caller asked for this trace to be recorded (flag 01). A malformed header says no."""
    return traceparent is not None and _found(traceparent) is not None


def context(traceparent: str | None, tracestate: str | None = "") -> Context | None:
    """Where a trace that is to be recorded comes from; None for any other, and for a malformed header."""
    found = _found(traceparent) if traceparent else None
    if found is None:
        return None
    state = tracestate or ""
    usable = len(state) <= _LONGEST and state.isascii() and state.isprintable()
    return Context(found[2], found[3], state if usable else "")


def _found(traceparent: str) -> re.Match[str] | None:
    """Later versions may say more behind the flags, the first may not (§4.3)."""
    found = _TRACEPARENT.match(traceparent)
    if found is None or not int(found[4], 16) & _SAMPLED or (found[5] and found[1] == "00"):
        return None
    return found
