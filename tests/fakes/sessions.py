"""Sessions of the handshake revisions: what a fake remembers of one client, and the table of all. No HTTP."""

import asyncio
import secrets

from tests.fakes.wire import Json, Message

type Outbox = asyncio.Queue[str]  # the notifications, by method, that a stream sends next


class Session:
    """One client's state; lost with the process, as in any real server."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.count = 0
        self.outbox: Outbox = asyncio.Queue()
        self._asked: dict[str, asyncio.Future[Json]] = {}

    async def answer_to(self, id: str) -> Json:
        """Waits for the client's response to our request `id`."""
        self._asked[id] = asyncio.get_running_loop().create_future()
        try:
            return await self._asked[id]
        finally:
            del self._asked[id]

    def answer(self, message: Message) -> None:
        """Hands a posted response to whoever waits for it; nobody waiting is not an error."""
        waiting = self._asked.get(str(message.id))
        if waiting and not waiting.done():
            waiting.set_result(message.result or {})


class Sessions:
    """The sessions of one process, by id."""

    def __init__(self) -> None:
        self._all: dict[str, Session] = {}

    def begin(self) -> Session:
        """A new session."""
        return self._keep(Session(secrets.token_hex(16)))

    def get(self, id: str) -> Session | None:
        """The session, or None."""
        return self._all.get(id)

    def end(self, id: str) -> bool:
        """Forgets a session; whether there was one."""
        return self._all.pop(id, None) is not None

    def rename(self, id: str) -> str:
        """Gives a session a new id, and returns it; the old one is unknown from here on."""
        session = self._all.pop(id)
        session.id = secrets.token_hex(16)
        return self._keep(session).id

    def _keep(self, session: Session) -> Session:
        self._all[session.id] = session
        return session
