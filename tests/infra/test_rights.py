"""Rights: exactly these verbs, for exactly these accounts."""

from collections import defaultdict

import pytest

from infra.platform import PlatformOptions, platform
from tests.infra.choices import ALL

READ = {"get", "list", "watch"}
WRITE = {"create", "delete", "get", "list", "update"}
CATALOG = {("", "services"): READ, ("discovery.k8s.io", "endpointslices"): READ}
EXPECTED = {
    ("mcpgateway-sa", "mcp-gateway"): CATALOG,
    ("mcpgateway-sa", "adapter"): CATALOG,
    ("toolgateway-sa", "mcp-gateway"): CATALOG,
    ("toolgateway-sa", "adapter"): CATALOG,
    ("control-plane-sa", "adapter"): {
        ("", "services"): WRITE,
        ("apps", "statefulsets"): WRITE,
        ("", "pods"): {"get", "list"},
        ("", "pods/log"): {"get"},
        ("", "events"): {"list"},
    },
}


def granted(options: PlatformOptions) -> dict[tuple[str, str], dict[tuple[str, str], set[str]]]:
    """Account and namespace → API group and resource → verbs."""
    objects = platform(options)
    roles = {(i["metadata"]["namespace"], i["metadata"]["name"]): i["rules"] for i in objects if i["kind"] == "Role"}
    may: dict[tuple[str, str], dict[tuple[str, str], set[str]]] = defaultdict(dict)
    for binding in (item for item in objects if item["kind"] == "RoleBinding"):
        namespace = binding["metadata"]["namespace"]
        for subject in binding["subjects"]:
            assert subject["namespace"] == "mcp-gateway"
            for rule in roles[namespace, binding["roleRef"]["name"]]:
                assert set(rule) == {"apiGroups", "resources", "verbs"}
                for group in rule["apiGroups"]:
                    for resource in rule["resources"]:
                        may[subject["name"], namespace].setdefault((group, resource), set()).update(rule["verbs"])
    return may


@pytest.mark.parametrize("options", ALL.values(), ids=ALL)
def test_accounts_may_do_exactly_this(options: PlatformOptions) -> None:
    assert granted(options) == EXPECTED


@pytest.mark.parametrize("options", ALL.values(), ids=ALL)
def test_nobody_has_rights_in_the_whole_cluster(options: PlatformOptions) -> None:
    assert not [item for item in platform(options) if item["kind"].startswith("ClusterRole")]


def test_workloads_have_an_account_without_rights() -> None:
    accounts = {
        i["metadata"]["name"]: i["metadata"]["namespace"]
        for i in platform(ALL["plain"])
        if i["kind"] == "ServiceAccount"
    }
    assert accounts == {
        "mcpgateway-sa": "mcp-gateway",
        "toolgateway-sa": "mcp-gateway",
        "control-plane-sa": "mcp-gateway",
        "workload-sa": "adapter",
    }
