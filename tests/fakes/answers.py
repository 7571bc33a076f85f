"""Answers: HTTP as it should be, of every kind a tool may give. Each function is one; what breaks HTTP is in `troubles`."""

import asyncio
import gzip
from collections.abc import Mapping

import msgspec
from aiohttp import web

from tests.fakes.score import Answer, Score

BINARY = b"\x89PNG\r\n\x1a\n\xff\xfe\x00"
CHALLENGE = 'Bearer resource_metadata="http://tool.invalid/.well-known/oauth-protected-resource"'
PRIVATE = {"Set-Cookie": "tool=1", "X-Powered-By": "tool", "Mcp-Session-Id": "of-the-tool", "X-Tool": "private"}
EVENTS = b'event: message\ndata: {"n":1}\n\n: a comment\n\ndata: last\n\n'
ELSEWHERE = "/elsewhere"


async def echo(score: Score) -> web.StreamResponse:
    """The body, byte for byte, as JSON."""
    return _reply(score.body, "application/json")


async def say(score: Score) -> web.StreamResponse:
    """`body` as `media`, with `status`."""
    return _reply(score.asked.body.encode(), score.asked.media, score.asked.status)


async def about(score: Score) -> web.StreamResponse:
    """Which process this is, how often it was called, and the request as it arrived, names in lower case."""
    request = score.request
    lines = [[name.decode().lower(), value.decode()] for name, value in request.raw_headers]
    seen = {"pid": score.memory.pid, "calls": score.memory.calls, "target": request.raw_path, "headers": lines}
    return _reply(msgspec.json.encode(seen), "application/json")


async def witness(score: Score) -> web.StreamResponse:
    """What became of the calls with that `key`, as soon as `entry` is part of it, at the latest after `seconds`."""
    asked = score.asked
    entries = await score.memory.diary.until(asked.key, asked.entry, asked.seconds if asked.entry else 0)
    return _reply(msgspec.json.encode({"entries": entries}), "application/json")


async def binary(score: Score) -> web.StreamResponse:
    """Bytes that are no text."""
    del score
    return _reply(BINARY, "image/png")


async def huge(score: Score) -> web.StreamResponse:
    """`size` bytes of text, their number in the head."""
    return _reply(b"z" * score.asked.size, "text/plain")


async def flood(score: Score) -> web.StreamResponse:
    """`size` bytes of text in chunks: nobody knows beforehand how many."""
    stream = await _stream(score, "text/plain")
    for _ in range(score.asked.size // 1000):
        await stream.write(b"z" * 1000)
    await stream.write(b"z" * (score.asked.size % 1000))
    await stream.write_eof()
    return stream


async def slow(score: Score) -> web.StreamResponse:
    """Silent for `seconds`, then the echo."""
    await asyncio.sleep(score.asked.seconds)
    return await echo(score)


async def drip(score: Score) -> web.StreamResponse:
    """The head and the first half at once, the second half `seconds` later."""
    stream = await _stream(score, "text/plain")
    await stream.write(b"first, ")
    await asyncio.sleep(score.asked.seconds)
    await stream.write(b"second")
    await stream.write_eof()
    return stream


async def events(score: Score) -> web.StreamResponse:
    """A stream of events that ends."""
    stream = await _stream(score, "text/event-stream")
    await stream.write(EVENTS)
    await stream.write_eof()
    return stream


async def endless(score: Score) -> web.StreamResponse:
    """A stream of events that does not."""
    stream = await _stream(score, "text/event-stream")
    while True:
        await stream.write(b"data: more\n\n")
        await asyncio.sleep(0.02)


async def packed(score: Score) -> web.StreamResponse:
    """The body compressed, whether or not that was asked for."""
    return _reply(gzip.compress(score.body), "application/json", headers={"Content-Encoding": "gzip"})


async def challenge(score: Score) -> web.StreamResponse:
    """`status` (401, 407) with a challenge that a client would follow, and a reason."""
    name = "Proxy-Authenticate" if score.asked.status == 407 else "WWW-Authenticate"
    body = msgspec.json.encode({"detail": score.asked.body})
    return _reply(body, "application/json", score.asked.status, {name: CHALLENGE})


async def redirect(score: Score) -> web.StreamResponse:
    """`status` (3xx) to another place of this server, which writes down that it was asked."""
    to = {"Location": f"{ELSEWHERE}?key={score.asked.key}"}
    return _reply(score.asked.body.encode(), "text/html", score.asked.status, to)


ANSWERS: Mapping[str, Answer] = {
    answer.__name__: answer
    for answer in (
        echo,
        say,
        about,
        witness,
        binary,
        huge,
        flood,
        slow,
        drip,
        events,
        endless,
        packed,
        challenge,
        redirect,
    )
}


def _reply(body: bytes, media: str, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(status=status, body=body, headers={"Content-Type": media, **PRIVATE, **(headers or {})})


async def _stream(score: Score, media: str) -> web.StreamResponse:
    stream = web.StreamResponse(headers={"Content-Type": media, **PRIVATE})
    stream.enable_chunked_encoding()
    await stream.prepare(score.request)
    return stream
