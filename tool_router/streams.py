"""Streams: open answers on which notices of changed lists go out, for sessions (GET) and for `subscriptions/listen`.

Which notices are due is `notices`; a reader that takes nothing holds up its own stream alone.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from gateway.errors import Unavailable
from gateway.identity import Principal
from gateway.telemetry.counters import Counters
from tool_router.notices import Notices
from tool_router.replies import COMMENT, Stream, event
from tool_router.results import answer, ended, notification
from tool_router.turn import Turn

_CHANGED = "notifications/tools/list_changed"
_ACKNOWLEDGED = "notifications/subscriptions/acknowledged"


class Streams:
    """Of one router; at most `most` at a time. `silence`: seconds after which a comment is due."""

    def __init__(self, notices: Notices, counters: Counters, *, silence: float, most: int) -> None:
        self._notices = notices
        self._counters = counters
        self._silence = silence
        self._most = most
        self._open: set[_Tap] = set()
        self._sessions: dict[str, _Tap] = {}

    async def session(self, turn: Turn, id: str) -> Stream:
        """The stream of a session until its client goes, or opens another one. Raises Unavailable where there are too many."""
        with self._tap(turn.caller, wanted=True) as tap:
            if older := self._sessions.get(id):
                older.end()  # no notice may come twice; and often enough the older one's client is long gone
            self._sessions[id] = tap
            try:
                return await self._pour(turn, tap, COMMENT, event(notification(_CHANGED)))
            finally:
                if self._sessions.get(id) is tap:
                    del self._sessions[id]

    async def subscription(self, turn: Turn, id: bytes, wanted: bool) -> Stream:
        """The answer to `subscriptions/listen` (2026-07-28, basic/patterns/subscriptions); `wanted`: changed lists are asked for.

        Raises Unavailable where there are too many.
        """
        tag = b'"_meta":{"io.modelcontextprotocol/subscriptionId":%b}' % id
        heard = b'{"notifications":{%b},%b}' % (b'"toolsListChanged":true' if wanted else b"", tag)
        with self._tap(turn.caller, wanted) as tap:
            stream = await self._pour(
                turn,
                tap,
                event(notification(_ACKNOWLEDGED, heard)),
                event(notification(_CHANGED, b"{%b}" % tag)),
            )
            await stream.write(event(answer(id, ended(id))))
            return stream

    def end(self) -> None:
        """Ends every stream as its kind ends; none is opened any more."""
        self._most = 0
        for tap in self._open:
            tap.end()

    @contextmanager
    def _tap(self, caller: Principal, wanted: bool) -> "Generator[_Tap]":
        if len(self._open) >= self._most:
            raise Unavailable("No more streams can be opened here.")
        tap = _Tap()
        cancel = self._notices.listen(caller, tap.change) if wanted else None
        self._open.add(tap)
        self._counters.streams += 1
        try:
            yield tap
        finally:
            self._counters.streams -= 1
            self._open.discard(tap)
            if cancel is not None:
                cancel()

    async def _pour(self, turn: Turn, tap: "_Tap", first: bytes, change: bytes) -> Stream:
        """Writes until the tap ends: `first` at once (heads alone would wait for it), `change` with each change."""
        stream = Stream(turn)
        await stream.write(first)
        while not tap.ended:
            await stream.write(change if await tap.changed_within(self._silence) else COMMENT)
        return stream


class _Tap:
    """What one stream waits for: changes, told once however many there were, and its end."""

    def __init__(self) -> None:
        self.ended = False
        self._changed = False
        self._wake = asyncio.Event()

    def change(self) -> None:
        self._changed = True
        self._wake.set()

    def end(self) -> None:
        self.ended = True
        self._wake.set()

    async def changed_within(self, seconds: float) -> bool:
        """Whether there was a change; False after so many seconds, or at the end."""
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return False
        self._wake.clear()
        changed, self._changed = self._changed, False
        return changed
