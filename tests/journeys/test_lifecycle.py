"""Register, use, change, delete: the life of an adapter and of a tool as their owner sees it."""

from urllib.parse import urljoin

import pytest

from tests.journeys.caller import Caller, adapter, fresh
from tests.journeys.client import Client
from tests.journeys.gateway import Gateway
from tests.journeys.reply import Json
from tests.journeys.waiting import until


async def test_adapter_is_registered_used_changed_and_deleted(caller: Caller) -> None:
    body = adapter("recorder", description="first")
    created = await caller.post("/adapters", body)
    path = f"/adapters/{body['name']}"
    caller.later_removes(path)
    assert created.status == 201, created.body
    assert urljoin(caller.url, created.headers["Location"]).endswith(path)
    record = created.json
    assert record == {**record, **body, "id": body["name"], "replicaCount": 1, "requiredRoles": []}
    assert created.headers["ETag"].strip('"') == record["etag"].strip('"')

    await caller.ready(body["name"], 1)
    assert (await caller.status(body["name"]))["replicaStatus"] == "Healthy"
    client = Client(caller, body["name"])
    await client.initialize()
    assert await client.call("echo", text="hello") == {"text": "hello"}

    changed = await caller.put(path, {**body, "description": "second"})
    assert changed.status == 200, changed.body
    assert changed.json["description"] == "second"
    assert changed.json["generation"] == record["generation"] + 1
    assert changed.json["uid"] == record["uid"]
    assert changed.json["createdAt"] == record["createdAt"]
    assert (await caller.get(path)).json == changed.json

    assert (await caller.delete(path)).status == 204
    assert (await caller.get(path)).problem["status"] == 404
    assert (await client.calling("echo", text="hello")).problem["status"] == 404


async def test_change_of_words_and_roles_restarts_nothing(caller: Caller) -> None:
    name = await caller.serving("recorder")
    client = Client(caller, name)
    await client.initialize()
    before = await client.call("counter")
    body = adapter("recorder", name=name, description="x", requiredRoles=["r"])
    assert (await caller.put(f"/adapters/{name}", body)).status == 200
    assert await client.call("counter") == {"n": 2, "pid": before["pid"]}


async def test_deleted_name_can_be_registered_again_and_is_another_record(caller: Caller) -> None:
    body = adapter("recorder", replicaCount=0)
    first = await caller.post("/adapters", body)
    await caller.delete(f"/adapters/{body['name']}")
    second = await until(lambda: caller.post("/adapters", body), lambda reply: reply.status != 409)
    caller.later_removes(f"/adapters/{body['name']}")
    assert second.status == 201, second.body
    assert second.json["uid"] != first.json["uid"]


async def test_taken_name_is_refused_across_kinds(caller: Caller) -> None:
    name = await caller.register("recorder", replicaCount=0)
    same = {"name": name, "imageName": "recorder", "imageVersion": "1.0.0"}
    assert (await caller.post("/adapters", same)).problem["status"] == 409
    assert (await caller.post("/tools", {**same, "toolDefinition": {"tool": {}}})).problem["status"] == 409
    assert (await caller.get(f"/tools/{name}")).problem["status"] == 404


async def test_write_with_an_old_etag_is_refused_and_changes_nothing(caller: Caller) -> None:
    name = await caller.register("recorder", replicaCount=0)
    path = f"/adapters/{name}"
    body = adapter("recorder", name=name, replicaCount=0)
    old = (await caller.get(path)).headers["ETag"]
    new = await caller.put(path, {**body, "description": "new"}, If_Match=old)
    assert new.status == 200, new.body
    assert new.headers["ETag"] != old
    assert (await caller.put(path, {**body, "description": "late"}, If_Match=old)).problem["status"] == 412
    assert (await caller.delete(path, If_Match=old)).problem["status"] == 412
    assert (await caller.get(path)).json["description"] == "new"
    assert (await caller.delete(path, If_Match=new.headers["ETag"])).status == 204


async def test_list_comes_in_pages_that_link_to_one_another(gateway: Gateway) -> None:
    async with Caller(gateway.url, fresh("lister")) as lister:  # sees nothing but what is their own
        names = sorted([await lister.register("recorder", replicaCount=0) for _ in range(5)])
        whole = await lister.get("/adapters")
        assert [record["name"] for record in whole.json] == names
        assert "Link" not in whole.headers
        assert await _pages(lister, "/adapters?limit=2") == [names[:2], names[2:4], names[4:]]


async def _pages(caller: Caller, path: str) -> list[list[str]]:
    pages: list[list[str]] = []
    while path:
        reply = await caller.get(path)
        assert reply.status == 200, reply.body
        pages.append([record["name"] for record in reply.json])
        path = _next(reply.headers.get("Link", ""), caller.url + path).removeprefix(caller.url)
    return pages


def _next(link: str, base: str) -> str:
    """The target of `<…>; rel="next"`, or nothing."""
    target, found, _ = link.partition('>; rel="next"')
    return urljoin(base, target.removeprefix("<")) if found else ""


async def test_tool_keeps_its_definition_to_the_last_unknown_member(caller: Caller) -> None:
    name = fresh("tool")
    tool: Json = {
        "name": name,
        "title": "Weather",
        "description": "Gets the current weather.",
        "type": "http",
        "inputSchema": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
        "annotations": {"readOnly": True},
        "x-vendor": {"big": 9007199254740993},
    }
    body = {
        "name": name,
        "imageName": "weather-tool",
        "imageVersion": "1.0.0",
        "replicaCount": 0,
        "toolDefinition": {"tool": tool, "port": 8000},
    }
    created = await caller.post("/tools", body)
    caller.later_removes(f"/tools/{name}")
    assert created.status == 201, created.body
    definition = (await caller.get(f"/tools/{name}")).json["toolDefinition"]
    assert definition == {"tool": tool, "port": 8000, "path": "/score"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/adapters", {"name": "", "imageName": "mcp-example", "imageVersion": "1.0.0", "description": "test"}),
        (
            "/tools",
            {
                "name": "",
                "imageName": "weather-tool",
                "imageVersion": "1.0.0",
                "useWorkloadIdentity": True,
                "description": "Weather tool",
                "requiredRoles": [],
                "toolDefinition": {
                    "tool": {
                        "name": "",
                        "title": "Weather Information",
                        "description": "Gets the current weather for a specified location.",
                        "type": "http",
                        "inputSchema": {
                            "type": "object",
                            "properties": {"location": {"type": "string", "description": "The city and state"}},
                            "required": ["location"],
                        },
                        "annotations": {"readOnly": True},
                    },
                    "port": 8000,
                },
            },
        ),
    ],
    ids=["adapter", "tool"],
)
async def test_bodies_of_known_scripts_are_accepted_as_they_are(gateway: Gateway, path: str, body: Json) -> None:
    name = fresh("script")
    body = {**body, "name": name}
    if "toolDefinition" in body:
        body["toolDefinition"]["tool"]["name"] = name
    async with Caller(gateway.url, "scripts", "mcp.admin") as admin:
        created = await admin.post(path, body)
        admin.later_removes(f"{path}/{name}")
        assert created.status == 201, created.body
        assert created.json["description"] == body["description"]
        assert created.json.get("toolDefinition", {}).get("tool") == body.get("toolDefinition", {}).get("tool")
