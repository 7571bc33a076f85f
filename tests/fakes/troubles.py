"""Troubles: what a tool does that is not HTTP: each function is one way to break off, hang up or talk nonsense."""

import asyncio
import os
import socket
import struct
from collections.abc import Mapping

from aiohttp import web

from tests.fakes.score import LONG, Answer, Score

STRAY = b'{"stray":"belongs to nobody"}'
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


async def half(score: Score) -> web.StreamResponse:
    """Half of what its head promises, then the end of the connection."""
    return _last_words(score, _HEAD % 26 + b'{"half":"of it')


async def halfchunk(score: Score) -> web.StreamResponse:
    """One chunk of a reply that never says it is complete."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    return _last_words(score, head + b'e\r\n{"half":"of it\r\n')


async def silence(score: Score) -> web.StreamResponse:
    """The end of the connection, instead of an answer."""
    return _last_words(score, b"")


async def garbage(score: Score) -> web.StreamResponse:
    """Bytes that are no HTTP."""
    return _last_words(score, b"\x00\x01 whatever this is, it is not HTTP\r\n\r\n")


async def reset(score: Score) -> web.StreamResponse:
    """The connection reset before a byte of the answer."""
    return _reset(score)


async def resetlate(score: Score) -> web.StreamResponse:
    """The connection reset in the middle of the body."""
    stream = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "100"})
    await stream.prepare(score.request)
    await stream.write(b'{"half":"of it')
    return _reset(score)


async def twice(score: Score) -> web.StreamResponse:
    """A whole answer and, behind it, another that nobody asked for; the connection stays open."""
    body = score.body
    _transport(score).write(_HEAD % len(body) + body + _HEAD % len(STRAY) + STRAY)
    await asyncio.sleep(LONG)
    return web.Response()


async def die(score: Score) -> web.StreamResponse:
    """The end of the process, in the middle of the call."""
    del score
    os._exit(1)


TROUBLES: Mapping[str, Answer] = {
    trouble.__name__: trouble for trouble in (half, halfchunk, silence, garbage, reset, resetlate, twice, die)
}


def _last_words(score: Score, words: bytes) -> web.StreamResponse:
    transport = _transport(score)
    transport.write(words)
    transport.close()
    return web.Response()  # goes nowhere: the connection is closed


def _reset(score: Score) -> web.StreamResponse:
    transport = _transport(score)
    connection = transport.get_extra_info("socket")
    # No lingering: closing sends RST instead of FIN.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    return web.Response()


def _transport(score: Score) -> asyncio.Transport:
    transport = score.request.transport
    assert transport is not None, "the caller is still there"
    return transport
