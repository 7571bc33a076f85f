"""Identity headers from outside: whatever a client claims, and however it spells it, it is whom its token names, on every leg."""

import msgspec
import pytest

from tests.attacks.claims import CLAIMS, FOREIGN, OWN, PROOFS
from tests.attacks.ground import OWNER, Ground
from tests.attacks.mirror import Arrived
from tests.attacks.sockets import Answer, Line, Pairs
from tests.journeys.caller import TEAM, adapter, fresh, tool
from tests.journeys.client import ACCEPT

ADMIN = "mcp.admin"
CLAIMED: Pairs = [(name, ADMIN if "role" in name.lower() else OWNER) for name in CLAIMS]


@pytest.fixture
def spellings(request: pytest.FixtureRequest) -> Pairs:
    """The claims in one of the ways to write them."""
    return [(getattr(name, request.param)(), value) for name, value in CLAIMED]


in_every_case = pytest.mark.parametrize("spellings", ["lower", "upper", "swapcase", "title"], indirect=True)


@in_every_case
def test_an_adapter_hears_of_the_caller_from_the_gateway_alone(ground: Ground, mirror: str, spellings: Pairs) -> None:
    with Line(ground.port) as line:
        answer = line.ask("POST", _mcp(mirror), [*spellings, ground.bearer("ada", [TEAM])], b"{}")
    arrived = msgspec.json.decode(answer.body, type=Arrived)
    assert arrived.values("x-mcp-userid") == ["ada"]
    assert arrived.values("x-mcp-roles") == [TEAM]
    assert not arrived.names() & {name.lower() for name in (*CLAIMS, *PROOFS)} - {"x-mcp-userid", "x-mcp-roles"}


@in_every_case
def test_claims_open_no_adapter(ground: Ground, mirror: str, spellings: Pairs) -> None:
    with Line(ground.port) as line:
        assert line.ask("POST", _mcp(mirror), [*spellings, ground.bearer("eve")], b"{}").status == 403
        assert line.ask("POST", _mcp(mirror), spellings, b"{}").status == 401


