"""Wrong input: refused with a problem that names the field, and nothing has changed."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from tests.journeys.caller import Caller, adapter, fresh
from tests.journeys.gateway import Gateway
from tests.journeys.raw import told
from tests.journeys.reply import Json

LIMIT = 30_000_000  # bytes of a body
MISSING = object()


@pytest.fixture
async def novice(gateway: Gateway) -> AsyncGenerator[Caller]:
    """Somebody who owns nothing yet, so that anything kept by mistake shows."""
    async with Caller(gateway.url, fresh("novice")) as person:
        yield person


ADAPTERS: list[tuple[str, Any, str]] = [
    ("name", MISSING, "name"),
    ("name", None, "name"),
    ("name", 7, "name"),
    ("name", "", "name"),
    ("name", "Upper", "name"),
    ("name", "under_score", "name"),
    ("name", "-dash", "name"),
    ("name", "dash-", "name"),
    ("name", "0digit", "name"),
    ("name", "a" * 41, "name"),
    ("name", "a" * 100_000, "name"),
    ("name", "new\n", "name"),
    ("name", "proxy", "name"),
    ("name", "mcp", "name"),
    ("imageName", MISSING, "imageName"),
    ("imageName", "Upper", "imageName"),
    ("imageName", "a/../b", "imageName"),
    ("imageVersion", "-", "imageVersion"),
    ("replicaCount", -1, "replicaCount"),
    ("replicaCount", 33, "replicaCount"),
    ("replicaCount", 10**30, "replicaCount"),
    ("replicaCount", "1", "replicaCount"),
    ("replicaCount", 1.5, "replicaCount"),
    ("replicaCount", None, "replicaCount"),
    ("port", 0, "port"),
    ("port", 65536, "port"),
    ("affinity", "sticky", "affinity"),
    ("description", None, "description"),
    ("requiredRoles", "team", "requiredRoles"),
    ("requiredRoles", [1], "requiredRoles"),
    ("environmentVariables", {"A": 1}, "environmentVariables"),
    ("environmentVariables", {"A": "***"}, "environmentVariables.A"),
    ("environmentVariables", {"A=B": "x"}, "environmentVariables"),
    ("environmentVariables", {"A": {"secretRef": {"name": "s"}}}, "environmentVariables"),
    ("environmentVariables", [], "environmentVariables"),
    ("acl", {"call": "me"}, "acl.call"),
    ("probe", {}, "probe.path"),
]


@pytest.mark.parametrize(("member", "value", "field"), ADAPTERS, ids=[f"{m}={str(v)[:20]!r}" for m, v, _ in ADAPTERS])
async def test_adapter_with_a_wrong_member_is_refused_by_its_name(
    novice: Caller, member: str, value: object, field: str
) -> None:
    body = {**adapter("recorder", replicaCount=0), member: value}
    if value is MISSING:
        del body[member]
    reply = await novice.post("/adapters", body)
    assert reply.problem["status"] == 400
    assert len(reply.fields) == 1
    assert reply.fields[0].startswith(field)
    assert (await novice.get("/adapters")).json == []


@pytest.mark.parametrize(("member", "value"), [("imageName", "nobody/has-it"), ("imageVersion", "9.9.9")])
async def test_image_that_the_gateway_cannot_know_is_refused_by_name(
    gateway: Gateway, novice: Caller, member: str, value: str
) -> None:
    if not gateway.embedded:
        pytest.skip("a cluster asks its registry when it pulls; the status says what came of it")
    reply = await novice.post("/adapters", {**adapter("recorder", replicaCount=0), member: value})
    assert (reply.problem["status"], reply.fields) == (400, [member])


TOOLS: list[tuple[Any, str]] = [
    (MISSING, "toolDefinition"),
    ([], "toolDefinition"),
    ({}, "toolDefinition.tool"),
    ({"tool": []}, "toolDefinition.tool"),
    ({"tool": {"name": "another"}}, "toolDefinition.tool.name"),
    ({"tool": {"inputSchema": []}}, "toolDefinition.tool.inputSchema"),
    ({"tool": {"inputSchema": {"type": "array"}}}, "toolDefinition.tool.inputSchema"),
    ({"tool": {"inputSchema": {"type": "object", "properties": []}}}, "toolDefinition.tool.inputSchema"),
    ({"tool": {"outputSchema": {"type": "object", "required": "x"}}}, "toolDefinition.tool.outputSchema"),
    ({"tool": {}, "port": 0}, "toolDefinition.port"),
    ({"tool": {}, "path": "score"}, "toolDefinition.path"),
    ({"tool": {}, "path": "/a?b"}, "toolDefinition.path"),
]


@pytest.mark.parametrize(("definition", "field"), TOOLS, ids=[str(d)[:50] for d, _ in TOOLS])
async def test_tool_with_a_wrong_definition_is_refused_by_its_name(
    novice: Caller, definition: object, field: str
) -> None:
    body = {**adapter("weather-tool", replicaCount=0), "toolDefinition": definition}
    if definition is MISSING:
        del body["toolDefinition"]
    reply = await novice.post("/tools", body)
    assert reply.problem["status"] == 400
    assert reply.fields == [field]
    assert (await novice.get("/tools")).json == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"name": }', b"[]", b'"text"', b"null", b"\xff\xfe", b'{"name": "a",}', b"[" * 100_000, b"{} {}"],
    ids=lambda body: repr(body[:12]),
)
@pytest.mark.parametrize("path", ["/adapters", "/tools"])
async def test_body_that_is_no_json_object_is_refused(novice: Caller, path: str, body: bytes) -> None:
    assert (await novice.post(path, body)).problem["status"] == 400
    assert (await novice.get(path)).json == []


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "nonsense"])
async def test_body_of_another_media_type_is_unsupported(novice: Caller, media: str) -> None:
    body = adapter("recorder", replicaCount=0)
    assert (await novice.post("/adapters", body, Content_Type=media)).problem["status"] == 415
    assert (await novice.get("/adapters")).json == []


async def test_put_under_another_name_is_refused_and_changes_nothing(novice: Caller) -> None:
    name = await novice.register("recorder", replicaCount=0)
    body = {**adapter("recorder"), "description": "moved"}
    refused = await novice.put(f"/adapters/{name}", body)
    assert refused.problem["status"] == 400
    assert refused.fields == ["name"]
    assert [(r["name"], r["description"]) for r in (await novice.get("/adapters")).json] == [(name, "")]


async def test_put_with_wrong_members_changes_nothing(novice: Caller) -> None:
    name = await novice.register("recorder", replicaCount=0)
    before = (await novice.get(f"/adapters/{name}")).json
    body = adapter("recorder", name=name)
    for wrong in ({"replicaCount": -1}, {"imageName": "Nobody"}, {"useWorkloadIdentity": "yes"}):
        assert (await novice.put(f"/adapters/{name}", {**body, **wrong})).problem["status"] == 400
    assert (await novice.get(f"/adapters/{name}")).json == before


@pytest.mark.parametrize("verb", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/adapters/nobody", "/tools/nobody"])
async def test_what_is_not_there_is_not_found(novice: Caller, verb: str, path: str) -> None:
    body: Json = {**adapter("recorder"), "name": "nobody", "toolDefinition": {"tool": {}}}
    reply = await novice.ask(verb, path, {}, body if verb == "PUT" else None)
    assert reply.problem["status"] == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [("limit=0", "limit"), ("limit=-1", "limit"), ("limit=many", "limit"), ("limit=1&after=%00", "after")],
)
async def test_page_that_makes_no_sense_is_refused_by_name(novice: Caller, query: str, field: str) -> None:
    reply = await novice.get(f"/adapters?{query}")
    assert reply.problem["status"] == 400
    assert reply.fields == [field]


@pytest.mark.parametrize("path", ["/nothing", "/adapters/a/b/c", "/sessions", "/Adapters", "//adapters"])
async def test_route_that_does_not_exist_is_a_problem_and_not_found(novice: Caller, path: str) -> None:
    assert (await novice.get(path)).problem["status"] == 404


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/adapters", {"GET", "POST"}),
        ("/tools/nobody", {"GET", "PUT", "DELETE"}),
        ("/adapters/nobody/status", {"GET"}),
        ("/adapters/nobody/logs", {"GET"}),
        ("/ping", {"GET"}),
    ],
)
async def test_wrong_method_is_answered_with_the_right_ones(novice: Caller, path: str, allowed: set[str]) -> None:
    reply = await novice.ask("PATCH", path, {})
    assert reply.problem["status"] == 405
    assert allowed <= {method.strip() for method in reply.headers["Allow"].split(",")}


@pytest.mark.parametrize("path", ["/adapters", "/adapters/{recorder}/mcp"])
async def test_body_above_the_limit_is_refused_before_it_is_sent(caller: Caller, recorder: str, path: str) -> None:
    lines = [*caller.headers.items(), ("Content-Type", "application/json"), ("Content-Length", str(LIMIT + 1))]
    reply = await told(caller.url, "POST", path.format(recorder=recorder), lines)
    assert reply.problem["status"] == 413


@pytest.mark.parametrize(
    "lines",
    [[("X-Long", "x" * 100_000)], [(f"X-{n}", "1") for n in range(1000)], [("X", "x" * 4000)] * 60],
    ids=["long", "many", "large together"],
)
async def test_headers_above_the_limit_are_refused(gateway: Gateway, lines: list[tuple[str, str]]) -> None:
    assert (await told(gateway.url, "GET", "/adapters", lines)).problem["status"] == 431
