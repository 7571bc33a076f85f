"""No request hides in another: what two servers could read in two ways is refused, and nothing behind it is served."""

import pytest

from tests.proxy.gate import PATH, Gate, StartPod
from tests.proxy.pod import Pod

PROBLEM = "application/problem+json"
START = b"POST /adapters/a/mcp HTTP/1.1\r\nHost: localhost\r\n"
SMUGGLED = b"POST /adapters/a/mcp HTTP/1.1\r\nHost: localhost\r\nX-Smuggled: 1\r\nContent-Length: 0\r\n\r\n"
CHUNKED = START + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
async def pod(door: Gate, start_pod: StartPod) -> Pod:
    """The only instance of adapter `a`."""
    running = await start_pod()
    door.adapter(running)
    return running


def _lengths(*values: bytes) -> bytes:
    return START + b"".join(b"Content-Length:%b\r\n" % value for value in values) + b"\r\n{}"


def _codings(*values: bytes, version: bytes = b"1.1", also: bytes = b"") -> bytes:
    lines = b"".join(b"Transfer-Encoding:%b\r\n" % value for value in values) + also
    return START.replace(b"1.1", version) + lines + b"\r\n0\r\n\r\n"


BODIES = {
    "length and coding": START + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding and length": START + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "two lengths": _lengths(b" 0", b" 44"),
    "the same length twice": _lengths(b" 2", b" 2"),
    "lengths in a list": _lengths(b" 2, 2"),
    "signed length": _lengths(b" +2"),
    "negative length": _lengths(b" -2"),
    "hexadecimal length": _lengths(b" 0x2"),
    "length with an underscore": _lengths(b" 1_0"),
    "length with a space": _lengths(b" 1 0"),
    "length in other digits": _lengths(" ²".encode()),
    "length without digits": _lengths(b""),
    "length over all bounds": _lengths(b" 18446744073709551618"),
    "another coding": _codings(b" gzip"),
    "coding before": _codings(b" gzip, chunked"),
    "coding behind": _codings(b" chunked, gzip"),
    "chunked twice": _codings(b" chunked, chunked"),
    "chunked in two lines": _codings(b" chunked", b" chunked"),
    "identity behind": _codings(b" chunked", b" identity"),
    "identity": _codings(b" identity"),
    "nearly chunked": _codings(b" xchunked"),
    "quoted": _codings(b' "chunked"'),
    "parameter": _codings(b" chunked;q=1"),
    "empty member": _codings(b" ,chunked"),
    "vertical tab": _codings(b" \x0bchunked"),
    "no coding": _codings(b""),
    "no coding and a length": _codings(b"", also=b"Content-Length: 5\r\n"),
    "coding of HTTP/1.0": _codings(b" chunked", version=b"1.0", also=b"Connection: keep-alive\r\n"),
    "space before the colon": START + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "folded coding": START + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "coding with an underscore": START + b"Transfer_Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
    "length with a low line": START + b"Content_Length: 5\r\nContent-Length: 0\r\n\r\n",
}

