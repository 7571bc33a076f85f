"""Heads: heads of plain requests, parsed by llhttp (httptools), strictly, and remembered by their bytes. Knows no route, no right.

Clients send the same head again and again, but for the values of a few headers: what it says need not be found out each
time. Nothing that can change is remembered here; whoever reads heads looks at that with every request.

Why leaving those values out is sound: what is cut out stands between a header's name at the beginning of a line and the
line's end, and is made of visible ASCII only (of digits, where it is a length). Two heads that are the same but for that
are the same to the parser but for that value.
"""

import re
from collections.abc import Callable

import httptools
import msgspec

MAX_HEADERS = 128
MAX_HEAD = 16_384  # bytes of a plain head, and of one line of any

_KEPT = 1024  # heads
_SMALL = 4096  # bytes of a head worth remembering
_UNUSUAL = frozenset({b"expect", b"transfer-encoding", b"upgrade"})
# aiohttp's parser refuses these given twice; it shall do so here too.
_SINGLE = (
    b"content-location",
    b"content-range",
    b"content-type",
    b"etag",
    b"host",
    b"max-forwards",
    b"server",
    b"user-agent",
)
# Begins with a line feed alone, because the search for one character is the fast one. A line that begins otherwise than after
# CR LF no head has that the parser took.
_VARYING = re.compile(
    rb"(\n(?:[Tt]race(?:parent|state)|[Xx]-[Rr]equest-[Ii][Dd]|[Cc]ontent-[Ll]ength(?=: [0-9]{1,8}\r)): )([!-~]{1,256})(?=\r)"
)

type Line = tuple[bytes, bytes]


class Parsed(msgspec.Struct, frozen=True, gc=False):
    """A head without its varying values. `lines` are the others; `varying` the names of those cut out, as they came."""

    method: bytes
    target: bytes
    lines: list[Line]
    varying: list[bytes]
    keep_alive: bool


class Heads[H]:
    """The heads of one server. `make` says what a head comes to; None: nothing plain after all."""

    def __init__(self, make: Callable[[Parsed], H | None]) -> None:
        self._make = make
        self._known: dict[bytes, tuple[int, H]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def read(self, raw: bytes) -> tuple[H | None, list[bytes]]:
        """The head in `raw`, which ends with an empty line, and its varying values. None: not a plain one, or none at all."""
        parts = _VARYING.split(raw)
        values = parts[2::3]
        del parts[2::3]
        key = b"\0".join(parts)
        known = self._known.get(key)
        if known is None:
            return self._learn(raw, key, parts[1::2], values), values
        count, head = known
        return (head if count == len(values) else None), values  # else somebody wrote a NUL where a value belongs

    def _learn(self, raw: bytes, key: bytes, names: list[bytes], values: list[bytes]) -> H | None:
        if b"\0" in raw or len(raw) > MAX_HEAD:
            return None  # in keys a NUL stands for a value
        parsed = _Reading(raw).parsed([name[1:-2] for name in names], values)
        head = self._make(parsed) if parsed is not None else None
        if head is not None and len(key) <= _SMALL:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[key] = len(values), head
        return head


class _Reading:
    """One reading of a head."""

    def __init__(self, raw: bytes) -> None:
        self._url = b""
        self._lines: list[Line] = []
        self._complete = self._keep_alive = False
        self._parser = httptools.HttpRequestParser(self)
        try:
            self._parser.feed_data(raw)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._complete = False

    def parsed(self, varying: list[bytes], values: list[bytes]) -> Parsed | None:
        """The head, if it is a plain one: HTTP/1.1 with a Host, and a body of known length or none."""
        if not self._complete or len(self._lines) > MAX_HEADERS or self._parser.get_http_version() != "1.1":
            return None
        lines = self._without(list(zip(varying, values, strict=True)))
        if lines is None:
            return None
        names = [name.lower() for name, _ in lines]
        cut = {name.lower() for name in varying}
        if len(cut) < len(varying) or not cut.isdisjoint(names):
            return None  # whoever asks for the first one given would get another
        if b"host" not in names or not _UNUSUAL.isdisjoint(names) or any(names.count(name) > 1 for name in _SINGLE):
            return None
        return Parsed(self._parser.get_method(), self._url, lines, varying, self._keep_alive)

    def _without(self, varying: list[Line]) -> list[Line] | None:
        """The lines less those cut out; None if the parser has met others than were cut out."""
        kept: list[Line] = []
        for line in self._lines:
            if varying and line == varying[0]:
                del varying[0]
            else:
                kept.append(line)
        return kept if not varying else None

    def on_url(self, url: bytes) -> None:
        """The parser met the target, or a piece of it."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """The parser met a header line."""
        self._lines.append((name, value.strip(b" \t")))

    def on_headers_complete(self) -> None:
        """The parser met the end of the head."""
        self._complete = True
        self._keep_alive = self._parser.should_keep_alive()  # now: it forgets what the head said where no body follows
