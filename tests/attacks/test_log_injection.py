"""Log injection: whatever bytes come from outside, every line of log and trail is one JSON object, and one that we wrote."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.attacks.ground import OWNER, Ground
from tests.attacks.sockets import Line
from tests.fakes.images import VERSION
from tests.journeys.caller import fresh, tool
from tests.journeys.client import ACCEPT, Client
from tests.journeys.waiting import until

_FORGED = '{"level":"forged","event":"forged"}'
# What a reader of lines, a terminal or a JSON parser could take for something else.
WORDS: dict[str, bytes] = {
    "a line of its own": f"\n{_FORGED}\n".encode(),
    "carriage return": f"\r{_FORGED}".encode(),
    "encoded line": f"%0d%0a{_FORGED}%0a".encode(),
    "end of the member": b'","level":"forged","event":"forged","x":"',
    "escape": b"\x1b[2K\x1b[1A\x1b[31m",
    "control character of eight bits": "\x9b2K".encode(),
    "nul": b"a\x00b",
    "delete": b"a\x7fb",
    "line separator": f"\u2028{_FORGED}\u2029".encode(),
    "next line": f"\x85{_FORGED}".encode(),
    "vertical tab and form feed": f"\x0b{_FORGED}\x0c".encode(),
    "file separator": f"\x1c{_FORGED}\x1e".encode(),
    "other direction": "\u202edetnarg\u2066".encode(),
    "no UTF-8": b"\xff\xfe\xc3\x28",
    "half of a pair": b"\xed\xa0\x80",
    "long": b"x" * 60_000,
    "formatting": b"%s%n%d{0}{level}",
}
# In the text of a JSON string, where bytes above have no place.
SAID = ["\n" + _FORGED, "\u2028" + _FORGED, "\x1b[2J", "\x00", "\x85", "\u202e", "x" * 60_000, "🙂" * 1000, "%s%n"]
HEADERS = (
    "Host",
    "Origin",
    "Authorization",
    "Accept",
    "Content-Type",
    "Cookie",
    "Mcp-Session-Id",
    "MCP-Protocol-Version",
    "Mcp-Method",
    "Mcp-Name",
    "X-Request-Id",
    "X-Correlation-Id",
    "X-Dev-UserId",
    "X-Mcp-UserId",
    "X-Gateway-Secret",
    "If-Match",
    "traceparent",
    "Last-Event-ID",
)


def _lines(ground: Ground) -> Iterable[str]:
    """What log and trail hold now, cut at everything that anybody takes for the end of a line."""
    for path in _files(ground):
        yield from path.read_text("utf-8").splitlines()
    yield from (line for line in ground.log.read_text("utf-8").splitlines() if line.startswith("{"))


def _files(ground: Ground) -> list[Path]:
    logs = ground.log.parent / "home" / "logs"
    return [path for name in ("gateway.log", "audit.log") for path in logs.glob(f"{name}*")]


def _check(ground: Ground) -> None:
    """Raises AssertionError for a line that is not ours alone."""
    for line in _lines(ground):
        told = json.loads(line)
        assert "forged" not in (told.get("level"), told.get("event")), line[:500]
        assert len(line) < 50_000
        assert not any(c in line for c in "\x00\x1b\x7f\x9b\u202e\u2066"), line[:500]


def _sent(ground: Ground, raw: bytes) -> int:
    """The status of the answer to these very bytes, 0 where there is none."""
    with Line(ground.port) as line:
        try:
            return line.send(raw).status
        except (ConnectionError, ValueError):
            return 0


def _request(ground: Ground, method: bytes, target: bytes, *lines: bytes, body: bytes = b"") -> bytes:
    host = b"Host: localhost:%d" % ground.port
    kept = [host] if not any(line.lower().startswith(b"host:") for line in lines) else []
    size = [b"Content-Length: %d" % len(body)] if body else []
    return b"\r\n".join([b"%b %b HTTP/1.1" % (method, target), *kept, *lines, *size, b"", body])


@pytest.mark.parametrize("word", WORDS)
def test_nothing_in_a_request_line_makes_a_line_of_ours(ground: Ground, word: str) -> None:
    bytes_ = WORDS[word]
    bearer = ": ".join(ground.bearer("mallory")).encode()
    targets = [
        b"/" + bytes_,
        b"/adapters/" + bytes_,
        b"/adapters/%b/mcp" % bytes_,
        b"/adapters/a/mcp?session_id=" + bytes_,
    ]
    targets += [b"/mcp?" + bytes_, b"/tools/%b/logs" % bytes_, b"/.well-known/oauth-protected-resource/" + bytes_]
    for target in targets:
        for method in (b"GET", b"POST", b"DELETE"):
            assert _sent(ground, _request(ground, method, target)) not in (200, 500), target[:100]
            assert _sent(ground, _request(ground, method, target, bearer)) != 500, target[:100]
    assert _sent(ground, _request(ground, bytes_, b"/mcp", bearer)) != 500

    _check(ground)


@pytest.mark.parametrize("word", WORDS)
def test_nothing_in_a_header_makes_a_line_of_ours(ground: Ground, recorder: str, word: str) -> None:
    bearer = ": ".join(ground.bearer("mallory", ["team"])).encode()
    usual = [f"{name}: {value}".encode() for name, value in ACCEPT.items()]
    for name in HEADERS:
        line = b"%b: %b" % (name.encode(), WORDS[word])
        proof = [bearer] if name != "Authorization" else []
        for target in (b"/adapters/%b/mcp" % recorder.encode(), b"/mcp", b"/adapters", b"/else"):
            kept = [each for each in usual if not each.lower().startswith(name.lower().encode() + b":")]
            for lines in ([line, *kept], [line, *proof, *kept]):
                status = _sent(ground, _request(ground, b"POST", target, *lines, body=b"{}"))
                assert status != 500, (name, target)

    _check(ground)


@pytest.mark.parametrize("said", range(len(SAID)))
async def test_no_name_and_no_argument_makes_a_line_of_ours(ground: Ground, said: int) -> None:
    word = SAID[said]
    async with ground.person("mallory") as mallory:
        for path in ("/adapters", "/tools"):
            for body in ({"name": word}, {"name": fresh(), "imageName": word, "imageVersion": word}, {word: word}):
                assert 400 <= (await mallory.post(path, body)).status < 500
        reply = await Client(mallory, modern=True).calling("none", text=word)
        assert reply.status == 400
        client = await Client(mallory).begin()
        await client.calling(word)
        await client.ask(word, name=word)

    _check(ground)


@pytest.mark.parametrize("word", SAID)
async def test_no_claim_of_a_token_makes_a_line_of_ours(ground: Ground, word: str) -> None:
    """Whoever runs the directory names people; what they are called ends in the trail."""
    user = f"u{word[:2000]}"
    async with ground.person(user, [word[:500]]) as person:
        await person.get("/adapters")
        await person.post("/adapters", {"name": "X"})
        await Client(person, "none").ask("tools/list")
        await Client(person, modern=True).calling("none")

    _check(ground)


async def test_nothing_that_a_workload_says_makes_a_line_of_ours(ground: Ground) -> None:
    """Its last words are its status, and its output its own log."""
    words = f"\n{_FORGED}\n\u2028{_FORGED}\x1b[2J\x00\x85{_FORGED}"
    code = f"import sys; sys.stdout.write({words!r}); sys.exit(3)"
    async with ground.person(OWNER) as owner:
        name = await owner.register("mirror", command=["python3", "-c", code])
        await until(lambda: owner.status(name), lambda status: "exited with code 3" in json.dumps(status))
        logs = await owner.get(f"/adapters/{name}/logs")
        assert logs.status == 200

    _check(ground)


async def test_nothing_that_a_tool_answers_makes_a_line_of_ours(ground: Ground) -> None:
    async with ground.person(OWNER) as owner:
        name = await owner.publish(**_saying("\n" + _FORGED))
        await until(lambda: owner.get(f"/tools/{name}/status"), lambda reply: reply.json["readyReplicas"] == 1)
        client = Client(owner, modern=True)
        for word in SAID:
            reply = await client.calling(name, do="say", status=500, body=word, media="text/plain")
            assert reply.status == 200

    _check(ground)


def _saying(description: str) -> dict[str, object]:
    body = tool({"description": description, "inputSchema": {"type": "object"}}, imageVersion=VERSION)
    return {"definition": body["toolDefinition"]["tool"]}
