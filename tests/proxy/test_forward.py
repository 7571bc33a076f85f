"""What the control plane answers passes through; what the client says of itself does not (DESIGN §5, control-plane leg)."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest
from aiohttp import ClientSession, DummyCookieJar

from proxy.forward import ControlPlane
from proxy.settings import Settings
from tests.proxy.gate import Gate, Open, StartPod
from tests.proxy.pod import Exchange, Pod
from tests.proxy.scripts import garbage, resets, silent

PROBLEM = "application/problem+json"

type Behind = Callable[..., Awaitable[Gate]]


@pytest.fixture
async def behind(open_gate: Open) -> AsyncGenerator[Behind]:
    """Opens a gate in front of a Pod that plays the control plane."""
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:

        async def open(pod: Pod, settings: Settings = Settings()) -> Gate:  # noqa: B008 (frozen)
            return await open_gate(settings, control_plane=ControlPlane(session, f"http://127.0.0.1:{pod.port}"))

        yield open


async def test_request_goes_through_with_its_credentials(behind: Behind, start_pod: StartPod) -> None:
    pod = await start_pod()
    door = await behind(pod)
    reply = await door.call(
        ("Authorization", "Bearer token"),
        ("X-Dev-UserId", "ana"),
        ("X-Dev-Roles", "mcp.admin"),
        ("If-Match", '"etag"'),
        ("Content-Type", "application/json"),
        ("X-Request-Id", "my-id"),
        method="PUT",
        path="/adapters/a",
        body=b'{"name":"a"}',
    )
    assert reply.status == 200
    exchange = await pod.request()
    assert (exchange.method, exchange.target, exchange.body) == ("PUT", "/adapters/a", b'{"name":"a"}')
    assert sorted(exchange.headers) == sorted(
        [
            ("host", f"127.0.0.1:{pod.port}"),
            ("authorization", "Bearer token"),
            ("x-dev-userid", "ana"),
            ("x-dev-roles", "mcp.admin"),
            ("if-match", '"etag"'),
            ("content-type", "application/json"),
            ("x-request-id", "my-id"),
            ("content-length", "12"),
        ]
    )


async def test_trust_headers_and_hops_never_go_through(behind: Behind, start_pod: StartPod) -> None:
    pod = await start_pod()
    door = await behind(pod)
    leaks = [
        ("X-Mcp-UserId", "LEAK"),
        ("X-MCP-Roles", "LEAK"),
        ("X-Gateway-Secret", "LEAK"),
        ("Cookie", "LEAK"),
        ("Forwarded", "LEAK"),
        ("X-Forwarded-For", "LEAK"),
        ("Connection", "close, X-Named"),
        ("X-Named", "LEAK"),
        ("TE", "trailers"),
        ("Upgrade", "LEAK"),
    ]
    await door.call(*leaks, method="GET", path="/adapters")
    exchange = await pod.request()
    assert {name for name, _ in exchange.headers} == {"host", "x-request-id"}
    assert len(exchange.header("X-Request-Id") or "") == 32


async def test_answer_goes_through_as_it_is(behind: Behind, start_pod: StartPod) -> None:
    async def answers(exchange: Exchange) -> None:
        await exchange.answer(
            b"\x1f\x8b not really",
            "Location: /adapters/a",
            'ETag: "1"',
            'Link: </adapters?after=a>; rel="next"',
            "WWW-Authenticate: Bearer",
            "Content-Encoding: gzip",
            "Set-Cookie: a=b",
            "Keep-Alive: timeout=5",
            status=201,
        )

    door = await behind(await start_pod(answers))
    reply = await door.call(path="/adapters?x=%C3%A9&x=a+b")
    assert (reply.status, reply.body, reply.clean) == (201, b"\x1f\x8b not really", True)
    assert sorted(name for name, _ in reply.headers) == [
        "content-encoding",
        "content-length",
        "content-type",
        "etag",
        "link",
        "location",
        "www-authenticate",
    ]


@pytest.mark.parametrize(
    "path", ["/adapters?limit=5&after=%C3%A9", "/openapi.json", "/tools/x/logs?since=a%2Bb", "/adapters/a/status"]
)
async def test_target_goes_through_byte_for_byte(behind: Behind, start_pod: StartPod, path: str) -> None:
    pod = await start_pod()
    door = await behind(pod)
    await door.call(method="GET", path=path)
    assert (await pod.request()).target == path


async def test_redirects_are_the_clients_to_follow(behind: Behind, start_pod: StartPod) -> None:
    async def redirects(exchange: Exchange) -> None:
        await exchange.answer(b"", "Location: /elsewhere", status=307)

    pod = await start_pod(redirects)
    door = await behind(pod)
    reply = await door.call(path="/adapters")
    assert (reply.status, reply.header("Location")) == (307, "/elsewhere")
    assert len(pod.seen) == 1


async def test_bodies_stream_both_ways(behind: Behind, start_pod: StartPod) -> None:
    async def echoes(exchange: Exchange) -> None:
        await exchange.stream()
        for at in range(0, len(exchange.body), 100_000):
            await exchange.chunk(exchange.body[at : at + 100_000])
        await exchange.chunk(b"")

    pod = await start_pod(echoes)
    door = await behind(pod)
    for body in (b"small", b"x" * 3_000_000):
        reply = await door.call(path="/adapters", body=body)
        assert (reply.status, reply.body == body, reply.clean) == (200, True, True)
        assert pod.seen[-1].header("Content-Length") == str(len(body))
    async with door.connect() as connection:
        head = door.request(path="/adapters").partition(b"Content-Length")[0]
        await connection.send(head + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        await door.call(path="/ping", method="GET")
        await connection.send(b"2\r\nde\r\n0\r\n\r\n")
        assert (await connection.reply()).body == b"abcde"


async def test_old_client_gets_a_body_that_ends_with_the_connection(behind: Behind, start_pod: StartPod) -> None:
    async def streams(exchange: Exchange) -> None:
        await exchange.stream()
        await exchange.chunk(b"all")
        await exchange.chunk(b"")

    door = await behind(await start_pod(streams))
    async with door.connect() as connection:
        await connection.send(door.request("GET", "/adapters").replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        reply = await connection.reply()
        assert (reply.body, reply.header("Connection"), reply.header("Transfer-Encoding")) == (b"all", "close", None)


@pytest.mark.parametrize("script", [resets, garbage])
async def test_control_plane_that_breaks_is_502(behind: Behind, start_pod: StartPod, script: object) -> None:
    door = await behind(await start_pod(script))  # pyright: ignore[reportArgumentType] (a Script)
    reply = await door.call(path="/adapters")
    assert (reply.status, reply.header("Content-Type")) == (502, PROBLEM)


async def test_control_plane_that_is_away_is_503_with_retry_after(behind: Behind, start_pod: StartPod) -> None:
    pod = await start_pod()
    door = await behind(pod)
    await pod.stop()
    reply = await door.call(path="/adapters")
    assert (reply.status, reply.header("Content-Type")) == (503, PROBLEM)
    assert reply.header("Retry-After") is not None


async def test_no_control_plane_is_503(door: Gate) -> None:
    assert (await door.call(path="/adapters")).status == 503


async def test_control_plane_that_is_silent_is_504(behind: Behind, start_pod: StartPod) -> None:
    door = await behind(await start_pod(silent), Settings(head_seconds=0.1))
    assert (await door.call(path="/adapters")).status == 504


async def test_answer_that_breaks_off_is_cut(behind: Behind, start_pod: StartPod) -> None:
    async def breaks(exchange: Exchange) -> None:
        await exchange.stream()
        await exchange.chunk(b"some")
        exchange.close()

    door = await behind(await start_pod(breaks))
    reply = await door.call(method="GET", path="/adapters")
    assert (reply.status, reply.clean) == (200, False)


async def test_client_that_leaves_is_gone_for_the_control_plane(behind: Behind, start_pod: StartPod) -> None:
    pod = await start_pod(silent)
    door = await behind(pod)
    async with door.connect() as connection:
        await connection.send(door.request("GET", "/adapters"))
        exchange = await pod.request()
        connection.reset()
        async with asyncio.timeout(1):
            await exchange.gone.wait()


async def test_body_limit_holds_here_too(behind: Behind, start_pod: StartPod) -> None:
    pod = await start_pod()
    door = await behind(pod, Settings(body_limit=100))
    assert (await door.call(path="/adapters", body=b"x" * 101)).status == 413
    head = door.request(path="/adapters").partition(b"Content-Length")[0]
    async with door.connect() as connection:
        await connection.send(head + b"Transfer-Encoding: chunked\r\n\r\n")
        await door.call(path="/ping", method="GET")
        await connection.send(b"65\r\n" + b"x" * 101 + b"\r\n0\r\n\r\n")
        assert (await connection.reply()).status == 413
    assert not pod.seen


async def test_slow_client_is_waited_for(behind: Behind, start_pod: StartPod) -> None:
    sent = 0

    async def floods(exchange: Exchange) -> None:
        nonlocal sent
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (40 * 2**20))
        for _ in range(40):
            await exchange.send(bytes(2**20))
            sent += 1

    door = await behind(await start_pod(floods))
    async with door.connect() as connection:
        await connection.send(door.request("GET", "/adapters"))
        await connection.head()
        for _ in range(50):
            assert (await door.call(path="/ping", method="GET")).status == 200
        assert sent < 40
        received = 0
        async with asyncio.timeout(30):
            while received < 40 * 2**20:
                received += len(await connection.reader.read(2**20))


async def test_header_that_is_not_utf8_is_400(behind: Behind, start_pod: StartPod) -> None:
    door = await behind(await start_pod())
    reply = await door.call(("X-Odd", "\xff"), path="/adapters")
    assert (reply.status, reply.json()["errors"][0]["field"]) == (400, "X-Odd")
