"""Pages of configured origins may call and read; all others may not, whatever servers say (Fetch standard §3.3)."""

from collections.abc import AsyncGenerator

import pytest
from aiohttp import ClientSession, DummyCookieJar

from proxy.cors import MAX_AGE
from proxy.forward import ControlPlane
from proxy.settings import Settings
from tests.proxy.gate import MCP, MODERN, PATH, SESSION, Open, StartPod
from tests.proxy.pod import Exchange
from tests.proxy.scripts import silent_stream, with_sessions
from tests.proxy.tokens import PROTECTED, Tokens, bearer
from tests.proxy.wire import Reply

APP = "https://app.example.com"
PAGE = ("Origin", APP)
STRANGER = ("Origin", "https://evil.example.com")
ALLOWED = Settings(allowed_origins=(APP, "http://localhost:6274"))
ASKS = ("Access-Control-Request-Method", "POST")
OPEN = ("Access-Control-Allow-Origin: *", "Access-Control-Allow-Credentials: true", "Access-Control-Expose-Headers: *")


def _is_readable(reply: Reply, origin: str = APP) -> bool:
    """Whether a browser would show the reply to the page; all or nothing."""
    told = reply.header("Access-Control-Allow-Origin")
    exposed = (reply.header("Access-Control-Expose-Headers") or "").split(", ")
    assert "access-control-allow-credentials" not in dict(reply.headers)
    if told is None:
        assert exposed == [""]
        return False
    assert told == origin
    assert {"mcp-session-id", "www-authenticate", "x-request-id", "etag", "link", "retry-after"} < set(exposed)
    assert "Origin" in [value for name, value in reply.headers if name == "vary"]
    return True


@pytest.fixture
async def session() -> AsyncGenerator[ClientSession]:
    """A session for the control plane."""
    async with ClientSession(cookie_jar=DummyCookieJar()) as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        (PATH, "GET, POST, DELETE"),
        (PATH + "/", "GET, POST, DELETE"),
        ("/adapters/unknown/mcp", "GET, POST, DELETE"),
        (MCP, "GET, POST, DELETE"),
        ("/adapters", "POST, GET"),
        ("/tools/x", "GET, PUT, DELETE"),
        ("/openapi.json", "GET"),
        ("/", "GET"),
        ("/ping", "GET"),
        ("/ready", "GET"),
    ],
)
async def test_preflight_is_answered_before_anybody_signs_in(open_gate: Open, path: str, methods: str) -> None:
    door = await open_gate(ALLOWED, Tokens(), protected=PROTECTED)
    reply = await door.call(PAGE, ASKS, method="OPTIONS", path=path)
    assert (reply.status, reply.body, reply.header("Content-Length")) == (204, b"", None)
    assert _is_readable(reply)
    assert reply.header("Access-Control-Allow-Methods") == methods
    assert reply.header("Access-Control-Max-Age") == str(MAX_AGE)
    assert not door.audited


async def test_connection_goes_on_after_a_preflight(open_gate: Open, start_pod: StartPod) -> None:
    door = await open_gate(ALLOWED)
    door.adapter(await start_pod())
    async with door.connect() as connection:
        for _ in range(2):
            await connection.send(door.request("OPTIONS", headers=[PAGE, ASKS]))
            assert (await connection.reply()).status == 204
            await connection.send(door.request(headers=[PAGE]))
            assert _is_readable(await connection.reply())


async def test_headers_that_may_be_sent_are_those_asked_for_and_known(open_gate: Open) -> None:
    asked = (
        "Authorization, content-type,ACCEPT , Mcp-Protocol-Version, mcp-session-id, mcp-param-x, last-event-id, x-request-id, "
        "traceparent, tracestate, if-match, cookie, accept, x-forwarded-for, x-mcp-userid, x-gateway-secret, x-dev-roles, mcp-a b, *, "
    )
    may = (
        "authorization, content-type, accept, mcp-protocol-version, mcp-session-id, mcp-param-x, last-event-id, x-request-id, "
        "traceparent, tracestate, if-match"
    )
    for identify, protected, extra in ((Tokens(), PROTECTED, ""), (None, None, ", x-dev-roles")):
        door = await open_gate(ALLOWED, identify, protected=protected)
        reply = await door.call(PAGE, ASKS, ("Access-Control-Request-Headers", asked), method="OPTIONS")
        assert reply.header("Access-Control-Allow-Headers") == may + extra


async def test_preflight_of_a_stranger_is_403(open_gate: Open) -> None:
    for settings in (Settings(), ALLOWED):
        door = await open_gate(settings)
        for origin in (
            "https://evil.example.com",
            "null",
            f"{APP}.evil.com",
            f"{APP}:444",
            "http://app.example.com",
            "",
        ):
            for path in (PATH, MCP, "/adapters", "/"):
                reply = await door.call(("Origin", origin), ASKS, method="OPTIONS", path=path)
                assert reply.status == 403
                assert not _is_readable(reply)


