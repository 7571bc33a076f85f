"""Sheets: wrk sending many different requests in turn, each with a number of its own, and judging every reply.

What that costs a server is the caller's to find out.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import wrk
from bench.asks import NUMBER, PATH, Ask
from bench.child import Child, Failed
from bench.wrk import Summary

CONNECTIONS = 32
_TURN = 2  # seconds; of runs that end with a number of requests

_REQUESTS = """
local sheets = {%s}
local n, most = -1, %d  -- wrk asks for one request before it begins, and does not send it
function request()
  n = n + 1
  return (sheets[n %% #sheets + 1]:gsub("%s", string.format("%%d", 1000000000 + n)))
end
wrong = 0
local length = %d
function response(status, headers, body)
  if status ~= 200 or (length > 0 and #body ~= length) then wrong = wrong + 1 end
end
"""

# wrk itself knows an end in time only: the rest of it is spent waiting.
_ENOUGH = """
function delay() return n < most and 0 or 3600000 end
"""

_PACED = """
function delay() return %d end
"""


def load(child: Child, asks: Sequence[Ask], seconds: int, *, length: int = 0, most: int = 0, pace: int = 0) -> Summary:
    """The asks in turn for so many seconds, or until `most` were sent; `length`: of every reply's body; `pace`: milliseconds
    between two of one connection.

    Raises Failed for a single reply that is not of status 200 and of that length.
    """
    sheets = ",\n".join(wrk.literal(ask.raw(child.port)) for ask in asks)
    with tempfile.NamedTemporaryFile("w", suffix=".lua", prefix="mcp-gateway-bench-") as file:
        ends = _ENOUGH if most else _PACED % pace if pace else ""
        file.write(wrk.DONE + _REQUESTS % (sheets, most, NUMBER, length) + ends)
        file.flush()
        summary = wrk.run(child.port, PATH, Path(file.name), seconds, CONNECTIONS)
    if summary.errors or not summary.requests:
        raise Failed(f"{child.name}: {summary.errors} of {summary.requests} requests failed.")
    return summary


def load_times(child: Child, asks: Sequence[Ask], times: int) -> None:
    """The asks in turn until that many were answered, if need be beginning anew. Raises Failed as `load` does."""
    while times > 0:
        times -= load(child, asks, _TURN, most=times).requests
