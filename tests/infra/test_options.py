"""Options that cannot be meant are refused, by their names."""

from typing import Any

import pytest

from infra.platform import OptionError, PlatformOptions


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
        ("--set", {"settings": {"lower": "x"}}),
        ("--set", {"settings": {"GatewaySettings__Secret": "x"}}),
        ("--set", {"settings": {"Seal__Keys__0": "x"}}),
        ("--set", {"settings": {"Postgres__ConnectionString": "x"}}),
        ("--set", {"settings": {"Authentication__BypassEntra": "true"}}),
        ("--set", {"settings": {"Redis__ConnectionString": "x"}}),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused_by_name(option: str, given: dict[str, Any]) -> None:
    values: dict[str, Any] = {"registry": "r", "tag": "t", **given}
    with pytest.raises(OptionError, match=f"^{option}: ") as refused:
        PlatformOptions(**values)
    assert not str(refused.value).endswith(": ")


def test_what_is_private_is_open_to_workloads_once_the_api_server_is_named() -> None:
    PlatformOptions(registry="r", tag="t", workload_egress=["10.0.0.0/8"], api_server=["10.1.0.1/32"])
