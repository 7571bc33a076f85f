"""The Service and the StatefulSet of a record: what stands in them, what does not, and that the cluster would know every field."""

from typing import Any

import msgspec
import pytest
from kubernetes.aio.client.models import V1Service, V1StatefulSet

from functions import manifests
from functions.cluster_settings import ClusterSettings
from functions.live import Meta, Service
from gateway.card import card_of, decode
from gateway.cluster import names
from gateway.env import SettingsError
from gateway.errors import Invalid
from gateway.records import Amounts, EnvReference, Probe, Record, Reference, Resources
from tests.contracts.records import adapter, tool

_SETTINGS = ClusterSettings(registry="registry.example/team")
_FULL: dict[str, Any] = {
    "environment_variables": {
        "PLAIN": "a$b$(HOME)$$",
        "SECRET": EnvReference(secret_ref=Reference("s", "k")),
        "CONFIG": EnvReference(config_map_ref=Reference("c", "k")),
    },
    "command": ["serve"],
    "args": ["--all"],
    "probe": Probe("/health"),
    "resources": Resources(requests=Amounts(cpu="10m"), limits=Amounts(memory="1Gi")),
    "use_workload_identity": True,
    "read_only_root_filesystem": False,
    "image_version": f"sha256:{'0' * 64}",
    "replica_count": 3,
    "port": 9000,
}


def _pod(record: Record) -> dict[str, Any]:
    return manifests.stateful_set(record, _SETTINGS)["spec"]["template"]


def _container(record: Record) -> dict[str, Any]:
    return _pod(record)["spec"]["containers"][0]


@pytest.mark.parametrize("record", [adapter(), tool(), adapter(**_FULL)], ids=["adapter", "tool", "everything"])
def test_the_official_models_know_every_field(record: Record) -> None:
    for model, manifest in (
        (V1Service, manifests.service(record, _SETTINGS)),
        (V1StatefulSet, manifests.stateful_set(record, _SETTINGS)),
    ):
        known: Any = model.from_dict(manifest)
        assert known.model_dump(by_alias=True, exclude_none=True) == manifest


def test_service_carries_the_card_and_is_found_by_the_data_plane() -> None:
    service = manifests.service(tool("two", generation=7), _SETTINGS)
    metadata = service["metadata"]
    assert (metadata["name"], metadata["namespace"]) == ("tool-two", "adapter")
    assert metadata["labels"] == {
        "app.kubernetes.io/managed-by": "mcp-gateway",
        "adapter/type": "tool",
        "adapter/name": "two",
    }
    assert decode(metadata["annotations"][names.CARD]) == card_of(tool("two", generation=7))
    assert (metadata["annotations"][names.UID], metadata["annotations"][names.GENERATION]) == ("uid-of-two", "7")
    assert service["spec"] == {
        "clusterIP": "None",
        "publishNotReadyAddresses": False,
        "selector": {"adapter/type": "tool", "adapter/name": "two"},
        "ports": [{"name": "http", "port": 8000, "targetPort": "http", "protocol": "TCP"}],
    }


def test_change_of_rights_and_generation_does_not_touch_the_pods() -> None:
    before = adapter(**_FULL)
    after = msgspec.structs.replace(
        before, required_roles=["other"], description="other", generation=9, uid="other", affinity="none"
    )
    assert _pod(after) == _pod(before)
    assert manifests.stateful_set(after, _SETTINGS)["spec"] == manifests.stateful_set(before, _SETTINGS)["spec"]


