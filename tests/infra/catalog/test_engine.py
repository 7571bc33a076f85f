"""The catalog as code with the real engine and a real gateway: what a person sees of changes, drift and imports, and what is kept."""

import re
from functools import partial
from pathlib import Path

import msgspec
import pulumi
import pytest
from pulumi import automation

from infra.catalog import McpAdapter, McpGateway, McpTool, ToolDefinition
from infra.catalog.example.program import main
from tests.fakes.images import VERSION
from tests.infra.catalog.launcher import write
from tests.infra.catalog.plugin import ADAPTER, AGENT, TOOL
from tests.infra.engine_room import EngineRoom
from tests.journeys.caller import Caller, fresh
from tests.journeys.gateway import Gateway

pytestmark = pytest.mark.infra

_USER = "pulumi"
_STACK, _PROVIDER = 1, 1  # each is a resource as well, but for a provider that no program made


@pytest.fixture
def engine(room: EngineRoom, tmp_path: Path) -> EngineRoom:
    """With the plug-in where an installation would have it."""
    write(tmp_path / "bin")
    return room


def test_the_example_is_previewed_made_left_alone_changed_and_destroyed(
    engine: EngineRoom, gateway: Gateway, tmp_path: Path
) -> None:
    configuration = {"endpoint": gateway.url, "devUser": _USER, "resourceGroup": "not-the-plugins"}
    stack = engine.stack(main, configuration)
    assert counts(stack.preview()) == {"create": 2 + _STACK}
    made = stack.up()
    assert counts(made) == {"create": 2 + _STACK}
    assert made.outputs["server"].value == f"{gateway.url}/adapters/example-server/mcp"
    assert counts(stack.up()) == {"same": 2 + _STACK}

    changed = engine.stack(main, {**configuration, "description": "Another.", "greeting": "Good day"})
    preview = changed.preview(diff=True)
    assert counts(preview) == {"same": 1 + _STACK, "update": 1}
    assert re.search(r'~ description +: "A first MCP server." => "Another."', preview.stdout), preview.stdout
    assert "~ GREETING: [secret] => [secret]" in preview.stdout
    assert "Good day" not in preview.stdout
    assert counts(changed.up())["update"] == 1
    assert "Another." in stored(tmp_path)
    assert "Good day" not in stored(tmp_path)
    assert "not-the-plugins" not in stored(tmp_path)
    assert counts(changed.destroy()) == {"delete": 2 + _STACK}


async def test_what_others_did_is_found_and_put_right(engine: EngineRoom, gateway: Gateway) -> None:
    kept, gone = fresh("kept"), fresh("gone")
    stack = engine.stack(partial(two, gateway.url, kept, gone), {})
    stack.up()
    async with Caller(gateway.url, _USER) as somebody:
        record = (await somebody.get(f"/adapters/{kept}")).json
        assert (await somebody.put(f"/adapters/{kept}", {**record, "description": "Theirs."})).status == 200
        assert (await somebody.delete(f"/adapters/{gone}")).status == 204

    changed = engine.stack(partial(two, gateway.url, kept, gone, description="Ours."), {})
    with pytest.raises(automation.CommandError, match="changed by somebody else since: `pulumi refresh` takes that in"):
        changed.up()

    preview = changed.preview_refresh()
    assert counts(preview) == {"delete": 1, "update": 1, "same": _STACK + _PROVIDER}
    assert counts(changed.refresh()) == {"delete": 1, "update": 1, "same": _STACK + _PROVIDER}
    assert counts(changed.up()) == {"create": 1, "update": 1, "same": _STACK + _PROVIDER}
    assert counts(changed.refresh()) == {"same": 2 + _STACK + _PROVIDER}
    async with Caller(gateway.url, _USER) as somebody:
        assert (await somebody.get(f"/adapters/{kept}")).json["description"] == "Ours."
    changed.destroy()


async def test_what_is_there_already_is_taken_over(engine: EngineRoom, gateway: Gateway, tmp_path: Path) -> None:
    name = fresh("there")
    body = {"name": name, "imageName": "recorder", "imageVersion": VERSION, "environmentVariables": {"KEY": "s3cret"}}
    async with Caller(gateway.url, _USER) as somebody:
        assert (await somebody.post("/adapters", body)).status == 201
    configuration = {"endpoint": gateway.url, "devUser": _USER}
    stack = engine.stack(partial(one, name), configuration)
    with pytest.raises(automation.CommandError, match=f"`{name}` is taken.*`pulumi import .* adapters/{name}`"):
        stack.up()

    taking = engine.stack(partial(one, name, take=f"adapters/{name}"), configuration)
    assert counts(taking.up())["import"] == 1
    settled = engine.stack(partial(one, name), configuration)
    assert counts(settled.up()) == {"same": 1 + _STACK}
    assert name in stored(tmp_path)
    assert "s3cret" not in stored(tmp_path)
    settled.destroy()


