"""Load: wrk against one proxy for a few seconds, and what that cost the proxy. Knows nothing of which proxy it is."""

import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bench import cpu, wrk
from bench.child import Failed
from bench.session import CALL, PATH, Session

CONNECTIONS = 32

_SCRIPT = """
wrk.method = "POST"
wrk.body = %s
%s
%s
"""

# Several callers in turn, each with headers of its own. What they send is made before the clock runs.
_IN_TURN = """
local heads, calls, n = {%s}, {}, 0
local function speak(of)
  for name, value in pairs(heads[of %% #heads + 1]) do wrk.headers[name] = value end
end
function init()
  for i = 1, #heads do speak(i); calls[i] = wrk.format() end
end
function request()
  n = n + 1
  return calls[n %% #calls + 1]
end
"""

# Clients that trace: no two heads alike, so that nothing a proxy remembers of a head serves twice. Not sampled.
_TRACED = """
function request()
  n = n + 1
  speak(n)
  wrk.headers["Traceparent"] = string.format("00-%032x-%016x-00", n, n)
  return wrk.format()
end
"""

# So many milliseconds between two calls of a connection: what a sampled call costs shows only where nothing is dropped.
_PACED = """
function delay() return %d end
"""
_TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Round(msgspec.Struct, frozen=True):
    """One run of wrk. `cpu_us` is the proxy's CPU per request in µs, `busy` its share of one core."""

    cpu_us: float
    per_second: float
    busy: float


@contextmanager
def script(session: Session, *, traced: bool = False, sampled: bool = False, pace: int = 0) -> Generator[Path]:
    """The Lua script that makes wrk send the calls of a session's callers; `traced`: each with a `traceparent` of its own.

    `sampled`: with one that says so. `pace`: milliseconds between two calls of one connection.
    """
    headers = {**session.headers, "Traceparent": _TRACE} if sampled else session.headers
    common = "\n".join(f"wrk.headers{_entry(*header)}" for header in headers.items())
    in_turn = ""
    if session.callers or traced:
        in_turn = _IN_TURN % ", ".join(_table(headers) for headers in session.callers or [{}])
    with tempfile.NamedTemporaryFile("w", suffix=".lua", prefix="mcp-gateway-bench-") as file:
        lua = _SCRIPT % (wrk.literal(CALL.decode()), common, in_turn + (_TRACED if traced else ""))
        lua += _PACED % pace if pace else ""
        file.write(wrk.DONE + lua)
        file.flush()
        yield Path(file.name)


def run(session: Session, seconds: int, *, traced: bool = False, sampled: bool = False, pace: int = 0) -> Round:
    """One round. Raises Failed for a single error, or replies that cannot all have been the right one."""
    pid, name = session.child.pid, session.child.name
    with script(session, traced=traced, sampled=sampled, pace=pace) as lua:
        before = cpu.seconds(pid)
        summary = wrk.run(session.child.port, PATH, lua, seconds, CONNECTIONS)
        used = cpu.seconds(pid) - before
    if summary.errors or not summary.requests:
        raise Failed(f"{name}: {summary.errors} of {summary.requests} requests failed.")
    # The last reply of each connection may be cut off by the end of the run.
    if abs(summary.bytes - summary.requests * session.length) > CONNECTIONS * session.length:
        raise Failed(f"{name}: {summary.bytes / summary.requests:.1f} bytes a reply, {session.length} expected.")
    wall = summary.microseconds / 1e6
    return Round(used / summary.requests * 1e6, summary.requests / wall, used / wall)


def _table(headers: Mapping[str, str]) -> str:
    return f"{{{', '.join(_entry(*header) for header in headers.items())}}}"


def _entry(name: str, value: str) -> str:
    return f"[{wrk.literal(name)}] = {wrk.literal(value)}"
