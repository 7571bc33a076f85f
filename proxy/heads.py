"""Heads: heads of plain requests, parsed by llhttp (httptools), strictly, and remembered by their exact bytes.

Clients send the same head again and again: what it says need not be found out each time. Nothing that can change is
remembered here; rights, sessions and instances are looked at with every request.
"""

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


class Heads:
    """The heads of one server."""

    def __init__(self) -> None:
        self._known: dict[bytes, RequestHead] = {}

    def __len__(self) -> int:
        return len(self._known)

    def read(self, raw: bytes) -> RequestHead | None:
        """The head in `raw`, which ends with an empty line. None: not a plain one, or none at all."""
        return self._known.get(raw) or self._learn(raw)

    def _learn(self, raw: bytes) -> RequestHead | None:
        head = _Reading(raw).head() if len(raw) <= MAX_LINE else None
        if head is not None and len(raw) <= _SMALL:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[raw] = head
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

    def head(self) -> RequestHead | None:
        """The head, if it is a plain one: HTTP/1.1 with a Host, and a body of known length or none."""
        if not self._complete or len(self._names) > MAX_HEADERS or self._parser.get_http_version() != "1.1":
            return None
        fields = Fields(tuple(self._names), tuple(self._values))
        if b"host" not in fields.once or not _UNUSUAL.isdisjoint(fields.once):
            return None
        if any(fields.count(name) > 1 for name in _SINGLE):
            return None
        method, target = self._parser.get_method().decode("ascii"), self._url.decode("utf-8", "surrogateescape")
        return RequestHead(method, target, fields, keep_alive=self._parser.should_keep_alive())

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
