"""The platform's objects on Azure: as Kubernetes has them, without a control plane, and with nobody reaching more than the table says."""

from typing import Any

import msgspec
import pytest

from infra.platform import Manifest, OptionError, PlatformOptions, platform
from infra.wishes import FIXED, options
from tests.infra.choices import CLIENT, PLAIN, TENANT
from tests.infra.reach import Network, Place
from tests.infra.schema import check

AZURE = PlatformOptions(
    registry="mgregabc.azurecr.io",
    tag="by-digest",
    images={
        "mcpgateway": "mgregabc.azurecr.io/mcpgateway@sha256:0f",
        "toolgateway": "mgregabc.azurecr.io/toolgateway@sha256:1f",
    },
    entra_tenant=TENANT,
    entra_client_id=CLIENT,
    public_origin="https://abc.westus3.cloudapp.azure.com",
    front_door=["10.0.2.0/24"],
    load_balancer="10.0.1.100",
    control_plane_url="https://mg-fn-abc.azurewebsites.net",
    control_plane_user="33333333-3333-3333-3333-333333333333",
    collector=True,
    identities={"mcpgateway-sa": "client-1"},
)
PRIVATE = msgspec.structs.replace(AZURE, control_plane_ranges=["10.0.3.0/24"])


def pod(name: str) -> Place:
    return Place("10.244.0.9", "mcp-gateway", {"app.kubernetes.io/name": name})


def found(kind: str, name: str) -> Any:
    (one,) = [item for item in platform(AZURE) if item["kind"] == kind and item["metadata"]["name"] == name]
    return one


def network(asked: PlatformOptions, *, everywhere: bool) -> Network:
    return Network([item for item in platform(asked) if item["kind"] == "NetworkPolicy"], everywhere)


@pytest.mark.parametrize("asked", [AZURE, PRIVATE], ids=["public", "private"])
def test_every_object_is_what_kubernetes_says_it_is(asked: PlatformOptions) -> None:
    for manifest in platform(asked):
        check(manifest)


def test_the_control_plane_and_its_store_are_elsewhere() -> None:
    names = {item["metadata"]["name"] for item in platform(AZURE)}
    assert not names & {"control-plane", "postgres", "control-plane-sa"}
    assert found("ConfigMap", "gateway-settings")["data"]["ControlPlane__Endpoint"] == AZURE.control_plane_url
    assert not AZURE.own_control_plane
    assert AZURE.records_kept


def test_nobody_in_the_cluster_may_write_workloads() -> None:
    subjects = found("RoleBinding", "workload-writer")["subjects"]
    assert [(subject["kind"], subject["name"]) for subject in subjects] == [("User", AZURE.control_plane_user)]


@pytest.mark.parametrize("everywhere", [True, False])
def test_only_the_front_door_reaches_the_proxy_and_the_proxy_the_control_plane(everywhere: bool) -> None:
    public, private = network(AZURE, everywhere=everywhere), network(PRIVATE, everywhere=everywhere)
    assert public.reaches(Place("10.0.2.7"), pod("mcpgateway"), ("TCP", 8000))
    assert not public.reaches(Place("10.0.4.7"), pod("mcpgateway"), ("TCP", 8000))
    web, endpoint = Place("20.1.2.3"), Place("10.0.3.5")
    assert public.reaches(pod("mcpgateway"), web, ("TCP", 443))
    assert private.reaches(pod("mcpgateway"), endpoint, ("TCP", 443))
    assert not public.reaches(pod("mcpgateway"), endpoint, ("TCP", 8443))
    tool = Place("10.244.0.7", "adapter", {"adapter/type": "tool"})
    assert not private.reaches(tool, endpoint, ("TCP", 443))


@pytest.mark.parametrize("everywhere", [True, False])
def test_the_collector_is_told_by_our_processes_and_tells_azure(everywhere: bool) -> None:
    policies, collector = network(AZURE, everywhere=everywhere), pod("otel-collector")
    for name in ("mcpgateway", "toolgateway"):
        assert policies.reaches(pod(name), collector, ("TCP", 4318))
        assert not policies.reaches(collector, pod(name), ("TCP", 8000))
    tool = Place("10.244.0.7", "adapter", {"adapter/type": "tool"})
    assert not policies.reaches(tool, collector, ("TCP", 4318))
    assert policies.reaches(collector, Place("20.1.2.3"), ("TCP", 443))
    for inside in ("10.0.1.4", "169.254.169.254", "168.63.129.16"):
        assert not policies.reaches(collector, Place(inside), ("TCP", 443))


def test_the_collector_is_confined_and_knows_its_connection_by_reference() -> None:
    template = found("Deployment", "otel-collector")["spec"]["template"]
    (container,) = template["spec"]["containers"]
    assert template["spec"]["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert template["spec"]["automountServiceAccountToken"] is False
    reference = container["env"][0]["valueFrom"]["secretKeyRef"]
    assert reference == {"name": "otel-collector", "key": "connectionString"}
    config: Manifest = msgspec.json.decode(found("ConfigMap", "otel-collector")["data"]["config.json"])
    assert config["exporters"] == {
        "azuremonitor": {"connection_string": "${env:APPLICATIONINSIGHTS_CONNECTION_STRING}"}
    }
    pipelines = config["service"]["pipelines"]
    assert set(pipelines) == {"traces", "metrics", "logs"}
    deltas = {signal for signal, of in pipelines.items() if "cumulativetodelta" in of["processors"]}
    assert deltas == {"metrics"}, "Azure Monitor adds up what it is told"
    assert ":latest" not in container["image"]


def test_processes_tell_the_collector() -> None:
    told = found("ConfigMap", "gateway-settings")["data"]["OTEL_EXPORTER_OTLP_ENDPOINT"]
    assert told == "http://otel-collector.mcp-gateway.svc:4318"
    assert found("Service", "otel-collector")["spec"]["ports"][0]["port"] == 4318


@pytest.mark.parametrize(
    ("option", "given"),
    [
        ("--control-plane-url", {"control_plane_url": "http://x.example", "control_plane_user": "u"}),
        ("--control-plane-user", {"control_plane_url": "https://x.example"}),
        ("--control-plane-url", {"control_plane_user": "u"}),
        ("--control-plane-range", {"control_plane_ranges": ["x"]}),
        ("--load-balancer", {"load_balancer": "10.0.1"}),
        ("--images", {"images": {"mcpgateway": "a b"}}),
        ("--otlp-endpoint", {"collector": True, "otlp_endpoint": "http://c.example"}),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused_by_name(option: str, given: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=f"^{option}: "):
        msgspec.structs.replace(PLAIN, **given)


def test_options_are_spelt_in_camel_case_and_no_others_are_known() -> None:
    given = {"registry": "r", "tag": "t", "devIdentity": True, "frontDoor": ["10.0.0.0/8"], "requests": {"cpu": "50m"}}
    assert options(given).front_door == ["10.0.0.0/8"]
    with pytest.raises(OptionError, match="`front_door` is no option"):
        options({**given, "front_door": []})
    with pytest.raises(OptionError, match="rate"):
        options({**given, "rate": "many"})
    known = {name.replace("_", "").lower() for name in PlatformOptions.__struct_fields__}
    assert {name.lower() for name in FIXED} <= known
