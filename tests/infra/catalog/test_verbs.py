"""Adapters and tools through the provider, against a real gateway: made, read, changed, removed, taken over."""

import grpc
import pytest

from infra.catalog.plugin.values import UNKNOWN, Secret, Values, plain
from tests.fakes.images import VERSION
from tests.infra.catalog.plugin import ADAPTER, TOOL, Failed, Made, Plugin, paths
from tests.journeys.caller import Caller, fresh
from tests.journeys.gateway import Gateway


def adapter(**members: object) -> Values:
    return {"name": fresh("iac"), "imageName": "recorder", "imageVersion": VERSION, **members}  # pyright: ignore[reportReturnType] - JSON


def tool(**members: object) -> Values:
    body = {"name": fresh("iac"), "imageName": "tool", "imageVersion": VERSION}
    definition: Values = {
        "tool": {"description": "Adds.", "inputSchema": {"type": "object", "properties": {"a": {}, "b": {}}}}
    }
    return {**body, "toolDefinition": definition, **members}  # pyright: ignore[reportReturnType] - JSON


async def made(plugin: Plugin, somebody: Caller, kind: str, inputs: Values) -> Made:
    """Checked and made; the gateway forgets it after the test."""
    there = await plugin.create(kind, await plugin.good(kind, inputs))
    somebody.later_removes(f"/{there.id}")
    return there


async def test_a_new_adapter_is_registered_and_its_addresses_are_known(
    gateway: Gateway, plugin: Plugin, somebody: Caller
) -> None:
    there = await made(plugin, somebody, ADAPTER, adapter(description="Records."))
    record = (await somebody.get(f"/{there.id}")).json
    assert there.id == f"adapters/{record['name']}"
    assert there.outputs["description"] == record["description"] == "Records."
    assert {name: there.outputs[name] for name in ("uid", "generation", "etag", "createdBy")} == {
        name: record[name] for name in ("uid", "generation", "etag", "createdBy")
    }
    assert there.outputs["mcpUrl"] == f"{gateway.url}/adapters/{record['name']}/mcp"
    assert there.outputs["statusUrl"] == f"{gateway.url}/adapters/{record['name']}/status"


async def test_a_new_tool_is_registered_at_the_router(gateway: Gateway, plugin: Plugin, somebody: Caller) -> None:
    there = await made(plugin, somebody, TOOL, tool())
    record = (await somebody.get(f"/{there.id}")).json
    assert record["toolDefinition"]["tool"]["inputSchema"]["properties"] == {"a": {}, "b": {}}
    assert there.outputs["mcpUrl"] == f"{gateway.url}/mcp"


@pytest.mark.parametrize("kind", [ADAPTER, TOOL])
async def test_what_was_made_reads_back_without_any_difference(plugin: Plugin, somebody: Caller, kind: str) -> None:
    given = adapter() if kind == ADAPTER else tool()
    there = await made(
        plugin,
        somebody,
        kind,
        {
            **given,
            "environmentVariables": {"TOKEN": "s3cret", "a.b": ""},
            "acl": {"call": ["team"]},
            "resources": {"requests": {"cpu": "10m"}},
            "probe": {"path": "/ready"},
            "requiredRoles": ["team"],
        },
    )
    now = await plugin.read(kind, there.id, there)
    assert now
    assert now.inputs == there.inputs
    assert now.outputs == there.outputs
    assert not paths(await plugin.diff(kind, now, await plugin.good(kind, plain_inputs(there))))


def plain_inputs(there: Made) -> Values:
    """As a program would give them again."""
    return {name: plain(value) for name, value in there.inputs.items()}


