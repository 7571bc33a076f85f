"""Who is refused hears how to sign in, if that helps; and every refusal of access is audited."""

from collections.abc import AsyncGenerator

import pytest
from aiohttp import ClientSession, DummyCookieJar

from gateway.errors import InsufficientScope, Unauthenticated
from proxy.forward import ControlPlane
from tests.proxy.gate import MCP, MODERN, PATH, Gate, Open, StartPod
from tests.proxy.pod import Exchange
from tests.proxy.scripts import as_router
from tests.proxy.tokens import PROTECTED, Tokens, bearer

PROBLEM = "application/problem+json"
ENDPOINTS = [MCP, MCP + "/", PATH, PATH + "/", "/adapters/unknown/mcp"]


@pytest.fixture
async def guarded(open_gate: Open, start_pod: StartPod) -> Gate:
    """A gate that asks for tokens, in front of an adapter that only `dev` may call, and of the router."""
    door = await open_gate(identify=Tokens(), protected=PROTECTED)
    door.adapter(await start_pod(), requiredRoles=[])
    door.routers(await start_pod(as_router, "router"))
    return door


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
async def test_nobody_hears_how_to_sign_in(guarded: Gate, method: str, path: str) -> None:
    reply = await guarded.call(method=method, path=path)
    assert (reply.status, reply.header("Content-Type")) == (401, PROBLEM)
    assert reply.header("WWW-Authenticate") == PROTECTED.challenge(path, Unauthenticated("Sign in."))
    assert "error=" not in (reply.header("WWW-Authenticate") or "")


@pytest.mark.parametrize("path", ENDPOINTS)
async def test_bad_token_is_told_so(guarded: Gate, path: str) -> None:
    reply = await guarded.call(bearer("bad"), MODERN, path=path)
    assert reply.status == 401
    assert reply.header("WWW-Authenticate") == PROTECTED.challenge(path, Unauthenticated('Not "good".', sent=True))


@pytest.mark.parametrize("path", ENDPOINTS)
async def test_token_without_the_scope_is_403_with_a_challenge(guarded: Gate, path: str) -> None:
    reply = await guarded.call(bearer("poor"), path=path)
    assert reply.status == 403
    wanted = PROTECTED.challenge(path, InsufficientScope("The scope `access` is missing."))
    assert reply.header("WWW-Authenticate") == wanted


async def test_missing_role_is_403_without_a_challenge(guarded: Gate) -> None:
    reply = await guarded.call(bearer("as-eve"))
    assert (reply.status, reply.header("WWW-Authenticate")) == (403, None)
    assert (await guarded.call(bearer("good"))).status == 200


async def test_token_for_one_endpoint_is_good_there_only(guarded: Gate) -> None:
    for path in (PATH, MCP, "/api"):
        for called in (PATH, PATH + "/", MCP, MCP + "/"):
            reply = await guarded.call(bearer(f"only-{path}"), path=called)
            is_there = called.rstrip("/") == path
            assert reply.status == (200 if is_there else 401)
            assert ("invalid_token" in (reply.header("WWW-Authenticate") or "")) is not is_there


async def test_token_for_another_endpoint_does_not_learn_which_adapters_exist(guarded: Gate) -> None:
    for path in (PATH, "/adapters/unknown/mcp"):
        assert (await guarded.call(bearer("only-/mcp"), path=path)).status == 401


async def test_where_callers_are_believed_nobody_is_asked_to_sign_in(open_gate: Open, start_pod: StartPod) -> None:
    door = await open_gate(identify=Tokens())
    door.adapter(await start_pod())
    reply = await door.call()
    assert (reply.status, reply.header("WWW-Authenticate")) == (401, None)


async def test_impossible_adapter_is_not_found_before_anybody_signs_in(guarded: Gate) -> None:
    for path in ('/adapters/a"b/mcp', "/adapters/A/mcp", "/adapters/-/mcp"):
        reply = await guarded.call(path=path)
        assert (reply.status, reply.header("WWW-Authenticate")) == (404, None)


async def test_denied_access_is_audited(guarded: Gate) -> None:
    await guarded.call(("X-Request-Id", "r-1"), path=PATH + "?session_id=SECRET")
    await guarded.call(bearer("bad"), method="GET", path=MCP)
    await guarded.call(bearer("as-eve"))
    await guarded.call(bearer("poor"), path=MCP)
    await guarded.call(bearer("only-/mcp"))
    await guarded.call(("Origin", "https://evil.example"), bearer("good"), path="/adapters", method="GET")
    events = [(it["who"], it["what"], it["reason"]) for it in guarded.audited]
    assert events == [
        ("", f"POST {PATH}", "Sign in."),
        ("", f"GET {MCP}", 'Not "good".'),
        ("eve", f"POST {PATH}", "You may not call the adapter `a`."),
        ("", f"POST {MCP}", "The scope `access` is missing."),
        ("dev", f"POST {PATH}", "The token was issued for another endpoint."),
        ("", "GET /adapters", "Pages of this origin may not call the gateway."),
    ]
    assert {(it["event"], it["result"]) for it in guarded.audited} == {("access.denied", "denied")}
    assert guarded.audited[0]["requestId"] == "r-1"
    assert "SECRET" not in str(guarded.audited)


async def test_nothing_else_is_audited_here(guarded: Gate) -> None:
    await guarded.call(bearer("good"))
    await guarded.call(bearer("good"), path="/adapters/unknown/mcp")
    await guarded.call(path="/nowhere")
    await guarded.call(("Host", "evil.example"))
    assert not guarded.audited


@pytest.fixture
async def session() -> AsyncGenerator[ClientSession]:
    """A session for the control plane."""
    async with ClientSession(cookie_jar=DummyCookieJar()) as opened:
        yield opened


async def test_control_planes_own_refusals_pass_with_their_challenge(
    open_gate: Open, start_pod: StartPod, session: ClientSession
) -> None:
    async def refuses(exchange: Exchange) -> None:
        await exchange.answer(b"{}", 'WWW-Authenticate: Bearer realm="theirs"', status=401)

    pod = await start_pod(refuses)
    control_plane = ControlPlane(session, f"http://127.0.0.1:{pod.port}")
    door = await open_gate(identify=Tokens(), protected=PROTECTED, control_plane=control_plane)
    for headers in ([], [bearer("bad")], [bearer("poor")], [bearer("good")], [bearer("only-/mcp")]):
        reply = await door.call(*headers, method="GET", path="/adapters")
        assert (reply.status, reply.header("WWW-Authenticate")) == (401, 'Bearer realm="theirs"')
    assert not door.audited  # the control plane's to do
