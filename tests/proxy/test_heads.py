"""Heads are read the same in both lanes, and remembered only by their exact bytes."""

import asyncio
import string
from collections.abc import Iterable
from typing import Any

import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpRequestParser
from hypothesis import given
from hypothesis import strategies as st

from gateway.trust import ONCE, reaches_a_pod
from proxy.fields import Ambiguous, Fields
from proxy.heads import Heads

_TOKEN = string.ascii_letters + string.digits + "!#$%&'*+-.^`|~"
_KNOWN = [
    "Host",
    "host",
    "Connection",
    "Accept",
    "Mcp-Session-Id",
    "MCP-Protocol-Version",
    "Cookie",
    "X-Dev-UserId",
    "traceparent",
    "Tracestate",
    "X-Request-Id",
    "Content-Type",
]
names = st.one_of(st.sampled_from(_KNOWN), st.text(_TOKEN, min_size=1, max_size=12)).map(str.encode)
values = st.binary(max_size=30).map(lambda raw: bytes(c for c in raw if c >= 0x20 and c != 0x7F))
lines = st.lists(st.tuples(names, values), max_size=12)


def _raw(method: str, target: bytes, headers: list[tuple[bytes, bytes]], space: bytes = b" ") -> bytes:
    text = b"".join(name + b":" + space + value + b"\r\n" for name, value in headers)
    return method.encode() + b" " + target + b" HTTP/1.1\r\n" + text + b"\r\n"


def _lower(pairs: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower(), value) for name, value in pairs]


async def _aiohttp(raw: bytes) -> Any:
    loop = asyncio.get_running_loop()
    parser: Any = HttpRequestParser(BaseProtocol(loop), loop, 2**16, max_field_size=16384, max_line_size=16384)
    messages, _, _ = parser.feed_data(raw)
    return messages[0][0]


@given(
    method=st.sampled_from(["GET", "POST", "DELETE", "PUT", "OPTIONS"]),
    target=st.sampled_from([b"/adapters/a/mcp", b"/", b"/a?b=%C3%A9&c", b"http://h/x?y"]),
    headers=lines,
    space=st.sampled_from([b"", b" ", b" \t "]),
)
def test_both_parsers_read_the_same(
    method: str, target: bytes, headers: list[tuple[bytes, bytes]], space: bytes
) -> None:
    raw = _raw(method, target, [(b"Host", b"h"), *headers], space)
    head, varying = Heads().read(raw)
    if head is None:
        return  # aiohttp's to read
    message = asyncio.run(_aiohttp(raw))
    assert (head.method, head.keep_alive) == (message.method, not message.should_close)
    assert head.target == message.path.removeprefix("http://h")
    cut = list(zip(head.varying.names, varying, strict=True))
    assert sorted([*_lower(head.fields.pairs()), *cut]) == sorted(_lower(message.raw_headers))
    assert _lower(head.fields.pairs()) == [line for line in _lower(message.raw_headers) if line not in cut]


@given(headers=lines)
def test_plain_heads_are_read(headers: list[tuple[bytes, bytes]]) -> None:
    special = (b"host", b"expect", b"upgrade", b"transfer-encoding", b"content-length", b"connection")
    wanted = {name.lower(): (name, value) for name, value in headers if name.lower() not in special}.values()
    head, varying = Heads().read(_raw("POST", b"/x", [(b"Host", b"h"), (b"Content-Length", b"7"), *wanted]))
    assert head is not None
    assert varying[head.length_at] == b"7"


def test_same_bytes_are_the_same_head() -> None:
    heads = Heads()
    raw = _raw("POST", b"/x", [(b"Host", b"h")])
    assert heads.read(raw)[0] is heads.read(bytes(bytearray(raw)))[0]
    assert heads.read(raw)[0] is not heads.read(raw.replace(b"POST", b"PUT"))[0]


@given(
    traces=st.lists(st.text(string.hexdigits + "-", min_size=1, max_size=60), min_size=2, max_size=2),
    lengths=st.lists(st.integers(0, 99_999_999), min_size=2, max_size=2),
)
def test_heads_that_differ_in_trace_and_length_only_are_one(traces: list[str], lengths: list[int]) -> None:
    heads = Heads()
    read = [
        heads.read(
            _raw("POST", b"/", [(b"traceparent", trace.encode()), (b"Host", b"h"), (b"Content-Length", b"%d" % n)])
        )
        for trace, n in zip(traces, lengths, strict=True)
    ]
    (first, _), (second, _) = read
    assert first is not None
    assert first is second
    assert first.fields.get("traceparent") is None
    for (_, varying), trace, length in zip(read, traces, lengths, strict=True):
        assert varying == [trace.encode(), b"%d" % length]
        assert int(varying[first.length_at]) == length


