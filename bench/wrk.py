"""wrk, run once against a port, and what it says it did. Measures nothing of the server, and knows no protocol but HTTP."""

import subprocess
from pathlib import Path

import msgspec

from bench.child import HOST, Failed

# A status counts as an error from 400 on; a redirect would show in the length of the replies. A script may count in `wrong`.
DONE = """
local all = {}
function setup(thread) table.insert(all, thread) end
function done(summary, latency, requests)
  local e, wrong = summary.errors, 0
  for _, thread in ipairs(all) do wrong = wrong + (thread:get("wrong") or 0) end
  io.write(string.format('{"requests":%d,"bytes":%d,"microseconds":%d,"errors":%d}',
    summary.requests, summary.bytes, summary.duration, e.connect + e.read + e.write + e.status + e.timeout + wrong))
end
"""


class Summary(msgspec.Struct, frozen=True):
    """Of one run. `bytes` on the wire, heads included."""

    requests: int
    bytes: int
    microseconds: int
    errors: int


def run(port: int, path: str, script: Path, seconds: int, connections: int) -> Summary:
    """One run on one thread. Raises Failed where wrk itself does."""
    url = f"http://{HOST}:{port}{path}"
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), url]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=False)
    if ran.returncode or not ran.stdout:
        raise Failed(f"wrk ended with {ran.returncode}: {ran.stderr or ran.stdout}")
    return msgspec.json.decode(ran.stdout.splitlines()[-1], type=Summary)


def literal(text: str) -> str:
    """A Lua string literal: JSON's escapes of printable ASCII are Lua's too."""
    return msgspec.json.encode(text).decode()
