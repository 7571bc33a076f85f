"""Every setting that a process requires is supplied by the program: what each is told is read by its own settings, nothing else added."""

import base64
from pathlib import Path
from typing import Any

import pytest

from functions.composition import composed
from functions.on_azure import on_azure
from functions.settings import Settings as ControlPlane
from gateway.azure.sign_in import required_sign_in
from gateway.env import SettingsError
from infra.function_settings import COMPOSE
from proxy.environment import Environment as Proxy
from tests.azure.certificate import issue
from tests.infra.whole import inputs, one, recorded
from tool_router.environment import Environment as Router

_KUBECONFIG = """
apiVersion: v1
kind: Config
clusters: [{name: here, cluster: {server: "https://192.168.0.1:443"}}]
users: [{name: pod, user: {token: "of the service account"}}]
contexts: [{name: here, context: {cluster: here, user: pod}}]
current-context: here
"""


def pod(kind: str, name: str) -> dict[str, str]:
    """What the process in the pods of that name finds in its environment."""
    (found,) = [
        each for each in recorded(kind) if each.name.endswith(f"/{name}") and "template" in each.inputs.get("spec", {})
    ]
    (container,) = found.inputs["spec"]["template"]["spec"]["containers"]
    told: dict[str, str] = {}
    for source in container.get("envFrom", []):
        told |= inputs(kind, "ConfigMap", f"configmap/mcp-gateway/{source['configMapRef']['name']}")["data"]
    for variable in container["env"]:
        value = variable["value"] if "value" in variable else _referred(kind, variable["valueFrom"]["secretKeyRef"])
        told |= {} if value is None else {variable["name"]: value}
    return told


def _referred(kind: str, reference: Any) -> str | None:
    values = inputs(kind, "Secret", f"secret/mcp-gateway/{reference['name']}")["stringData"]
    assert reference["key"] in values or reference.get("optional"), reference
    return values.get(reference["key"])


def app(kind: str) -> dict[str, str]:
    """What the control plane finds in its environment, on Functions."""
    settings = inputs(kind, "WebApp", "app")["siteConfig"]["appSettings"]
    assert len({each["name"] for each in settings}) == len(settings)
    return {each["name"]: each["value"] for each in settings}


def composable(kind: str, authority: str) -> dict[str, str]:
    """The same for a control plane that is put together here: with a certificate that is one, and nothing to send to Azure."""
    told = app(kind) | {"Kubernetes__CertificateAuthority": authority}
    assert told.pop("APPLICATIONINSIGHTS_CONNECTION_STRING").startswith("InstrumentationKey=")
    return told


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A real one: the stand-in's is only a text."""
    ca, _, _ = issue(tmp_path_factory.mktemp("authority"))
    return base64.b64encode(Path(ca).read_bytes()).decode()


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What Kubernetes itself gives every pod of ours, here as a file."""
    path = tmp_path_factory.mktemp("account") / "kubeconfig"
    path.write_text(_KUBECONFIG)
    return {"Kubernetes__Kubeconfig": str(path)}


@pytest.mark.parametrize("kind", ["dev", "prod", "private", "asked"])
def test_the_proxy_is_told_all_it_requires(kind: str, account: dict[str, str]) -> None:
    told = pod(kind, "mcpgateway") | account
    found = Proxy.read(told)
    assert found.control_plane == one(kind, "Stack").inputs["controlPlaneUrl"]
    assert found.edge.public_origin == one(kind, "Stack").inputs["url"]
    assert found.edge.replicas >= 2
    sign_in = required_sign_in(told)
    assert sign_in.protected
    assert sign_in.protected.origin == one(kind, "Stack").inputs["url"]


@pytest.mark.parametrize("kind", ["dev", "prod", "private", "asked"])
def test_the_router_is_told_all_it_requires_and_believes_the_proxy(kind: str, account: dict[str, str]) -> None:
    proxy, router = Proxy.read(pod(kind, "mcpgateway") | account), Router.read(pod(kind, "toolgateway") | account)
    assert proxy.cluster.secrets[0] in router.tools.secrets
    assert router.cluster.seal_keys == proxy.cluster.seal_keys


@pytest.mark.parametrize("kind", ["dev", "prod", "private", "asked"])
def test_the_control_plane_is_told_all_it_requires(kind: str, authority: str) -> None:
    told = composable(kind, authority)
    assert told["ControlPlane__Compose"] == COMPOSE
    assert composed(told).get_functions()
    assert told["CosmosSettings__AccountEndpoint"] == one(kind, "Stack").inputs["cosmosDbEndpoint"]
    assert told["ContainerRegistrySettings__Endpoint"] == one(kind, "Stack").inputs["acrLoginServer"]
    assert told["AZURE_CLIENT_ID"] == one(kind, "UserAssignedIdentity", "control-plane").outputs["clientId"]


def test_the_control_plane_keeps_identifier_uris_where_it_was_given_the_right_to(authority: str) -> None:
    told = composable("managed", authority)
    assert on_azure(told).after
    assert on_azure(composable("dev", authority)).after is None


@pytest.mark.parametrize(
    "name",
    [
        "ControlPlane__Compose",
        "CosmosSettings__AccountEndpoint",
        "Kubernetes__ApiServer",
        "Kubernetes__CertificateAuthority",
        "ContainerRegistrySettings__Endpoint",
        "AzureAd__TenantId",
        "PublicOrigin",
    ],
)
def test_without_one_of_them_the_control_plane_would_not_start(name: str, authority: str) -> None:
    """So the test above can fail."""
    told = composable("dev", authority)
    del told[name]
    with pytest.raises(SettingsError):
        composed(told)


def test_what_all_processes_are_told_is_the_same() -> None:
    proxy, told = pod("asked", "mcpgateway"), app("asked")
    shared = [
        name
        for name in proxy
        if name.startswith(("AzureAd__", "Authorization__", "Quotas__")) or name == "PublicOrigin"
    ]
    assert len(shared) >= 5
    assert {name: told[name] for name in shared} == {name: proxy[name] for name in shared}
    settings = ControlPlane.from_env(told)
    assert settings.creator_roles == ("mcp.engineer",)
    assert settings.quota_records == 20
    assert settings.workload_identity_roles == ("mcp.identity",)
    assert not [name for name in told if name.startswith(("Proxy__", "ToolRouter__", "Seal__", "GatewaySettings__"))]


def test_the_host_reaches_its_storage_as_the_identity_and_with_no_key() -> None:
    told = app("dev")
    assert told["AzureWebJobsStorage__accountName"] == "mgfnabc123"
    assert told["AzureWebJobsStorage__credential"] == "managedidentity"
    assert told["AzureWebJobsStorage__clientId"] == told["AZURE_CLIENT_ID"]
    assert "AzureWebJobsStorage" not in told
    # Flex Consumption has its own place for these and refuses them here.
    assert not {"FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION", "WEBSITE_RUN_FROM_PACKAGE"} & set(told)
