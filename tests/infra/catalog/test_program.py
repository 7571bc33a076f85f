"""Programs: what the classes ask the engine for, in the gateway's words. No engine, and nobody is asked."""

import runpy
from collections.abc import Callable
from functools import partial

import pulumi
import pytest

from infra.catalog import (
    Acl,
    Amounts,
    ConfigMapRef,
    McpAdapter,
    McpAgent,
    McpGateway,
    McpTool,
    Probe,
    Resources,
    SecretRef,
    ToolDefinition,
    example,
)
from infra.catalog.example.program import main
from infra.catalog.plugin.inputs import check
from infra.catalog.plugin.kinds import KINDS
from infra.catalog.plugin.values import Values
from tests.infra.catalog.plugin import ADAPTER, AGENT, TOOL
from tests.infra.recording import Recorded, record


def test_everything_that_can_be_written_is_what_the_provider_takes() -> None:
    def program() -> None:
        McpAdapter(
            "recorder",
            name="rec",
            image_name="recorder",
            image_version="1.0.0",
            description=pulumi.Output.from_input("Records."),
            environment_variables={
                "A": "a",
                "B": pulumi.Output.secret("b"),
                "C": SecretRef(name="vault", key=pulumi.Output.from_input("c")),
                "D": ConfigMapRef(name="map", key="d"),
            },
            replica_count=2,
            required_roles=["team", pulumi.Output.from_input("other")],
            acl=Acl(call=["team"]),
            use_workload_identity=True,
            affinity="none",
            port=9000,
            command=["a"],
            args=["b"],
            resources=Resources(requests=Amounts(cpu="10m"), limits=pulumi.Output.from_input(Amounts(memory="1Gi"))),
            probe=Probe(path="/ready"),
            read_only_root_filesystem=False,
            wait=True,
        )

    (adapter,) = of(ADAPTER, program)
    assert adapter.inputs == {
        "name": "rec",
        "imageName": "recorder",
        "imageVersion": "1.0.0",
        "description": "Records.",
        "environmentVariables": {
            "A": "a",
            "B": "b",
            "C": {"secretRef": {"name": "vault", "key": "c"}},
            "D": {"configMapRef": {"name": "map", "key": "d"}},
        },
        "replicaCount": 2,
        "requiredRoles": ["team", "other"],
        "acl": {"call": ["team"]},
        "useWorkloadIdentity": True,
        "affinity": "none",
        "port": 9000,
        "command": ["a"],
        "args": ["b"],
        "resources": {"requests": {"cpu": "10m"}, "limits": {"memory": "1Gi"}},
        "probe": {"path": "/ready"},
        "readOnlyRootFilesystem": False,
        "wait": True,
    }
    assert set(adapter.inputs) == set(KINDS[ADAPTER].members())
    assert not wrong(adapter)
    assert adapter.secrets == ("environmentVariables.B",)


def test_an_agent_of_a_tool_waits_for_it() -> None:
    def program() -> None:
        weather = McpTool(
            "weather",
            name="weather",
            image_name="tool",
            image_version="1",
            tool_definition=ToolDefinition(tool={"a": None}, port=1),
        )
        McpAgent(
            "clerk",
            model="gpt",
            system="Be brief.",
            tools=[pulumi.Output.concat("mcp:", weather.name)],
            skills=["s"],
            metadata={"a": "b"},
            description="d",
            required_roles=["team"],
        )

    (agent,) = of(AGENT, program)
    (tool,) = of(TOOL, program)
    assert tool.inputs["toolDefinition"] == {"tool": {"a": None}, "port": 1}
    assert tool.urn in agent.dependencies
    assert set(agent.inputs) | {"name"} == set(KINDS[AGENT].members())


def test_a_program_may_have_several_gateways() -> None:
    def program() -> None:
        for name in ("east", "west"):
            gateway = McpGateway(name, endpoint=f"https://{name}.example.com", token_command=["az", name])
            options = pulumi.ResourceOptions(provider=gateway)
            McpAdapter(f"a-{name}", options, image_name="a", image_version="1")

    recorded = {one.name: one for one in record(program, {})}  # the SDK asks for both at once: in any order
    assert "::east::" in recorded["a-east"].provider
    assert "::west::" in recorded["a-west"].provider
    assert recorded["east"].inputs["tokenCommand"] == '["az", "east"]'
    assert recorded["west"].inputs["tokenCommand"] == '["az", "west"]'


@pytest.mark.parametrize("run", [main, partial(runpy.run_path, example.__path__[0], run_name="__main__")])
def test_the_example_is_good_however_it_is_run(run: Callable[[], object]) -> None:
    """The second way is the language host's."""
    recorded = {one.name: wrong(one) for one in record(run, {}) if one.type in KINDS}
    assert recorded == {"example-server": [], "example-weather": []}


def of(type: str, program: Callable[[], None]) -> list[Recorded]:
    """The resources of that type."""
    return [one for one in record(program, {}) if one.type == type]


def wrong(recorded: Recorded) -> list[str]:
    """What the provider would say of its inputs."""
    inputs: Values = recorded.inputs
    return check(KINDS[recorded.type], inputs, recorded.name).failures