@in_every_case
async def test_claims_open_no_tool(ground: Ground, spellings: Pairs) -> None:
    async with ground.person(OWNER) as owner:
        name = await owner.publish()
        with Line(ground.port) as line:
            asked = [*ACCEPT.items(), ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/list")]
            body = msgspec.json.encode(_listing())
            seen = line.ask("POST", "/mcp", [*asked, ground.bearer(OWNER)], body)
            unseen = line.ask("POST", "/mcp", [*asked, *spellings, ground.bearer("eve")], body)
            nobody = line.ask("POST", "/mcp", [*asked, *spellings], body)
    assert name.encode() in seen.body
    assert (unseen.status, name.encode() in unseen.body) == (200, False)
    assert nobody.status == 401


@in_every_case
async def test_claims_change_nothing_at_the_control_plane(ground: Ground, mirror: str, spellings: Pairs) -> None:
    with Line(ground.port) as line:
        eve = [*spellings, ground.bearer("eve")]
        assert line.ask("GET", f"/adapters/{mirror}", eve).status == 403
        assert line.ask("DELETE", f"/adapters/{mirror}", eve).status == 403
        assert line.ask("GET", f"/adapters/{mirror}/logs", eve).status == 403
        assert line.ask("GET", "/adapters", eve).body == b"[]"
        assert line.ask("GET", "/adapters", spellings).status == 401
        made = line.ask("POST", "/adapters", [*eve, _JSON], msgspec.json.encode(adapter("mirror")))
        record = msgspec.json.decode(made.body)
        assert (made.status, record["createdBy"]) == (201, "eve")
        assert line.ask("DELETE", f"/adapters/{record['name']}", eve).status == 204


async def test_a_claim_gives_no_capability(ground: Ground) -> None:
    bodies = [("/adapters", adapter("mirror", useWorkloadIdentity=True)), ("/tools", tool(useWorkloadIdentity=True))]
    with Line(ground.port) as line:
        for path, body in bodies:
            answer = line.ask("POST", path, [*CLAIMED, ground.bearer("eve"), _JSON], msgspec.json.encode(body))
            assert answer.status == 403


@pytest.mark.parametrize("name", [*OWN, "Mcp-Session-Id", "X-Forwarded-For", "X-MS-CLIENT-PRINCIPAL-ID", "X-Custom"])
@pytest.mark.parametrize("path", ["/mcp", "/adapters/{mirror}/mcp", "/adapters"])
def test_a_name_with_an_underscore_is_refused_before_anybody_reads_it(
    ground: Ground, mirror: str, name: str, path: str
) -> None:
    with Line(ground.port) as line:
        for spelled in (name.replace("-", "_"), name.replace("-", "_", 1)):
            claim = (spelled, OWNER)
            answer = line.ask("POST", path.format(mirror=mirror), [claim, ground.bearer("ada", [TEAM])], b"{}")
            assert answer.status == 400
            assert spelled.lower() in _problem(answer).lower()


@pytest.mark.parametrize("name", ["Authorization", "Mcp-Session-Id", "Host", "Content-Type", "Origin"])
@pytest.mark.parametrize("path", ["/mcp", "/adapters/{mirror}/mcp", "/adapters"])
def test_two_of_a_header_that_decides_are_refused(ground: Ground, mirror: str, name: str, path: str) -> None:
    given = dict([ground.bearer("ada", [TEAM])]).get(name, "application/json")
    if name == "Origin":
        given = f"http://localhost:{ground.port}"
    elif name == "Host":
        given = f"localhost:{ground.port}"
    twice = [(name, given), (name.lower(), given)]
    with Line(ground.port) as line:
        lines = twice[1:] if name == "Host" else twice  # `ask` says the first one
        assert line.ask("POST", path.format(mirror=mirror), lines, b"{}").status == 400


def test_two_tokens_are_refused_whichever_comes_first(ground: Ground, mirror: str) -> None:
    good, other = ground.bearer("ada", [TEAM]), ground.bearer("eve")
    with Line(ground.port) as line:
        for pair in ([good, other], [other, good], [good, ("authorization", "Basic eDp5")]):
            assert line.ask("POST", _mcp(mirror), pair, b"{}").status == 400


@pytest.mark.parametrize("listed", ["Authorization", "Mcp-Session-Id", "MCP-Protocol-Version", "Host", "X-Dev-UserId"])
def test_connection_may_not_list_what_decides(ground: Ground, mirror: str, listed: str) -> None:
    with Line(ground.port) as line:
        lines = [("Connection", f"keep-alive, {listed}"), ground.bearer("ada", [TEAM])]
        assert line.ask("POST", _mcp(mirror), lines, b"{}").status == 400


@pytest.mark.parametrize("listed", ["X-Mcp-UserId", "X-Mcp-Roles", "X-Gateway-Secret", "X-Custom", "X-Request-Id"])
def test_connection_takes_nothing_away_that_the_gateway_says(ground: Ground, mirror: str, listed: str) -> None:
    with Line(ground.port) as line:
        lines = [("Connection", f"close, {listed}"), ("X-Custom", "x"), ground.bearer("ada", [TEAM])]
        answer = line.ask("POST", _mcp(mirror), lines, b"{}")
    arrived = msgspec.json.decode(answer.body, type=Arrived)
    assert arrived.values("x-mcp-userid") == ["ada"]
    assert arrived.values("x-mcp-roles") == [TEAM]
    assert ("x-custom" in arrived.names()) == (listed != "X-Custom")


@pytest.mark.parametrize("name", FOREIGN)
def test_no_path_and_no_method_but_the_requests_own_is_served(ground: Ground, mirror: str, name: str) -> None:
    with Line(ground.port) as line:
        claim = (name, "DELETE" if "method" in name.lower() else f"/adapters/{mirror}")
        assert line.ask("GET", "/ping", [claim]).body == b""
        assert line.ask("GET", f"/adapters/{fresh()}", [claim, ground.bearer(OWNER)]).status == 404
        assert line.ask("GET", f"/adapters/{mirror}", [claim, ground.bearer(OWNER)]).status == 200


_JSON = ("Content-Type", "application/json")


def _mcp(name: str) -> str:
    return f"/adapters/{name}/mcp"


def _problem(answer: Answer) -> str:
    return str(msgspec.json.decode(answer.body)["detail"])


def _listing() -> dict[str, object]:
    meta = "io.modelcontextprotocol"
    info: dict[str, object] = {
        f"{meta}/protocolVersion": "2026-07-28",
        f"{meta}/clientInfo": {"name": "attack", "version": "1"},
        f"{meta}/clientCapabilities": {},
    }
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": info}}
