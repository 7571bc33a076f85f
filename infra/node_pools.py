"""Node pools: one for what keeps the cluster itself running, one for the platform and the workloads. Both scale by themselves."""

from collections.abc import Sequence

import pulumi
from pulumi_azure_native import containerservice

from infra.config import Sizes

type Pool = containerservice.ManagedClusterAgentPoolProfileArgs

_TAINT = "CriticalAddonsOnly=true:NoSchedule"
_PODS = 110  # on one node; with an overlay they cost no address


def node_pools(sizes: Sizes, subnet_id: pulumi.Input[str], zones: Sequence[str]) -> list[Pool]:
    return [
        _pool("system", sizes.system_vm, sizes.system_min, sizes.system_max, subnet_id, zones),
        _pool("user", sizes.user_vm, sizes.user_min, sizes.user_max, subnet_id, zones),
    ]


def _pool(name: str, vm: str, least: int, most: int, subnet_id: pulumi.Input[str], zones: Sequence[str]) -> Pool:
    is_system = name == "system"
    return containerservice.ManagedClusterAgentPoolProfileArgs(
        name=name,
        mode="System" if is_system else "User",
        type="VirtualMachineScaleSets",
        vm_size=vm,
        os_type="Linux",
        os_sku="AzureLinux",
        vnet_subnet_id=subnet_id,
        availability_zones=list(zones) or None,
        enable_auto_scaling=True,
        count=least,
        min_count=least,
        max_count=most,
        max_pods=_PODS,
        node_taints=[_TAINT] if is_system else None,
        upgrade_settings=containerservice.AgentPoolUpgradeSettingsArgs(max_surge="33%"),
    )
