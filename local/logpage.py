"""Pages of an instance's log: the last lines, or those after a cursor, waiting for one to come. Writes nothing."""

import re

from functions.deployer import LogPage, LogQuery
from gateway.errors import Invalid
from local.logfile import LogFile, Run

# The run, and the offset of the next byte in it. To callers it is opaque.
_CURSOR = re.compile(r"([0-9a-f]{16})-([0-9]{1,15})")
_NO_RUN = "0" * 16  # whatever runs first comes after it


async def page(log: LogFile, query: LogQuery) -> LogPage:
    """What `query` asks for. Raises Invalid for a cursor that is not ours."""
    if not query.since:
        run = log.previous if query.previous else log.current
        return _page(run, *run.tail(query.tail)) if run else _nothing(_NO_RUN)
    found = _CURSOR.fullmatch(query.since)
    if not found:
        raise Invalid("since: not a cursor of this log.", field="since")
    id, offset = found[1], int(found[2])
    if query.previous:
        old = log.previous
        return _page(old, *old.page(offset if old.id == id else 0)) if old else _nothing(id)
    await log.bell.until(lambda: _after(log, id, offset).text != "", query.wait)
    return _after(log, id, offset)


def _after(log: LogFile, id: str, offset: int) -> LogPage:
    for run in (log.previous, log.current):
        if run and run.id == id and (data := run.page(offset))[0]:
            return _page(run, *data)
    # A cursor at the end of an earlier run, or of one that is gone, goes on at the beginning of this one.
    run = log.current
    return _page(run, *run.page(offset if run.id == id else 0)) if run else _nothing(id)


def _nothing(id: str) -> LogPage:
    return LogPage("", _cursor(id, 0))


def _page(run: Run, data: bytes, end: int) -> LogPage:
    return LogPage(data.decode(errors="replace"), _cursor(run.id, end))


def _cursor(id: str, offset: int) -> str:
    return f"{id}-{offset}"
