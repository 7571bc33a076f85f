"""The recorder's tools: what a test can ask of the instance that serves it. Plain coroutines; no HTTP."""

import asyncio
import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Mapping

import msgspec

from tests.fakes.incarnation import PID
from tests.fakes.sessions import Outbox
from tests.fakes.turn import Tool, Turn
from tests.fakes.wire import Json

LONG = 30.0  # seconds; no journey waits that long


def tools(listening: Callable[[], Iterable[Outbox]]) -> Mapping[str, Tool]:
    """All tools by name; `listening` gives the open `subscriptions/listen` streams."""

    async def say(turn: Turn) -> Json:
        """Puts `tools/list_changed` on this session's GET stream, or on every listen stream."""
        outboxes = [turn.session.outbox] if turn.session else list(listening())
        for outbox in outboxes:
            outbox.put_nowait("notifications/tools/list_changed")
        return _said({"streams": len(outboxes)})

    return {
        "echo": echo,
        "counter": counter,
        "pid": pid,
        "digest": digest,
        "env": env,
        "headers": headers,
        "slow": slow,
        "witness": witness,
        "progress": progress,
        "elicit": elicit,
        "say": say,
        "write": write,
        "die": die,
    }


async def echo(turn: Turn) -> Json:
    """Says `text` back."""
    return _said({"text": turn.text("text")})


async def counter(turn: Turn) -> Json:
    """Counts the calls of this session, and says which process keeps the count."""
    n = 0
    if turn.session:
        turn.session.count += 1
        n = turn.session.count
    return _said({"n": n, "pid": PID})


async def pid(turn: Turn) -> Json:
    """Which process this is, and where it listens."""
    del turn
    return _said({"pid": PID, "port": int(os.environ["PORT"])})


async def env(turn: Turn) -> Json:
    """The environment of the process, all of it."""
    del turn
    return _said(dict(os.environ))


async def digest(turn: Turn) -> Json:
    """How many bytes the body of this very request has, and their SHA-256."""
    body = await turn.request.read()
    return _said({"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()})


async def headers(turn: Turn) -> Json:
    """The request as it arrived: path and query, and every header line, names in lower case."""
    lines = [[name.decode().lower(), value.decode()] for name, value in turn.request.raw_headers]
    return _said({"target": turn.request.raw_path, "headers": lines})


async def slow(turn: Turn) -> Json:
    """Silent for `seconds`; the diary says under `key` whether it was `finished` or `cancelled`."""
    key = turn.text("key", "slow")
    await turn.diary.write(key, "begun")
    try:
        await asyncio.sleep(turn.number("seconds", LONG))
    except asyncio.CancelledError:
        await turn.diary.write(key, "cancelled")
        raise
    await turn.diary.write(key, "finished")
    return _said({"key": key})


async def witness(turn: Turn) -> Json:
    """The diary's entries under `key`, as soon as `entry` is one of them, at the latest after `seconds`."""
    key, entry = turn.text("key"), turn.text("entry")
    return _said({"entries": await turn.diary.until(key, entry, turn.number("seconds", 5))})


async def progress(turn: Turn) -> Json:
    """Reports progress `steps` times, one every `seconds`, then the result: all on one stream."""
    steps = int(turn.number("steps", 3))
    token = turn.message.params.meta.get("progressToken", "none")
    try:
        for step in range(1, steps + 1):
            await turn.notify("notifications/progress", {"progressToken": token, "progress": step, "total": steps})
            await asyncio.sleep(turn.number("seconds", 0))
    except (asyncio.CancelledError, ConnectionError):
        await turn.diary.write(turn.text("key", "progress"), "cancelled")
        raise
    return _said({"steps": steps})


async def elicit(turn: Turn) -> Json:
    """Asks the person for a colour, and returns the answer."""
    schema: Json = {"type": "object", "properties": {"colour": {"type": "string"}}}
    answer = await turn.ask("elicitation/create", {"message": "Which colour?", "requestedSchema": schema})
    return _said({"answer": answer})


async def write(turn: Turn) -> Json:
    """Writes a line to standard output."""
    line = turn.text("line")
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    return _said({"line": line})


async def die(turn: Turn) -> Json:
    """Ends the process on the spot, without an answer and without closing anything."""
    os._exit(int(turn.number("status", 1)))


def _said(value: Json) -> Json:
    """The same value twice: as text, and structured."""
    return {"content": [{"type": "text", "text": msgspec.json.encode(value).decode()}], "structuredContent": value}