async def test_preflight_of_nothing_is_404_that_the_page_can_read(open_gate: Open) -> None:
    reply = await (await open_gate(ALLOWED)).call(PAGE, ASKS, method="OPTIONS", path="/nowhere")
    assert reply.status == 404
    assert _is_readable(reply)


async def test_options_without_a_page_is_a_method_like_others(open_gate: Open) -> None:
    door = await open_gate(ALLOWED)
    for headers in ([], [PAGE], [ASKS], [("Origin", f"http://127.0.0.1:{door.port}"), ASKS]):
        reply = await door.call(*headers, method="OPTIONS")
        assert (reply.status, reply.header("Allow")) == (405, "GET, POST, DELETE")


async def test_host_is_checked_before_a_preflight(open_gate: Open) -> None:
    reply = await (await open_gate(ALLOWED)).call(PAGE, ASKS, ("Host", "evil.example"), method="OPTIONS")
    assert reply.status == 421


async def test_pages_read_what_servers_answer_and_not_what_they_say_of_origins(
    open_gate: Open, start_pod: StartPod
) -> None:
    async def answers(exchange: Exchange) -> None:
        await exchange.answer(b"{}", *OPEN, "Vary: Accept")

    door = await open_gate(ALLOWED)
    door.adapter(await start_pod(answers))
    door.routers(await start_pod(answers, "router"))
    for path in (PATH, MCP):
        for era in ([], [MODERN]):
            reply = await door.call(PAGE, *era, path=path)
            assert (reply.status, reply.body) == (200, b"{}")
            assert _is_readable(reply)
            assert [value for name, value in reply.headers if name == "vary"] == ["Accept", "Origin"]
            reply = await door.call(*era, path=path)
            assert not _is_readable(reply)
            assert [value for name, value in reply.headers if name == "vary"] == ["Accept"]


async def test_pages_read_streams_sessions_and_old_replies(open_gate: Open, start_pod: StartPod) -> None:
    door = await open_gate(ALLOWED)
    door.adapter(await start_pod(with_sessions))
    door.adapter(await start_pod(silent_stream, "streams"), name="b")
    reply = await door.call(PAGE)
    assert _is_readable(reply)
    assert reply.header(SESSION) is not None
    async with door.connect() as connection:
        await connection.send(door.request("GET", "/adapters/b/mcp", [PAGE]))
        assert _is_readable(await connection.head())
    async with door.connect() as connection:
        await connection.send(door.request(headers=[PAGE]).replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        assert _is_readable(await connection.reply())


async def test_pages_read_what_the_control_plane_answers(
    open_gate: Open, start_pod: StartPod, session: ClientSession
) -> None:
    async def answers(exchange: Exchange) -> None:
        await exchange.answer(b"{}", *OPEN, 'ETag: "1"')

    pod = await start_pod(answers)
    door = await open_gate(ALLOWED, control_plane=ControlPlane(session, f"http://127.0.0.1:{pod.port}"))
    reply = await door.call(PAGE, path="/adapters")
    assert (reply.status, reply.header("ETag")) == (200, '"1"')
    assert _is_readable(reply)
    assert not _is_readable(await door.call(path="/adapters"))
    assert (await pod.request()).header("Origin") is None


async def test_pages_read_what_is_refused(open_gate: Open, start_pod: StartPod) -> None:
    door = await open_gate(ALLOWED, Tokens(), protected=PROTECTED)
    door.adapter(await start_pod(), requiredRoles=[])
    for status, path, headers in (
        (401, PATH, []),
        (401, MCP, []),
        (403, PATH, [bearer("as-eve")]),
        (404, "/adapters/unknown/mcp", [bearer("good")]),
        (404, "/nowhere", []),
        (400, PATH, [("X_Y", "1")]),
        (503, MCP, [bearer("good")]),
    ):
        settings_door = door if status != 503 else await open_gate(ALLOWED, Tokens(), secret="", protected=PROTECTED)
        reply = await settings_door.call(PAGE, *headers, path=path)
        assert reply.status == status
        assert _is_readable(reply)
    assert not _is_readable(await door.call(STRANGER, path=PATH))


async def test_probes_answer_everybody_and_are_read_by_the_allowed(open_gate: Open) -> None:
    door = await open_gate(ALLOWED)
    assert _is_readable(await door.call(PAGE, method="GET", path="/ready"))
    reply = await door.call(STRANGER, method="GET", path="/ping")
    assert reply.status == 200
    assert not _is_readable(reply)


async def test_origins_are_told_apart_on_one_connection(open_gate: Open, start_pod: StartPod) -> None:
    door = await open_gate(ALLOWED)
    door.adapter(await start_pod())
    async with door.connect() as connection:
        for origin in (APP, "http://localhost:6274", APP, APP.upper().replace("HTTPS", "https")):
            await connection.send(door.request(headers=[("Origin", origin)]))
            assert _is_readable(await connection.reply(), origin.lower())
        await connection.send(door.request(headers=[STRANGER]))
        assert (await connection.reply()).status == 403


async def test_origin_given_twice_is_refused(open_gate: Open) -> None:
    assert (await (await open_gate(ALLOWED)).call(PAGE, PAGE)).status == 400