LINES = {
    "folded line": START + b"X: a\r\n b: c\r\nContent-Length: 0\r\n\r\n",
    "folded first line": b"POST /adapters/a/mcp HTTP/1.1\r\n X: y\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
    "CR in a value": START + b"X: a\rb\r\nContent-Length: 0\r\n\r\n",
    "CR for a line": START + b"X: a\rContent-Length: 0\r\n\r\n",
    "CR before CRLF": START + b"X: a\r\r\nContent-Length: 0\r\n\r\n",
    "LF for a line": START + b"X: a\nContent-Length: 0\r\n\r\n",
    "LF for the end": START + b"Content-Length: 0\r\n\n",
    "LF everywhere": START.replace(b"\r\n", b"\n") + b"Content-Length: 0\n\n",
    "NUL": START + b"X: a\0b\r\nContent-Length: 0\r\n\r\n",
    "no name": START + b": a\r\nContent-Length: 0\r\n\r\n",
    "no colon": START + b"Xabc\r\nContent-Length: 0\r\n\r\n",
    "tab in a name": START + b"X\ta: b\r\nContent-Length: 0\r\n\r\n",
    "other letters in a name": START + b"X\xe9: b\r\nContent-Length: 0\r\n\r\n",
    "two hosts": START + b"Host: localhost\r\nContent-Length: 0\r\n\r\n",
    "tab in the first line": START.replace(b"POST ", b"POST\t") + b"Content-Length: 0\r\n\r\n",
    "space in the target": START.replace(b"/mcp ", b"/mcp x ") + b"Content-Length: 0\r\n\r\n",
    "method in lower case": START.replace(b"POST", b"post") + b"Content-Length: 0\r\n\r\n",
    "no version": b"GET /adapters/a/mcp\r\n",
    "version to come": START.replace(b"1.1", b"1.2") + b"Content-Length: 0\r\n\r\n",
    "preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}

CHUNKS = {
    "LF behind the size": b"2\n{}\r\n0\r\n\r\n",
    "size with a prefix": b"0x2\r\n{}\r\n0\r\n\r\n",
    "signed size": b"+2\r\n{}\r\n0\r\n\r\n",
    "negative size": b"-1\r\n{}\r\n0\r\n\r\n",
    "size over all bounds": b"10000000000000002\r\n{}\r\n0\r\n\r\n",
    "size with an underscore": b"0_2\r\n{}\r\n0\r\n\r\n",
    "space behind the size": b"2 \r\n{}\r\n0\r\n\r\n",
    "space before the size": b" 2\r\n{}\r\n0\r\n\r\n",
    "CR in an extension": b"2;a\rb\r\n{}\r\n0\r\n\r\n",
    "LF behind an extension": b"2;a\n{}\r\n0\r\n\r\n",
    "no end of the data": b"2\r\n{}0\r\n\r\n",
    "data over the size": b"2\r\n{}}\r\n0\r\n\r\n",
    "length in the trailer": b"2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n",
    "LF in the trailer": b"2\r\n{}\r\n0\r\nX: a\n\r\n",
}

DOUBTFUL = {**BODIES, **LINES, **{name: CHUNKED + chunks for name, chunks in CHUNKS.items()}}


@pytest.mark.parametrize("raw", DOUBTFUL.values(), ids=DOUBTFUL)
async def test_what_is_in_doubt_is_refused_with_all_that_follows(door: Gate, pod: Pod, raw: bytes) -> None:
    async with door.connect() as connection:
        await connection.send(raw + SMUGGLED)
        reply = await connection.reply()
        assert (reply.status, reply.header("Content-Type"), reply.header("Connection")) == (400, PROBLEM, "close")
        assert await connection.ended()
    assert not pod.seen


@pytest.mark.parametrize("raw", BODIES.values(), ids=BODIES)
async def test_nor_is_it_served_on_a_connection_that_was_good(door: Gate, pod: Pod, raw: bytes) -> None:
    async with door.connect() as connection:
        await connection.send(door.request())
        assert (await connection.reply()).status == 200
        await connection.send(raw)
        assert (await connection.reply()).status == 400
        assert await connection.ended()
    assert len(pod.seen) == 1


async def test_chunked_is_known_in_every_case(door: Gate, pod: Pod) -> None:
    async with door.connect() as connection:
        await connection.send(START + b"Transfer-Encoding: CHUNKED\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n")
        assert (await connection.reply()).status == 200
    assert (pod.seen[0].header("Transfer-Encoding"), pod.seen[0].body) == ("chunked", b"{}")


async def test_trailers_reach_nobody(door: Gate, pod: Pod) -> None:
    async with door.connect() as connection:
        await connection.send(CHUNKED + b"2\r\n{}\r\n0\r\nX-Mcp-UserId: root\r\nX-Kept: no\r\n\r\n")
        assert (await connection.reply()).status == 200
    assert pod.seen[0].header("X-Mcp-UserId") == "dev"
    assert pod.seen[0].header("X-Kept") is None


@pytest.mark.parametrize(
    "name",
    [
        "Mcp-Method",
        "Mcp-Name",
        "Mcp-Session-Id",
        "MCP-Protocol-Version",
        "mcp-param-region",
        "Authorization",
        "Host",
        "Origin",
        "Content-Length",
        "Transfer-Encoding",
        "Content-Type",
        "Expect",
        "Last-Event-ID",
        "X-Dev-UserId",
    ],
)
async def test_connection_may_not_take_away_what_decides(door: Gate, pod: Pod, name: str) -> None:
    for listed in (name, f"keep-alive,{name.upper()}", f" , {name} "):
        reply = await door.call(("Connection", listed), ("Mcp-Param-Region", "eu"))
        assert (reply.status, reply.header("Connection")) == (400, "close")
        assert reply.json()["errors"][0]["field"] == "connection"
    assert not pod.seen


@pytest.mark.parametrize(
    "name", ["Mcp_Method", "Mcp_Session_Id", "Author_ization", "X_Gateway_Secret", "x_forwarded_for"]
)
async def test_names_with_a_low_line_are_refused(door: Gate, pod: Pod, name: str) -> None:
    for path in (PATH, "/mcp", "/adapters"):
        reply = await door.call((name, "x"), path=path)
        assert (reply.status, reply.json()["errors"][0]["field"]) == (400, name.lower())
    assert not pod.seen


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        ("http://evil.example/adapters/a/mcp", "localhost", 421),
        ("http://localhost/adapters/a/mcp", "evil.example", 421),
        ("http://localhost@evil.example/adapters/a/mcp", "localhost", 421),
        ("http://evil@localhost/adapters/a/mcp", "localhost", 421),
        ("http://localhost?x/adapters/a/mcp", "localhost", 421),
        ("http:///adapters/a/mcp", "localhost", 400),
        ("http://localhost#/adapters/a/mcp", "localhost", 400),
        ("ftp://localhost/adapters/a/mcp", "localhost", 404),
        ("//evil.example/adapters/a/mcp", "localhost", 404),
        ("/adapters/a/mcp#x", "localhost", 404),
        ("HTTP://LocalHost/adapters/a/mcp", "localhost", 200),
    ],
)
async def test_target_names_no_other_host(door: Gate, pod: Pod, target: str, host: str, status: int) -> None:
    assert (await door.call(("Host", host), path=target)).status == status
    assert len(pod.seen) == (status == 200)


