"""Load: wrk against one proxy for a few seconds, and what that cost the proxy. Knows nothing of which proxy it is."""

import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bench import cpu
from bench.child import HOST, Failed
from bench.session import CALL, PATH, Session

CONNECTIONS = 32

# A status counts as an error from 400 on; a redirect would show in the length of the replies.
_SCRIPT = """
wrk.method = "POST"
wrk.body = %s
%s
%s
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('{"requests":%%d,"bytes":%%d,"microseconds":%%d,"errors":%%d}',
    summary.requests, summary.bytes, summary.duration, e.connect + e.read + e.write + e.status + e.timeout))
end
"""

# A client that traces: no two heads alike, so that nothing a proxy remembers of a head serves twice. Not sampled.
_TRACED = """
local n = 0
function request()
  n = n + 1
  wrk.headers["traceparent"] = string.format("00-%032x-%016x-00", n, n)
  return wrk.format()
end
"""


class Round(msgspec.Struct, frozen=True):
    """One run of wrk. `cpu_us` is the proxy's CPU per request in µs, `busy` its share of one core."""

    cpu_us: float
    per_second: float
    busy: float


class _Summary(msgspec.Struct, frozen=True):
    requests: int
    bytes: int
    microseconds: int
    errors: int


@contextmanager
def script(session: Session, *, traced: bool) -> Generator[Path]:
    """The Lua script that makes wrk send the session's call; `traced`: each with a `traceparent` of its own."""
    lines = (f"wrk.headers[{_lua(name)}] = {_lua(value)}" for name, value in session.headers.items())
    with tempfile.NamedTemporaryFile("w", suffix=".lua", prefix="mcp-gateway-bench-") as file:
        file.write(_SCRIPT % (_lua(CALL.decode()), "\n".join(lines), _TRACED if traced else ""))
        file.flush()
        yield Path(file.name)


def run(session: Session, seconds: int, *, traced: bool = False) -> Round:
    """One round. Raises Failed for a single error, or replies that cannot all have been the right one."""
    pid, name = session.child.pid, session.child.name
    with script(session, traced=traced) as lua:
        before = cpu.seconds(pid)
        summary = _wrk(session.child.port, lua, seconds)
        used = cpu.seconds(pid) - before
    if summary.errors or not summary.requests:
        raise Failed(f"{name}: {summary.errors} of {summary.requests} requests failed.")
    # The last reply of each connection may be cut off by the end of the run.
    if abs(summary.bytes - summary.requests * session.length) > CONNECTIONS * session.length:
        raise Failed(f"{name}: {summary.bytes / summary.requests:.1f} bytes a reply, {session.length} expected.")
    wall = summary.microseconds / 1e6
    return Round(used / summary.requests * 1e6, summary.requests / wall, used / wall)


def _wrk(port: int, lua: Path, seconds: int) -> _Summary:
    url = f"http://{HOST}:{port}{PATH}"
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(lua), url]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=False)
    if ran.returncode:
        raise Failed(f"wrk ended with {ran.returncode}: {ran.stderr or ran.stdout}")
    return msgspec.json.decode(ran.stdout.splitlines()[-1], type=_Summary)


def _lua(text: str) -> str:
    """A Lua string literal: JSON's escapes of printable ASCII are Lua's too."""
    return msgspec.json.encode(text).decode()
