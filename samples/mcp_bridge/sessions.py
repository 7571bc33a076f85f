"""The sessions that are open, by id, and no more than allowed. Not their behaviour: that is session.py."""

import asyncio

from samples.mcp_bridge.guard import Guard
from samples.mcp_bridge.message import Message
from samples.mcp_bridge.session import Session
from samples.mcp_bridge.settings import Limits


class Full(Exception):
    """As many sessions are open as are allowed."""


class Sessions:
    """Owns the guard: made before the first child, closed after the last."""

    def __init__(self, command: tuple[str, ...], limits: Limits) -> None:
        self._command = command
        self._limits = limits
        self._open: dict[str, Session] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._guard = Guard()
        self._closing = False

    async def begin(self, initialize: Message, line: bytes) -> tuple[Session, bytes]:
        """A new session and the server's answer. Raises Full (also while closing), NotStarted."""
        if self._closing or len(self._open) >= self._limits.sessions:
            raise Full
        session = Session(self._limits, self._forget)
        self._open[session.id] = session  # takes its place already while it starts
        with session.in_use():
            return session, await session.begin(self._command, self._guard, initialize, line)

    def get(self, id: str) -> Session | None:
        return self._open.get(id)

    async def close(self) -> None:
        """Ends them all and returns when every child is gone."""
        self._closing = True
        for session in list(self._open.values()):
            session.end("the server is shutting down")
        await asyncio.gather(*self._ending)
        self._guard.close()

    def _forget(self, id: str) -> None:
        session = self._open.pop(id)
        task = asyncio.create_task(session.ended())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
