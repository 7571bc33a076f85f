"""Who comes in, and what the others hear (DESIGN §5, the table; §6)."""

import asyncio

import pytest

from gateway.dev_identity import DevIdentity
from proxy.admission import UNKNOWN_WAITERS
from proxy.settings import Settings
from tests.proxy.gate import MODERN, PATH, Gate, Open, StartPod
from tests.proxy.pod import Pod
from tests.proxy.tokens import Tokens

PROBLEM = "application/problem+json"


@pytest.fixture
async def pod(door: Gate, start_pod: StartPod) -> Pod:
    """The only instance of adapter `a`."""
    running = await start_pod()
    door.adapter(running)
    return running


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.com",
        "evil.example.com:{}",
        "localhost.evil.com:{}",
        "127.0.0.1.evil.com:{}",
        "127.0.0.1:{}@evil.com",
        "[::2]:{}",
        "localhost:{}.evil.com",
        "localhost:1",
        "localhost:",
        "",
        "\xe9",
    ],
)
@pytest.mark.parametrize("path", [PATH, "/adapters", "/", "/nowhere"])
async def test_foreign_host_is_421(door: Gate, pod: Pod, host: str, path: str) -> None:
    for method in ("POST", "GET", "DELETE"):
        reply = await door.call(("Host", host.format(door.port)), method=method, path=path)
        assert (reply.status, reply.header("Content-Type")) == (421, PROBLEM)
    assert not pod.seen


@pytest.mark.parametrize("host", ["127.0.0.1:{}", "localhost:{}", "LocalHost:{}", "[::1]:{}", "localhost", "127.0.0.1"])
async def test_own_host_and_origin_pass(door: Gate, pod: Pod, host: str) -> None:
    own = host.format(door.port)
    assert (await door.call(("Host", own))).status == 200
    if ":{}" in host:
        assert (await door.call(("Host", own), ("Origin", f"http://{own}"))).status == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example.com",
        "null",
        "http://localhost.evil.com:{}",
        "https://127.0.0.1.evil.com",
        "http://evil.com#http://localhost:{}",
        "file://",
        "http://localhost:{}@evil.com",
        "http://localhost",
        "http://localhost:1",
        "",
    ],
)
async def test_foreign_origin_is_403_without_a_challenge(door: Gate, pod: Pod, origin: str) -> None:
    for method in ("POST", "GET", "DELETE", "OPTIONS"):
        reply = await door.call(("Origin", origin.format(door.port)), method=method)
        assert (reply.status, reply.header("WWW-Authenticate")) == (403, None)
    assert not pod.seen


async def test_configured_names_and_public_origin_are_ours(open_gate: Open, start_pod: StartPod) -> None:
    door = await open_gate(
        Settings(
            allowed_hosts=("Gateway.Example.com", "other.example.com:8443"), public_origin="https://public.example.com"
        )
    )
    door.adapter(await start_pod())
    for host, status in (
        ("gateway.example.com", 200),
        ("GATEWAY.example.com:443", 200),
        ("other.example.com:8443", 200),
        ("other.example.com", 421),
        ("other.example.com:1", 421),
        ("gateway.example.com:", 421),
        ("gateway.example.com:evil", 421),
        ("gateway.example.com:443@evil.example", 421),
        ("gateway.example.com:443:443", 421),
        ("gateway.example.com:999999", 421),
        ("gateway.example.com.", 421),
        ("x.gateway.example.com", 421),
        ("public.example.com", 421),
    ):
        assert (await door.call(("Host", host))).status == status, host
    for origin, status in (
        ("https://gateway.example.com", 200),
        ("https://public.example.com", 200),
        ("https://other.example.com:8443", 200),
        ("https://gateway.example.com:1", 403),
    ):
        assert (await door.call(("Origin", origin))).status == status, origin


async def test_probes_answer_whatever_the_host(door: Gate) -> None:
    for path in ("/ping", "/ready"):
        reply = await door.call(("Host", "10.0.0.7:8000"), ("Origin", "null"), path=path, method="GET")
        assert (reply.status, reply.body) == (200, b"")


async def test_unready_until_the_catalog_is_complete(door: Gate) -> None:
    door.view.synced = False
    assert (await door.call(path="/ready", method="GET")).status == 503
    assert door.proxy.counters.failed == 0, "it is asked all the time, and nothing failed"
    assert (await door.call(path="/ping", method="GET")).status == 200
    door.view.synced = True
    assert (await door.call(path="/ready", method="GET")).status == 200


async def test_caller_without_the_role_is_403_without_a_challenge(door: Gate, pod: Pod) -> None:
    reply = await door.call(("X-Dev-UserId", "bob"), ("X-Dev-Roles", "other"))
    assert (reply.status, reply.header("Content-Type"), reply.header("WWW-Authenticate")) == (403, PROBLEM, None)
    assert b"jsonrpc" not in reply.body
    assert (await door.call(("X-Dev-UserId", "bob"), ("X-Dev-Roles", "MCP.Dev"))).status == 200
    assert (await door.call(("X-Dev-UserId", "bob"), ("X-Dev-Roles", "mcp.admin"))).status == 200


async def test_acl_of_the_card_decides_who_may_call(door: Gate, pod: Pod) -> None:
    door.adapter(pod, acl={"call": ["bob"]})
    bob, eve = [("X-Dev-UserId", "bob"), ("X-Dev-Roles", "x")], [("X-Dev-UserId", "eve"), ("X-Dev-Roles", "mcp.dev")]
    assert (await door.call(*bob)).status == 200
    assert (await door.call(*eve)).status == 403


