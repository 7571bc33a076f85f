"""Servers behind the gateway that would speak in its name: their sign-in, their redirects, their cookies, their word on origins."""

import msgspec
import pytest

from tests.attacks.ground import ORIGIN, OWNER, Ground
from tests.attacks.mirror import Told
from tests.attacks.sockets import Answer, Line, Pairs
from tests.journeys.caller import TEAM
from tests.journeys.client import Client

SIGN_IN = 'Bearer resource_metadata="http://evil.example/.well-known/oauth-protected-resource"'
SPOKEN: Pairs = [
    ("WWW-Authenticate", SIGN_IN),
    ("Proxy-Authenticate", SIGN_IN),
    ("Location", "http://evil.example/"),
    ("Content-Location", "http://evil.example/"),
    ("Refresh", "0; url=http://evil.example/"),
    ("Link", "<http://evil.example/>; rel=preload"),
    ("Set-Cookie", "session=stolen; Domain=contoso.example"),
    ("Clear-Site-Data", '"*"'),
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Credentials", "true"),
    ("Alt-Svc", 'h2="evil.example:443"'),
    ("Strict-Transport-Security", "max-age=0"),
    ("Public-Key-Pins", "x"),
    ("Service-Worker-Allowed", "/"),
    ("X-Gateway-Secret", "x"),
    ("X-Mcp-UserId", "root"),
    ("X-Accel-Redirect", "/secret"),
    ("X-Sendfile", "/etc/passwd"),
]


@pytest.mark.parametrize("status", [401, 407])
def test_a_servers_own_challenge_is_a_502_without_it(ground: Ground, mirror: str, status: int) -> None:
    answer = _told(ground, mirror, Told(SPOKEN, status))
    assert answer.status == 502
    assert not answer.names() & {name.lower() for name, _ in SPOKEN}
    assert b"evil.example" not in answer.body


async def test_an_mcp_server_that_wants_credentials_is_a_502_for_its_client(ground: Ground) -> None:
    async with ground.person(OWNER) as owner:
        client = await Client(owner, await owner.serving("answers-own-401")).begin()
        reply = await client.calling("echo")
    assert reply.status == 502
    assert "WWW-Authenticate" not in reply.headers
    assert b"pod.invalid" not in reply.body


@pytest.mark.parametrize("status", [200, 201, 204, 301, 302, 304, 307, 308, 400, 403, 404, 500, 503])
def test_nothing_that_acts_in_our_name_comes_through_with_any_status(ground: Ground, mirror: str, status: int) -> None:
    answer = _told(ground, mirror, Told(SPOKEN, status))
    assert answer.status in (status, 502)
    assert not answer.names() & {name.lower() for name, _ in SPOKEN}


def test_a_page_that_may_not_call_learns_nothing_from_a_servers_word(ground: Ground, mirror: str) -> None:
    with Line(ground.port) as line:
        lines = [("Origin", "http://evil.example"), ground.bearer("ada", [TEAM])]
        answer = line.ask("POST", _mcp(mirror), lines, msgspec.json.encode(Told(SPOKEN)))
    assert answer.status == 403
    assert "access-control-allow-origin" not in answer.names()


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/oauth-protected-resource/adapters/../mcp",
        "/.well-known/oauth-protected-resource/../../mcp",
        "/.well-known/oauth-protected-resource/adapters/a%2Fb/mcp",
        "/.well-known/oauth-protected-resource/adapters/%2e%2e/mcp",
        "/.well-known/oauth-protected-resource//mcp",
        "/.well-known/oauth-protected-resource//evil.example/mcp",
        "/.well-known/oauth-protected-resource/@evil.example/mcp",
        "/.well-known/oauth-protected-resource/adapters/a\\b/mcp",
        "/.well-known/oauth-protected-resource/adapters//mcp",
        '/.well-known/oauth-protected-resource/adapters/a"b/mcp',
        "/.well-known/oauth-protected-resource/adapters/A/mcp",
        "/.well-known/oauth-protected-resource/adapters/" + "a" * 41 + "/mcp",
        "/.well-known/oauth-protected-resource/adapters/a/mcp/more",
        "/.well-known/oauth-protected-resource/adapters/a",
        "/.well-known/oauth-protected-resource/tools/a/mcp",
        "/.well-known/oauth-protected-resource/mcp;x",
        "/.well-known/oauth-protected-resource/mcp%00",
        "/.well-known/oauth-protected-resource.evil",
        "/.well-known/oauth-protected-resourcemcp",
        "/.WELL-KNOWN/OAUTH-PROTECTED-RESOURCE/mcp",
        "/%2ewell-known/oauth-protected-resource/mcp",
        "//.well-known/oauth-protected-resource/mcp",
        "/adapters/a/.well-known/oauth-protected-resource",
        "/adapters/a/mcp/.well-known/oauth-protected-resource",
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
    ],
)
def test_a_path_that_only_looks_like_metadata_is_nothing(ground: Ground, path: str) -> None:
    with Line(ground.port) as line:
        answer = line.ask("GET", path, [ground.bearer("ada", [TEAM])])
    assert answer.status == 404
    assert b"authorization_servers" not in answer.body


