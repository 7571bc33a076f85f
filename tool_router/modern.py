"""Modern: POST in the revision without sessions (2026-07-28). Each request stands alone; whoever hangs up has cancelled."""

from msgspec import UNSET

from gateway.errors import Unavailable
from tool_router import replies
from tool_router.calling import Calling
from tool_router.envelope import check, check_version
from tool_router.faults import INTERNAL, INVALID_PARAMS, INVALID_REQUEST, Fault, unknown_method
from tool_router.listing import Listing
from tool_router.message import Message, Params, params, read, text, value_of
from tool_router.operation import Operation, Telling
from tool_router.replies import Answer, Patience
from tool_router.results import MODERN, answer, discovered, tools
from tool_router.streams import Streams
from tool_router.turn import Turn


class Modern:
    """`silence`: seconds after which a silent answer becomes a stream."""

    def __init__(self, listing: Listing, calling: Calling, streams: Streams, telling: Telling, silence: float) -> None:
        self._listing = listing
        self._calling = calling
        self._streams = streams
        self._telling = telling
        self._counters = telling.counters
        self._silence = silence

    async def post(self, turn: Turn, body: bytes) -> Answer:
        """Answers one message. Raises Fault for what is no message that could be answered."""
        if turn.head.takes != (True, True):
            return replies.empty(406)
        message = read(body)
        if message.is_notification:
            check_version(turn.head)
            return replies.empty(202)  # nothing of ours can be notified: hanging up is how requests are cancelled
        if message.id is UNSET or not message.is_request:
            raise Fault(INVALID_REQUEST, "The body must be a request or a notification.")
        id = bytes(message.id)
        with Patience(turn, self._silence) as patience:
            try:
                return await self._answered(turn, message, id, patience)
            except Fault as fault:
                self._counters.refused += 1
                return await patience.answer(fault.body(id), fault.status)
            except Unavailable as error:
                self._counters.refused += 1
                return replies.json(Fault(INTERNAL, error.detail).body(id), error.status, error.headers)

    async def _answered(self, turn: Turn, message: Message, id: bytes, patience: Patience) -> Answer:
        asked = params(message)
        meta = check(turn.head, message, asked)
        with self._telling.of(turn, message.method, meta) as operation:
            return await self._done(turn, message, asked, id, patience, operation)

    async def _done(
        self, turn: Turn, message: Message, asked: Params, id: bytes, patience: Patience, operation: Operation
    ) -> Answer:
        match message.method:
            case "tools/call":
                result = await self._calling.call_mirrored(turn, asked, MODERN, operation)
                return await patience.answer(answer(id, result))
            case "tools/list":
                page, more = self._listing.page(turn.caller, cursor_of(asked))
                return replies.json(answer(id, tools(page, more, modern=True)))
            case "server/discover":
                return replies.json(answer(id, discovered()))
            case "subscriptions/listen":
                patience.end()  # the stream has comments of its own
                return await self._streams.subscription(turn, id, _wants_changes(asked))
            case method:
                raise unknown_method(str(method))


def cursor_of(asked: Params) -> str | None:
    """The cursor of a list, if there is one. Raises Fault for one that is no string."""
    if asked.cursor is UNSET or bytes(asked.cursor) == b"null":
        return None
    return text(asked.cursor, "cursor")


def _wants_changes(asked: Params) -> bool:
    wanted = value_of(asked.notifications)
    if not isinstance(wanted, dict):
        raise Fault(INVALID_PARAMS, "params.notifications: expected an object.")
    return wanted.get("toolsListChanged") is True  # pyright: ignore[reportUnknownMemberType] - whatever JSON holds
