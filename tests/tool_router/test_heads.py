"""Heads: read as aiohttp's parser reads them, and remembered without what each request has of its own."""

import asyncio
from typing import Any

import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpRequestParser
from hypothesis import given
from hypothesis import strategies as st

from tool_router.heads import Heads

VARYING = ("x-request-id", "traceparent", "tracestate", "content-length")
names = st.sampled_from(
    [
        "Host",
        "Accept",
        "accept",
        "Mcp-Name",
        "MCP-Protocol-Version",
        "X-Request-Id",
        "traceparent",
        "X-Mcp-UserId",
        "Connection",
    ]
)
values = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20).map(str.encode)


def raw(*lines: tuple[str, bytes], target: str = "/mcp") -> bytes:
    head = b"".join(b"%b: %b\r\n" % (name.encode(), value) for name, value in lines)
    return b"POST %b HTTP/1.1\r\n%b\r\n" % (target.encode(), head)


async def by_aiohttp(head: bytes) -> Any:
    loop = asyncio.get_running_loop()
    parser: Any = HttpRequestParser(BaseProtocol(loop), loop, 2**16, max_field_size=65536, max_line_size=65536)
    return parser.feed_data(head)[0][0][0]


@given(lines=st.lists(st.tuples(names, values), max_size=8))
def test_plain_heads_say_what_aiohttp_reads(lines: list[tuple[str, bytes]]) -> None:
    head = raw(*lines)
    found, values = Heads().read(head)
    if found is None:
        return
    message = asyncio.run(by_aiohttp(head))
    varying = dict(zip(found.varying, values, strict=True))
    for name in {name.lower() for name, _ in lines}:
        mine = [varying[name.encode()].decode()] if name.encode() in varying else found.all(name)
        assert mine == message.headers.getall(name)
    assert found.keep_alive is not message.should_close


@given(first=st.lists(st.tuples(names, values), max_size=6), second=st.lists(st.tuples(names, values), max_size=6))
def test_what_was_read_before_changes_nothing(first: list[tuple[str, bytes]], second: list[tuple[str, bytes]]) -> None:
    heads, fresh = Heads(), Heads()
    heads.read(raw(*first))
    (got, values), (expected, same) = heads.read(raw(*second)), fresh.read(raw(*second))
    assert (got is None) == (expected is None)
    assert values == same
    if got is not None and expected is not None:
        assert got.varying == expected.varying
        assert all(got.all(name) == expected.all(name) for name, _ in second)


def test_same_head_is_read_once_whatever_its_ids_and_length() -> None:
    heads = Heads()
    first, _ = heads.read(raw(("Host", b"a"), ("X-Request-Id", b"1"), ("Content-Length", b"5")))
    second, values = heads.read(raw(("Host", b"a"), ("X-Request-Id", b"2"), ("Content-Length", b"70")))
    assert first is not None
    assert first is second
    assert first.varying == (b"x-request-id", b"content-length")
    assert values == [b"2", b"70"]
    assert first.get("X-Request-Id") is None


@pytest.mark.parametrize(
    "head",
    [
        raw(("Transfer-Encoding", b"chunked")),
        raw(("Expect", b"100-continue")),
        raw(("Connection", b"upgrade"), ("Upgrade", b"websocket")),
        raw(("Content-Length", b"5"), ("Content-Length", b"6")),
        raw(("Content-Length", b"5"), ("content-length", b"5")),
        raw(("Content-Length", b"five")),
        raw(("Content-Length", b"-1")),
        raw(("Content-Length", b"999999999")),
        raw(("X-Request-Id", b"1"), ("x-request-id", b"2")),
        raw(("Host", b"a"), ("Host", b"b")),
        raw(("X-Request-Id", b"\0")),
        raw(("Host", b"a")).replace(b"HTTP/1.1", b"HTTP/1.0"),
        b"nonsense\r\n\r\n",
        b"\r\n\r\n",
    ],
)
def test_whatever_is_not_plain_is_left_to_aiohttp(head: bytes) -> None:
    assert Heads().read(head)[0] is None


def test_nul_cannot_stand_for_a_value_that_was_cut_out() -> None:
    heads = Heads()
    assert heads.read(raw(("Host", b"a"), ("X-Request-Id", b"1")))[0] is not None
    assert heads.read(b"POST /mcp HTTP/1.1\r\nHost: a\r\nX-Request-Id: \0\r\n\r\n")[0] is None


def test_memory_of_heads_is_bounded() -> None:
    heads = Heads()
    for number in range(3000):
        heads.read(raw(("Host", b"a"), ("Mcp-Name", b"%d" % number)))
    assert len(heads) <= 1024


def test_value_of_one_request_is_not_told_to_the_next() -> None:
    heads = Heads()
    heads.read(raw(("Host", b"a"), ("traceparent", b"00-aa")))
    without, values = heads.read(raw(("Host", b"a")))
    assert without is not None
    assert values == []
    assert without.get("traceparent") is None