@pytest.mark.parametrize(
    "endpoint", ["", "/mcp", "/mcp/", "/api", "/adapters/a/mcp", "/adapters/a/mcp/", "/adapters/{mirror}/mcp"]
)
def test_metadata_names_our_origin_whoever_asks_and_however(ground: Ground, mirror: str, endpoint: str) -> None:
    path = endpoint.format(mirror=mirror)
    claims: Pairs = [
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "http"),
        ("Forwarded", "host=evil.example;proto=http"),
        ("X-Original-Host", "evil.example"),
        ("X-Original-URL", "/adapters/evil/mcp"),
        ("Origin", "http://evil.example"),
    ]
    with Line(ground.port) as line:
        answers = [
            line.ask("GET", f"/.well-known/oauth-protected-resource{path}{query}", claims)
            for query in ("", "?resource=http://evil.example", "?x=%2F..%2F")
        ]
    for answer in answers:
        assert answer.status == 200
        assert msgspec.json.decode(answer.body)["resource"] == ORIGIN + path
        assert b"evil.example" not in answer.body


def test_a_challenge_leads_to_our_metadata_whatever_host_was_asked(ground: Ground, mirror: str) -> None:
    claims: Pairs = [("X-Forwarded-Host", "evil.example"), ("Forwarded", "host=evil.example")]
    with Line(ground.port) as line:
        for path in ("/mcp", _mcp(mirror), "/adapters/nobody-knows-it/mcp"):
            for host in (f"localhost:{ground.port}", "127.0.0.1", "mcp.contoso.example"):
                answer = line.ask("POST", path, claims, b"{}", host=host)
                (challenge,) = answer.values("www-authenticate")
                assert answer.status == 401
                assert f'resource_metadata="{ORIGIN}/.well-known/oauth-protected-resource{path}"' in challenge
                assert "evil" not in challenge


def test_whoever_is_not_signed_in_learns_of_no_adapter(ground: Ground, mirror: str) -> None:
    with Line(ground.port) as line:
        there, missing = (line.ask("POST", _mcp(name), [], b"{}") for name in (mirror, "nobody-knows-it"))
    assert (there.status, missing.status) == (401, 401)
    for one, other in zip(_words(there), _words(missing), strict=True):
        assert one == other


def _words(answer: Answer) -> tuple[object, ...]:
    problem = msgspec.json.decode(answer.body)
    return problem["detail"], problem["title"], sorted(answer.names())


def _told(ground: Ground, mirror: str, told: Told) -> Answer:
    with Line(ground.port) as line:
        bodiless = told.status in (204, 304)
        return line.ask(
            "POST", _mcp(mirror), [ground.bearer("ada", [TEAM])], msgspec.json.encode(told), bodiless=bodiless
        )


def _mcp(name: str) -> str:
    return f"/adapters/{name}/mcp"
