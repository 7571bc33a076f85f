"""Tools cannot be pointed elsewhere, and nothing that a registration holds makes the gateway ask a stranger, or think for ever."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from tests.attacks.ground import OWNER, Ground
from tests.attacks.mirror import Arrived
from tests.journeys.caller import Caller, adapter, tool
from tests.journeys.client import Client
from tests.journeys.reply import Json
from tests.journeys.result import failure, result
from tests.journeys.waiting import until

SOON = 8.0  # seconds on busy cores, for what is refused, and for others to be served meanwhile; what it guards against takes minutes

PATHS = (
    "@evil.example/score",
    "score",
    "",
    "//evil.example:80@x",
    "/score?x=1",
    "/score#x",
    "/score%2f..",
    "/score\r\nHost: evil.example",
    "/score HTTP/1.1\r\nX: y",
    "/sco re",
    "/score\\..\\x",
    "/%0d%0aX: y",
    "http://evil.example/score",
    "/score;x",
    "/score\u2028",
    "/score\n",
    "/@evil.example",
    "/" + "a" * 2000,
)


@asynccontextmanager
async def stranger() -> AsyncGenerator[tuple[str, list[Any]]]:
    """A server's address, and who came: nobody is to."""
    came: list[Any] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.read(1000))
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", came


@pytest.mark.parametrize("path", PATHS)
async def test_a_path_that_could_lead_elsewhere_is_refused(ground: Ground, path: str) -> None:
    body = tool()
    body["toolDefinition"] = {**body["toolDefinition"], "path": path}
    await _refused(ground, body, "toolDefinition.path")


@pytest.mark.parametrize("port", [0, -1, 65_536, 80.5, "80", "80@evil.example", None])
async def test_a_port_is_a_port(ground: Ground, port: object) -> None:
    body = tool()
    body["toolDefinition"] = {**body["toolDefinition"], "port": port}
    await _refused(ground, body, "toolDefinition.port")


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("imageName", "http://evil.example/x"),
        ("imageName", "evil.example:5000/x"),
        ("imageName", "../../x"),
        ("imageName", "x@sha256"),
        ("imageName", "x y"),
        ("imageName", "x\n"),
        ("imageVersion", "1.0.0@evil"),
        ("imageVersion", "1.0.0\n"),
        ("imageVersion", "sha256:" + "0" * 63),
        ("name", "../x"),
        ("name", "x.evil.example"),
        ("name", "x\n"),
        ("environmentVariables", {"A=B": "x"}),
        ("environmentVariables", {"A": "x\0y"}),
        ("environmentVariables", {"A": {"secretRef": {"name": "../x", "key": "k"}}}),
        ("host", "evil.example"),
    ],
)
async def test_what_names_an_image_or_a_secret_names_nothing_else(ground: Ground, member: str, value: object) -> None:
    async with ground.person(OWNER) as owner:
        for path, body in (("/adapters", adapter("mirror")), ("/tools", tool())):
            reply = await owner.post(path, {**body, member: value})
            if member == "host":  # no member of ours: ignored, and not stored
                owner.later_removes(f"{path}/{body['name']}")
                assert reply.status == 201
                assert "evil.example" not in reply.body.decode()
            else:
                assert reply.problem["status"] == 400
                assert reply.fields[0].startswith(member)


async def test_a_tool_is_called_at_its_own_address_whatever_the_path_looks_like(ground: Ground) -> None:
    async with ground.person(OWNER) as owner:
        for path in ("//evil.example/score", "/../../score", "/./x", "/a//b"):
            body = tool(image="mirror")
            body["toolDefinition"] = {**body["toolDefinition"], "path": path}
            made = await owner.post("/tools", body)
            assert made.status == 201, made.body
            owner.later_removes(f"/tools/{body['name']}")
            said = result(await Client(owner, modern=True).calling(body["name"])).text
            arrived = msgspec.json.decode(said, type=Arrived)
            assert arrived.target == path
            assert arrived.values("host")[0].startswith("localhost:")
            forbidden = {"authorization", "cookie", "x-mcp-userid", "x-mcp-roles", "x-gateway-secret"}
            assert not arrived.names() & forbidden, "a tool is not told who asks"


