"""Pages of an instance's log, as a cluster keeps it: the last lines, or those after a cursor, waiting for one to come.

Every line comes with the nanosecond it was written in; that of the last line given, and the run it belongs to, is the cursor.
"""

import asyncio
import re
from collections import deque
from datetime import UTC, datetime

from functions.deployer import LogPage, LogQuery
from functions.kube_api import PODS, KubeApi
from functions.live import Pod
from functions.pod import CONTAINER
from gateway.errors import Invalid

PAGE = 1024 * 1024  # bytes of text in one page, about
_PAUSE = 1.0  # seconds between two looks while a line is waited for

# The run (the beginning of the container's id), and when its last line was written, in nanoseconds. Opaque to callers.
_CURSOR = re.compile(r"([0-9a-f]{16})-([0-9]{1,20})")
_NO_RUN = "0" * 16  # whatever runs first comes after it
_STAMP = re.compile(rb"([0-9-]{10}T[0-9:]{8})(?:\.([0-9]{1,9}))?(Z|[+-][0-9:]{5})")

type Position = tuple[str, int]


class Logs:
    """The logs of one pod, which may not be there yet."""

    def __init__(self, api: KubeApi, pod: str, owner_uid: str) -> None:
        self._api = api
        self._pod = pod
        self._owner_uid = owner_uid

    async def page(self, query: LogQuery) -> LogPage:
        """What `query` asks for. Raises Invalid for a cursor that is not ours, KubeError."""
        position = position_of(query.since)
        if position is None:
            return await self._last(query)
        deadline = asyncio.get_running_loop().time() + query.wait
        while True:
            found = await self._after(position, previous=query.previous)
            left = deadline - asyncio.get_running_loop().time()
            if found.text or query.previous or left <= 0:
                return found
            await asyncio.sleep(min(_PAUSE, left))

    async def _last(self, query: LogQuery) -> LogPage:
        current, previous = await self._runs()
        run = previous if query.previous else current
        if not run:
            return _page(b"", (_NO_RUN, 0))
        reader = _Reader(last=True)
        await self._read(reader, previous=query.previous, asked={"tailLines": str(query.tail)})
        return reader.page(run)

    async def _after(self, position: Position, *, previous: bool) -> LogPage:
        run, at = position
        current, earlier = await self._runs()
        if earlier and (previous or run == earlier):
            page = await self._since(earlier, at if run == earlier else 0, previous=True)
            if page.text or previous:
                return page
        if not current or previous:
            return _page(b"", position)
        # A cursor at the end of an earlier run, or of one that is gone, goes on at the beginning of this one.
        return await self._since(current, at if run == current else 0, previous=False)

    async def _since(self, run: str, at: int, *, previous: bool) -> LogPage:
        reader = _Reader(at)
        # The cluster counts in seconds; what is too much the reader drops.
        second = datetime.fromtimestamp(at // 10**9, UTC)
        asked = {"sinceTime": f"{second:%Y-%m-%dT%H:%M:%SZ}"} if at else {}
        await self._read(reader, previous=previous, asked=asked)
        return reader.page(run)

    async def _read(self, reader: "_Reader", *, previous: bool, asked: dict[str, str]) -> None:
        query = {"container": CONTAINER, "timestamps": "true", **({"previous": "true"} if previous else {}), **asked}
        await self._api.log(self._pod, query, reader.take)

    async def _runs(self) -> tuple[str, str]:
        """The current and the previous run, each blank where there is none."""
        pod = await self._api.read(PODS, self._pod)
        if pod is None or not any(owner.uid == self._owner_uid for owner in pod.metadata.owner_references):
            return "", ""
        return _run(pod.container.container_id), _previous(pod)


def position_of(cursor: str) -> Position | None:
    """Where a cursor points to; None for none. Raises Invalid for one that is not ours."""
    if not cursor:
        return None
    found = _CURSOR.fullmatch(cursor)
    if not found:
        raise Invalid("since: not a cursor of this log.", field="since")
    return found[1], int(found[2])


class _Reader:
    """Takes a log with time stamps as it arrives; keeps whole lines without them, a page at most.

    Either the last lines, or the first ones after the line that was written at `at`.
    """

    def __init__(self, at: int = 0, *, last: bool = False) -> None:
        self._rest = b""
        self._at = at
        self._last = last
        # Until the line of `at` has come by, its successors are told by their stamps: it may have been rotated away. After it
        # they are told by their place, because two streams do not write in perfect order.
        self._seen = at == 0
        self._lines: deque[tuple[int, bytes]] = deque()
        self._size = 0

    def take(self, chunk: bytes) -> bool:
        """Whether there is room for more."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            if self._full:
                break
            self._line(line)
        return not self._full

    def page(self, run: str) -> LogPage:
        """What was kept, and the cursor after it."""
        at = self._lines[-1][0] if self._lines else self._at
        return _page(b"".join(text for _, text in self._lines), (run, at))

    @property
    def _full(self) -> bool:
        return self._size >= PAGE and not self._last

    def _line(self, line: bytes) -> None:
        stamp, _, text = line.partition(b" ")
        at = _nanoseconds(stamp)
        if self._at and at == self._at:
            self._seen, self._size = True, 0
            self._lines.clear()
        elif self._seen or at > self._at:
            self._lines.append((at, text + b"\n"))
            self._size += len(text) + 1
        while self._size > PAGE and self._last:
            self._size -= len(self._lines.popleft()[1])


def _nanoseconds(stamp: bytes) -> int:
    found = _STAMP.fullmatch(stamp)
    if not found:
        return 0
    seconds = int(datetime.fromisoformat((found[1] + found[3]).decode()).timestamp())
    return seconds * 10**9 + int((found[2] or b"").ljust(9, b"0"))


def _run(container_id: str) -> str:
    """`containerd://<64 hex digits>`; blank where none has begun."""
    return container_id.rpartition("/")[2][:16]


def _previous(pod: Pod) -> str:
    ended = pod.container.last_state.terminated
    return _run(ended.container_id) if ended else ""


def _page(data: bytes, position: Position) -> LogPage:
    return LogPage(data.decode(errors="replace"), f"{position[0]}-{position[1]}")
