"""Forged, foreign and unfit tokens, sent over HTTP to each edge that verifies them: `/adapters/{name}/mcp`, `/mcp`, the REST API."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec
import pytest

from gateway.protected_resource import ProtectedResource
from proxy.settings import Settings
from tests.attacks.ground import ORIGIN, OWNER, Ground
from tests.attacks.sockets import Answer, Line
from tests.fakes.identity_provider import IdentityProvider
from tests.gateway.oidc.desk import ORIGIN as GATE_ORIGIN
from tests.gateway.oidc.desk import Desk
from tests.gateway.oidc.forgeries import INSUFFICIENT, UNAUTHENTICATED, Forgery, good, oversized
from tests.journeys.caller import TEAM
from tests.proxy.gate import MCP, PATH, Gate, gate
from tests.proxy.pod import Pod, ok, pod
from tests.proxy.wire import Reply

# What is asked at each edge, and the endpoint that its challenge leads to.
EDGES = [("POST", "/adapters/{}/mcp", "/adapters/{}/mcp"), ("POST", "/mcp", "/mcp"), ("GET", "/adapters", "/api")]
CALL = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
JSON = ("Content-Type", "application/json")


class Edge(msgspec.Struct, frozen=True):
    """One of EDGES on the ground; `endpoint` is the one that its challenge leads to."""

    method: str
    path: str
    endpoint: str
    port: int

    def ask(self, *tokens: str, scheme: str = "Bearer") -> Answer:
        """The answer to a request with this token."""
        body = CALL if self.method == "POST" else b""
        with Line(self.port) as line:
            return line.ask(
                self.method, self.path, [JSON, *(("Authorization", f"{scheme} {token}") for token in tokens)], body
            )

    @property
    def metadata(self) -> str:
        """Where a challenge here leads."""
        return f'resource_metadata="{ORIGIN}/.well-known/oauth-protected-resource{self.endpoint}"'


@pytest.fixture(params=EDGES, ids=lambda edge: edge[2].strip("/").replace("/{}", ""))
def edge(request: pytest.FixtureRequest, ground: Ground, mirror: str) -> Edge:
    method, path, endpoint = request.param
    return Edge(method, path.format(mirror), endpoint.format(mirror), ground.port)


def challenged(answer: Answer, edge: Edge, error: str) -> bool:
    """Whether the one challenge names this error and leads to this endpoint's metadata."""
    (challenge,) = answer.values("www-authenticate")
    named = re.findall(r'error="(\w+)"', challenge)
    return named == [error] * bool(error) and edge.metadata in challenge


def test_a_good_token_gets_through(ground: Ground, edge: Edge) -> None:
    assert edge.ask(ground.idp.token("alice", [TEAM])).status not in (401, 403)


@pytest.mark.parametrize(
    "forgery", [it for it in UNAUTHENTICATED if it is not oversized], ids=lambda forgery: forgery.__name__
)
def test_a_forged_or_foreign_token_is_401_and_says_where_to_get_another(
    ground: Ground, edge: Edge, forgery: Forgery
) -> None:
    answer = edge.ask(forgery(ground.idp))
    assert answer.status == 401
    assert challenged(answer, edge, "invalid_token")


@pytest.mark.parametrize("forgery", INSUFFICIENT, ids=lambda forgery: forgery.__name__)
def test_a_token_for_something_else_is_403_and_says_what_to_ask_for(
    ground: Ground, edge: Edge, forgery: Forgery
) -> None:
    answer = edge.ask(forgery(ground.idp))
    assert answer.status == 403
    assert challenged(answer, edge, "insufficient_scope")
    assert f'scope="api://{ground.idp.client_id}/access"' in answer.values("www-authenticate")[0]


def test_no_token_is_401_and_no_error_is_named(edge: Edge) -> None:
    answer = edge.ask()
    assert answer.status == 401
    assert challenged(answer, edge, "")


@pytest.mark.parametrize("value", ["", "a.b", "a.b.c", "..", "null", "a" * 16_000])
def test_what_is_no_token_is_401(edge: Edge, value: str) -> None:
    assert edge.ask(value).status == 401


def test_bytes_that_are_no_text_are_refused(edge: Edge) -> None:
    # The control plane takes no such header at all, whatever it is called.
    assert edge.ask("\x80\xff.\xff.\xff").status == (400 if edge.endpoint == "/api" else 401)


def test_a_token_longer_than_a_header_line_may_be_is_431(ground: Ground, edge: Edge) -> None:
    assert edge.ask(oversized(ground.idp)).status == 431


def test_a_token_in_another_scheme_or_in_the_query_is_no_token(ground: Ground, edge: Edge) -> None:
    token = ground.idp.token("alice", [TEAM])
    assert challenged(edge.ask(token, scheme="Token"), edge, "")
    in_query = msgspec.structs.replace(edge, path=f"{edge.path}?access_token={token}")
    assert in_query.ask().status in (400, 401)


def test_two_tokens_are_none(ground: Ground, edge: Edge) -> None:
    assert edge.ask(ground.idp.token("alice", [TEAM]), ground.idp.token("mallory", ["mcp.admin"])).status == 400


def test_a_token_for_another_endpoint_is_401_here(ground: Ground, edge: Edge) -> None:
    for endpoint in ("/mcp", "/api", "/adapters/other/mcp", edge.endpoint, f"{edge.endpoint}/"):
        answer = edge.ask(ground.idp.token("alice", [TEAM], aud=ORIGIN + endpoint))
        if endpoint.rstrip("/") == edge.endpoint:
            assert answer.status not in (401, 403)
        else:
            assert answer.status == 401
            assert challenged(answer, edge, "invalid_token")