async def test_redirects_of_tools_and_adapters_are_not_followed(ground: Ground, mirror: str) -> None:
    async with stranger() as (url, came), ground.person(OWNER) as owner:
        name = await _published(owner, image="mirror")
        for status in (301, 302, 303, 307, 308):
            told = {"lines": [["Location", f"{url}/stolen"], ["Content-Type", "application/json"]], "status": status}
            assert "redirects are not followed" in failure(await Client(owner, modern=True).calling(name, **told))
            reply = await owner.post(f"/adapters/{mirror}/mcp", told)
            assert "Location" not in reply.headers
    assert not came


SCHEMAS: dict[str, Json] = {
    "a reference": {"properties": {"a": {"$ref": "{url}/s.json"}}},
    "a dynamic reference": {"properties": {"a": {"$dynamicRef": "{url}/s.json#x"}}},
    "a dialect": {"$schema": "{url}/s.json"},
    "an embedded dialect": {"$defs": {"x": {"$id": "{url}/x", "$schema": "{url}/s.json"}}},
    "a base": {"$id": "{url}/base/", "properties": {"a": {"$ref": "other.json"}}},
    "a file": {"properties": {"a": {"$ref": "file:///etc/passwd"}}},
    "a relative file": {"$id": "file:///etc/", "properties": {"a": {"$ref": "passwd"}}},
    "an unused definition": {"$defs": {"x": {"$ref": "{url}/s.json"}}},
}


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
@pytest.mark.parametrize("member", ["inputSchema", "outputSchema"])
async def test_a_schema_makes_nobody_fetch_anything(ground: Ground, member: str, schema: Json) -> None:
    async with stranger() as (url, came):
        definition = {"inputSchema": {"type": "object"}, member: {"type": "object", **_filled(schema, url)}}
        await _refused(ground, tool(definition), f"toolDefinition.tool.{member}")
    assert not came


async def test_addresses_that_are_only_names_are_kept_and_not_visited(ground: Ground) -> None:
    async with stranger() as (url, came), ground.person(OWNER) as owner:
        definition: Json = {
            "inputSchema": {"type": "object", "$id": f"{url}/id", "$comment": url},
            "icons": [{"src": f"{url}/icon.png"}],
            "_meta": {"x": url},
        }
        name = await _published(owner, definition=definition)
        assert result(await Client(owner, modern=True).calling(name, do="echo")).failed is False
        listed = await Client(owner, modern=True).ask("tools/list")
        assert url in listed.body.decode()
    assert not came


def _fan(levels: int) -> Json:
    defs = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(levels)}
    return {"$defs": {**defs, f"d{levels}": {}}, "$ref": "#/$defs/d0"}


def _nested(levels: int, keyword: str, inside: Json) -> Json:
    schema = inside
    for _ in range(levels):
        schema = {keyword: schema}
    return schema


def _again(levels: int) -> Json:
    schema: Json = {}
    for _ in range(levels):
        schema = {"allOf": [schema], "unevaluatedProperties": {"type": "integer"}}
    return schema


