"""Who comes in with a token, and what a client is told that has none, or none that is good. Only where tokens are verified."""

from collections.abc import AsyncGenerator

import pytest

from tests.journeys import proof
from tests.journeys.caller import TEAM, Caller, adapter, fresh
from tests.journeys.client import Client
from tests.journeys.gateway import Gateway
from tests.journeys.reply import Reply

pytestmark = pytest.mark.skipif(not proof.by_tokens(), reason="tokens are verified with JOURNEY_IDENTITY=tokens")

WELL_KNOWN = "/.well-known/oauth-protected-resource"
NOBODY = "/adapters/nobody-registered-this/mcp"
GONE = -120.0  # seconds: longer ago than clocks may differ
# What is asked, and the endpoint whose metadata the answer names.
DOORS = [
    ("POST", "/mcp", "/mcp"),
    ("GET", "/mcp", "/mcp"),
    ("POST", "/adapters/{recorder}/mcp", "/adapters/{recorder}/mcp"),
    ("GET", "/adapters/{recorder}/mcp", "/adapters/{recorder}/mcp"),
    ("DELETE", "/adapters/{recorder}/mcp", "/adapters/{recorder}/mcp"),
    ("POST", NOBODY, NOBODY),
    ("GET", "/adapters", "/api"),
    ("POST", "/tools", "/api"),
    ("GET", "/adapters/{recorder}/logs", "/api"),
    ("DELETE", "/adapters/{recorder}", "/api"),
]
EVERY_DOOR = pytest.mark.parametrize(("method", "path", "endpoint"), DOORS, ids=[f"{m} {p}" for m, p, _ in DOORS])


@pytest.fixture
async def nobody(gateway: Gateway) -> AsyncGenerator[Caller]:
    """Somebody without a token."""
    async with Caller(gateway.url, proven={}) as person:
        yield person


@EVERY_DOOR
async def test_who_has_no_token_is_told_where_to_get_one(
    nobody: Caller, recorder: str, method: str, path: str, endpoint: str
) -> None:
    reply = await _at(nobody, method, path.format(recorder=recorder))
    assert reply.problem["status"] == 401
    assert _challenge(reply) == {
        "resource_metadata": f"{nobody.url}{WELL_KNOWN}{endpoint.format(recorder=recorder)}",
        "scope": proof.minter().scope,
    }, "no error: nothing was wrong with what was sent"


@EVERY_DOOR
@pytest.mark.parametrize("kind", ["expired", "not yet valid", "of another audience", "no token at all"])
async def test_token_that_is_not_good_is_refused_as_such(
    gateway: Gateway, recorder: str, method: str, path: str, endpoint: str, kind: str
) -> None:
    minter = proof.minter()
    token = {
        "expired": minter.token("dev", seconds=GONE),
        "not yet valid": minter.token("dev", nbf=2_000_000_000_000),
        "of another audience": minter.token("dev", aud="api://somebody-else"),
        "no token at all": "not-a-token",
    }[kind]
    async with Caller(gateway.url, proven=proof.bearer(token)) as owner:
        reply = await _at(owner, method, path.format(recorder=recorder))
    assert reply.problem["status"] == 401
    challenge = _challenge(reply)
    assert challenge["error"] == "invalid_token"
    assert challenge["error_description"]
    assert challenge["resource_metadata"].endswith(WELL_KNOWN + endpoint.format(recorder=recorder))
    assert token not in reply.body.decode() + str(challenge)


@EVERY_DOOR
async def test_token_without_the_scope_is_told_which_one_is_missing(
    gateway: Gateway, recorder: str, method: str, path: str, endpoint: str
) -> None:
    token = proof.minter().token("dev", [TEAM], scp="something.else")
    async with Caller(gateway.url, proven=proof.bearer(token)) as owner:
        reply = await _at(owner, method, path.format(recorder=recorder))
    assert reply.problem["status"] == 403
    challenge = _challenge(reply)
    assert (challenge["error"], challenge["scope"]) == ("insufficient_scope", proof.minter().scope)
    assert challenge["resource_metadata"].endswith(WELL_KNOWN + endpoint.format(recorder=recorder))


