"""The platform's objects: complete, well-formed, in order, and nothing secret in them. Rights and reach have tests of their own."""

from typing import Any

import msgspec
import pydantic
import pytest

from functions.settings import Settings as ControlPlaneSettings
from gateway.azure.sign_in import required_sign_in
from gateway.card import card_of_router, decode
from gateway.cluster.names import CARD
from gateway.env import Env
from infra.platform import Manifest, PlatformOptions, new_secrets, platform
from proxy.settings import Settings as ProxySettings
from tests.infra.choices import ALL, CERTIFICATE, LARGE, PLAIN, SMALL, VOLUME
from tests.infra.schema import check

_IDENTITY = "Authentication__BypassEntra"


def found(objects: list[Manifest], kind: str, name: str) -> Any:
    """The one object of that kind and name."""
    (one,) = [item for item in objects if item["kind"] == kind and item["metadata"]["name"] == name]
    return one


def workloads(objects: list[Manifest]) -> dict[str, Any]:
    """Pod templates by the name of what makes pods of them."""
    kinds = ("Deployment", "StatefulSet")
    return {item["metadata"]["name"]: item["spec"]["template"] for item in objects if item["kind"] in kinds}


def settings(options: PlatformOptions) -> dict[str, str]:
    return found(platform(options), "ConfigMap", "gateway-settings")["data"]


@pytest.mark.parametrize("options", ALL.values(), ids=ALL)
def test_every_object_is_what_kubernetes_says_it_is(options: PlatformOptions) -> None:
    for manifest in [*platform(options), *new_secrets(options)]:
        check(manifest)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [("spec.replica", 2), ("metadata.lables", {}), ("spec.replicas", "2"), ("spec.min_ready_seconds", 1)],
)
def test_the_schema_check_finds_what_is_wrong(path: str, wrong: object) -> None:
    manifest = found(platform(PLAIN), "Deployment", "mcpgateway")
    section, _, field = path.partition(".")
    manifest[section][field] = wrong
    with pytest.raises((pydantic.ValidationError, AssertionError)):
        check(manifest)


@pytest.mark.parametrize("options", ALL.values(), ids=ALL)
def test_the_same_options_give_the_same_bytes(options: PlatformOptions) -> None:
    again = msgspec.json.decode(msgspec.json.encode(options), type=PlatformOptions)
    assert msgspec.json.encode(platform(options)) == msgspec.json.encode(platform(again))


