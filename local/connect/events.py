"""Server-sent events, out of bytes in whatever pieces they come (WHATWG HTML, 9.2.6). Pure; knows no MCP."""

import re

import msgspec

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class Event(msgspec.Struct, frozen=True):
    """`id` is the last one given, by this event or an earlier one; lines of data are joined by LF."""

    data: bytes
    kind: str = "message"
    id: str = ""


class TooLong(Exception):
    """An event of more bytes than were allowed."""


class Events:
    """`feed` it; `id` and `retry` (seconds) are the stream's last. An event that the end cuts off was none.

    `id` at first: the one after which a stream was taken up again.
    """

    def __init__(self, limit: int, id: str = "") -> None:
        self.id = id
        self.retry: float | None = None
        self._limit = limit
        self._line: list[bytes] = []  # of a line whose end has not come yet
        self._data: list[bytes] = []
        self._kind = ""
        self._id = id  # becomes the stream's with the blank line, so that half an event does not count
        self._size = 0
        self._after_cr = False
        self._first = True

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that are complete now. Raises TooLong."""
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
            self._after_cr = False
        if not chunk:
            return []
        # A CR at the end counts at once: waiting for a LF would hold an event back until the next one.
        self._after_cr = chunk.endswith(b"\r")
        *ends, rest = _LINE_END.split(chunk)
        found: list[Event] = []
        for end in ends:
            self._more(end)
            line = b"".join(self._line)
            self._line.clear()
            if (event := self._take(line)) is not None:
                found.append(event)
        self._more(rest)
        return found

    def _more(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._limit:
            raise TooLong
        if part:
            self._line.append(part)

    def _take(self, line: bytes) -> Event | None:
        if self._first:
            line = line.removeprefix(_BOM)
            self._first = False
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match name:
            case b"data":
                self._data.append(value)
            case b"event":
                self._kind = value.decode(errors="replace")
            case b"id" if b"\0" not in value:
                self._id = value.decode(errors="replace")
            case b"retry" if value.isdigit():
                self.retry = int(value[:9]) / 1000
            case _:
                self._size -= len(line)  # a comment, or unknown: nothing of it is kept
        return None

    def _dispatch(self) -> Event | None:
        self.id = self._id
        event = Event(b"\n".join(self._data), self._kind or "message", self.id) if self._data else None
        self._data.clear()
        self._kind = ""
        self._size = 0
        return event
