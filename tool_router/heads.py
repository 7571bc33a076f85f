"""Heads: heads of plain requests, parsed by llhttp (httptools), strictly, and remembered by their bytes.

The values that differ from request to request are cut out first. That is sound: what is cut out stands between a header's
name at the beginning of a line and the line's end, and is made of visible ASCII only (of digits, where it is a length). Two
heads that are the same but for that are the same to the parser but for that value.
"""

import re

import httptools
from multidict import CIMultiDict

from tool_router.head import Head

MAX_HEAD = 65_536  # bytes
_KEPT = 1024  # heads
_SMALL = 4096  # bytes of a head worth remembering
_UNUSUAL = ("Transfer-Encoding", "Expect", "Upgrade", "Content-Length")
_SPACE = (" ", "\t")
# aiohttp's parser refuses these given twice; it shall do so here too.
_SINGLE = ("Content-Location", "Content-Range", "Content-Type", "ETag", "Host", "Max-Forwards", "Server", "User-Agent")
_VARYING = re.compile(
    rb"(\r\n(?:[Tt]race(?:parent|state)|[Xx]-[Rr]equest-[Ii][Dd]|[Cc]ontent-[Ll]ength(?=: [0-9]{1,8}\r)): )([!-~]{1,256})(?=\r)"
)

type Varying = dict[bytes, bytes]  # lower-case names, and values


class Heads:
    """The heads of one server."""

    def __init__(self) -> None:
        self._known: dict[bytes, Head] = {}

    def __len__(self) -> int:
        return len(self._known)

    def read(self, raw: bytes) -> tuple[Head, Varying] | None:
        """The head in `raw`, which ends with an empty line, and its varying values. None: not a plain one, or none at all."""
        if b"\0" in raw:
            return None  # a NUL stands for a value in the keys below: nobody may write one there himself
        parts = _VARYING.split(raw)
        names, values = parts[1::3], parts[2::3]
        del parts[2::3]
        key = b"\0".join(parts)
        varying = {name[2:-2].lower(): value for name, value in zip(names, values, strict=True)}
        if len(varying) < len(names):
            return None
        head = self._known.get(key) or self._learn(raw, key, varying)
        return None if head is None else (head, varying)

    def _learn(self, raw: bytes, key: bytes, varying: Varying) -> Head | None:
        head = _Reading().head(raw, varying)
        if head is not None and len(key) <= _SMALL:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[key] = head
        return head


class _Reading:
    """One reading of a head."""

    __slots__ = ("_complete", "_lines", "_url")

    def __init__(self) -> None:
        self._url = b""
        self._lines: list[tuple[str, str]] = []
        self._complete = False

    def head(self, raw: bytes, varying: Varying) -> Head | None:
        parser = httptools.HttpRequestParser(self)
        try:
            parser.feed_data(raw)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            return None
        if not self._complete or parser.get_http_version() != "1.1":
            return None
        headers = CIMultiDict(self._lines)
        for name, value in varying.items():
            if headers.popall(name.decode(), []) != [value.decode()]:
                return None  # the parser has met another than was cut out
        if "Host" not in headers or any(name in headers for name in _UNUSUAL):
            return None
        if any(len(headers.getall(name, "")) > 1 for name in _SINGLE):
            return None
        target = self._url.decode("utf-8", "surrogateescape")
        return Head(parser.get_method().decode("ascii"), target, headers, keep_alive=parser.should_keep_alive())

    def on_url(self, url: bytes) -> None:
        """The parser met the target, or a piece of it."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """The parser met a header line."""
        text = str(value, "utf-8", "surrogateescape")
        if text[-1:] in _SPACE:  # the parser drops only what is in front
            text = text.strip(" \t")
        self._lines.append((str(name, "ascii", "replace"), text))

    def on_headers_complete(self) -> None:
        """The parser met the end of the head."""
        self._complete = True
