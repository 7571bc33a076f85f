"""The Python SDK's client signs a person in by what the gateway tells it alone: challenge, metadata, PKCE, token, and then MCP."""

import jwt
import pytest
from mcp import Client
from mcp.client.auth import OAuthFlowError
from mcp.shared.auth import OAuthToken

from tests.fakes.authorization_server import CLIENT, AuthorizationServer
from tests.oauth.conftest import ENDPOINTS
from tests.oauth.person import Mode, Person
from tests.oauth.place import ADAPTER, TOOL, Place

METADATA = "/.well-known/oauth-protected-resource"
ERAS: tuple[tuple[Mode, str], ...] = (("auto", "2026-07-28"), ("legacy", "2025-11-25"))


async def uses(client: Client, path: str) -> None:
    """Lists and calls, at either endpoint."""
    name = TOOL if path == "/mcp" else "pid"
    tools = {tool.name for tool in (await client.list_tools()).tools}
    assert name in tools, tools
    called = await client.call_tool(name, {"do": "echo"} if path == "/mcp" else {})
    assert not called.is_error


@pytest.mark.parametrize(("mode", "version"), ERAS)
@pytest.mark.parametrize("path", ENDPOINTS)
async def test_person_signs_in_once_and_uses_the_endpoint(
    guarded: Place, entra: AuthorizationServer, path: str, mode: Mode, version: str
) -> None:
    person = Person()
    async with person.client(guarded.endpoint(path), mode) as client:
        assert client.protocol_version == version
        await uses(client, path)
    assert person.signed_in == 1
    assert person.asked(guarded.url)[:2] == [("POST", path, 401), ("GET", METADATA + path, 200)]
    tenant = f"/{guarded.provider.tenant}/v2.0"
    assert person.asked(guarded.provider.url) == [
        ("GET", f"/.well-known/oauth-authorization-server{tenant}", 404),
        ("GET", f"/.well-known/openid-configuration{tenant}", 404),
        ("GET", f"{tenant}/.well-known/openid-configuration", 200),
        ("POST", f"/{guarded.provider.tenant}/oauth2/v2.0/token", 200),
    ]
    for endpoint in ("authorize", "token"):
        (asked,) = entra.to(endpoint)
        assert asked["resource"] == guarded.endpoint(path)
        assert asked["client_id"] == CLIENT
    assert entra.to("authorize")[0]["scope"] == f"{guarded.scope} offline_access"


@pytest.mark.parametrize("path", ENDPOINTS)
async def test_token_is_refreshed_without_the_person(guarded: Place, entra: AuthorizationServer, path: str) -> None:
    entra.life = 0  # at its end when it comes: the next request must fetch another
    person = Person()
    async with person.client(guarded.endpoint(path)) as client:
        entra.life = 3600
        await uses(client, path)
    assert person.signed_in == 1
    grants = [asked["grant_type"] for asked in entra.to("token")]
    assert grants == ["authorization_code", "refresh_token"]
    assert entra.to("token")[1]["resource"] == guarded.endpoint(path)


async def test_person_signs_in_again_where_refreshing_fails(guarded: Place, entra: AuthorizationServer) -> None:
    stale = OAuthToken(access_token=guarded.provider.token(seconds=-90), refresh_token="withdrawn", scope=guarded.scope)
    person = Person(stale)
    async with person.client(guarded.endpoint("/mcp")) as client:
        await uses(client, "/mcp")
    assert person.signed_in == 1


@pytest.mark.parametrize("path", ENDPOINTS)
async def test_token_without_the_scope_is_stepped_up(guarded: Place, entra: AuthorizationServer, path: str) -> None:
    """A 403 with insufficient_scope: signing in again, for more, does help."""
    owner = guarded.scope.rpartition("/")[0]
    entra.rules.scopes.add("read")
    poor = guarded.provider.token(roles=entra.roles, scope="read")
    person = Person(OAuthToken(access_token=poor, scope=f"{owner}/read"))
    async with person.client(guarded.endpoint(path), "legacy") as client:
        await uses(client, path)
    assert person.asked(guarded.url)[0] == ("POST", path, 403)
    assert entra.to("authorize")[0]["scope"].split()[:2] == [f"{owner}/read", guarded.scope]


async def test_person_without_the_role_is_not_sent_to_sign_in_again(guarded: Place, entra: AuthorizationServer) -> None:
    """A 403 without a challenge: it would be in vain."""
    entra.roles = ()
    person = Person()
    path = f"/adapters/{ADAPTER}/mcp"
    with pytest.raises(BaseExceptionGroup) as caught:
        async with person.client(guarded.endpoint(path), "legacy") as client:
            await uses(client, path)
    assert not caught.group_contains(AssertionError)
    assert person.signed_in == 1
    assert person.asked(guarded.url)[-1][2] == 403


@pytest.mark.parametrize("path", ENDPOINTS)
async def test_token_for_one_endpoint_is_refused_at_another(
    guarded: Place, entra: AuthorizationServer, path: str
) -> None:
    """Where the sign-in server issues tokens for the very resource that is named (RFC 8707)."""
    entra.rules.strict = False
    person = Person()
    async with person.client(guarded.endpoint(path)) as client:
        await uses(client, path)
    assert person.memory.tokens
    claims = jwt.decode(person.memory.tokens.access_token, options={"verify_signature": False})
    assert claims["aud"] == guarded.endpoint(path)
    (other,) = set(ENDPOINTS) - {path}
    elsewhere = Person(person.memory.tokens)
    async with elsewhere.client(guarded.endpoint(other)) as client:
        await uses(client, other)
    assert elsewhere.asked(guarded.url)[0] == ("POST", other, 401)
    assert elsewhere.signed_in == 1


async def test_endpoint_that_entra_was_not_told_of_is_refused_there(guarded: Place, entra: AuthorizationServer) -> None:
    """Its URL must be an identifier URI of the application: docs/connect.md says so."""
    entra.rules.identifiers.remove(guarded.endpoint("/mcp"))
    with pytest.raises(BaseExceptionGroup) as caught:
        async with Person().client(guarded.endpoint("/mcp")) as client:
            await uses(client, "/mcp")
    assert "AADSTS9010010" in repr(caught.value)


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("path", [f"{path}/" for path in ENDPOINTS])
async def test_slash_at_the_end_is_the_persons_choice(
    guarded: Place, entra: AuthorizationServer, path: str, strict: bool
) -> None:
    """The metadata mirrors it; Entra compares byte by byte, and must have been told of that one."""
    entra.rules.strict = strict
    entra.rules.identifiers.add(guarded.endpoint(path))
    person = Person()
    async with person.client(guarded.endpoint(path)) as client:
        await uses(client, path.rstrip("/"))
    assert person.signed_in == 1
    assert entra.to("authorize")[0]["resource"] == guarded.endpoint(path)


async def test_metadata_of_another_origin_is_not_believed(guarded: Place, entra: AuthorizationServer) -> None:
    """The public origin is the only name it has; under another one clients refuse to sign in."""
    address = guarded.endpoint("/mcp").replace("localhost", "127.0.0.1")
    person = Person()
    with pytest.raises(BaseExceptionGroup) as caught:
        async with person.client(address):
            pass
    assert caught.group_contains(OAuthFlowError, match="does not match")
    assert not entra.asked
