"""Pages: `tools/list` again and again by one client on one connection, each page read to its end. Counts nobody's CPU.

Not wrk's work: a page takes some servers so long that most of what 32 connections asked for would be under way when time is up.
"""

import http.client
from collections.abc import Callable

from bench.asks import PATH, modern
from bench.child import HOST, Child, Failed


def read(child: Child, times: int, length: int, before: Callable[[], object] = lambda: None) -> None:
    """So many pages of `length` bytes; `before` is called ahead of each. Raises Failed for a single wrong one."""
    ask = modern("tools/list")
    connection = http.client.HTTPConnection(HOST, child.port, timeout=20)
    try:
        for number in range(times):
            before()
            one = ask.numbered(1_000_000_000 + number)
            connection.request("POST", PATH, one.body, one.headers)
            response = connection.getresponse()
            size = len(response.read())
            if response.status != 200 or size != length:
                raise Failed(f"{child.name}: a page was answered {response.status} with {size:,} bytes.")
    except (OSError, http.client.HTTPException) as error:
        raise Failed(f"{child.name}: no page: {error!r}") from error
    finally:
        connection.close()