@pytest.mark.parametrize(
    "line",
    [
        b"traceparent:",
        b"traceparent: ",
        b"traceparent: a b",
        b"traceparent: \xff",
        b"traceparent:a",
        b"Content-Length: 00000000000000000000000007",
        b"TraceParent: a",
        b"x-traceparent: a",
    ],
)
def test_unusual_spellings_are_kept_where_they_are(line: bytes) -> None:
    usual = b"POST / HTTP/1.1\r\nHost: h\r\nTraceparent: a\r\n\r\n"
    heads = Heads()
    heads.read(usual)
    head, varying = heads.read(usual.replace(b"Traceparent: a", line))
    assert head is not None
    assert not varying
    name, _, value = line.partition(b":")
    assert (name, value.strip()) in head.fields.pairs()


def test_length_that_is_none_is_not_one() -> None:
    heads = Heads()
    usual = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\n\r\n"
    assert heads.read(usual)[0] is not None
    for value in (b"", b"-7", b"+7", b"7 7", b"0x7", b"7,7", b"\0", b"\x007"):
        assert heads.read(usual.replace(b"7\r", value + b"\r"))[0] is None, value
    assert heads.read(usual.replace(b"\r\n\r\n", b"\r\nContent-Length: 7\r\n\r\n"))[0] is None


def test_connection_may_list_varying_headers() -> None:
    raw = b"POST / HTTP/1.1\r\nHost: h\r\nTraceparent: a\r\nConnection: close, traceparent\r\n\r\n"
    assert Heads().read(raw)[0] is None


def test_memory_of_heads_is_bounded() -> None:
    heads = Heads()
    for number in range(5_000):
        heads.read(_raw("POST", b"/%d" % number, [(b"Host", b"h")]))
    assert len(heads) <= 1024
    huge = _raw("POST", b"/", [(b"Host", b"h"), (b"X", b"x" * 8_000)])
    assert heads.read(huge)[0] is not heads.read(huge)[0]


def test_what_is_not_plain_is_left_to_aiohttp() -> None:
    host = (b"Host", b"h")
    for raw in (
        b"GET / HTTP/1.0\r\nHost: h\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\nHost: h\r\n\r\n",
        _raw("GET", b"/", [host, host]),
        _raw("GET", b"/", [host, (b"host", b"h")]),
        _raw("GET", b"/", [host, (b"User-Agent", b"a"), (b"user-agent", b"a")]),
        _raw("POST", b"/", [host, (b"Expect", b"100-continue")]),
        _raw("POST", b"/", [host, (b"Transfer-Encoding", b"chunked")]),
        _raw("POST", b"/", [host, (b"Content-Length", b"1"), (b"Content-Length", b"1")]),
        _raw("POST", b"/", [host, (b"Content-Length", b"+1")]),
        _raw("GET", b"/", [host, (b"Upgrade", b"websocket"), (b"Connection", b"upgrade")]),
        _raw("CONNECT", b"h:1", [host]),
        _raw("GET", b"/", [host, *[(b"X-%d" % n, b"") for n in range(128)]]),
        _raw("GET", b"/", [host, (b"X", b"x" * 17_000)]),
    ):
        assert Heads().read(raw)[0] is None


@given(headers=lines)
def test_lines_for_a_pod_are_those_that_may_reach_it_as_they_came(headers: list[tuple[bytes, bytes]]) -> None:
    fields = Fields(tuple(name for name, _ in headers), [value for _, value in headers])
    try:
        fields.check()
    except Ambiguous:
        return
    listed = {
        name.strip() for key, value in headers if key.lower() == b"connection" for name in value.lower().split(b",")
    }
    assert fields.lines() == b"".join(
        name + b": " + value + b"\r\n"
        for name, value in headers
        if reaches_a_pod(name.lower()) and name.lower() not in listed and name.lower() != b"mcp-session-id"
    )


@given(headers=lines)
def test_what_decides_is_there_once_or_refused(headers: list[tuple[bytes, bytes]]) -> None:
    fields = Fields(tuple(name for name, _ in headers), [value for _, value in headers])
    lower = [name.lower() for name, _ in headers]
    twice = any(lower.count(name) > 1 for name in ONCE)
    underscore = any(b"_" in name for name in lower)
    try:
        fields.check()
    except Ambiguous:
        listed = {
            name.strip() for key, value in headers if key.lower() == b"connection" for name in value.lower().split(b",")
        }
        assert twice or underscore or listed & ONCE
    else:
        assert not twice
        assert not underscore
        for name, value in headers:
            if name.lower() in ONCE:
                assert fields.get(name.decode().title()) == value.decode("utf-8", "surrogateescape")


def test_any_header_can_be_asked_for() -> None:
    fields = Fields((b"X-A", b"x-a", b"Host"), [b"1", b"2", b"h\xe9"])
    assert fields.get("x-A") == "1"
    assert fields.get("HOST") == "h\udce9"
    assert fields.get("nothing") is None
    assert fields.get("nothing", "default") == "default"


def test_nobody_can_write_the_key_of_a_remembered_head() -> None:
    heads = Heads()
    raw = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\nX: y\r\n\r\n"
    assert heads.read(raw)[0] is not None
    forged = b"POST / HTTP/1.1\r\nHost: h\0\r\nContent-Length: \0\r\nX: y\r\n\r\n"
    assert heads.read(forged) == (None, [])