@pytest.mark.parametrize("record", [adapter(), adapter(**_FULL)], ids=["plain", "everything"])
def test_pods_meet_the_restricted_standard_whatever_the_record_says(record: Record) -> None:
    spec = _pod(record)["spec"]
    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 1100,
        "runAsGroup": 1100,
        "fsGroup": 1100,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    security = spec["containers"][0]["securityContext"]
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["readOnlyRootFilesystem"] is record.read_only_root_filesystem
    assert spec["volumes"] == [{"name": "tmp", "emptyDir": {}}]
    assert spec["containers"][0]["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]
    assert spec["enableServiceLinks"] is False


def test_only_workload_identity_brings_a_token() -> None:
    plain, asked = _pod(adapter()), _pod(adapter(use_workload_identity=True))
    assert plain["spec"]["automountServiceAccountToken"] is False
    assert "serviceAccountName" not in plain["spec"]
    assert plain["metadata"]["labels"]["azure.workload.identity/use"] == "false"
    assert asked["spec"]["automountServiceAccountToken"] is True
    assert asked["spec"]["serviceAccountName"] == "workload-sa"
    assert asked["metadata"]["labels"]["azure.workload.identity/use"] == "true"


def test_image_comes_from_the_registry_and_a_tag_is_pulled_each_time() -> None:
    tagged, fixed = _container(adapter()), _container(adapter(**_FULL))
    assert (tagged["image"], tagged["imagePullPolicy"]) == ("registry.example/team/listens:1", "Always")
    assert fixed["image"] == f"registry.example/team/listens@sha256:{'0' * 64}"
    assert fixed["imagePullPolicy"] == "IfNotPresent"


def test_environment_is_values_and_references_and_a_value_is_meant_as_it_stands() -> None:
    assert _container(adapter(**_FULL))["env"] == [
        {"name": "HOME", "value": "/tmp"},
        {"name": "PLAIN", "value": "a$$b$$(HOME)$$$$"},
        {"name": "SECRET", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        {"name": "CONFIG", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}},
        {"name": "PORT", "value": "9000"},
    ]


def test_record_may_set_its_home_but_not_its_port() -> None:
    given = {"PORT": "1", "HOME": "/data"}
    assert _container(adapter(environment_variables=given))["env"] == [
        {"name": "HOME", "value": "/data"},
        {"name": "PORT", "value": "8000"},
    ]


def test_command_and_arguments_are_the_images_own_unless_given() -> None:
    assert not {"command", "args"} & _container(adapter()).keys()
    full = _container(adapter(**_FULL))
    assert (full["command"], full["args"]) == (["serve"], ["--all"])


def test_probe_is_the_port_or_a_path_asked_for_as_the_proxy_asks() -> None:
    assert _container(adapter())["readinessProbe"]["tcpSocket"] == {"port": "http"}
    assert _container(adapter(**_FULL))["readinessProbe"]["httpGet"] == {
        "path": "/health",
        "port": "http",
        "httpHeaders": [{"name": "Host", "value": "localhost:9000"}],
    }


def test_instances_are_independent_spread_and_end_gently() -> None:
    wanted = manifests.stateful_set(adapter(replica_count=0), _SETTINGS)["spec"]
    assert (wanted["replicas"], wanted["podManagementPolicy"]) == (0, "Parallel")
    assert wanted["updateStrategy"] == {"type": "RollingUpdate"}
    assert "volumeClaimTemplates" not in wanted
    spec = wanted["template"]["spec"]
    assert [spread["topologyKey"] for spread in spec["topologySpreadConstraints"]] == [
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
    ]
    drain = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert 0 < drain < spec["terminationGracePeriodSeconds"]


@pytest.mark.parametrize(
    ("asked", "requests", "limits"),
    [
        ({}, ("250m", "256Mi"), ("1", "512Mi")),
        ({"requests": Amounts(cpu="10m", memory="32Mi")}, ("10m", "32Mi"), ("1", "512Mi")),
        ({"requests": Amounts(cpu="1500m", memory="1Gi")}, ("1500m", "1Gi"), ("1500m", "1Gi")),
        ({"limits": Amounts(cpu="100m", memory="64M")}, ("100m", "64M"), ("100m", "64M")),
        ({"requests": Amounts(cpu="1"), "limits": Amounts(cpu="1.0")}, ("1", "256Mi"), ("1.0", "512Mi")),
    ],
)
def test_default_gives_way_to_what_was_asked_for(
    asked: dict[str, Amounts], requests: tuple[str, str], limits: tuple[str, str]
) -> None:
    found = _container(adapter(resources=Resources(**asked)))["resources"]
    assert (found["requests"]["cpu"], found["requests"]["memory"]) == requests
    assert (found["limits"]["cpu"], found["limits"]["memory"]) == limits
    assert found["limits"]["ephemeral-storage"] == "2Gi"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"requests": Amounts(cpu="2"), "limits": Amounts(cpu="1")}, "resources.requests.cpu"),
        ({"requests": Amounts(memory="1Gi"), "limits": Amounts(memory="1G")}, "resources.requests.memory"),
        ({"limits": Amounts(memory="64ki")}, "resources.limits.memory"),
    ],
)
def test_amounts_that_cannot_be_right_are_refused_with_their_field(asked: dict[str, Amounts], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        manifests.stateful_set(adapter(resources=Resources(**asked)), _SETTINGS)
    assert caught.value.field == field


def test_next_version_keeps_what_others_wrote_on_the_metadata() -> None:
    live = Service(
        Meta(
            "mcp-one",
            uid="u",
            resource_version="5",
            labels={"team": "blue", "adapter/name": "wrong"},
            annotations={"note": "theirs", names.GENERATION: "1"},
            finalizers=["theirs"],
        )
    )
    metadata = manifests.replacing(manifests.service(adapter(generation=2), _SETTINGS), live)["metadata"]
    assert (metadata["uid"], metadata["resourceVersion"], metadata["finalizers"]) == ("u", "5", ["theirs"])
    assert (metadata["labels"]["team"], metadata["labels"]["adapter/name"]) == ("blue", "one")
    assert (metadata["annotations"]["note"], metadata["annotations"][names.GENERATION]) == ("theirs", "2")


def test_settings_come_from_the_environment() -> None:
    given = {
        "ContainerRegistrySettings__Endpoint": "registry.example/",
        "Kubernetes__Kubeconfig": "/k",
        "Kubernetes__Seconds": "5",
    }
    assert ClusterSettings.from_env(given) == ClusterSettings(
        registry="registry.example", kubeconfig="/k", seconds=5, namespace="adapter"
    )
    with pytest.raises(SettingsError, match="ContainerRegistrySettings__Endpoint"):
        ClusterSettings.from_env({})
