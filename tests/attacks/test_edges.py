"""Whose door it is: every spelling of Host, Origin and target that is not ours is refused, on every route and method."""

import msgspec
import pytest

from tests.attacks.ground import Ground
from tests.attacks.sockets import Answer, Line, Pairs
from tests.journeys.caller import TEAM

METHODS = ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE")
ROUTES = (
    "/",
    "/mcp",
    "/adapters",
    "/adapters/{mirror}",
    "/adapters/{mirror}/mcp",
    "/tools",
    "/nothing",
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/mcp",
)
PROBES = ("/ping", "/ready")
PUBLIC = "mcp.contoso.example"  # what `ground` allows beside the address

OURS = (
    "localhost:{port}",
    "LOCALHOST:{port}",
    "localhost",
    "127.0.0.1:{port}",
    "127.0.0.1",
    "[::1]:{port}",
    "[::1]",
    PUBLIC,
    f"{PUBLIC}:443",
    "MCP.Contoso.Example:8443",
)
STRANGE = (
    "evil.example",
    "localhost.evil.example",
    "localhost.evil.example:{port}",
    "evil-localhost:{port}",
    "localhost-evil:{port}",
    "localhost.:{port}",
    "localhost:1",
    "localhost:0{port}",
    "localhost:{port}1",
    "localhost:",
    "localhost:{port}@evil.example",
    "evil.example@localhost:{port}",
    "user:pass@localhost:{port}",
    "localhost:{port}#",
    "localhost:{port}/",
    "localhost:{port},evil.example",
    "http://localhost:{port}",
    "127.1:{port}",
    "127.0.0.2:{port}",
    "0.0.0.0:{port}",
    "2130706433:{port}",
    "0x7f000001:{port}",
    "127.0.0.1.evil.example",
    "127.0.0.1.nip.io:{port}",
    "[::1%25lo]:{port}",
    "[0:0:0:0:0:0:0:1]:{port}",
    "[::ffff:127.0.0.1]:{port}",
    "[::]:{port}",
    "::1",
    "[::1",
    "::1]:{port}",
    "[::1]evil.example",
    "169.254.169.254",
    f"{PUBLIC}.",
    f"{PUBLIC}.evil.example",
    f"evil{PUBLIC}",
    f"evil.{PUBLIC}",
    f"{PUBLIC}:443@evil.example",
    f"{PUBLIC}:evil",
    f"{PUBLIC}:",
    f"{PUBLIC}:443:443",
    f"{PUBLIC}:-1",
    f"evil.example:{PUBLIC}",
    "mcp_contoso.example",
    "lоcalhost".encode().decode("latin-1"),  # a Cyrillic o
    "*",
    "",
)
ORIGINS = (
    "null",
    "NULL",
    "",
    "*",
    "http://evil.example",
    "http://localhost.evil.example",
    "http://localhost.evil.example:{port}",
    "http://evil-localhost:{port}",
    "http://localhost.:{port}",
    "http://localhost:1",
    "http://localhost",
    "http://localhost:{port}.evil.example",
    "http://localhost:{port}@evil.example",
    "http://evil.example#localhost:{port}",
    "http://127.0.0.1.nip.io:{port}",
    "http://127.1:{port}",
    "http://[::1%25lo]:{port}",
    "http://[::ffff:127.0.0.1]:{port}",
    "ftp://localhost:{port}",
    "file://",
    "localhost:{port}",
    "//localhost:{port}",
    "http://localhost:{port}/",
    "http://localhost:{port} http://evil.example",
    "http://localhost:{port},http://evil.example",
    "chrome-extension://localhost",
    "vscode-webview://localhost",
    f"http://{PUBLIC}.evil.example",
    f"https://evil.{PUBLIC}",
    f"https://{PUBLIC}.",
    f"https://{PUBLIC}:8443",
)


@pytest.mark.parametrize("host", STRANGE)
def test_another_host_is_misdirected_whatever_it_asks_for(ground: Ground, mirror: str, host: str) -> None:
    with Line(ground.port) as line:
        for answer in _everywhere(ground, mirror, line, [], _of(host, ground), METHODS):
            assert answer.status in (400, 421), (host, answer)
            assert not answer.names() & {"www-authenticate", "access-control-allow-methods"}
        for probe in PROBES:
            assert line.send(_raw("GET", probe, [("Host", _of(host, ground))])).status in (200, 400)


@pytest.mark.parametrize("host", OURS)
def test_every_name_of_ours_is_served(ground: Ground, mirror: str, host: str) -> None:
    with Line(ground.port) as line:
        lines = [("Host", _of(host, ground)), ground.bearer("ada", [TEAM])]
        assert line.send(_raw("POST", f"/adapters/{mirror}/mcp", lines, b"{}")).status == 200


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_page_of_another_origin_is_refused_whatever_it_asks_for(ground: Ground, mirror: str, origin: str) -> None:
    with Line(ground.port) as line:
        lines = [("Origin", _of(origin, ground))]
        for answer in _everywhere(ground, mirror, line, lines, f"localhost:{ground.port}", METHODS):
            if answer.status == 404 or "*" in answer.values("access-control-allow-origin"):
                continue  # metadata is for everybody, and holds nothing that is anybody's
            assert answer.status == 403, (origin, answer)
            assert not answer.names() & {"www-authenticate", "access-control-allow-origin"}
        for probe in PROBES:
            assert line.ask("GET", probe, lines).status == 200


