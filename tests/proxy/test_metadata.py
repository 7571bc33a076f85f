"""How clients learn where to sign in: anonymous, for every endpoint that could be, and told by nobody's Host."""

import pytest

from tests.proxy.gate import Gate, Open
from tests.proxy.tokens import ORIGIN, PROTECTED, Tokens

WELL_KNOWN = "/.well-known/oauth-protected-resource"
ENDPOINTS = ["", "/", "/mcp", "/mcp/", "/adapters/a/mcp", "/adapters/nobody-knows/mcp/", "/api", "/api/"]


@pytest.fixture
async def guarded(open_gate: Open) -> Gate:
    """A gate that asks for tokens."""
    return await open_gate(identify=Tokens(), protected=PROTECTED)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_resource_is_the_url_that_the_client_calls(guarded: Gate, endpoint: str) -> None:
    reply = await guarded.call(method="GET", path=WELL_KNOWN + endpoint)
    assert (reply.status, reply.header("Content-Type")) == (200, "application/json")
    assert reply.json() == {
        "resource": ORIGIN + endpoint,
        "authorization_servers": list(PROTECTED.issuers),
        "scopes_supported": list(PROTECTED.scopes),
        "bearer_methods_supported": ["header"],
    }
    assert reply.header("Cache-Control") == "public, max-age=3600"
    assert reply.header("Access-Control-Allow-Origin") == "*"


async def test_head_is_get_without_a_body(guarded: Gate) -> None:
    get = await guarded.call(method="GET", path=f"{WELL_KNOWN}/mcp")
    async with guarded.connect() as connection:
        for _ in range(2):
            await connection.send(guarded.request("HEAD", f"{WELL_KNOWN}/mcp"))
            head = await connection.reply("HEAD")
            assert (head.status, head.header("Content-Length")) == (200, str(len(get.body)))


async def test_pages_of_any_origin_may_ask(guarded: Gate) -> None:
    page = ("Origin", "https://anybody.example")
    reply = await guarded.call(page, method="GET", path=f"{WELL_KNOWN}/mcp?x=1")
    assert (reply.status, reply.header("Access-Control-Allow-Origin")) == (200, "*")
    asked = ("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "mcp-protocol-version,x-evil")
    reply = await guarded.call(page, *asked, method="OPTIONS", path=f"{WELL_KNOWN}/adapters/a/mcp")
    assert (reply.status, reply.header("Access-Control-Allow-Origin"), reply.body) == (204, "*", b"")
    assert reply.header("Access-Control-Allow-Methods") == "GET, HEAD, OPTIONS"
    assert reply.header("Access-Control-Allow-Headers") == "mcp-protocol-version"
    assert reply.header("Content-Length") is None


async def test_origin_is_the_configured_one_whatever_the_client_says(guarded: Gate) -> None:
    for lie in (("X-Forwarded-Host", "evil.example"), ("Forwarded", "host=evil.example"), ("Host", "localhost")):
        reply = await guarded.call(lie, method="GET", path=f"{WELL_KNOWN}/mcp")
        assert reply.json()["resource"] == f"{ORIGIN}/mcp"
    assert (await guarded.call(("Host", "evil.example"), method="GET", path=f"{WELL_KNOWN}/mcp")).status == 421


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known",
        "/.well-known/",
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/.Well-Known/oauth-protected-resource",
        "/.well-known/OAuth-Protected-Resource",
        "/.well-known/oauth-protected-resources",
        "/.well-known//oauth-protected-resource",
        "//.well-known/oauth-protected-resource",
        "/%2ewell-known/oauth-protected-resource",
        f"{WELL_KNOWN}//",
        f"{WELL_KNOWN}//mcp",
        f"{WELL_KNOWN}/mcp//",
        f"{WELL_KNOWN}/mcp/x",
        f"{WELL_KNOWN}/MCP",
        f"{WELL_KNOWN}/mc%70",
        f"{WELL_KNOWN}/../mcp",
        f"{WELL_KNOWN}/./mcp",
        f"{WELL_KNOWN}/%2e%2e/mcp",
        f"{WELL_KNOWN}/adapters",
        f"{WELL_KNOWN}/adapters/a",
        f"{WELL_KNOWN}/adapters//mcp",
        f"{WELL_KNOWN}/adapters/A/mcp",
        f"{WELL_KNOWN}/adapters/../mcp",
        f"{WELL_KNOWN}/adapters/a%2fmcp/mcp",
        f"{WELL_KNOWN}/adapters/a/mcp/x",
        f'{WELL_KNOWN}/adapters/a"/mcp',
        f"{WELL_KNOWN}/adapters/{'a' * 41}/mcp",
        f"{WELL_KNOWN}/api/adapters",
        f"{WELL_KNOWN}/ping",
        f"{WELL_KNOWN};x/mcp",
        f"{WELL_KNOWN}\\mcp",
        f"/mcp{WELL_KNOWN}",
        f"/adapters/a/mcp{WELL_KNOWN}",
    ],
)
async def test_nothing_else_has_metadata(guarded: Gate, path: str) -> None:
    reply = await guarded.call(method="GET", path=path)
    assert reply.status == 404
    assert b"authorization_servers" not in reply.body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_metadata_is_read_only(guarded: Gate, method: str) -> None:
    reply = await guarded.call(method=method, path=f"{WELL_KNOWN}/mcp")
    assert (reply.status, reply.header("Allow")) == (405, "GET, HEAD, OPTIONS")


async def test_where_callers_are_believed_there_is_none(door: Gate) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "POST"):
        async with door.connect() as connection:
            await connection.send(door.request(method, f"{WELL_KNOWN}/mcp"))
            assert (await connection.reply(method)).status == 404


async def test_later_revisions_may_get_it_too(guarded: Gate) -> None:
    reply = await guarded.call(("MCP-Protocol-Version", "2026-07-28"), method="GET", path=f"{WELL_KNOWN}/mcp")
    assert reply.status == 200
