"""Fields: the header lines of a request, read once: what decides, what goes on to a pod, what is wrong. Pure."""

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from gateway.errors import GatewayError, HeadersTooLarge, Invalid
from gateway.trust import ONCE, reaches_a_pod

LIMIT = 65_536  # bytes of all header lines together

# The dates of the handshake; every other revision is of the later, sessionless kind (reference/mcp.md §1.8).
HANDSHAKE = frozenset({b"2024-11-05", b"2025-03-26", b"2025-06-18", b"2025-11-25"})
# What a server learns from us: its own session id, written anew.
_OURS = b"mcp-session-id"


class Ambiguous(Invalid):
    """A header that would be read one way here and another way behind us."""


class Fields(msgspec.Struct, gc=False):
    """`once` holds the headers that decide, by lower-case name; `lines` those that may reach a pod, as they came."""

    once: dict[bytes, bytes]
    lines: bytes
    fault: GatewayError | None

    @property
    def modern(self) -> bool:
        """Whether the request is of a revision without sessions."""
        version = self.once.get(b"mcp-protocol-version")
        return version is not None and version not in HANDSHAKE


def read(raw: Iterable[tuple[bytes, bytes]]) -> Fields:
    """Reads raw header lines. What is wrong with them is kept in `fault`: Host and Origin are judged first."""
    once: dict[bytes, bytes] = {}
    parts: list[bytes] = []
    listed = b""
    size = 0
    fault: GatewayError | None = None
    for name, value in raw:
        decides, passes = _rule(name)
        size += len(name) + len(value)
        if decides is not None:
            if decides in once:
                fault = fault or Ambiguous(f"{decides.decode()}: may be given once.", field=decides.decode())
            once[decides] = value
        if passes:
            parts += (name, b": ", value, b"\r\n")
        elif b"_" in name:
            fault = fault or _unsound(name)
        elif name.lower() == b"connection":
            listed = listed + b"," + value if listed else value
    if listed and listed.lower() not in (b"keep-alive", b"close"):
        fault = fault or _drop_listed(listed, parts)
    if size > LIMIT:
        fault = HeadersTooLarge(f"The header lines may have {LIMIT:,} bytes together.")
    return Fields(once, b"".join(parts), fault)


@lru_cache(maxsize=4096)  # clients send the same few names; one look-up is all that a usual line costs
def _rule(name: bytes) -> tuple[bytes | None, bool]:
    """Which deciding header a name is, if it is one, and whether it may reach a pod.

    Names with `_` may not: `X_Mcp_UserId` is `X-Mcp-UserId` to servers that speak CGI or WSGI.
    """
    lower = name.lower()
    return (lower if lower in ONCE else None), b"_" not in lower and lower != _OURS and reaches_a_pod(lower)


def _unsound(name: bytes) -> Ambiguous:
    text = name.decode("ascii", "replace")[:64]
    return Ambiguous(f"{text}: header names with `_` are not accepted.", field=text)


def _drop_listed(listed: bytes, parts: list[bytes]) -> GatewayError | None:
    """Removes what `Connection` calls its own (RFC 9110 §7.6.1). It may not call ours its own."""
    names = {name.strip() for name in listed.lower().split(b",")}
    if taken := names & ONCE:
        text = min(taken).decode()
        return Ambiguous(f"Connection: may not list `{text}`.", field="connection")
    kept: list[bytes] = []
    for at in range(0, len(parts), 4):
        if parts[at].lower() not in names:
            kept += parts[at : at + 4]
    parts[:] = kept
    return None
