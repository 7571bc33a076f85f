"""Options that cannot be meant are refused, by their names."""

from typing import Any

import pytest

from infra.platform import OptionError, PlatformOptions
from tests.infra.choices import CERTIFICATE, CLIENT, TENANT

ENTRA: dict[str, Any] = {
    "dev_identity": False,
    "entra_tenant": TENANT,
    "entra_client_id": CLIENT,
    "public_origin": "https://g.example",
}
OIDC: dict[str, Any] = {
    "dev_identity": False,
    "oidc_issuer": "https://issuer.example.com",
    "oidc_audiences": ["gateway"],
    "public_origin": "https://g.example",
}


@pytest.mark.parametrize(
    ("option", "given"),
    [
        ("--registry", {"registry": ""}),
        ("--registry", {"registry": "https://registry.example.com"}),
        ("--registry", {"registry": "a b"}),
        ("--tag", {"tag": "sha256:abc"}),
        ("--tag", {"tag": ""}),
        ("--pull-policy", {"pull_policy": "Never"}),
        ("--replicas", {"proxies": 0}),
        ("--drain", {"drain": -1}),
        ("--requests", {"requests": {"cpu": "much"}}),
        ("--limits", {"limits": {"disk": "1Gi"}}),
        ("--postgres", {"postgres": ""}),
        ("--postgres-storage", {"postgres_storage": "big"}),
        ("--postgres-range", {"postgres": "external", "postgres_ranges": ["db.example.com"]}),
        ("--front-door", {"front_door": ["10.0.0.1/8"]}),
        ("--dns", {"dns": ["fd00::1/128"]}),
        ("--api-server", {"api_server": ["kubernetes.default"]}),
        ("--api-server-port", {"api_server_ports": [0]}),
        ("--pod-range", {"pod_range": ["10.0.0.0/33"]}),
        ("--workload-egress", {"workload_egress": ["10.0.0.0/8"]}),
        ("--workload-egress", {"workload_egress": ["169.254.169.254/32"]}),
        ("--workload-egress", {"workload_egress": ["10.0.0.1/32"], "api_server": ["10.0.0.0/24"]}),
        ("--public-origin", {"public_origin": "gateway.example.com"}),
        ("--public-origin", {"public_origin": "https://gateway.example.com/path"}),
        ("--identity", {"identities": {"default": "x"}}),
        ("--entra-client-id", {"dev_identity": False, "entra_tenant": TENANT, "public_origin": "https://g.example"}),
        ("--entra-tenant", {"dev_identity": False, "entra_client_id": CLIENT, "public_origin": "https://g.example"}),
        ("--entra-tenant", {"dev_identity": False}),
        ("--entra-tenant", {**ENTRA, "entra_tenant": "${TENANT_ID}"}),
        ("--entra-tenant", {**ENTRA, "entra_tenant": "common"}),
        ("--entra-client-id", {**ENTRA, "entra_client_id": "gateway"}),
        ("--entra-instance", {**ENTRA, "entra_instance": "http://login.example.com/"}),
        (
            "--oidc-audience",
            {"dev_identity": False, "oidc_issuer": "https://i.example", "public_origin": "https://g.example"},
        ),
        ("--oidc-audience", {**OIDC, "oidc_audiences": [" "]}),
        ("--oidc-issuer", {"dev_identity": False, "oidc_audiences": ["a"], "public_origin": "https://g.example"}),
        ("--oidc-issuer", {**OIDC, "oidc_issuer": "http://issuer.example.com"}),
        ("--oidc-issuer", {**OIDC, "oidc_issuer": "https://user@issuer.example.com"}),
        ("--oidc-issuer", {**OIDC, "oidc_issuer": "https://issuer.example.com:port"}),
        ("--oidc-certificates", {**OIDC, "oidc_certificates": "a.pem"}),
        ("--oidc-certificates", {**OIDC, "oidc_certificates": CERTIFICATE + "-----BEGIN PRIVATE KEY-----"}),
        ("--public-origin", {**ENTRA, "public_origin": ""}),
        ("--public-origin", {**OIDC, "public_origin": ""}),
        ("--dev-identity", {**ENTRA, "dev_identity": True}),
        ("--dev-identity", {**OIDC, "dev_identity": True}),
        ("--allowed-origin", {"allowed_origins": ["*"]}),
        ("--allowed-origin", {"allowed_origins": ["https://app.example.com/page"]}),
        ("--rate", {"rate": -1}),
        ("--rate-burst", {"rate_burst": 0}),
        ("--quota-records", {"quota_records": -1}),
        ("--quota-replicas", {"quota_replicas": -1}),
        ("--creator-role", {"creator_roles": [" "]}),
        ("--otlp-endpoint", {"otlp_endpoint": "collector:4317"}),
        ("--otlp-range", {"otlp_ranges": ["collector"]}),
        ("--otlp-port", {"otlp_ports": [0]}),
        ("--issuer-range", {"issuer_ranges": ["issuer"]}),
        ("--issuer-port", {"issuer_ports": [65536]}),
        ("--set", {"settings": {"lower": "x"}}),
        ("--set", {"settings": {"AzureAd__TenantId": "x"}}),
        ("--set", {"settings": {"Oidc__Audience__0": "x"}}),
        ("--set", {"settings": {"Proxy__Replicas": "1"}}),
        ("--set", {"settings": {"Quotas__Records": "1"}}),
        ("--set", {"settings": {"OTEL_EXPORTER_OTLP_HEADERS": "authorization=x"}}),
        ("--set", {"settings": {"GatewaySettings__Secret": "x"}}),
        ("--set", {"settings": {"Seal__Keys__0": "x"}}),
        ("--set", {"settings": {"Postgres__ConnectionString": "x"}}),
        ("--set", {"settings": {"Authentication__BypassEntra": "true"}}),
        ("--set", {"settings": {"Redis__ConnectionString": "x"}}),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused_by_name(option: str, given: dict[str, Any]) -> None:
    values: dict[str, Any] = {"registry": "r", "tag": "t", "dev_identity": True, **given}
    with pytest.raises(OptionError, match=f"^{option}: ") as refused:
        PlatformOptions(**values)
    assert not str(refused.value).endswith(": ")


def test_what_is_private_is_open_to_workloads_once_the_api_server_is_named() -> None:
    PlatformOptions(
        registry="r", tag="t", dev_identity=True, workload_egress=["10.0.0.0/8"], api_server=["10.1.0.1/32"]
    )


def test_entra_and_another_provider_may_stand_side_by_side() -> None:
    PlatformOptions(registry="r", tag="t", **{**ENTRA, **OIDC})


@pytest.mark.parametrize("name", ["AzureAd__Audience", "AzureAd__Scope", "OTEL_SERVICE_NAME", "Proxy__HoldSeconds"])
def test_what_has_no_option_of_its_own_can_be_set(name: str) -> None:
    PlatformOptions(registry="r", tag="t", dev_identity=True, settings={name: "x"})