async def test_a_change_is_written_and_names_the_next_version(plugin: Plugin, somebody: Caller) -> None:
    there = await made(plugin, somebody, ADAPTER, adapter())
    wanted = await plugin.good(ADAPTER, {**plain_inputs(there), "description": "New."})
    assert paths(await plugin.diff(ADAPTER, there, wanted)) == {"description": "UPDATE"}
    changed = await plugin.update(ADAPTER, there, wanted)
    record = (await somebody.get(f"/{there.id}")).json
    assert record["description"] == changed.outputs["description"] == "New."
    assert (record["etag"], record["generation"]) == (changed.outputs["etag"], changed.outputs["generation"])
    assert changed.outputs["uid"] == there.outputs["uid"]
    assert changed.outputs["etag"] != there.outputs["etag"]


async def test_a_change_over_somebody_elses_is_refused_until_that_was_seen(plugin: Plugin, somebody: Caller) -> None:
    there = await made(plugin, somebody, ADAPTER, adapter())
    record = (await somebody.get(f"/{there.id}")).json
    assert (await somebody.put(f"/{there.id}", {**record, "description": "Theirs."})).status == 200
    wanted = await plugin.good(ADAPTER, {**plain_inputs(there), "replicaCount": 0})
    with pytest.raises(Failed, match=r"changed by somebody else since: `pulumi refresh` takes that in"):
        await plugin.update(ADAPTER, there, wanted)
    assert (await somebody.get(f"/{there.id}")).json["description"] == "Theirs."

    refreshed = await plugin.read(ADAPTER, there.id, there)
    assert refreshed
    assert refreshed.inputs["description"] == "Theirs."
    assert paths(await plugin.diff(ADAPTER, refreshed, wanted)) == {"description": "UPDATE", "replicaCount": "UPDATE"}
    await plugin.update(ADAPTER, refreshed, wanted)
    assert (await somebody.get(f"/{there.id}")).json["description"] == ""


async def test_what_somebody_deleted_is_gone_to_a_refresh_and_to_a_delete(plugin: Plugin, somebody: Caller) -> None:
    there = await made(plugin, somebody, ADAPTER, adapter())
    assert (await somebody.delete(f"/{there.id}")).status == 204
    assert await plugin.read(ADAPTER, there.id, there) is None
    with pytest.raises(Failed, match="is gone: `pulumi refresh` takes that in"):
        await plugin.update(ADAPTER, there, {**there.inputs, "description": "New."})
    await plugin.delete(ADAPTER, there)


async def test_delete_removes_it_even_after_somebody_changed_it(plugin: Plugin, somebody: Caller) -> None:
    there = await made(plugin, somebody, ADAPTER, adapter())
    record = (await somebody.get(f"/{there.id}")).json
    assert (await somebody.put(f"/{there.id}", {**record, "description": "Theirs."})).status == 200
    await plugin.delete(ADAPTER, there)
    assert (await somebody.get(f"/{there.id}")).status == 404


async def test_delete_leaves_alone_what_others_made_under_the_same_name(plugin: Plugin, somebody: Caller) -> None:
    there = await made(plugin, somebody, ADAPTER, adapter())
    assert (await somebody.delete(f"/{there.id}")).status == 204
    assert (await somebody.post("/adapters", plain_inputs(there))).status == 201
    await plugin.delete(ADAPTER, there)
    assert (await somebody.get(f"/{there.id}")).status == 200


async def test_a_name_that_is_taken_is_refused_with_the_way_to_take_it_over(plugin: Plugin, somebody: Caller) -> None:
    there = await made(plugin, somebody, ADAPTER, adapter())
    name = str(there.outputs["name"])
    with pytest.raises(Failed) as refused:
        await plugin.create(ADAPTER, there.inputs)
    assert f"`{name}` is taken" in str(refused.value)
    assert f"`pulumi import mcp-gateway:catalog:McpAdapter <resource> adapters/{name}`" in str(refused.value)
    assert refused.value.code is grpc.StatusCode.FAILED_PRECONDITION
    with pytest.raises(Failed, match="is taken; adapters and tools share their names"):
        await plugin.create(TOOL, await plugin.good(TOOL, tool(name=name)))