@pytest.mark.parametrize("options", ALL.values(), ids=ALL)
def test_no_two_objects_are_the_same_one(options: PlatformOptions) -> None:
    names = [
        (item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"])
        for item in [*platform(options), *new_secrets(options)[1:]]
    ]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("options", ALL.values(), ids=ALL)
def test_what_others_need_comes_first(options: PlatformOptions) -> None:
    objects = platform(options)
    place = {(item["kind"], item["metadata"]["name"]): index for index, item in enumerate(objects)}
    pods = min(index for index, item in enumerate(objects) if item["kind"] in ("Deployment", "StatefulSet"))
    assert max(index for index, item in enumerate(objects) if item["kind"] == "NetworkPolicy") < pods
    for index, item in enumerate(objects):
        namespace = item["metadata"].get("namespace")
        assert not namespace or place["Namespace", namespace] < index
        if item["kind"] == "RoleBinding":
            role = (namespace, item["roleRef"]["name"])
            assert role in [
                (i["metadata"]["namespace"], i["metadata"]["name"]) for i in objects[:index] if i["kind"] == "Role"
            ]
    for name, template in workloads(objects).items():
        assert place["PriorityClass", template["spec"]["priorityClassName"]] < pods, name
        assert place["ServiceAccount", template["spec"].get("serviceAccountName", "workload-sa")] < pods, name


@pytest.mark.parametrize("options", ALL.values(), ids=ALL)
def test_every_pod_meets_the_restricted_standard_and_its_namespace_demands_it(options: PlatformOptions) -> None:
    objects = platform(options)
    for name, template in workloads(objects).items():
        pod, (container,) = template["spec"]["securityContext"], template["spec"]["containers"]
        assert pod["runAsNonRoot"], name
        assert (pod["runAsUser"], pod["runAsGroup"], pod["fsGroup"]) == (1100, 1100, 1100)
        assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }
        assert "/tmp" in [mount["mountPath"] for mount in container["volumeMounts"]]
        assert set(container["resources"]) == {"requests", "limits"}
    for namespace in ("mcp-gateway", "adapter"):
        labels = found(objects, "Namespace", namespace)["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_only_our_own_processes_get_a_token() -> None:
    objects = platform(PLAIN)
    tokens = {name: pod["spec"]["automountServiceAccountToken"] for name, pod in workloads(objects).items()}
    assert tokens == {"postgres": False, "control-plane": True, "toolgateway": True, "mcpgateway": True}
    assert not any(item["automountServiceAccountToken"] for item in objects if item["kind"] == "ServiceAccount")


@pytest.mark.parametrize("options", ALL.values(), ids=ALL)
def test_secrets_are_referred_to_and_exist_once_the_fresh_ones_do(options: PlatformOptions) -> None:
    objects, fresh = platform(options), new_secrets(options)
    assert not any(item["kind"] == "Secret" for item in objects)
    there = {item["metadata"]["name"]: item["stringData"] for item in fresh if item["kind"] == "Secret"}
    references = [
        variable["valueFrom"]["secretKeyRef"]
        for template in workloads(objects).values()
        for variable in template["spec"]["containers"][0]["env"]
        if "valueFrom" in variable
    ]
    for reference in references:
        if options.postgres == "external" and reference["name"] == "postgres-secret":
            continue  # its owner's to make
        assert reference.get("optional") or reference["key"] in there[reference["name"]]
    assert not any(value in str(objects) for values in there.values() for value in values.values())


def test_who_reads_which_secret() -> None:
    reads = {
        name: {v["name"] for v in template["spec"]["containers"][0]["env"] if "valueFrom" in v}
        for name, template in workloads(platform(PLAIN)).items()
    }
    keys = {f"Seal__Keys__{slot}" for slot in range(3)}
    assert reads == {
        "mcpgateway": {"GatewaySettings__Secret", *keys},
        "toolgateway": {"GatewaySettings__Secret", "GatewaySettings__PreviousSecret", *keys},
        "control-plane": {"Postgres__ConnectionString"},
        "postgres": {"POSTGRES_PASSWORD"},
    }


def test_fresh_secrets_are_different_each_time_and_of_the_right_size() -> None:
    one, other = ({i["metadata"]["name"]: i.get("stringData", {}) for i in new_secrets(PLAIN)} for _ in range(2))
    for name in ("gateway-secret", "seal-keys", "postgres-secret"):
        assert one[name] != other[name]
    assert len(bytes.fromhex(one["seal-keys"]["0"])) == 16
    assert len(one["gateway-secret"]["secret"]) >= 32
    assert one["postgres-secret"]["password"] in one["postgres-secret"]["connectionString"]


def test_dev_identity_only_where_it_was_asked_for() -> None:
    assert settings(SMALL)[_IDENTITY] == "true"
    assert all(_IDENTITY not in str(platform(options)) for options in (PLAIN, LARGE, VOLUME))


def test_the_proxy_understands_its_settings() -> None:
    understood = ProxySettings.from_env(Env(settings(LARGE)))
    assert understood.hold_seconds == 60
    assert understood.public_origin == "https://gateway.example.com"
    for host in ("gateway.example.com", "other.example.com", "mcpgateway-service.mcp-gateway.svc"):
        assert host in understood.allowed_hosts


def test_a_changed_setting_replaces_the_pods_that_read_it_and_nothing_else_does() -> None:
    before = workloads(platform(PLAIN))
    for change in (
        {"settings": {"Proxy__HoldSeconds": "1"}},
        {"public_origin": "https://x.example"},
        {"oidc_issuer": "https://issuer.example.com", "oidc_audiences": ["gateway"]},
    ):
        after = workloads(platform(msgspec.structs.replace(PLAIN, **change)))
        assert {name for name in before if before[name] != after[name]} == {
            "mcpgateway",
            "toolgateway",
            "control-plane",
        }
    for change in ({"front_door": ["10.0.0.0/8"]}, {"routers": 5}, {"issuer_ranges": ["10.0.0.1/32"]}):
        assert workloads(platform(msgspec.structs.replace(PLAIN, **change))) == before


def test_proxies_are_told_how_many_share_the_rate_and_nobody_else_is() -> None:
    before, after = workloads(platform(PLAIN)), workloads(platform(msgspec.structs.replace(PLAIN, proxies=5)))
    assert {name for name in before if before[name] != after[name]} == {"mcpgateway"}
    scaled = msgspec.structs.replace(PLAIN, hpa=True)
    for options, number in ((PLAIN, "2"), (SMALL, "2"), (LARGE, "10"), (scaled, "10"), (VOLUME, None)):
        env = workloads(platform(options))["mcpgateway"]["spec"]["containers"][0]["env"]
        assert next((each["value"] for each in env if each["name"] == "Proxy__Replicas"), None) == number
    (most,) = [
        item["spec"]["maxReplicas"]
        for item in platform(LARGE)
        if item["kind"] == "HorizontalPodAutoscaler" and item["metadata"]["name"] == "mcpgateway"
    ]
    assert most == 10


def test_who_comes_in_is_said_to_the_processes() -> None:
    plain, large = settings(PLAIN), settings(LARGE)
    assert plain["AzureAd__TenantId"] == PLAIN.entra_tenant
    assert plain["AzureAd__ClientId"] == PLAIN.entra_client_id
    assert plain["PublicOrigin"] == "https://gateway.example.com"
    assert "AzureAd__Instance" not in plain
    assert {name: value for name, value in large.items() if name.startswith(("AzureAd", "Oidc"))} == {
        "AzureAd__Instance": "https://login.microsoftonline.us/",
        "AzureAd__TenantId": LARGE.entra_tenant,
        "AzureAd__ClientId": LARGE.entra_client_id,
        "Oidc__Issuer": "https://keycloak.auth.svc:8443/realms/one",
        "Oidc__Audience__0": "gateway",
        "Oidc__Audience__1": "other",
        "Oidc__RolesClaim": "realm_access.roles",
        "Oidc__Scope": "mcp",
        "Oidc__Certificates": CERTIFICATE,
    }


@pytest.mark.parametrize("options", ALL.values(), ids=ALL)
def test_the_processes_understand_what_they_are_told(options: PlatformOptions) -> None:
    told = settings(msgspec.structs.replace(options, oidc_certificates=""))  # the one of these options is none
    found = required_sign_in(told)
    assert (found.protected is None) == options.dev_identity
    if found.protected:
        assert len(found.protected.issuers) == len(options.issuers)
        assert found.protected.origin == options.public_origin
    edge, control_plane = ProxySettings.from_env(Env(told)), ControlPlaneSettings.from_env(told)
    assert edge.rate == options.rate
    assert list(edge.allowed_origins) == list(options.allowed_origins)
    assert list(control_plane.creator_roles) == list(options.creator_roles)


def test_limits_are_said_to_the_processes() -> None:
    assert settings(PLAIN)["Proxy__RatePerSecond"] == "2000"
    assert settings(VOLUME)["Proxy__RatePerSecond"] == "0"
    large = settings(LARGE)
    told = {
        "Proxy__RatePerSecond": "500",
        "Proxy__RateBurst": "900",
        "Proxy__AllowedOrigins__0": "https://app.example.com",
        "Authorization__CreatorRoles__0": "mcp.creator",
        "Quotas__Records": "20",
        "Quotas__Replicas": "40",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.telemetry.svc.cluster.local:4318",
    }
    assert told.items() <= large.items()


def test_the_router_is_found_by_its_card() -> None:
    service = found(platform(PLAIN), "Service", "toolgateway-service")
    assert decode(service["metadata"]["annotations"][CARD]) == card_of_router()
    labels = service["metadata"]["labels"]
    assert labels["app.kubernetes.io/managed-by"] == "mcp-gateway"
    assert (labels["adapter/type"], labels["adapter/name"]) == ("platform", "toolgateway")
    assert service["spec"]["clusterIP"] == "None"
    assert [port["name"] for port in service["spec"]["ports"]] == ["http"]


def test_nothing_else_of_the_platform_is_the_control_planes_to_delete() -> None:
    owned = [i for i in platform(LARGE) if i["metadata"]["labels"].get("app.kubernetes.io/managed-by")]
    assert [item["metadata"]["name"] for item in owned] == ["toolgateway-service"]


@pytest.mark.parametrize("options", ALL.values(), ids=ALL)
def test_a_drain_fits_into_the_grace_period(options: PlatformOptions) -> None:
    for name, template in workloads(platform(options)).items():
        if name != "postgres":
            assert template["spec"]["terminationGracePeriodSeconds"] > options.drain + ProxySettings().drain_seconds
    assert settings(options)["Drain__Seconds"] == str(options.drain)


def test_deployments_never_have_fewer_pods_than_asked_for() -> None:
    for name in ("mcpgateway", "control-plane"):
        strategy = found(platform(PLAIN), "Deployment", name)["spec"]["strategy"]["rollingUpdate"]
        assert strategy == {"maxUnavailable": 0, "maxSurge": 1}


def test_probes_ask_for_readiness_every_two_seconds_and_for_life_at_ping() -> None:
    for name, template in workloads(platform(PLAIN)).items():
        (container,) = template["spec"]["containers"]
        if name != "postgres":
            assert container["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "http"}
            assert container["livenessProbe"]["httpGet"] == {"path": "/ping", "port": "http"}
            assert container["readinessProbe"]["periodSeconds"] == container["livenessProbe"]["periodSeconds"] == 2


def test_an_autoscaler_owns_the_number_it_changes() -> None:
    objects = platform(LARGE)
    scaled = {item["spec"]["scaleTargetRef"]["name"] for item in objects if item["kind"] == "HorizontalPodAutoscaler"}
    assert scaled == {"mcpgateway", "toolgateway"}
    for item in objects:
        if item["kind"] in ("Deployment", "StatefulSet"):
            assert ("replicas" in item["spec"]) == (item["metadata"]["name"] not in scaled)
    assert not any(item["kind"] == "HorizontalPodAutoscaler" for item in platform(PLAIN))


def test_the_data_plane_goes_last_and_workloads_first() -> None:
    values = {item["metadata"]["name"]: item["value"] for item in platform(PLAIN) if item["kind"] == "PriorityClass"}
    priority = {name: values[pod["spec"]["priorityClassName"]] for name, pod in workloads(platform(PLAIN)).items()}
    assert priority["mcpgateway"] == priority["toolgateway"] > priority["control-plane"] >= priority["postgres"] > 0
    assert not any(item.get("globalDefault") for item in platform(PLAIN))


def test_postgresql_keeps_its_records_unless_told_otherwise() -> None:
    (claim,) = found(platform(VOLUME), "StatefulSet", "postgres")["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["resources"] == {"requests": {"storage": "8Gi"}}
    assert claim["spec"]["storageClassName"] == "fast"
    small = found(platform(SMALL), "StatefulSet", "postgres")["spec"]
    assert "volumeClaimTemplates" not in small
    assert {"name": "data", "emptyDir": {}} in small["template"]["spec"]["volumes"]
    assert "postgres" not in workloads(platform(LARGE))


def test_an_identity_stands_on_the_account_and_its_pods() -> None:
    objects = platform(LARGE)
    account = found(objects, "ServiceAccount", "mcpgateway-sa")["metadata"]
    assert account["annotations"] == {"azure.workload.identity/client-id": "client-1"}
    using = {n for n, pod in workloads(objects).items() if "azure.workload.identity/use" in pod["metadata"]["labels"]}
    assert using == {"mcpgateway"}


def test_selectors_find_the_pods_they_are_meant_for_and_no_others() -> None:
    objects = platform(PLAIN)
    pods = {name: template["metadata"]["labels"] for name, template in workloads(objects).items()}
    services = {"mcpgateway-service": "mcpgateway", "toolgateway-service": "toolgateway"}
    for item in objects:
        if item["kind"] in ("Service", "PodDisruptionBudget"):
            name = item["metadata"]["name"]
            selector = item["spec"]["selector"].get("matchLabels", item["spec"]["selector"])
            assert [n for n, labels in pods.items() if selector.items() <= labels.items()] == [services.get(name, name)]