async def test_rights_that_change_count_at_once(door: Gate, pod: Pod) -> None:
    bob = [("X-Dev-UserId", "bob"), ("X-Dev-Roles", "r")]
    for roles, status in ((["r"], 200), ([], 403), (["R"], 200)):
        door.adapter(pod, requiredRoles=roles)
        assert (await door.call(*bob)).status == status


async def test_caller_is_verified_once_and_remembered(open_gate: Open, start_pod: StartPod) -> None:
    tokens = Tokens()
    door = await open_gate(identify=tokens)
    pod = await start_pod()
    door.adapter(pod)
    for _ in range(3):
        assert (await door.call(("Authorization", "Bearer good"))).status == 200
    assert tokens.asked == 1
    assert pod.seen[0].header("Authorization") is None


async def test_strangers_learn_nothing_of_adapters(open_gate: Open, start_pod: StartPod) -> None:
    door = await open_gate(identify=Tokens())
    door.adapter(await start_pod())
    assert (await door.call(path="/adapters/unknown/mcp")).status == 401


async def test_unknown_adapter_is_a_problem_and_no_json_rpc(door: Gate) -> None:
    for path in ("/adapters/nosuch/mcp", "/adapters/nosuch/mcp/"):
        for headers in ([], [MODERN]):
            reply = await door.call(*headers, path=path)
            assert (reply.status, reply.header("Content-Type")) == (404, PROBLEM)
            assert b"jsonrpc" not in reply.body


@pytest.mark.parametrize("name", ["A", "a_b", "-a", "%61", "a%2fb", "..", "a" * 41, "é".encode().decode("latin-1")])
async def test_impossible_names_are_not_waited_for(door: Gate, pod: Pod, name: str) -> None:
    async with asyncio.timeout(0.9):
        assert (await door.call(path=f"/adapters/{name}/mcp")).status in (400, 404)
    assert not pod.seen


async def test_adapter_that_appears_a_moment_later_is_found(door: Gate, start_pod: StartPod) -> None:
    pod = await start_pod()
    call = asyncio.create_task(door.call())
    assert (await door.call(path="/ping", method="GET")).status == 200
    door.adapter(pod)
    assert (await call).status == 200


async def test_waiters_for_unknown_adapters_are_bounded(door: Gate) -> None:
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(door.call(path=f"/adapters/n{n}/mcp")) for n in range(UNKNOWN_WAITERS + 20)]
        done, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        assert next(iter(done)).result().status == 404
    assert {call.result().status for call in calls} == {404}


@pytest.mark.parametrize(
    ("method", "path", "headers", "allow"),
    [
        ("PUT", PATH, [], "GET, POST, DELETE"),
        ("OPTIONS", PATH + "/", [], "GET, POST, DELETE"),
        ("HEAD", PATH, [], "GET, POST, DELETE"),
        ("GET", PATH, [MODERN], "POST"),
        ("DELETE", PATH, [MODERN], "POST"),
        ("PUT", PATH, [("MCP-Protocol-Version", "banana")], "POST"),
        ("POST", "/ping", [], "GET"),
        ("HEAD", "/ready", [], "GET"),
        ("DELETE", "/", [], "GET"),
        ("PUT", "/adapters", [], "POST, GET"),
        ("PATCH", "/adapters/a", [], "GET, PUT, DELETE"),
        ("POST", "/tools/x/logs", [], "GET"),
        ("TRACE", "/tools", [], "POST, GET"),
    ],
)
async def test_wrong_method_is_405_and_says_which_are_right(
    door: Gate, pod: Pod, method: str, path: str, headers: list[tuple[str, str]], allow: str
) -> None:
    reply = await door.call(*headers, method=method, path=path)
    assert (reply.status, reply.header("Allow"), reply.clean) == (405, allow, True)
    assert not pod.seen


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
async def test_handshake_revisions_may_get_and_delete(door: Gate, pod: Pod, version: str) -> None:
    for method in ("GET", "DELETE", "POST"):
        assert (await door.call(("MCP-Protocol-Version", version), method=method)).status == 200
    assert len(pod.seen) == 3


@pytest.mark.parametrize(
    "path",
    [
        "/nope",
        "/mcp/x",
        "/mcp//",
        "/Mcp",
        "/sessions",
        "/sessions/x",
        "/agents",
        "/adapters/a/nope",
        "/adapters/a/mcp/x",
        "/adapters//mcp",
        "/adapters/..%2f..%2fetc",
        "/adapters/%00",
        "/adapters/a/../b",
        "/adapters/./a",
        "/adapters//a",
        "//adapters",
        "/adapters/a%2flogs",
        "/adapters\\a",
        "/ping/",
        "/adapters;x=1",
        "*",
    ],
)
async def test_unknown_route_is_a_404_problem(door: Gate, pod: Pod, path: str) -> None:
    for method in ("GET", "OPTIONS") if path == "*" else ("GET", "POST"):
        reply = await door.call(method=method, path=path)
        assert reply.status in (400, 404)
        assert reply.header("Content-Type") == PROBLEM
        assert "jsonrpc" not in reply.json()
    assert not pod.seen


async def test_dev_identity_has_defaults(door: Gate, pod: Pod) -> None:
    await door.call()
    default = DevIdentity().remembered({})
    assert default is not None
    assert pod.seen[0].header("X-Mcp-UserId") == default.id
