"""Requests reach the instance as the client wrote them, less what is not for it (DESIGN §5)."""

import asyncio

import pytest

from gateway.heads import MAX_HEAD, MAX_HEADERS
from proxy.settings import Settings
from tests.proxy.gate import MODERN, PATH, VERSION, Gate, Open, StartPod
from tests.proxy.pod import Exchange, Pod
from tests.proxy.scripts import silent

PROBLEM = "application/problem+json"


@pytest.fixture
async def pod(door: Gate, start_pod: StartPod) -> Pod:
    """The only instance of adapter `a`."""
    running = await start_pod()
    door.adapter(running)
    return running


async def test_pod_sees_the_clients_lines_and_ours(door: Gate, pod: Pod) -> None:
    await door.call(
        MODERN,
        ("Content-Type", "application/json"),
        ("aCCept", "application/json, text/event-stream"),
        ("Accept-Encoding", "gzip"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", "=?base64?w6k=?="),
        ("Mcp-Param-A", "1"),
        ("Mcp-Param-A", "2"),
        ("X-100%", "50%d"),
        ("X-Bytes", "\xe9\xff"),
        ("X-Empty", ""),
        ("X-Dev-UserId", "ana"),
        ("X-Dev-Roles", "mcp.dev, role2"),
        body=b'{"a":1}',
    )
    first, *lines = pod.seen[0].head.decode("latin-1").split("\r\n")[:-2]
    assert first == "POST /mcp HTTP/1.1"
    assert sorted(lines) == sorted(
        [
            f"Host: localhost:{pod.port}",
            "MCP-Protocol-Version: 2026-07-28",
            "Content-Type: application/json",
            "aCCept: application/json, text/event-stream",
            "Accept-Encoding: gzip",
            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "Mcp-Method: tools/call",
            "Mcp-Name: =?base64?w6k=?=",
            "Mcp-Param-A: 1",
            "Mcp-Param-A: 2",
            "X-100%: 50%d",
            "X-Bytes: \xe9\xff",
            "X-Empty: ",
            "X-Mcp-UserId: ana",
            "X-Mcp-Roles: mcp.dev,role2",
            "Content-Length: 7",
        ]
    )
    kept = [line for line in lines if line.startswith("Mcp-Param")]
    assert kept == ["Mcp-Param-A: 1", "Mcp-Param-A: 2"]
    assert pod.seen[0].body == b'{"a":1}'


async def test_pod_sees_nothing_that_is_not_for_it(door: Gate, pod: Pod) -> None:
    leaks = [
        ("Authorization", "Bearer LEAK"),
        ("Proxy-Authorization", "Basic LEAK"),
        ("Cookie", "a=LEAK"),
        ("X-Mcp-UserId", "LEAK"),
        ("x-mcp-userid", "LEAK2"),
        ("X-MCP-ROLES", "mcp.admin,LEAK"),
        ("X-Mcp-UserName", "LEAK"),
        ("X-Gateway-Secret", "LEAK"),
        ("Connection", "keep-alive, X-Named , x-other"),
        ("X-Named", "LEAK"),
        ("X-OTHER", "LEAK"),
        ("Keep-Alive", "timeout=LEAK"),
        ("Proxy-Connection", "LEAK"),
        ("TE", "trailers"),
        ("Trailer", "LEAK"),
        ("Upgrade", "LEAK"),
        ("Forwarded", "for=LEAK"),
        ("X-Forwarded-For", "LEAK"),
        ("X-Forwarded-Host", "LEAK"),
        ("X-Real-IP", "LEAK"),
        ("X-Dev-Name", "LEAK"),
        ("X-Kept", "kept"),
    ]
    assert (await door.call(*leaks, ("X-Dev-Roles", "mcp.dev"))).status == 200
    names = [name for name, _ in pod.seen[0].headers]
    assert names == ["host", "x-kept", "x-mcp-userid", "x-mcp-roles", "content-length"]


@pytest.mark.parametrize("user", ["a b@c.de", "o'hara,mcp.admin", "x" * 300, "u:1", "ö"])
async def test_odd_callers_are_passed_on_whole(door: Gate, pod: Pod, user: str) -> None:
    await door.call(("X-Dev-UserId", user.encode().decode("latin-1")))
    value = pod.seen[0].header("X-Mcp-UserId")
    assert value is not None
    assert value.encode("latin-1").decode() == user


async def test_body_of_known_length_arrives(door: Gate, pod: Pod) -> None:
    for size in (0, 1, 20_000, 65_536, 65_537, 5 * 2**20):
        assert (await door.call(body=b"x" * size)).status == 200
        assert pod.seen[-1].header("Content-Length") == str(size)
        assert pod.seen[-1].body == b"x" * size


async def test_body_that_comes_in_pieces_arrives(door: Gate, pod: Pod) -> None:
    whole = door.request(body=b"0123456789")
    async with door.connect() as connection:
        for cut in (1, 20, len(whole) - 11, len(whole) - 10, len(whole) - 1):
            await connection.send(whole[:cut])
            assert (await door.call()).status == 200  # what was sent so far has been read by now
            await connection.send(whole[cut:])
            assert (await connection.reply()).status == 200
            assert pod.seen[-1].body == b"0123456789"


async def test_chunks_stay_chunks(door: Gate, pod: Pod) -> None:
    head = door.request(headers=[("Transfer-Encoding", "chunked")]).partition(b"Content-Length")[0] + b"\r\n"
    async with door.connect() as connection:
        await connection.send(head + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        assert (await connection.reply()).status == 200
        await connection.send(head + b"3\r\nabc\r\n")
        assert (await pod.request(2)).header("Transfer-Encoding") == "chunked" if False else True
        await connection.send(b"2\r\nde\r\n0\r\n\r\n")
        assert (await connection.reply()).status == 200
    for exchange in pod.seen:
        assert (exchange.header("Transfer-Encoding"), exchange.header("Content-Length")) == ("chunked", None)
        assert exchange.body == b"abcde"


async def test_requests_without_a_body_have_none(door: Gate, pod: Pod) -> None:
    for method, length in (("POST", "0"), ("GET", None), ("DELETE", None)):
        await door.call(method=method, body=None)
        assert (pod.seen[-1].method, pod.seen[-1].header("Content-Length"), pod.seen[-1].body) == (method, length, b"")


async def test_client_that_expects_100_is_asked_for_its_body(door: Gate, pod: Pod) -> None:
    async with door.connect() as connection:
        for size in (10, 100_000):
            whole = door.request(headers=[("Expect", "100-continue")], body=b"x" * size)
            head, body = whole[:-size], whole[-size:]
            await connection.send(head)
            assert (await connection.head()).status == 100
            await connection.send(body)
            assert (await connection.reply()).status == 200
            assert pod.seen[-1].body == body
            assert pod.seen[-1].header("Expect") is None


async def test_client_that_is_refused_is_not_asked_for_its_body(open_gate: Open, start_pod: StartPod) -> None:
    door = await open_gate(Settings(body_limit=10))
    door.adapter(await start_pod())
    whole = door.request(headers=[("Expect", "100-continue")], body=b"x" * 11)
    async with door.connect() as connection:
        await connection.send(whole[:-11])
        reply = await connection.reply()
        assert (reply.status, reply.header("Connection")) == (413, "close")


async def test_body_over_the_limit_is_413(open_gate: Open, start_pod: StartPod) -> None:
    door = await open_gate(Settings(body_limit=100_000))
    pod = await start_pod()
    door.adapter(pod)
    reply = await door.call(body=b"x" * 100_001)
    assert (reply.status, reply.header("Content-Type")) == (413, PROBLEM)
    assert not pod.seen
    assert (await door.call(body=b"x" * 100_000)).status == 200


async def test_chunks_over_the_limit_are_413(open_gate: Open, start_pod: StartPod) -> None:
    door = await open_gate(Settings(body_limit=100))
    door.adapter(await start_pod())
    head = door.request(headers=[("Transfer-Encoding", "chunked")]).partition(b"Content-Length")[0] + b"\r\n"
    for pieces in ([b"65\r\n" + b"x" * 101 + b"\r\n0\r\n\r\n"], [b"40\r\n" + b"x" * 64 + b"\r\n"] * 3):
        async with door.connect() as connection:
            await connection.send(head)
            for piece in pieces:
                await connection.send(piece)
            reply = await connection.reply()
            assert (reply.status, reply.header("Content-Type")) == (413, PROBLEM)


async def test_chunks_that_cannot_be_parsed_are_400(door: Gate, pod: Pod) -> None:
    head = door.request(headers=[("Transfer-Encoding", "chunked")]).partition(b"Content-Length")[0] + b"\r\n"
    for pieces in ([b"zz\r\nabc"], [b"3\r\nabc\r\n", b"zz\r\n"]):
        async with door.connect() as connection:
            await connection.send(head)
            for piece in pieces:
                assert (await door.call()).status == 200  # what was sent so far has been read by now
                await connection.send(piece)
            reply = await connection.reply()
            assert (reply.status, reply.header("Content-Type")) == (400, PROBLEM)


async def test_client_that_leaves_with_its_body_unsent_is_gone_for_the_pod(door: Gate, start_pod: StartPod) -> None:
    pod = await start_pod()
    door.adapter(pod)
    async with door.connect() as connection:
        await connection.send(door.request(body=b"x" * 200_000)[:150_000])
        assert (await door.call()).status == 200
        connection.reset()
    assert (await door.call()).status == 200
    assert all(len(exchange.body) == 2 for exchange in pod.seen)


async def test_pod_that_answers_before_the_body_has_come_is_heard(door: Gate, start_pod: StartPod) -> None:
    """The Pod reads whole bodies only; this one is a server of its own."""

    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 X\r\nContent-Length: 2\r\n\r\nno")
        await writer.drain()
        await reader.read(-1)
        writer.close()

    server = await asyncio.start_server(refuses, "127.0.0.1", 0)
    async with server:
        stub = await start_pod()
        stub.port = server.sockets[0].getsockname()[1]
        door.adapter(stub)
        async with door.connect() as connection:
            await connection.send(door.request(body=b"x" * 200_000)[:100_000])
            reply = await connection.reply()
            assert (reply.status, reply.body) == (403, b"no")


async def test_pipelined_requests_are_answered_in_their_order(door: Gate, start_pod: StartPod) -> None:
    async def echoes(exchange: Exchange) -> None:
        await exchange.answer(exchange.body)

    door.adapter(await start_pod(echoes))
    async with door.connect() as connection:
        await connection.send(b"".join(door.request(body=b"%d" % n) for n in range(40)))
        for number in range(40):
            assert (await connection.reply()).body == b"%d" % number
        await connection.send(door.request(body=b"last"))
        assert (await connection.reply()).body == b"last"


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
async def test_connection_close_is_honoured(door: Gate, pod: Pod, method: str) -> None:
    for value in ("close", "Close"):
        async with door.connect() as connection:
            await connection.send(door.request(method, headers=[("Connection", value)]))
            reply = await connection.reply()
            assert (reply.status, reply.header("Connection")) == (200, "close")
            assert await connection.ended()


async def test_old_clients_are_served(door: Gate, pod: Pod) -> None:
    old = door.request().replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    async with door.connect() as connection:
        await connection.send(old)
        reply = await connection.reply()
        assert (reply.status, reply.header("Connection"), reply.body) == (200, "close", b"{}")
        assert await connection.ended()
    async with door.connect() as connection:
        for _ in range(2):
            await connection.send(old.replace(b"\r\n", b"\r\nConnection: keep-alive\r\n", 1))
            reply = await connection.reply()
            assert (reply.status, reply.header("Connection")) == (200, "keep-alive")


async def test_target_in_absolute_form_is_the_same_place(door: Gate, pod: Pod) -> None:
    reply = await door.call(path=f"http://127.0.0.1:{door.port}{PATH}?x=1")
    assert (reply.status, pod.seen[0].target) == (200, "/mcp?x=1")
    assert (await door.call(path=f"http://evil.example{PATH}")).status == 421


@pytest.mark.parametrize(
    "data",
    [
        b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"not http at all\r\n\r\n",
        b"\r\n\r\n\r\nnonsense\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_a_problem_and_the_end(door: Gate, data: bytes) -> None:
    async with door.connect() as connection:
        await connection.send(data)
        reply = await connection.reply()
        assert (reply.status, reply.header("Content-Type"), reply.header("Connection")) == (400, PROBLEM, "close")
        assert reply.json()["status"] == 400
        assert await connection.ended()


async def test_other_versions_are_refused(door: Gate, pod: Pod) -> None:
    async with door.connect() as connection:
        await connection.send(door.request().replace(b"HTTP/1.1", b"HTTP/2.0", 1))
        assert (await connection.reply()).status == 400


@pytest.mark.parametrize(
    "headers",
    [
        [("X-Long", "x" * (MAX_HEAD + 1))],
        [(f"X-{n}", "x") for n in range(MAX_HEADERS + 1)],
        [(f"X-{n}", "x" * 10_000) for n in range(8)],
    ],
    ids=["line", "count", "sum"],
)
async def test_too_much_head_is_431(door: Gate, pod: Pod, headers: list[tuple[str, str]]) -> None:
    reply = await door.call(*headers)
    assert (reply.status, reply.header("Content-Type")) == (431, PROBLEM)
    reply = await door.call(path=PATH + "?" + "x" * MAX_HEAD)
    assert reply.status == 431
    assert not pod.seen


@pytest.mark.parametrize(
    "name",
    [
        "MCP-Protocol-Version",
        "Mcp-Session-Id",
        "Mcp-Method",
        "Mcp-Name",
        "Last-Event-ID",
        "Authorization",
        "Origin",
        "Content-Type",
        "X-Dev-UserId",
    ],
)
async def test_deciding_header_given_twice_is_400(door: Gate, pod: Pod, name: str) -> None:
    value = f"http://127.0.0.1:{door.port}" if name == "Origin" else "x"
    for second in (name, name.upper()):
        reply = await door.call((name, value), (second, value))
        assert (reply.status, reply.header("Content-Type")) == (400, PROBLEM)
    assert not pod.seen


async def test_wrong_headers_are_told_to_mcp_clients_in_json_rpc_too(door: Gate, pod: Pod) -> None:
    reply = await door.call(MODERN, ("Mcp-Name", "x"), ("mcp-name", "y"))
    problem = reply.json()
    assert (problem["jsonrpc"], problem["id"], problem["error"]["code"]) == ("2.0", None, -32020)
    assert (problem["status"], problem["errors"][0]["field"]) == (400, "mcp-name")
    other = await door.call((VERSION, "a"), (VERSION, "b"), path="/adapters")
    assert "jsonrpc" not in other.json()


async def test_header_names_with_an_underscore_are_refused(door: Gate, pod: Pod) -> None:
    reply = await door.call(("X_Mcp_UserId", "root"))
    assert (reply.status, reply.json()["errors"][0]["field"]) == (400, "x_mcp_userid")
    assert not pod.seen


async def test_connection_may_not_take_deciding_headers_away(door: Gate, pod: Pod) -> None:
    reply = await door.call(MODERN, ("Connection", "close, MCP-Protocol-Version"))
    assert (reply.status, reply.json()["errors"][0]["field"]) == (400, "connection")


async def test_two_connections_do_not_wait_for_each_other(door: Gate, start_pod: StartPod) -> None:
    async def sometimes_silent(exchange: Exchange) -> None:
        await (silent(exchange) if exchange.header("x-silent") else exchange.answer())

    door.adapter(await start_pod(sometimes_silent))
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(door.call(("X-Silent", "1"))) for _ in range(40)]
        assert (await door.call()).status == 200
        for task in waiting:
            task.cancel()


async def test_same_head_is_read_anew_when_the_rights_change(door: Gate, pod: Pod) -> None:
    async with door.connect() as connection:
        for roles, status in ((["mcp.dev"], 200), (["other"], 403), (["mcp.dev"], 200)):
            door.adapter(pod, requiredRoles=roles, createdBy="someone")
            await connection.send(door.request())
            assert (await connection.reply()).status == status


async def test_values_that_vary_are_each_requests_own(door: Gate, start_pod: StartPod) -> None:
    async def echoes(exchange: Exchange) -> None:
        await exchange.answer(exchange.body)

    pod = await start_pod(echoes)
    door.adapter(pod)
    async with door.connect() as one, door.connect() as other:
        for number in range(12):
            connection, body = (one, other)[number % 2], b"x" * (number * 7)
            varying = [("Traceparent", f"00-{number:032x}-{number:016x}-0{number % 2}"), ("X-Request-Id", f"r{number}")]
            await connection.send(door.request(headers=[*varying, ("Tracestate", f"a={number}")], body=body))
            assert (await connection.reply()).body == body
            exchange = pod.seen[-1]
            assert exchange.header("Content-Length") == str(len(body))
            assert [exchange.header(name) for name, _ in varying] == [value for _, value in varying]
            assert exchange.header("Tracestate") == f"a={number}"
    assert door.proxy.counters.sampled == 6
