"""Decides to which stream of a session a message of the server belongs. Pure of I/O: lines in, streams out.

A stdio server sends everything through one pipe; streamable HTTP has a stream per request and one (GET) beside them.
An answer goes to its request's stream and progress to the one with its token. What usually belongs to a request under
way (a question to the client, a log entry) goes to the newest such stream; the rest to the GET stream. Where the one
is not there the other serves; while neither is, a bounded number of messages waits for the first that opens.
"""

import sys
from collections import deque
from collections.abc import Callable

from samples.mcp_bridge import message as rpc
from samples.mcp_bridge.message import Kind, Message, RequestId
from samples.mcp_bridge.stream import Stream

WAITING = 256  # messages kept while no stream is open


class InFlight(ValueError):
    """A request with the id of one still unanswered."""


class Call:
    """A request under way. `shared`: its stream may carry other messages than the server's answer to it."""

    def __init__(self, token: int | str | None, stream: Stream, *, shared: bool) -> None:
        self.token = token
        self.stream = stream
        self.shared = shared


class Switchboard:
    def __init__(self, capacity: int) -> None:
        """`capacity`: bytes that one stream may hold unread."""
        self._capacity = capacity
        self._calls: dict[RequestId, Call] = {}
        self._listening: Stream | None = None
        self._waiting: deque[bytes] = deque(maxlen=WAITING)

    def call(self, request: Message, overflow: Callable[[], None], *, shared: bool = True) -> Stream:
        """The stream on which the answer to this request will come. Raises InFlight."""
        id = rpc.request_id(request)
        if id in self._calls:
            raise InFlight("a request with this id is still unanswered")
        stream = Stream(self._capacity, overflow)
        self._calls[id] = Call(request.asked_token, stream, shared=shared)
        if shared:
            self._flush(stream)
        return stream

    def listen(self, overflow: Callable[[], None]) -> Stream:
        """The GET stream. A second one takes the first one's place: the first may be a connection long dead."""
        if self._listening:
            self._listening.close()
        self._listening = Stream(self._capacity, overflow)
        self._flush(self._listening)
        return self._listening

    def cancel(self, id: RequestId) -> None:
        """The client gave this request up: no answer need come any more, so its stream ends without one."""
        if call := self._calls.pop(id, None):
            call.stream.close()

    def deliver(self, line: bytes) -> None:
        """Passes on one line of the server. What is no message goes to our standard error, where logs are read."""
        try:
            message = rpc.read(line)
        except rpc.NotAMessage:
            sys.stderr.write(f"not a message, on standard output: {line[:1000].decode(errors='replace')}\n")
            return
        match message.kind:
            case Kind.RESPONSE:
                self._answer(message, line)
            case Kind.NOTIFICATION if message.method == "notifications/progress":
                self._progress(message, line)
            case Kind.NOTIFICATION if message.method != "notifications/message":
                self._pass_on(line, self._listening, self._newest())
            case _:
                self._pass_on(line, self._newest(), self._listening)

    def end(self, why: str) -> None:
        """Answers what is unanswered with an error, and closes every stream."""
        for id, call in self._calls.items():
            if call.shared:
                call.stream.put(rpc.error_body(id, rpc.INTERNAL_ERROR, why))
            call.stream.close()
        self._calls.clear()
        if self._listening:
            self._listening.close()

    def _answer(self, message: Message, line: bytes) -> None:
        # An answer nobody waits for (cancelled meanwhile) is dropped, as the client would.
        if isinstance(message.id, int | str | float) and (call := self._calls.pop(message.id, None)):
            call.stream.put(line)
            call.stream.close()

    def _progress(self, message: Message, line: bytes) -> None:
        token = message.progress_token
        named = (call.stream for call in self._calls.values() if token is not None and call.token == token)
        self._pass_on(line, next(named, None), self._listening, keep=False)

    def _newest(self) -> Stream | None:
        return next((c.stream for c in reversed(self._calls.values()) if c.shared and c.stream.open), None)

    def _pass_on(self, line: bytes, *streams: Stream | None, keep: bool = True) -> None:
        if not any(stream.put(line) for stream in streams if stream) and keep:
            if len(self._waiting) == WAITING:
                sys.stderr.write("no stream is open; the oldest of the waiting messages is dropped\n")
            self._waiting.append(line)

    def _flush(self, stream: Stream) -> None:
        while self._waiting:
            stream.put(self._waiting.popleft())