HEAVY: dict[str, Json] = {
    "fans out": _fan(40),
    "looks again": _again(24),
    "is deep": _nested(500, "not", {}),
    "refers to itself": {"allOf": [{"$ref": "#"}]},
    "goes in a circle": {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
    "is wide": {"properties": {f"p{n}": {"type": "string"} for n in range(6_000)}},
    "has many patterns": {"properties": {f"p{n}": {"pattern": f"^[a-z]{{1,900}}{n}$"} for n in range(200)}},
    "has a pattern that repeats repetitions": {"properties": {"a": {"pattern": r"^(\w{1,1000}){1,1000}$"}}},
    "has a pattern of parentheses": {"properties": {"a": {"pattern": "(" * 20_000 + ")" * 20_000}}},
}


@pytest.mark.parametrize("schema", HEAVY.values(), ids=HEAVY)
@pytest.mark.parametrize("member", ["inputSchema", "outputSchema"])
async def test_a_schema_that_asks_for_too_much_is_refused_soon(ground: Ground, member: str, schema: Json) -> None:
    definition = {"inputSchema": {"type": "object"}, member: {"type": "object", **schema}}
    async with asyncio.timeout(SOON):
        await _refused(ground, tool(definition), "toolDefinition.tool")


def _expression(kinds: int) -> Json:
    """A language of expressions, as libraries write it: one of several kinds, each with arguments of any kind."""
    each: Json = {
        f"k{n}": {
            "type": "object",
            "properties": {"kind": {"const": f"k{n}"}, "args": {"type": "array", "items": {"$ref": "#/$defs/e"}}},
            "required": ["kind"],
        }
        for n in range(kinds)
    }
    defs: Json = {"e": {"anyOf": [{"$ref": f"#/$defs/{kind}"} for kind in each]}, **each}
    return {"$defs": defs, "properties": {"e": {"$ref": "#/$defs/e"}}}


def _argument(levels: int) -> Json:
    value: Json = {"kind": "none of these"}
    for _ in range(levels):
        value = {"kind": "k9", "args": [value]}
    return {"e": value}


ARGUMENTS: dict[str, tuple[Json, Json]] = {
    "every choice fails": (_expression(10), _argument(5)),
    "every choice fails, deeper": (_expression(10), _argument(30)),
    "a pattern goes back and forth": (
        {"properties": {"a": {"pattern": r"^(?=a)((a|aa)+)+\1?$"}}},
        {"a": "a" * 20_000 + "!"},
    ),
    "a pattern looks behind": ({"properties": {"a": {"pattern": r"(?<=a)(a*)*b\1"}}}, {"a": "a" * 20_000}),
    "a name goes back and forth": (
        {"patternProperties": {r"^((a|aa)+)+\1$": {}}, "additionalProperties": False},
        {"a" * 300 + "!": 1},
    ),
    "both look at both": (
        {"allOf": [{"properties": {"a": {"$ref": "#"}}}] * 2, "additionalProperties": {"type": "object"}},
        _nested(40, "a", {"a": 5}),
    ),
}


@pytest.mark.parametrize(("schema", "arguments"), ARGUMENTS.values(), ids=ARGUMENTS)
async def test_arguments_that_take_for_ever_to_check_do_not(ground: Ground, schema: Json, arguments: Json) -> None:
    async with ground.person(OWNER) as owner, ground.person("ada") as ada:
        name = await _published(owner, definition={"inputSchema": {"type": "object", **schema}})
        other = await _published(ada)
        started = time.monotonic()
        slow, fast = await asyncio.gather(
            Client(owner, modern=True).calling(name, **arguments),
            Client(ada, modern=True).calling(other, do="echo"),
        )
        assert time.monotonic() - started < SOON, "and nobody else waited for it"
        assert result(slow).failed
        assert not result(fast).failed


async def _refused(ground: Ground, body: Json, field: str) -> None:
    """Asserts that a tool is refused, with the member that is wrong, and that it is not there."""
    async with ground.person(OWNER) as owner:
        reply = await owner.post("/tools", body)
        if reply.status == 201:
            owner.later_removes(f"/tools/{body['name']}")
        assert reply.problem["status"] == 400
        assert reply.fields[0].startswith(field), reply.problem
        assert (await owner.get(f"/tools/{body['name']}")).status == 404


async def _published(person: Caller, **members: Any) -> str:
    """The name of a tool that is ready."""
    name = await person.publish(**members)

    async def status() -> Json:
        return (await person.get(f"/tools/{name}/status")).json

    await until(status, lambda told: told["readyReplicas"] == 1)
    return name


def _filled(schema: Json, url: str) -> Json:
    return msgspec.json.decode(msgspec.json.encode(schema).replace(b"{url}", url.encode()))