@pytest.mark.parametrize("kind", [ADAPTER, TOOL])
async def test_an_import_finds_the_inputs_that_a_program_would_give(
    plugin: Plugin, somebody: Caller, kind: str
) -> None:
    given: Values = {**(adapter() if kind == ADAPTER else tool()), "environmentVariables": {"KEY": "value"}}
    path = "adapters" if kind == ADAPTER else "tools"
    assert (await somebody.post(f"/{path}", given)).status == 201
    somebody.later_removes(f"/{path}/{given['name']}")
    found = await plugin.read(kind, f"{path}/{given['name']}")
    assert found
    assert found.inputs["environmentVariables"] == {"KEY": Secret("value")}
    assert not paths(await plugin.diff(kind, found, await plugin.good(kind, given)))


@pytest.mark.parametrize("id", ["weather", "tools/weather", "adapters/", "adapters/a/b"])
async def test_an_id_that_is_none_says_what_they_look_like(plugin: Plugin, id: str) -> None:
    with pytest.raises(Failed, match=r"is no id of adapters: they look like `adapters/<name>`"):
        await plugin.read(ADAPTER, id)


async def test_nothing_under_the_id_is_nothing_to_import(plugin: Plugin) -> None:
    assert await plugin.read(ADAPTER, f"adapters/{fresh()}") is None


async def test_what_may_be_read_but_not_written_shows_no_drift_for_its_masks(
    gateway: Gateway, plugin: Plugin, somebody: Caller
) -> None:
    given = adapter(environmentVariables={"TOKEN": "s3cret"}, requiredRoles=["team"])
    there = await made(plugin, somebody, ADAPTER, given)
    async with Plugin(endpoint=gateway.url, devUser="reader", devRoles="team") as reader:
        now = await reader.read(ADAPTER, there.id, there)
        assert now
        assert now.inputs == there.inputs
        with pytest.raises(Failed, match="You may not change this adapter"):
            await reader.update(ADAPTER, there, {**there.inputs, "description": "New."})


async def test_a_preview_asks_nobody_and_knows_what_it_can(gateway: Gateway, plugin: Plugin, somebody: Caller) -> None:
    given = await plugin.good(ADAPTER, adapter())
    planned = await plugin.create(ADAPTER, given, preview=True)
    assert planned.id == ""
    assert planned.outputs["uid"] is planned.outputs["etag"] is UNKNOWN
    assert planned.outputs["mcpUrl"] == f"{gateway.url}/adapters/{given['name']}/mcp"
    assert (await somebody.get(f"/adapters/{given['name']}")).status == 404

    there = await made(plugin, somebody, ADAPTER, given)
    replanned = await plugin.update(ADAPTER, there, {**there.inputs, "description": "New."}, preview=True)
    assert replanned.outputs["uid"] == there.outputs["uid"]
    assert replanned.outputs["etag"] is UNKNOWN
    assert (await somebody.get(f"/{there.id}")).json["description"] == ""


async def test_waiting_ends_when_it_is_healthy(plugin: Plugin, somebody: Caller) -> None:
    there = await made(plugin, somebody, ADAPTER, adapter(wait=True))
    assert (await somebody.status(str(there.outputs["name"])))["replicaStatus"] == "Healthy"
    calmed = await plugin.update(ADAPTER, there, {**there.inputs, "wait": False})
    assert (
        calmed.outputs["generation"] == there.outputs["generation"]
    )  # `wait` is not the gateway's: nothing was written


async def test_what_never_gets_healthy_is_kept_with_the_reason(plugin: Plugin, somebody: Caller) -> None:
    given = await plugin.good(ADAPTER, adapter(imageName="never-ready", wait=True))
    with pytest.raises(Failed, match=r"is not healthy after 1 s: Degraded: 0/1 ready") as failed:
        await plugin.create(ADAPTER, given, timeout=1)
    somebody.later_removes(f"/adapters/{given['name']}")
    kept = failed.value.kept
    assert kept
    assert kept.id == f"adapters/{given['name']}"
    assert kept.inputs == given
    assert kept.outputs["uid"] == (await somebody.get(f"/{kept.id}")).json["uid"]
