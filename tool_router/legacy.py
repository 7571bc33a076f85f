"""Legacy: the revisions with a handshake (2024-11-05 to 2025-11-25). Sessions are sealed, so any replica serves any of them.

Whoever hangs up has not cancelled: calls run to their end, unless `notifications/cancelled` ends them.
"""

import asyncio
from contextlib import suppress

from msgspec import UNSET, Raw, UnsetType

from tool_router import replies
from tool_router.calling import Calling
from tool_router.faults import CANCELLED, INVALID_REQUEST, Fault, unknown_method
from tool_router.listing import Listing
from tool_router.message import Message, Params, meta, params, read, read_batch, value_of
from tool_router.modern import cursor_of
from tool_router.operation import Telling
from tool_router.replies import Answer, Patience
from tool_router.results import EMPTY, HANDSHAKE, answer, initialized, tools
from tool_router.sessions import HEADER, Session, Sessions
from tool_router.streams import Streams
from tool_router.turn import Turn

_BATCHES = "2025-03-26"  # the one revision whose servers must take them
_LONGEST = 50  # messages of a batch

type Key = tuple[str, str | float | bytes]  # a session, and the client's id of a request in it


class Legacy:
    """`silence`: seconds after which a silent answer becomes a stream."""

    def __init__(
        self,
        sessions: Sessions,
        listing: Listing,
        calling: Calling,
        streams: Streams,
        telling: Telling,
        silence: float,
    ) -> None:
        self._sessions = sessions
        self._listing = listing
        self._calling = calling
        self._streams = streams
        self._telling = telling
        self._counters = telling.counters
        self._silence = silence
        self._running: dict[Key, asyncio.Task[bytes]] = {}
        self.tasks: set[asyncio.Task[bytes]] = set()

    async def post(self, turn: Turn, body: bytes) -> Answer:
        """Answers what was posted. Raises Fault."""
        if turn.head.takes != (True, True):
            return replies.empty(406)
        if body.lstrip()[:1] == b"[":
            return await self._batch(turn, body)
        message = read(body)
        if message.method == "initialize" and message.id is not UNSET:
            with self._telling.of(turn, message.method, None):
                return self._begun(turn, message, bytes(message.id))
        session = self._session(turn)
        with Patience(turn, self._silence) as patience:
            reply = await self._replied(turn, session, message)
            return replies.empty(202) if reply is None else await patience.answer(reply)

    async def get(self, turn: Turn) -> Answer:
        """The session's stream of notices. Raises Fault."""
        if not turn.head.takes[1]:
            return replies.empty(406)
        return await self._streams.session(turn, self._session(turn).id)

    def cancel(self) -> None:
        """Cuts the calls that still run."""
        for task in self.tasks:
            task.cancel()

    def _begun(self, turn: Turn, message: Message, id: bytes) -> Answer:
        try:
            wanted = value_of(params(message).protocol_version)
        except Fault as fault:
            self._counters.refused += 1
            return replies.json(fault.body(id))
        revision = wanted if isinstance(wanted, str) and wanted in HANDSHAKE else HANDSHAKE[-1]
        session = self._sessions.begin(turn.caller, revision)
        self._counters.sessions += 1
        return replies.json(answer(id, initialized(revision)), headers={HEADER: session.id})

    def _session(self, turn: Turn) -> Session:
        id = turn.head.get(HEADER)
        if not id:
            raise Fault(INVALID_REQUEST, "Bad Request: Missing session ID")
        session = self._sessions.open(turn.caller, id)
        if session is None:
            self._counters.seals_refused += 1
            raise Fault(INVALID_REQUEST, "Session not found", status=404)
        return session

    async def _batch(self, turn: Turn, body: bytes) -> Answer:
        session = self._session(turn)
        if session.revision != _BATCHES:
            raise Fault(
                INVALID_REQUEST, "The body must be one message: batches were dropped from MCP after 2025-03-26."
            )
        messages = read_batch(body, _LONGEST)
        with Patience(turn, self._silence) as patience:
            all = await asyncio.gather(*(self._replied(turn, session, message) for message in messages))
            due = [reply for reply in all if reply is not None]
            return await patience.answer(b"[%b]" % b",".join(due)) if due else replies.empty(202)

    async def _replied(self, turn: Turn, session: Session, message: Message) -> bytes | None:
        """The answer to a request, an error among them; None where none is due."""
        if message.id is UNSET or not message.is_request:
            self._noted(session, message)
            return None
        id = bytes(message.id)
        try:
            return answer(id, await self._result(turn, session, message))
        except Fault as fault:
            self._counters.refused += 1
            return fault.body(id)

    async def _result(self, turn: Turn, session: Session, message: Message) -> bytes:
        asked = params(message)
        if message.method == "tools/call":
            task = asyncio.get_running_loop().create_task(self._called(turn, asked, session.revision))
            return await self._ended(task, (session.id, _id(message.id)))
        with self._telling.of(turn, message.method, meta(asked)):
            match message.method:
                case "tools/list":
                    page, more = self._listing.page(turn.caller, cursor_of(asked))
                    return tools(page, more, modern=False)
                case "ping":
                    return EMPTY
                case method:
                    raise unknown_method(str(method))

    async def _called(self, turn: Turn, asked: Params, revision: str) -> bytes:
        with self._telling.of(turn, "tools/call", meta(asked)) as operation:
            return await self._calling.call(turn, asked, revision, operation)

    async def _ended(self, task: "asyncio.Task[bytes]", key: Key) -> bytes:
        """The end of a call, which does not depend on anybody waiting for it."""
        self.tasks.add(task)
        self._running[key] = task
        task.add_done_callback(lambda done: self._forget(done, key))
        await asyncio.wait([task])
        if task.cancelled():
            raise Fault(CANCELLED, "Request cancelled")
        return task.result()

    def _forget(self, task: "asyncio.Task[bytes]", key: Key) -> None:
        self.tasks.discard(task)
        if self._running.get(key) is task:
            del self._running[key]
        if not task.cancelled():
            task.exception()  # seen, whether or not somebody still waits

    def _noted(self, session: Session, message: Message) -> None:
        """A notification, or an answer to a question that was not ours."""
        if message.method == "notifications/cancelled":
            with suppress(Fault):  # nobody waits to be told what is wrong with a notification
                task = self._running.get((session.id, _id(params(message).request_id)))
                if task is not None:
                    task.cancel()


def _id(raw: Raw | UnsetType) -> str | float | bytes:
    """An id as a value: there are several ways to write one. What is none, or cannot be held, stays as it was written."""
    if raw is UNSET:
        return b""
    id = value_of(raw)
    return id if isinstance(id, str | int | float) and not isinstance(id, bool) else bytes(raw)