def test_a_missing_role_is_403_and_nobody_is_sent_to_sign_in_again(ground: Ground, mirror: str) -> None:
    answer = Edge("POST", f"/adapters/{mirror}/mcp", "", ground.port).ask(ground.idp.token("alice", ["other"]))
    assert answer.status == 403
    assert not answer.values("www-authenticate")


def test_a_role_is_the_same_in_any_case(ground: Ground, mirror: str) -> None:
    edge = Edge("POST", f"/adapters/{mirror}/mcp", "", ground.port)
    for role in (TEAM.upper(), TEAM.title(), "MCP.ADMIN"):
        assert edge.ask(ground.idp.token("alice", [role])).status == 200


def test_a_user_of_another_name_is_not_the_owner(ground: Ground, mirror: str) -> None:
    edge = Edge("POST", f"/adapters/{mirror}/mcp", "", ground.port)
    assert edge.ask(ground.idp.token(OWNER)).status == 200
    for user in (f"{OWNER}2", f"x|{OWNER}", f"{OWNER}|", "mcp.admin"):
        assert edge.ask(ground.idp.token(user)).status == 403


# What follows needs clocks of the test's own, and a provider that may be stopped: a proxy in this process.


class Door(msgspec.Struct, frozen=True):
    """A proxy, its clocks, its provider, and a pod behind `PATH`."""

    gate: Gate
    desk: Desk
    idp: IdentityProvider
    pod: Pod

    async def call(self, token: str, path: str = PATH) -> Reply:
        """The answer to a request with this token."""
        return await self.gate.call(("Authorization", f"Bearer {token}"), path=path)

    def forged(self, kid: str) -> str:
        """A token that names a key nobody has."""
        return self.idp.signed(good(self.idp), {"kid": kid})


@asynccontextmanager
async def opened() -> AsyncGenerator[Door]:
    with IdentityProvider() as idp:
        desk = Desk(idp)
        protected = ProtectedResource(GATE_ORIGIN, (idp.issuer,))
        async with gate(Settings(), desk.identify, protected=protected) as running, pod(ok, "pod-1") as behind:
            running.adapter(behind, requiredRoles=["team"])
            yield Door(running, desk, idp, behind)


async def test_sixty_one_seconds_are_too_late_and_too_early_and_fifty_nine_are_not() -> None:
    async with opened() as door:
        now = door.desk.clock.now = float(int(door.desk.clock.now))
        for claims, status in (
            ({"exp": int(now) - 59}, 200),
            ({"exp": int(now) - 61}, 401),
            ({"nbf": int(now) + 59}, 200),
            ({"nbf": int(now) + 61}, 401),
        ):
            token = door.idp.signed({**good(door.idp), **claims})
            assert (await door.call(token)).status == status, claims


async def test_a_connection_that_was_let_in_is_not_let_in_after_the_tokens_end() -> None:
    async with opened() as door, door.gate.connect() as connection:
        token = door.idp.token("alice", ["team"])
        asked = door.gate.request(headers=[("Authorization", f"Bearer {token}")])
        for later, status in ((0, 200), (1800, 200), (3600 + 61, 401)):
            door.desk.clock.now += later
            await connection.send(asked)
            assert (await connection.reply()).status == status


async def test_a_flood_of_unknown_keys_costs_the_provider_one_fetch_in_five_seconds() -> None:
    async with opened() as door:
        for second in range(11):
            for n in range(5):
                assert (await door.call(door.forged(f"{second}-{n}"))).status == 401
            door.desk.clock.now += 1
        assert door.idp.fetches == 3  # at 0, 5 and 10
        assert not door.pod.seen


async def test_nobody_is_asked_where_a_token_says_the_keys_are() -> None:
    async with opened() as door:
        door.idp.routes["GET", "/evil"] = lambda _: pytest.fail("the token's own URL was fetched")
        headers = {"jku": f"{door.idp.url}/evil", "x5u": f"{door.idp.url}/evil"}
        assert (await door.call(door.idp.signed(good(door.idp), {**headers, "kid": "evil"}))).status == 401
        # Of a token whose key we know they mean nothing either.
        assert (await door.call(door.idp.signed(good(door.idp), headers))).status == 200


async def test_a_rotated_key_is_found_and_a_withdrawn_one_ends_its_tokens() -> None:
    async with opened() as door:
        first = door.idp.token("alice", ["team"])
        assert (await door.call(first)).status == 200
        door.idp.rotate()
        door.desk.clock.now += 5
        assert (await door.call(door.idp.token("alice", ["team"]))).status == 200
        assert (await door.call(first)).status == 200
        door.idp.rotate(withdraw=True)
        door.desk.clock.now += 5
        assert (await door.call(door.idp.token("alice", ["team"]))).status == 200
        assert (await door.call(first)).status == 401


async def test_an_outage_of_the_provider_keeps_out_only_those_whose_key_is_new() -> None:
    async with opened() as door:
        assert (await door.call(door.idp.token("alice", ["team"]))).status == 200
        door.idp.is_out = True
        door.desk.clock.now += 1800
        assert (await door.call(door.idp.token("bob", ["team"]))).status == 200
        door.idp.rotate()
        assert (await door.call(door.idp.token("bob", ["team"]))).status == 401
        door.idp.is_out = False
        door.desk.clock.now += 5
        assert (await door.call(door.idp.token("bob", ["team"]))).status == 200


async def test_a_provider_that_was_never_there_is_503_and_not_401() -> None:
    async with opened() as door:
        door.idp.is_out = True
        for path in (PATH, MCP):
            reply = await door.call(door.idp.token("alice", ["team"]), path)
            assert reply.status == 503
            assert reply.header("Retry-After") == "5"
            assert reply.header("WWW-Authenticate") is None
        assert (await door.call(door.forged("x") + "!")).status == 401  # what is no token needs no key
