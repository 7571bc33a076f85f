"""Whatever a tool answers, or does instead: each has its documented result, one audit line, and leaves nothing behind."""

from collections.abc import AsyncGenerator

import pytest

from tests.gateway.caller import Calls, calling
from tests.proxy.pod import Exchange, Script, ok, pod
from tests.proxy.scripts import garbage, resets, two_lengths


@pytest.fixture
async def calls() -> AsyncGenerator[Calls]:
    """Calls that take 100,000 bytes."""
    async with calling() as made:
        yield made


def _says(body: bytes, status: int = 200, *headers: str) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.answer(body, *headers, status=status)

    return script


async def _cut(exchange: Exchange) -> None:
    await exchange.send(b'HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\n{"half":"of it')
    exchange.close()


async def _cut_chunk(exchange: Exchange) -> None:
    await exchange.stream()
    await exchange.chunk(b'{"half":')
    exchange.close()


async def _hangs_up(exchange: Exchange) -> None:
    exchange.close()


async def _endless(exchange: Exchange) -> None:
    await exchange.stream()
    while not exchange.gone.is_set():
        await exchange.chunk(b"data: x\n\n" * 100)


async def _no_length(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello")
    exchange.close()


async def _nothing(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 204 No Content\r\n\r\n")


async def _events(exchange: Exchange) -> None:
    await exchange.stream()
    await exchange.chunk(b"data: 1\n\n")
    await exchange.chunk(b"data: 2\n\n")
    await exchange.chunk(b"")


async def _early(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
    await exchange.answer(b"late")


CLOSED = "The tool failed: The server closed the connection before its answer was complete."
NO_HTTP = "The tool failed: The server did not answer in HTTP/1.1."

ROWS: dict[str, tuple[Script, str, str, bytes | None]] = {
    "object": (_says(b' {"a" : 1}\n'), "ok", ' {"a" : 1}\n', b' {"a" : 1}\n'),
    "empty object": (ok, "ok", "{}", b"{}"),
    "array": (_says(b"[1]"), "ok", "[1]", None),
    "scalar": (_says(b"1"), "ok", "1", None),
    "null": (_says(b"null"), "ok", "null", None),
    "HTML": (_says(b"<p>hi</p>"), "ok", "<p>hi</p>", None),
    "no JSON": (_says(b'{"a":'), "ok", '{"a":', None),
    "two objects": (_says(b"{}{}"), "ok", "{}{}", None),
    "NaN": (_says(b'{"a":NaN}'), "ok", '{"a":NaN}', None),
    "byte order mark": (_says(b"\xef\xbb\xbf{}"), "ok", "\ufeff{}", None),
    "events": (_events, "ok", "data: 1\n\ndata: 2\n\n", None),
    "empty": (_says(b""), "ok", "", None),
    "204": (_nothing, "ok", "", None),
    "201": (_says(b"{}", 201), "ok", "{}", b"{}"),
    "no length": (_no_length, "ok", "hello", None),
    "early hints": (_early, "ok", "late", None),
    "binary": (_says(b"\xff\x00\xfe"), "failed", "The tool answered 3 bytes that are not text (UTF-8).", None),
    "large": (_endless, "failed", "The tool failed: The server's answer is larger than 100,000 bytes.", None),
    "moved": (
        _says(b"", 302, "Location: http://127.0.0.1:1/secret"),
        "failed",
        "The tool answered HTTP 302 (Found); redirects are not followed.",
        None,
    ),
    "404": (_says(b"<h1>secret</h1>", 404), "failed", "The tool answered HTTP 404 (Not Found).", None),
    "422": (
        _says(b'{"detail":"no city."}', 422),
        "failed",
        "The tool answered HTTP 422 (Unprocessable Content): no city.",
        None,
    ),
    "401": (_says(b'{"detail":"secret"}', 401), "failed", "The tool answered HTTP 401 (Unauthorized).", None),
    "500": (_says(b'{"detail":"secret"}', 500), "failed", "The tool answered HTTP 500 (Internal Server Error).", None),
    "599": (_says(b"secret", 599), "failed", "The tool answered HTTP 599.", None),
    "cut": (_cut, "failed", CLOSED, None),
    "cut within chunks": (_cut_chunk, "failed", CLOSED, None),
    "reset": (resets, "failed", CLOSED, None),
    "no answer": (_hangs_up, "failed", CLOSED, None),
    "garbage": (garbage, "failed", NO_HTTP, None),
    "two lengths": (two_lengths, "failed", NO_HTTP, None),
}


@pytest.mark.parametrize("row", ROWS)
async def test_reply_comes_to_what_is_documented_and_leaves_nothing_behind(calls: Calls, row: str) -> None:
    script, result, text, structured = ROWS[row]
    async with pod(script) as bad, pod(ok, "good") as good:
        calls.tool("a", bad)
        calls.tool("b", good)
        outcome = await calls("a", b'{"x":1}')

        assert (outcome.result, outcome.text, outcome.structured) == (result, text, structured)
        assert outcome.is_error == (result != "ok")
        assert [line["result"] for line in calls.lines] == [result]
        assert len(bad.seen) == 1, "asked once, whatever it answers"
        bad.script = ok
        assert (await calls("a")).text == "{}", "nothing is left in the connection"
        assert (await calls("b")).text == "{}"
        assert calls.loads == {}
