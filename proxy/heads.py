"""Heads: heads of plain requests, parsed by llhttp (httptools), strictly, and remembered by their bytes.

Clients send the same head again and again, but for the values of a few headers: what it says need not be found out each
time. Nothing that can change is remembered here; rights, sessions and instances are looked at with every request.

Why leaving those values out is sound: what is cut out stands between a header's name at the beginning of a line and the
line's end, and is made of visible ASCII only (of digits, where it is a length). Two heads that are the same but for that
are the same to the parser but for that value.
"""

import re

import httptools

from proxy.fields import Fields
from proxy.head import RequestHead

MAX_HEADERS = 128
MAX_LINE = 16_384  # bytes of one header line, of the request line, and of a plain head

_KEPT = 1024  # heads
_SMALL = 4096  # bytes of a head worth remembering
_UNUSUAL = frozenset({b"expect", b"transfer-encoding"})
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


_VARYING = re.compile(
    rb"(\r\n(?:[Tt]race(?:parent|state)|[Xx]-[Rr]equest-[Ii][Dd]|[Cc]ontent-[Ll]ength(?=: [0-9]{1,8}\r)): )([!-~]{1,256})(?=\r)"
)


class Heads:
    """The heads of one server."""

    def __init__(self) -> None:
        self._known: dict[bytes, RequestHead] = {}

    def __len__(self) -> int:
        return len(self._known)

    def read(self, raw: bytes) -> tuple[RequestHead | None, list[bytes]]:
        """The head in `raw`, which ends with an empty line, and its varying values. None: not a plain one, or none at all."""
        if b"\0" in raw:
            return None, []  # a NUL stands for a value in the keys below: nobody may write one there himself
        parts = _VARYING.split(raw)
        values = parts[2::3]
        del parts[2::3]
        key = b"\0".join(parts)
        return self._known.get(key) or self._learn(raw, key, parts[1::2], values), values

    def _learn(self, raw: bytes, key: bytes, names: list[bytes], values: list[bytes]) -> RequestHead | None:
        head = _Reading(raw).head([name[2:-2] for name in names], values) if len(raw) <= MAX_LINE else None
        if head is not None and len(key) <= _SMALL:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[key] = head
        return head


class _Reading:
    """One reading of a head."""

    def __init__(self, raw: bytes) -> None:
        self._url = b""
        self._names: list[bytes] = []
        self._values: list[bytes] = []
        self._complete = False
        self._parser = httptools.HttpRequestParser(self)
        try:
            self._parser.feed_data(raw)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._complete = False

    def head(self, varying: list[bytes], values: list[bytes]) -> RequestHead | None:
        """The head, if it is a plain one: HTTP/1.1 with a Host, and a body of known length or none."""
        if not self._complete or len(self._names) > MAX_HEADERS or self._parser.get_http_version() != "1.1":
            return None
        fields = self._without(list(zip(varying, values, strict=True)))
        if fields is None or fields.drops or b"host" not in fields.once or not _UNUSUAL.isdisjoint(fields.once):
            return None
        if any(fields.count(name) > 1 for name in _SINGLE):
            return None
        method, target = self._parser.get_method().decode("ascii"), self._url.decode("utf-8", "surrogateescape")
        return RequestHead(method, target, fields, keep_alive=self._parser.should_keep_alive(), varying=varying)

    def _without(self, varying: list[tuple[bytes, bytes]]) -> Fields | None:
        """The fields less those cut out; None if the parser has met others than were cut out."""
        kept: list[tuple[bytes, bytes]] = []
        for line in zip(self._names, self._values, strict=True):
            if varying and line == varying[0]:
                del varying[0]
            else:
                kept.append(line)
        return Fields(tuple(name for name, _ in kept), tuple(value for _, value in kept)) if not varying else None

    def on_url(self, url: bytes) -> None:
        """The parser met the target, or a piece of it."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """The parser met a header line."""
        self._names.append(name)
        self._values.append(value.strip(b" \t"))

    def on_headers_complete(self) -> None:
        """The parser met the end of the head."""
        self._complete = True