@pytest.mark.parametrize("path", ["/mcp", "/adapters", "/adapters/{mirror}/mcp"])
def test_a_preflight_of_another_origin_is_told_nothing(ground: Ground, mirror: str, path: str) -> None:
    asked = [("Origin", "https://evil.example"), ("Access-Control-Request-Method", "POST")]
    with Line(ground.port) as line:
        answer = line.ask("OPTIONS", path.format(mirror=mirror), asked)
    assert answer.status == 403
    assert not [name for name in answer.names() if name.startswith("access-control-")]


@pytest.mark.parametrize("authority", [host for host in STRANGE if host and " " not in host])
def test_the_authority_of_an_absolute_target_is_judged_like_a_host(ground: Ground, mirror: str, authority: str) -> None:
    with Line(ground.port) as line:
        target = f"http://{_of(authority, ground)}/adapters/{mirror}/mcp"
        lines = [("Host", f"localhost:{ground.port}"), ground.bearer("ada", [TEAM])]
        assert line.send(_raw("POST", target, lines, b"{}")).status in (400, 404, 421)


def test_a_good_absolute_target_does_not_excuse_a_strange_host(ground: Ground, mirror: str) -> None:
    with Line(ground.port) as line:
        target = f"http://localhost:{ground.port}/adapters/{mirror}/mcp"
        proof = ground.bearer("ada", [TEAM])
        good = line.send(_raw("POST", target, [("Host", f"localhost:{ground.port}"), proof], b"{}"))
        bad = line.send(_raw("POST", target, [("Host", "evil.example"), proof], b"{}"))
    assert (good.status, bad.status) == (200, 421)


@pytest.mark.parametrize("lines", [[], ["localhost:{port}"] * 2, ["localhost:{port}", "evil.example"]])
def test_no_host_and_two_hosts_are_refused(ground: Ground, mirror: str, lines: list[str]) -> None:
    with Line(ground.port) as line:
        hosts = [("Host", _of(host, ground)) for host in lines]
        answer = line.send(_raw("POST", f"/adapters/{mirror}/mcp", [*hosts, ground.bearer("ada", [TEAM])], b"{}"))
    assert answer.status in (400, 421)


@pytest.mark.parametrize(
    "target", ["*", "mcp", "localhost:{port}/mcp", "ftp://localhost:{port}/mcp", "//localhost/mcp"]
)
@pytest.mark.parametrize("method", ["OPTIONS", "POST", "GET", "CONNECT"])
def test_a_target_that_is_no_path_of_ours_leads_nowhere(ground: Ground, target: str, method: str) -> None:
    with Line(ground.port) as line:
        lines = [("Host", f"localhost:{ground.port}"), ground.bearer("ada", [TEAM])]
        assert line.send(_raw(method, _of(target, ground), lines)).status in (400, 404, 405)


def test_what_a_host_is_not_known_for_is_not_repeated_as_markup(ground: Ground) -> None:
    with Line(ground.port) as line:
        answer = line.ask("GET", "/", [("Accept", "text/html")], host='x"><script>alert(1)</script>')
    assert answer.status in (400, 421)
    assert answer.values("content-type") == ["application/problem+json"]


def _everywhere(
    ground: Ground, mirror: str, line: Line, lines: Pairs, host: str, methods: tuple[str, ...]
) -> list[Answer]:
    proof = ground.bearer("ada", [TEAM])
    return [
        _asked(line, method, route.format(mirror=mirror), [("Host", host), *lines, proof])
        for route in ROUTES
        for method in methods
    ]


def _asked(line: Line, method: str, path: str, lines: Pairs) -> Answer:
    body = b"{}" if method in ("POST", "PUT") else b""
    return line.send(_raw(method, path, lines, body), bodiless=method == "HEAD")


def _raw(method: str, target: str, lines: Pairs, body: bytes = b"") -> bytes:
    size = [("Content-Length", str(len(body)))] if body else []
    text = "".join(f"{name}: {value}\r\n" for name, value in (*lines, *size))
    return f"{method} {target} HTTP/1.1\r\n{text}\r\n".encode("latin-1") + body


def _of(text: str, ground: Ground) -> str:
    return text.format(port=ground.port)


def test_problems_name_no_place_behind_the_gateway(ground: Ground) -> None:
    with Line(ground.port) as line:
        answer = line.ask("GET", "/adapters", [], host="evil.example")
    problem = msgspec.json.decode(answer.body)
    assert set(problem) <= {"type", "title", "status", "detail", "errors", "requestId"}