@pytest.mark.parametrize("endpoint", ["", "/mcp", "/api", NOBODY, "/adapters/{recorder}/mcp"])
async def test_metadata_of_every_endpoint_is_there_for_everybody(nobody: Caller, recorder: str, endpoint: str) -> None:
    endpoint = endpoint.format(recorder=recorder)
    reply = await nobody.get(WELL_KNOWN + endpoint, Origin="https://page.example")
    assert (reply.status, reply.media) == (200, "application/json")
    assert reply.json == {
        "resource": nobody.url + endpoint,
        "authorization_servers": [proof.minter().issuer],
        "scopes_supported": [proof.minter().scope],
        "bearer_methods_supported": ["header"],
    }
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert "max-age" in reply.headers["Cache-Control"]


async def test_headers_that_claim_somebody_count_for_nothing(gateway: Gateway, nobody: Caller, recorder: str) -> None:
    claimed = proof.claimed("dev", "mcp.admin") | {"X-Mcp-UserId": "dev", "X-Mcp-Roles": "mcp.admin"}
    async with Caller(gateway.url, proven=claimed) as forger:
        assert (await forger.get(f"/adapters/{recorder}")).status == 401
        assert (await Client(forger, recorder, modern=True).calling("echo")).status == 401
        assert (await Client(forger, modern=True).ask("tools/list")).status == 401
    async with Caller(gateway.url, fresh("eve")) as eve:
        eve.headers |= claimed
        assert (await eve.get(f"/adapters/{recorder}")).problem["status"] == 403
        assert (await Client(eve, recorder, modern=True).calling("echo")).problem["status"] == 403


async def test_token_is_taken_from_its_header_and_from_nowhere_else(nobody: Caller, recorder: str) -> None:
    token = proof.minter().token(proof.USER)
    for path in (f"/adapters/{recorder}/mcp", "/mcp", "/adapters"):
        reply = await _at(nobody, "GET", f"{path}?access_token={token}")
        assert reply.problem["status"] == 401
        cookie = await nobody.get(path, Cookie=f"access_token={token}", X_Forwarded_Authorization=f"Bearer {token}")
        assert cookie.problem["status"] == 401


async def test_token_for_one_endpoint_is_good_there_and_nowhere_else(gateway: Gateway, recorder: str) -> None:
    async def statuses(endpoint: str) -> list[int]:
        token = proof.minter().token(proof.USER, aud=gateway.url + endpoint)
        async with Caller(gateway.url, proven=proof.bearer(token)) as owner:
            called = await Client(owner, recorder, modern=True).calling("echo")
            listed = await Client(owner, modern=True).ask("tools/list")
            return [called.status, listed.status, (await owner.get(f"/adapters/{recorder}")).status]

    assert await statuses(f"/adapters/{recorder}/mcp") == [200, 401, 401]
    assert await statuses("/mcp") == [401, 200, 401]
    assert await statuses("/api") == [401, 401, 200]
    assert await statuses("") == [200, 200, 200]
    assert await statuses(NOBODY) == [401, 401, 401]


async def _at(caller: Caller, method: str, path: str) -> Reply:
    """What a request is answered that would be right but for its token."""
    if not path.endswith("/mcp"):
        return await caller.ask(method, path, {}, adapter("recorder") if method == "POST" else None)
    client = Client(caller)
    client.path = path
    if method == "POST":
        return await client.ask("ping")
    return await caller.ask(method, path, client.headers({}))


def _challenge(reply: Reply) -> dict[str, str]:
    """The parameters of `WWW-Authenticate: Bearer`, which stands there once."""
    lines = reply.headers.getall("WWW-Authenticate")
    assert len(lines) == 1, lines
    scheme, _, parameters = lines[0].partition(" ")
    assert scheme == "Bearer"
    pairs = [parameter.partition("=") for parameter in parameters.split(", ")]
    return {name: value.strip('"') for name, _, value in pairs}