async def test_body_of_a_refused_request_is_no_request(door: Gate, pod: Pod) -> None:
    """The body looks like a request, and the next request stands right behind it."""
    for path, status in (("/nowhere", 404), ("/adapters/a/mcp/", 200)):
        for expect in ([], [("Expect", "100-continue")]):
            pod.seen.clear()
            async with door.connect() as connection:
                await connection.send(door.request("POST", path, expect, SMUGGLED) + door.request(body=b"next"))
                replies = [await connection.head()]
                if replies[0].status == 100:
                    replies = [await connection.head()]
                assert replies[0].status == status
            assert all(exchange.header("X-Smuggled") is None for exchange in pod.seen)


async def test_request_behind_a_refused_one_is_served_as_it_stands(door: Gate, pod: Pod) -> None:
    async with door.connect() as connection:
        await connection.send(door.request("POST", "/nowhere", body=SMUGGLED) + door.request(body=b"next"))
        assert (await connection.reply()).status == 404
        assert (await connection.reply()).status == 200
    assert [exchange.body for exchange in pod.seen] == [b"next"]


async def test_body_that_was_never_asked_for_ends_the_connection(door: Gate, pod: Pod) -> None:
    async with door.connect() as connection:
        await connection.send(
            door.request("POST", "/nowhere", [("Expect", "100-continue")], SMUGGLED)[: -len(SMUGGLED)]
        )
        reply = await connection.reply()
        assert (reply.status, reply.header("Connection")) == (404, "close")
    assert not pod.seen


async def test_nothing_is_upgraded(door: Gate, pod: Pod) -> None:
    async with door.connect() as connection:
        for headers in (
            [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAEAAEAAAAIAAAAB")],
            [("Connection", "upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")],
        ):
            await connection.send(door.request(headers=headers))
            assert (await connection.reply()).status == 200
    assert {exchange.header("Upgrade") for exchange in pod.seen} == {None}
    assert {exchange.header("Connection") for exchange in pod.seen} == {None}
