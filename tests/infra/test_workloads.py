"""Workloads: the platform's objects as resources: filled in, secret where they should be, and following their settings."""

from functools import partial

import pytest

from infra.blanks import Blanks
from infra.platform import PlatformOptions, platform
from infra.program import main
from tests.infra.beside import Beside
from tests.infra.recording import Recorded, record
from tests.infra.whole import inputs, one, recorded

LOCAL = '{"registry": "r", "tag": "t", "devIdentity": true}'


def local(platform: str = LOCAL, **more: str) -> list[Recorded]:
    return record(partial(main, Beside()), {"target": "kubernetes", "platform": platform, **more}, stack="local")


def named(found: list[Recorded], name: str) -> Recorded:
    (only,) = [each for each in found if each.name == name]
    return only


def annotations(kind: str, type: str, name: str) -> dict[str, str]:
    return inputs(kind, type, f"{type.lower()}/mcp-gateway/{name}")["spec"]["template"]["metadata"]["annotations"]


def test_a_local_stack_is_what_the_command_line_prints_and_its_secrets() -> None:
    found = [each for each in local() if each.type.startswith("kubernetes:")]
    printed = platform(PlatformOptions(registry="r", tag="t", dev_identity=True))
    assert {each.name for each in found if not each.type.endswith(":Secret")} == {
        "/".join(
            part for part in (one["kind"].lower(), one["metadata"].get("namespace"), one["metadata"]["name"]) if part
        )
        for one in printed
    }
    by_name = {each.name: each.inputs for each in found}
    for manifest in printed:
        if manifest["kind"] in ("NetworkPolicy", "RoleBinding", "Service"):
            name = "/".join((manifest["kind"].lower(), manifest["metadata"]["namespace"], manifest["metadata"]["name"]))
            assert by_name[name] == manifest
    secrets = {each.inputs["metadata"]["name"] for each in found if each.type.endswith(":Secret")}
    assert secrets == {"gateway-secret", "seal-keys", "postgres-secret"}


def test_nothing_of_azure_is_in_a_local_stack() -> None:
    assert {each.type.partition(":")[0] for each in local()} == {"pulumi", "mcp-gateway", "kubernetes", "random"}


@pytest.mark.parametrize("kind", ["dev", "private"])
def test_every_blank_is_filled_in(kind: str) -> None:
    found = [each for each in recorded(kind) if each.type.startswith(("kubernetes:", "azure-native:web"))]
    assert found
    assert not [each.name for each in found if "b1a4c000-0000" in str(each.inputs)]


def test_images_are_named_by_digest() -> None:
    for kind, name in (("Deployment", "mcpgateway"), ("StatefulSet", "toolgateway")):
        (container,) = inputs("dev", kind, f"{kind.lower()}/mcp-gateway/{name}")["spec"]["template"]["spec"][
            "containers"
        ]
        registry, _, digest = container["image"].partition("@")
        assert registry == f"mgregabc123.azurecr.io/{name}"
        assert digest.startswith("sha256:")


def test_no_control_plane_and_no_database_run_in_the_cluster() -> None:
    named = [each.name for each in recorded("dev") if each.type.startswith("kubernetes:")]
    kept = [name for name in named if not name.startswith("priorityclass/")]
    assert not [name for name in kept if "postgres" in name or "control-plane" in name]


def test_the_proxy_is_reached_at_its_fixed_address() -> None:
    service = inputs("dev", "Service", "service/mcp-gateway/mcpgateway-service")
    annotated = service["metadata"]["annotations"]
    prefix = "service.beta.kubernetes.io/azure-load-balancer"
    assert (service["spec"]["type"], service["spec"]["externalTrafficPolicy"]) == ("LoadBalancer", "Local")
    assert (annotated[f"{prefix}-internal"], annotated[f"{prefix}-ipv4"]) == ("true", "10.0.1.100")
    assert annotated[f"{prefix}-tcp-idle-timeout"] == "30"
    pool = inputs("dev", "ApplicationGateway")["backendAddressPools"]
    assert "10.0.1.100" in str(pool)


def test_the_control_planes_right_is_its_identitys() -> None:
    binding = inputs("dev", "RoleBinding", "rolebinding/adapter/workload-writer")
    principal = one("dev", "UserAssignedIdentity", "control-plane").outputs["principalId"]
    assert binding["subjects"] == [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": principal}]


def test_service_accounts_stand_for_their_identities() -> None:
    for account, namespace, component in (
        ("mcpgateway-sa", "mcp-gateway", "proxy"),
        ("toolgateway-sa", "mcp-gateway", "router"),
        ("workload-sa", "adapter", "workloads"),
    ):
        made = inputs("dev", "ServiceAccount", f"serviceaccount/{namespace}/{account}")
        client = one("dev", "UserAssignedIdentity", component).outputs["clientId"]
        assert made["metadata"]["annotations"] == {"azure.workload.identity/client-id": client}


def test_every_value_of_a_secret_is_one_in_the_state() -> None:
    for kind in ("dev", "asked"):
        for each in recorded(kind):
            if each.type == "kubernetes:core/v1:Secret":
                values = {f"stringData.{key}" for key in each.inputs["stringData"]}
                assert values == set(each.secrets), each.name


def test_keys_follow_one_another_in_their_slots() -> None:
    seals, trust = (
        inputs("asked", "Secret", f"secret/mcp-gateway/{name}")["stringData"]
        for name in ("seal-keys", "gateway-secret")
    )
    drawn = {each.name: each.outputs["hex"] for each in recorded("asked") if each.type.endswith(":RandomBytes")}
    assert seals == {"0": drawn["seal-2"], "1": drawn["seal-1"]}
    assert trust == {"secret": drawn["trust-1"], "previousSecret": drawn["trust-2"]}
    assert len(bytes.fromhex(seals["0"])) == 16
    assert len(trust["secret"]) == 64


def test_other_keys_are_other_pods_of_those_who_read_them() -> None:
    for kind, name in (("Deployment", "mcpgateway"), ("StatefulSet", "toolgateway")):
        before, after = (annotations(stack, kind, name)["mcp-gateway/keys"] for stack in ("dev", "asked"))
        assert before != after
    assert "mcp-gateway/keys" not in annotations("asked", "Deployment", "otel-collector")


def test_a_setting_that_is_only_known_when_it_is_made_replaces_pods_too() -> None:
    stamps = {kind: annotations(kind, "Deployment", "mcpgateway")["mcp-gateway/settings"] for kind in ("dev", "asked")}
    assert len(stamps["dev"]) == 16
    assert stamps["dev"] != stamps["asked"]
    assert annotations("dev", "StatefulSet", "toolgateway")["mcp-gateway/settings"] == stamps["dev"]


def test_a_mark_is_a_guid_and_what_is_around_it_stays() -> None:
    blanks = Blanks()
    one_, other = blanks.mark("a"), blanks.mark("b")
    assert one_ != other
    filled = blanks.fill({"list": [1, None, "as it was"], "text": "as it was"})
    assert filled == {"list": [1, None, "as it was"], "text": "as it was"}
    assert blanks.fill("stamp", {"stamp": "filled"}) == "filled"