def test_another_identity_makes_another_thing_and_the_old_one_goes_first(engine: EngineRoom, gateway: Gateway) -> None:
    name = fresh("moved")
    configuration = {"endpoint": gateway.url, "devUser": _USER, "devRoles": "mcp.admin"}
    engine.stack(partial(one, name), configuration).up()
    moved = engine.stack(partial(one, name, identity=True), configuration)
    preview = moved.preview(diff=True)
    assert counts(preview)["replace"] == 1
    assert "useWorkloadIdentity" in preview.stdout
    moved.destroy()


def test_a_bad_member_is_refused_in_the_preview(engine: EngineRoom, gateway: Gateway) -> None:
    def program() -> None:
        McpAdapter(
            "bad", image_name="recorder", image_version=VERSION, replica_count=33, environment_variables={"A": "***"}
        )

    stack = engine.stack(program, {"endpoint": gateway.url, "devUser": _USER})
    with pytest.raises(
        automation.CommandError, match=r"resource 'bad' has a problem: replicaCount: Expected `int` <= 32"
    ):
        stack.preview()


def test_a_gateway_that_is_not_there_yet_is_no_error_in_a_preview(engine: EngineRoom, gateway: Gateway) -> None:
    """Its address may be an output of the same program; a resource of ours stands in for that here."""
    first, second = fresh("first"), fresh("second")

    def program() -> None:
        here = McpGateway("here", endpoint=gateway.url, dev_user=_USER)
        made = McpAdapter(first, at(here), image_name="recorder", image_version=VERSION)
        there = McpGateway("there", endpoint=made.url.apply(lambda url: url.partition("/adapters")[0]), dev_user=_USER)
        tool = {"description": pulumi.Output.concat("Of ", made.uid)}
        McpTool(second, at(there), image_name="tool", image_version=VERSION, tool_definition=ToolDefinition(tool=tool))

    stack = engine.stack(program, {})
    assert counts(stack.preview()) == {"create": 4 + _STACK}
    assert counts(stack.up()) == {"create": 4 + _STACK}
    assert counts(stack.up()) == {"same": 4 + _STACK}
    assert counts(stack.destroy()) == {"delete": 4 + _STACK}


def test_the_engine_takes_the_schema(engine: EngineRoom, tmp_path: Path) -> None:
    """It is checked on the way: types that are named and not there, requirements of members that do not exist."""
    del engine  # its folder has the engine and the plug-in
    command = automation.PulumiCommand(str(tmp_path))
    plugin = str(tmp_path / "bin" / "pulumi-resource-mcp-gateway")
    said = command.run(["package", "get-schema", plugin], str(tmp_path), {"PULUMI_HOME": str(tmp_path / "home")})
    assert set(msgspec.json.decode(said.stdout)["resources"]) == {ADAPTER, TOOL, AGENT}


def one(name: str, *, take: str | None = None, identity: bool = False, key: str | None = "s3cret") -> None:
    """A program of one adapter, of the gateway that the configuration names."""
    McpAdapter(
        "one",
        pulumi.ResourceOptions(import_=take),
        name=name,
        image_name="recorder",
        image_version=VERSION,
        environment_variables={"KEY": key} if key else None,
        use_workload_identity=identity,
    )


def two(url: str, kept: str, gone: str, *, description: str = "") -> None:
    """A program of two adapters, of a gateway that it names itself."""
    gateway = McpGateway("gateway", endpoint=url, dev_user=_USER)
    McpAdapter(kept, at(gateway), image_name="recorder", image_version=VERSION, description=description)
    McpAdapter(gone, at(gateway), image_name="recorder", image_version=VERSION)


def at(gateway: McpGateway) -> pulumi.ResourceOptions:
    """Of that gateway."""
    return pulumi.ResourceOptions(provider=gateway)


def stored(folder: Path) -> str:
    """The states on the engine's disk. Its history beside them repeats the configuration, which is no secret in these tests."""
    return "".join(file.read_text() for file in (folder / "backend" / ".pulumi" / "stacks").rglob("*.json"))


def counts(
    result: automation.PreviewResult | automation.UpResult | automation.RefreshResult | automation.DestroyResult,
) -> dict[str, int]:
    """How many resources had what happen to them."""
    if isinstance(result, automation.PreviewResult):
        return {automation.OpType(kind).value: count for kind, count in result.change_summary.items()}
    return {str(kind): count for kind, count in (result.summary.resource_changes or {}).items()}
