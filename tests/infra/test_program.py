"""The program as a whole: run as the language host runs it, and in an order that also ends well."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import yaml

from infra.entries import ConfigError
from infra.preflight import Missing
from infra.program import main
from tests.infra.beside import Beside
from tests.infra.recording import STACK, record
from tests.infra.whole import CLIENT, inputs, one, outlived_by, recorded

ROOT = Path(__file__).parents[2]
KINDS = ("dev", "prod", "private")

# What Pulumi's language host does with `main: infra/`: that folder first on the path. The project itself is installed, editable.
_AS_THE_LANGUAGE_HOST = """
import runpy, sys
from tests.infra.recording import record
program = sys.argv[1] + "/infra"
sys.path.insert(0, program)
for name in [name for name in sys.modules if name == "platform" or name.partition(".")[0] == "infra"]:
    del sys.modules[name]
found = record(lambda: runpy.run_path(program, run_name="__main__"), {
    "target": "kubernetes", "platform": '{"registry": "r", "tag": "t", "devIdentity": true}'
})
import platform
assert platform.system(), "the standard library's"
print(len(found))
"""


def test_the_language_host_can_run_it(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _AS_THE_LANGUAGE_HOST, str(ROOT)],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > 30


def test_the_project_says_where_the_program_is() -> None:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    assert (project["name"], project["main"]) == ("mcp-gateway", "infra/")
    assert project["runtime"]["name"] == "python"
    assert project["runtime"]["options"]["toolchain"] == "uv"


def test_what_is_missing_is_said_before_anything_is_asked_for() -> None:
    program = partial(main, Beside(missing=["you need the role Contributor"]))
    with pytest.raises(Missing, match="- you need the role Contributor"):
        record(program, {"resourceLabel": "abc123"})
    preview = record(program, {"resourceLabel": "abc123"}, preview=True)
    assert len(preview) > 100, "whoever only looks may do less"


def test_a_configuration_that_cannot_be_meant_ends_it() -> None:
    with pytest.raises(ConfigError, match="location"):
        record(partial(main, Beside()), {"location": "West US"})


@pytest.mark.parametrize("kind", KINDS)
def test_the_control_plane_goes_before_what_it_would_make_again(kind: str) -> None:
    """And so the timer of reconcile is stopped first."""
    stays = outlived_by(kind, one(kind, "WebApp", "app"))
    running = [each for each in recorded(kind) if each.type.endswith((":Deployment", ":StatefulSet"))]
    assert {each.name for each in running} == {
        "deployment/mcp-gateway/mcpgateway",
        "deployment/mcp-gateway/otel-collector",
        "statefulset/mcp-gateway/toolgateway",
    }
    assert {each.urn for each in running} <= stays
    for name in ("namespace/adapter", "namespace/mcp-gateway"):
        assert one(kind, "Namespace", name).urn in stays
    assert one(kind, "RandomId", "publish").urn not in stays


@pytest.mark.parametrize("kind", KINDS)
def test_workloads_go_before_the_load_balancer_and_that_before_the_network(kind: str) -> None:
    balancer = one(kind, "Service", "service/mcp-gateway/mcpgateway-service")
    workloads = one(kind, "Namespace", "namespace/adapter")  # its end waits for what the control plane made in it
    assert balancer.urn in outlived_by(kind, workloads)
    stays = outlived_by(kind, balancer)
    assert one(kind, "Namespace", "namespace/mcp-gateway").urn in stays
    assert workloads.urn not in stays
    for type, name in (("ManagedCluster", ""), ("Subnet", "aks"), ("VirtualNetwork", ""), ("RandomId", "admission")):
        assert one(kind, type, name).urn in stays, type


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_asked_of_the_cluster_before_it_lets_us_in(kind: str) -> None:
    admission = one(kind, "RandomId", "admission")
    administrator = one(kind, "RoleAssignment", "administrator")
    assert administrator.urn in outlived_by(kind, admission)
    objects = [each for each in recorded(kind) if each.type.startswith("kubernetes:")]
    assert len(objects) > 30
    for each in objects:
        assert admission.urn in outlived_by(kind, each), each.name


@pytest.mark.parametrize("kind", KINDS)
def test_pods_come_after_rights_policies_settings_and_secrets(kind: str) -> None:
    before = ("NetworkPolicy", "RoleBinding", "ServiceAccount", "ConfigMap", "Secret", "PriorityClass", "Namespace")
    objects = [each for each in recorded(kind) if each.type.startswith("kubernetes:")]
    needed = {each.urn for each in objects if each.type.endswith(tuple(f":{type}" for type in before))}
    for name in ("deployment/mcp-gateway/mcpgateway", "statefulset/mcp-gateway/toolgateway"):
        (pods,) = [each for each in recorded(kind) if each.name == name]
        assert needed <= outlived_by(kind, pods)
        federated = {each.urn for each in recorded(kind) if each.type.endswith(":FederatedIdentityCredential")}
        assert len(federated) == 5
        assert federated <= outlived_by(kind, pods)


def test_code_is_published_once_the_app_can_run_it_and_again_when_it_has_changed() -> None:
    publish = one("dev", "RandomId", "publish")
    assert one("dev", "WebApp", "app").urn in outlived_by("dev", publish)
    again = one("asked", "RandomId", "publish")
    assert again.inputs["keepers"]["zip"] != publish.inputs["keepers"]["zip"]
    assert again.inputs["keepers"]["host"] == publish.inputs["keepers"]["host"] == "mg-fn-abc123.azurewebsites.net"


def test_outputs_say_where_it_is_and_nothing_secret() -> None:
    stack = one("dev", "Stack")
    assert stack.type == STACK
    assert stack.inputs["url"] == "https://abc123.westus3.cloudapp.azure.com"
    assert stack.inputs["aksName"] == "mg-aks-abc123"
    assert stack.secrets == ()
    drawn = [each.outputs["hex"] for each in recorded("dev") if each.type.endswith(":RandomBytes")]
    assert len(drawn) == 2
    assert not set(drawn) & {str(value) for value in stack.inputs.values()}
    assert "InstrumentationKey" not in str(stack.inputs)


def test_an_application_that_is_named_is_not_made() -> None:
    assert not [each for each in recorded("asked") if each.type.startswith("azuread:")]
    assert inputs("asked", "Stack")["clientId"] == CLIENT
    assert inputs("asked", "Stack")["url"].startswith("http://")
