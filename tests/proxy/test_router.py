"""Requests to `/mcp` reach a tool router that can believe who calls, whatever the client says of itself (DESIGN §5, §6)."""

import asyncio
import gc

import pytest
import uvloop

from gateway.errors import Unauthenticated
from proxy.head import RequestHead
from tests.proxy.gate import MCP, MODERN, SECRET, SESSION, VERSION, Gate, Open, StartPod
from tests.proxy.pod import Exchange, Pod
from tests.proxy.scripts import as_router
from tests.proxy.tokens import PROTECTED, Tokens

PROBLEM = "application/problem+json"
BOTH_ERAS = pytest.mark.parametrize("era", [[], [MODERN]], ids=["legacy", "modern"])

type Era = list[tuple[str, str]]


@pytest.fixture
async def router(door: Gate, start_pod: StartPod) -> Pod:
    """The only tool router."""
    running = await start_pod(as_router)
    door.routers(running)
    return running


@BOTH_ERAS
async def test_router_sees_the_clients_lines_and_ours(door: Gate, router: Pod, era: Era) -> None:
    reply = await door.call(
        *era,
        ("Content-Type", "application/json"),
        ("aCCept", "application/json, text/event-stream"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("X-Request-Id", "my-id"),
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", "=?base64?w6k=?="),
        ("Mcp-Param-A", "1"),
        ("Mcp-Param-A", "2"),
        ("X-100%", "50%d"),
        ("X-Bytes", "\xe9\xff"),
        ("X-Dev-UserId", "ana"),
        ("X-Dev-Roles", "mcp.dev, role2"),
        path=f"{MCP}?x=%C3%A9&y",
        body=b'{"a":1}',
    )
    assert (reply.status, reply.body) == (200, b'{"a":1}')
    exchange = router.seen[0]
    assert (exchange.method, exchange.target, exchange.body) == ("POST", "/mcp?x=%C3%A9&y", b'{"a":1}')
    assert sorted(exchange.headers) == sorted(
        [
            *((name.lower(), value) for name, value in era),
            ("host", f"localhost:{router.port}"),
            ("content-type", "application/json"),
            ("accept", "application/json, text/event-stream"),
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            ("x-request-id", "my-id"),
            ("mcp-method", "tools/call"),
            ("mcp-name", "=?base64?w6k=?="),
            ("mcp-param-a", "1"),
            ("mcp-param-a", "2"),
            ("x-100%", "50%d"),
            ("x-bytes", "\xe9\xff"),
            ("x-mcp-userid", "ana"),
            ("x-mcp-roles", "mcp.dev,role2"),
            ("x-gateway-secret", SECRET),
            ("content-length", "7"),
        ]
    )


@BOTH_ERAS
async def test_nothing_that_a_client_says_of_itself_reaches_the_router(door: Gate, router: Pod, era: Era) -> None:
    leaks = [
        ("Authorization", "Bearer LEAK"),
        ("Cookie", "a=LEAK"),
        ("X-Mcp-UserId", "LEAK"),
        ("x-mcp-userid", "LEAK2"),
        ("X-MCP-ROLES", "mcp.admin,LEAK"),
        ("X-Mcp-UserName", "LEAK"),
        ("X-Gateway-Secret", "LEAK"),
        ("x-gateway-secret", SECRET),
        ("Connection", "keep-alive, X-Named"),
        ("X-Named", "LEAK"),
        ("TE", "trailers"),
        ("Forwarded", "for=LEAK"),
        ("X-Forwarded-For", "LEAK"),
        ("X-Dev-Name", "LEAK"),
    ]
    assert (await door.call(*era, *leaks, path=MCP)).status == 200
    names = {name for name, _ in router.seen[0].headers} - {VERSION.lower()}
    assert names == {"host", "x-mcp-userid", "x-mcp-roles", "x-gateway-secret", "x-request-id", "content-length"}
    assert b"LEAK" not in router.seen[0].head
    assert router.seen[0].header("X-Gateway-Secret") == SECRET


@pytest.mark.parametrize("id", ["", "a b", "x!y", "x" * 129, "\xe9", "a\tb"])
async def test_request_id_that_is_no_plain_one_is_replaced(door: Gate, router: Pod, id: str) -> None:
    await door.call(("X-Request-Id", id), path=MCP)
    await door.call(path=MCP)
    told = [exchange.header("X-Request-Id") or "" for exchange in router.seen]
    assert [len(id) for id in told] == [32, 32]
    assert len(set(told)) == 2


async def test_request_id_given_twice_is_told_once(door: Gate, router: Pod) -> None:
    await door.call(("X-Request-Id", "one"), ("x-request-id", "two"), path=MCP)
    assert router.seen[0].header("X-Request-Id") == "one"


async def test_head_is_remembered_though_its_request_id_varies(door: Gate, router: Pod) -> None:
    query = "only=here"  # so that the heads of other tests are not counted
    path = f"{MCP}?{query}"
    async with door.connect() as connection:
        remembered: list[RequestHead] = []
        plans: set[int] = set()
        for number in range(12):
            trace = f"00-{number:032x}-{number:016x}-0{number % 2}"
            varying = [("traceparent", trace), ("X-Request-Id", f"r{number}")]
            await connection.send(door.request(path=path, headers=varying, body=b"x" * number))
            assert (await connection.reply()).body == b"x" * number
            exchange = router.seen[-1]
            assert [exchange.header(name) for name, _ in varying] == [value for _, value in varying]
            assert exchange.header("Content-Length") == str(number)
            remembered = [it for it in gc.get_objects() if isinstance(it, RequestHead) and it.query == query]
            plans |= {id(head.plan) for head in remembered}
    assert door.proxy.counters.sampled == 6
    if isinstance(asyncio.get_running_loop(), uvloop.Loop):  # the fast lane
        assert (len(remembered), len(plans)) == (1, 1)


async def test_callers_of_one_connection_are_told_apart(door: Gate, router: Pod) -> None:
    async with door.connect() as connection:
        for user, roles in (("ana", "a"), ("bob", "b,c"), ("ana", "d"), ("bob", "b,c")):
            await connection.send(door.request(path=MCP, headers=[("X-Dev-UserId", user), ("X-Dev-Roles", roles)]))
            assert (await connection.reply()).status == 200
            assert router.seen[-1].header("X-Mcp-UserId") == user
            assert router.seen[-1].header("X-Mcp-Roles") == roles


async def test_whoever_is_somebody_may_call(door: Gate, router: Pod) -> None:
    assert (await door.call(("X-Dev-UserId", "bob"), ("X-Dev-Roles", "x"), path=MCP)).status == 200
    assert router.seen[0].header("X-Mcp-Roles") == "x"


@BOTH_ERAS
async def test_nobody_is_401_and_the_router_hears_nothing(open_gate: Open, start_pod: StartPod, era: Era) -> None:
    door = await open_gate(identify=Tokens(), protected=PROTECTED)
    pod = await start_pod(as_router)
    door.routers(pod)
    reply = await door.call(*era, ("X-Gateway-Secret", SECRET), ("X-Mcp-UserId", "ana"), path=MCP)
    assert (reply.status, reply.header("WWW-Authenticate")) == (401, PROTECTED.challenge(MCP, Unauthenticated("")))
    assert not pod.seen
    assert (await door.call(*era, ("Authorization", "Bearer good"), path=MCP)).status == 200
    assert pod.seen[0].header("X-Mcp-UserId") == "dev"


async def test_adapters_never_see_the_secret(door: Gate, router: Pod, start_pod: StartPod) -> None:
    pod = await start_pod()
    assert pod.uid == router.uid, "not even then: they share no connections"
    door.adapter(pod)
    async with door.connect() as connection:
        for path in (MCP, "/adapters/a/mcp", MCP, "/adapters/a/mcp"):
            await connection.send(door.request(path=path))
            assert (await connection.reply()).status == 200
    assert [exchange.header("X-Gateway-Secret") for exchange in pod.seen] == [None, None]
    assert [exchange.header("X-Gateway-Secret") for exchange in router.seen] == [SECRET, SECRET]


async def test_router_that_does_not_know_the_secret_is_502(
    open_gate: Open, start_pod: StartPod, caplog: pytest.LogCaptureFixture
) -> None:
    door = await open_gate(secret="another-secret-than-the-routers")
    door.routers(await start_pod(as_router))
    reply = await door.call(path=MCP)
    assert (reply.status, reply.header("Content-Type"), reply.header("WWW-Authenticate")) == (502, PROBLEM, None)
    assert reply.json()["detail"] == "The tool router does not accept the gateway's secret."
    assert "another-secret" not in caplog.text


async def test_proxy_without_a_secret_is_503_at_once(open_gate: Open, start_pod: StartPod) -> None:
    door = await open_gate(secret="")
    pod = await start_pod(as_router)
    door.routers(pod)
    for headers in ([], [MODERN], [(SESSION, "x")]):
        reply = await door.call(*headers, path=MCP)
        assert (reply.status, reply.header("Content-Type")) == (503, PROBLEM)
        assert "secret" in reply.json()["detail"]
        assert reply.header("Retry-After") is not None
    assert not pod.seen


@pytest.mark.parametrize("path", [MCP, f"{MCP}/"])
@pytest.mark.parametrize("name", ["Mcp-Session-Id", "Mcp-Name", VERSION])
async def test_routing_header_given_twice_is_told_in_json_rpc_too(
    door: Gate, router: Pod, path: str, name: str
) -> None:
    problem = (await door.call((name, "x"), (name.upper(), "y"), path=path)).json()
    assert (problem["status"], problem["errors"][0]["field"]) == (400, name.lower())
    assert (problem["jsonrpc"], problem["id"], problem["error"]["code"]) == ("2.0", None, -32020)
    assert not router.seen


@pytest.mark.parametrize(
    ("method", "era", "allow"),
    [
        ("GET", [MODERN], "POST"),
        ("DELETE", [MODERN], "POST"),
        ("GET", [(VERSION, "2099-01-01")], "POST"),
        ("PUT", [], "GET, POST, DELETE"),
        ("HEAD", [], "GET, POST, DELETE"),
        ("OPTIONS", [], "GET, POST, DELETE"),
    ],
)
async def test_wrong_method_is_405_before_the_router(
    door: Gate, router: Pod, method: str, era: Era, allow: str
) -> None:
    for path in (MCP, f"{MCP}/"):
        reply = await door.call(*era, method=method, path=path)
        assert (reply.status, reply.header("Allow")) == (405, allow)
    assert not router.seen


async def test_routers_own_405_passes_with_its_allow(door: Gate, router: Pod) -> None:
    reply = await door.call((SESSION, "s"), method="DELETE", path=MCP)
    assert (reply.status, reply.header("Allow"), reply.clean) == (405, "GET, POST", True)
    assert router.seen[0].header(SESSION) == "s"


async def test_slash_at_the_end_is_the_same_place(door: Gate, router: Pod) -> None:
    assert (await door.call(path=f"{MCP}/?x=1")).status == 200
    assert router.seen[0].target == "/mcp?x=1"


@pytest.mark.parametrize("status", [200, 202, 400, 403, 404, 406, 500, 503])
async def test_other_answers_of_the_router_pass_unchanged(door: Gate, start_pod: StartPod, status: int) -> None:
    async def answers(exchange: Exchange) -> None:
        await exchange.answer(b'{"jsonrpc":"2.0"}', "Set-Cookie: a=b", "X-Mcp: no", status=status)

    door.routers(await start_pod(answers))
    reply = await door.call(path=MCP)
    assert (reply.status, reply.body, reply.header("Set-Cookie")) == (status, b'{"jsonrpc":"2.0"}', None)


@pytest.mark.parametrize("header", [("Host", "evil.example.com"), ("Origin", "http://evil.example.com")])
async def test_edge_is_the_same_as_everywhere(door: Gate, router: Pod, header: tuple[str, str]) -> None:
    assert (await door.call(header, path=MCP)).status == (421 if header[0] == "Host" else 403)
    assert not router.seen
