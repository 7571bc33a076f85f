"""What a preview says of inputs before anybody is asked: complete, secret where they have to be, and refused in the gateway's words."""

import pytest

from infra.catalog.plugin.inputs import check
from infra.catalog.plugin.kinds import KINDS
from infra.catalog.plugin.values import UNKNOWN, Secret, Value, Values
from tests.fakes.images import VERSION
from tests.infra.catalog.plugin import ADAPTER, AGENT, TOOL
from tests.journeys.caller import Caller, fresh

_IMAGE: Values = {"imageName": "recorder", "imageVersion": VERSION}
_TOOL: Values = {**_IMAGE, "toolDefinition": {"tool": {"inputSchema": {"type": "object"}}}}
_AGENT: Values = {"model": "gpt", "system": "Be brief."}


def failures(kind: str, **members: Value) -> list[str]:
    given = {ADAPTER: _IMAGE, TOOL: _TOOL, AGENT: _AGENT}[kind]
    return check(KINDS[kind], {**given, **members}, "thing").failures


def test_defaults_are_filled_in_as_the_gateway_does() -> None:
    checked = check(KINDS[ADAPTER], _IMAGE, "weather")
    assert not checked.failures
    assert checked.inputs == {
        **_IMAGE,
        "name": "weather",
        "environmentVariables": {},
        "replicaCount": 1,
        "description": "",
        "useWorkloadIdentity": False,
        "requiredRoles": [],
        "command": [],
        "args": [],
        "readOnlyRootFilesystem": True,
        "affinity": "principal",
        "port": 8000,
        "wait": False,
    }


def test_a_tool_gets_its_name_its_port_and_its_path() -> None:
    given: Values = {**_IMAGE, "toolDefinition": {"tool": {"description": "Adds."}}}
    definition = check(KINDS[TOOL], given, "sum").inputs["toolDefinition"]
    assert definition == {
        "tool": {"name": "sum", "description": "Adds.", "inputSchema": {"type": "object"}},
        "port": 8000,
        "path": "/score",
    }


@pytest.mark.parametrize(
    ("member", "value", "said"),
    [
        ("replicaCount", 33, "replicaCount: Expected `int` <= 32."),
        ("replicaCount", "2", "replicaCount: Expected `int`, got `str`."),
        ("replicaCount", 1.5, "replicaCount: Expected `int`, got `float`."),
        ("imageVersion", "a b", "imageVersion: Expected `str` matching regex"),
        ("imageName", None, "imageName: Object missing required field `imageName`."),
        ("affinity", "sticky", "affinity: Invalid enum value 'sticky'."),
        ("name", "mcp", "name: `mcp` is reserved."),
        ("name", "Big", "name: Expected `str` matching regex"),
        ("environmentVariables", {"A": "***"}, "environmentVariables.A: `***` stands for a value you may not see"),
        ("environmentVariables", {"A": {"secretRef": {"name": "s"}}}, "environmentVariables.secretRef.key: "),
        ("resources", {"limits": {"cpu": "much"}}, "resources.limits.cpu: Expected `str` matching regex"),
        ("probe", {}, "probe.path: Object missing required field `path`."),
        ("replicas", 2, "replicas: there is no such member."),
    ],
)
def test_a_bad_member_is_named(member: str, value: Value, said: str) -> None:
    (sentence,) = failures(ADAPTER, **{member: value})
    assert sentence.startswith(said)


@pytest.mark.parametrize(
    "body",
    [
        {"replicaCount": 33},
        {"imageName": "A"},
        {"probe": {}},
        {"port": "x"},
        {"acl": {"read": "all"}},
        {"environmentVariables": {"A": "***"}},
    ],
)
async def test_the_gateway_says_it_in_the_same_words(somebody: Caller, body: Values) -> None:
    reply = await somebody.post("/adapters", {"name": fresh(), **_IMAGE, **body})
    assert reply.status == 400
    assert failures(ADAPTER, **body) == [reply.problem["detail"]]


async def test_the_gateway_says_of_a_schema_the_same(somebody: Caller) -> None:
    definition: Value = {"tool": {"inputSchema": {"type": "object", "properties": {"a": {"type": "nothing"}}}}}
    reply = await somebody.post("/tools", {"name": fresh(), **_IMAGE, "toolDefinition": definition})
    assert failures(TOOL, toolDefinition=definition) == [reply.problem["detail"]]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    assert len(failures(ADAPTER, replicaCount=33, port=0, imageName="A", nothing=1)) == 4


def test_what_is_unknown_is_not_refused_and_what_is_beside_it_is() -> None:
    assert not failures(ADAPTER, imageVersion=UNKNOWN, environmentVariables={"A": UNKNOWN}, args=["a", UNKNOWN])
    assert not failures(ADAPTER, probe={"path": UNKNOWN}, requiredRoles=UNKNOWN, name=UNKNOWN)
    assert not failures(TOOL, toolDefinition={"tool": UNKNOWN})
    (sentence,) = failures(ADAPTER, imageVersion=UNKNOWN, replicaCount=33)
    assert sentence.startswith("replicaCount: ")
    (sentence,) = failures(ADAPTER, environmentVariables={"A": UNKNOWN, "a=b": "c"})
    assert sentence.startswith("environmentVariables: ")


def test_what_is_unknown_stays_so_beside_the_defaults() -> None:
    given: Values = {**_IMAGE, "toolDefinition": {"tool": {"description": UNKNOWN}, "port": 9000}}
    assert check(KINDS[TOOL], given, "sum").inputs["toolDefinition"] == {
        "tool": {"description": UNKNOWN},
        "port": 9000,
        "path": "/score",
    }


def test_environment_values_become_secrets_and_references_stay_readable() -> None:
    reference: Value = {"secretRef": {"name": "vault", "key": "k"}}
    variables: Value = {"A": "a", "B": Secret("b"), "C": reference}
    checked = check(KINDS[ADAPTER], {**_IMAGE, "environmentVariables": variables}, "thing")
    assert checked.inputs["environmentVariables"] == {"A": Secret("a"), "B": Secret("b"), "C": reference}


def test_what_the_program_holds_secret_stays_secret() -> None:
    given: Values = {**_IMAGE, "description": Secret("d"), "environmentVariables": Secret({"A": "a"})}
    inputs = check(KINDS[ADAPTER], given, "thing").inputs
    assert inputs["description"] == Secret("d")
    assert inputs["environmentVariables"] == Secret({"A": "a"})


@pytest.mark.parametrize(
    ("member", "value", "said"),
    [
        ("tools", ["mcp:weather", "shell:ls"], "tools[1]: Expected `str` matching regex"),
        ("tools", ["builtin:rm"], "tools[0]: Expected `str` matching regex"),
        ("model", " ", "model: Expected `str` matching regex"),
        ("system", None, "system: Object missing required field `system`."),
        ("wait", True, "wait: there is no such member."),
        ("metadata", {"a": 1}, "metadata: Expected `str`, got `int`."),
    ],
)
def test_a_bad_member_of_an_agent_is_named(member: str, value: Value, said: str) -> None:
    (sentence,) = failures(AGENT, **{member: value})
    assert sentence.startswith(said)
