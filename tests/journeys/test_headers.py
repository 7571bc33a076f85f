"""What reaches a server of what the client sent, and what reaches the client of what the server answered."""

import msgspec
import pytest

from tests.fakes.recorder import PRIVATE, PUBLIC
from tests.journeys import proof
from tests.journeys.caller import TEAM, Caller
from tests.journeys.client import ACCEPT, Client
from tests.journeys.gateway import Gateway
from tests.journeys.raw import told

FORGED = {
    **proof.claimed("root", "mcp.admin"),
    "Cookie": "session=1",
    "Proxy-Authorization": "Basic eDp5",
    "X-Mcp-UserId": "root",
    "X-Mcp-UserName": "Root",
    "X-Mcp-Roles": "mcp.admin",
    "X-Gateway-Secret": "guessed",
    "Forwarded": "for=10.0.0.1",
    "X-Forwarded-For": "10.0.0.1",
    "X-Forwarded-Host": "elsewhere.example",
    "X-Real-IP": "10.0.0.1",
    "Connection": "keep-alive, X-Listed",
    "X-Listed": "for this connection only",
    "TE": "trailers",
}
KEPT = {
    "mcp-param-region": "=?base64?ZXU=?=",
    "x-custom": "kept, with a comma",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
    "user-agent": "journey/1.0",
}


async def test_server_sees_what_is_meant_for_it_and_the_gateways_word_for_who_calls(
    gateway: Gateway, recorder: str
) -> None:
    async with Caller(gateway.url, "ada", f"{TEAM},other") as ada:
        client = Client(ada, recorder, modern=True)
        message = client.message("tools/call", {"name": "headers", "arguments": {}})
        reply = await client.post(message, **{**FORGED, **KEPT, "Origin": gateway.url})
        seen = reply.json["result"]["structuredContent"]
    lines = [(header, value) for header, value in seen["headers"]]
    found = dict(lines)
    assert len(found) == len(lines), "no header arrives twice"
    assert found == {**found, **KEPT, "x-mcp-userid": "ada", "x-mcp-roles": f"{TEAM},other"}
    forbidden = {header.lower() for header in [*FORGED, *ada.headers, "Origin"]}
    assert not (forbidden - {"x-mcp-userid", "x-mcp-roles", "connection"}) & found.keys()
    assert found["host"].startswith("localhost:")


async def test_client_sees_what_is_meant_for_it_and_nothing_that_acts_in_its_name(
    caller: Caller, recorder: str
) -> None:
    reply = await Client(caller, recorder, modern=True).calling("echo", text="x")
    assert {header: reply.headers[header] for header in PUBLIC} == PUBLIC
    assert not PRIVATE.keys() & reply.headers.keys() - {"Server"}
    assert reply.headers.get("Server") != PRIVATE["Server"]


@pytest.mark.parametrize(
    "lines",
    [
        [("MCP-Protocol-Version", "2025-11-25"), ("MCP-Protocol-Version", "2026-07-28")],
        [("Mcp-Session-Id", "one"), ("Mcp-Session-Id", "one")],
        [("Mcp-Method", "tools/list"), ("Mcp-Method", "tools/call")],
        [("Mcp-Name", "echo"), ("mcp-name", "pid")],
        [("X_Custom", "an underscore")],
        [("X_Mcp_UserId", "root")],
    ],
    ids=lambda lines: lines[0][0],
)
async def test_ambiguous_headers_are_refused_before_any_server_sees_them(
    caller: Caller, recorder: str, lines: list[tuple[str, str]]
) -> None:
    body = msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}})
    length = ("Content-Length", str(len(body)))
    head = [*ACCEPT.items(), length, *caller.headers.items(), *lines]
    reply = await told(caller.url, "POST", f"/adapters/{recorder}/mcp", head, body)
    assert reply.problem["status"] == 400
    assert lines[0][0].lower() in reply.problem["detail"].lower()


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost.evil.example"])
async def test_page_of_another_origin_may_not_call(caller: Caller, recorder: str, origin: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        reply = await caller.ask(method, f"/adapters/{recorder}/mcp", {"Origin": origin})
        assert reply.problem["status"] == 403
        assert "WWW-Authenticate" not in reply.headers


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost@evil.example"])
async def test_foreign_host_is_misdirected_except_for_probes(caller: Caller, host: str) -> None:
    assert (await caller.ask("GET", "/adapters", {"Host": host})).problem["status"] == 421
    assert (await caller.ask("GET", "/ping", {"Host": host})).status == 200
    assert (await caller.ask("GET", "/ready", {"Host": host})).status == 200


async def test_encoding_that_the_client_accepts_is_left_to_the_server(caller: Caller, recorder: str) -> None:
    seen = await Client(caller, recorder, modern=True).call("headers")
    offered = dict(seen["headers"])["accept-encoding"]
    assert "gzip" in offered, "the very header of the client"
