"""Rules: what Azure insists on although no published model says so, as far as a program of ours can break it."""

import re
from collections.abc import Callable, Iterator

from tests.infra.standins.kinds import kind
from tests.infra.standins.wire import UNKNOWN, Json, inner, listed

_GUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_NAMES = {
    "containerregistry:Registry": ("registryName", r"[a-zA-Z0-9]{5,50}"),
    "storage:StorageAccount": ("accountName", r"[a-z0-9]{3,24}"),
    "keyvault:Vault": ("vaultName", r"[a-zA-Z](?!.*--)[a-zA-Z0-9-]{1,22}[a-zA-Z0-9]"),
    "cosmosdb:DatabaseAccount": ("accountName", r"[a-z0-9](?:[a-z0-9-]{1,42})[a-z0-9]"),
    "containerservice:ManagedCluster": ("resourceName", r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,61}[a-zA-Z0-9]"),
    "web:WebApp": ("name", r"[a-zA-Z0-9][a-zA-Z0-9-]{0,58}[a-zA-Z0-9]"),
    "managedidentity:UserAssignedIdentity": ("resourceName", r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}"),
    "authorization:RoleAssignment": ("roleAssignmentName", _GUID.pattern[1:-1]),
    "cosmosdb:SqlResourceSqlRoleAssignment": ("roleAssignmentId", _GUID.pattern[1:-1]),
    "cosmosdb:SqlResourceSqlRoleDefinition": ("roleDefinitionId", _GUID.pattern[1:-1]),
    "applicationinsights:Workbook": ("resourceName", _GUID.pattern[1:-1]),
}


def broken(type: str, inputs: Json) -> Iterator[str]:
    """The rules that the inputs break, in words."""
    _, module, name = type.split(":")
    token = f"{module.partition('/')[0]}:{name}"
    if token in _NAMES:
        yield from _name(*_NAMES[token], inputs)
    if kind(type).is_global and inputs.get("location") not in ("global", "Global", UNKNOWN):
        yield "location: must be global"
    yield from _MORE.get(token, _none)(inputs)


def _name(field: str, pattern: str, inputs: Json) -> Iterator[str]:
    value = inputs.get(field)
    if isinstance(value, str) and not re.fullmatch(pattern, value):
        yield f"{field}: {value!r} is not {pattern}"


def _none(inputs: Json) -> Iterator[str]:
    yield from ()


def _cluster(inputs: Json) -> Iterator[str]:
    """The combinations that AKS refuses."""
    network: Json = inner(inputs, "networkProfile")
    if network.get("networkPolicy") == "cilium" and network.get("networkDataplane") != "cilium":
        yield "networkProfile.networkDataplane: must be cilium when the policy engine is"
    if network.get("networkPluginMode") == "overlay" and network.get("networkPlugin") != "azure":
        yield "networkProfile.networkPlugin: overlay is a mode of azure"
    pools: list[Json] = listed(inputs, "agentPoolProfiles")
    if not any(pool.get("mode") == "System" for pool in pools):
        yield "agentPoolProfiles: one must be of mode System"
    for index, pool in enumerate(pools):
        for problem in _pool(pool):
            yield f"agentPoolProfiles[{index}].{problem}"
    if inputs.get("disableLocalAccounts") and not inner(inputs, "aadProfile").get("managed"):
        yield "aadProfile.managed: must be true without local accounts"
    secured = inner(inner(inputs, "securityProfile"), "workloadIdentity").get("enabled")
    if secured and not inner(inputs, "oidcIssuerProfile").get("enabled"):
        yield "oidcIssuerProfile.enabled: workload identity needs the issuer"


def _pool(pool: Json) -> Iterator[str]:
    name = pool.get("name") or pool.get("agentPoolName")
    if isinstance(name, str) and not re.fullmatch(r"[a-z][a-z0-9]{0,11}", name):
        yield f"name: {name!r} is not [a-z][a-z0-9]{{0,11}}"
    if pool.get("enableAutoScaling"):
        lowest, highest = pool.get("minCount"), pool.get("maxCount")
        if not isinstance(lowest, int) or not isinstance(highest, int) or lowest > highest:
            yield "minCount: an autoscaling pool has a minCount up to its maxCount"
    elif pool.get("minCount") is not None or pool.get("maxCount") is not None:
        yield "minCount: is for autoscaling pools"


def _subnet(inputs: Json) -> Iterator[str]:
    delegated = [one.get("serviceName") for one in listed(inputs, "delegations")]
    if "Microsoft.App/environments" in delegated and "_" in str(inputs.get("subnetName")):
        yield "subnetName: no underscore in a subnet of Flex Consumption"


def _web_app(inputs: Json) -> Iterator[str]:
    """Flex Consumption refuses what its configuration replaces."""
    config: Json = inner(inputs, "functionAppConfig")
    if not config:
        return
    site: Json = inner(inputs, "siteConfig")
    said = {one.get("name") for one in listed(site, "appSettings")}
    for name in ("FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION", "WEBSITE_RUN_FROM_PACKAGE"):
        if name in said:
            yield f"siteConfig.appSettings: {name} is not for Flex Consumption"
    for name in ("linuxFxVersion", "pythonVersion"):
        if site.get(name):
            yield f"siteConfig.{name}: is in functionAppConfig.runtime"
    if not inner(config, "deployment").get("storage") or not config.get("runtime"):
        yield "functionAppConfig: needs runtime and deployment.storage"


def _gateway(inputs: Json) -> Iterator[str]:
    sku: Json = inner(inputs, "sku")
    if inputs.get("autoscaleConfiguration") and sku.get("capacity") is not None:
        yield "sku.capacity: is not for a gateway that scales by itself"
    if sku.get("tier") == "WAF_v2" and not (
        inputs.get("firewallPolicy") or inputs.get("webApplicationFirewallConfiguration")
    ):
        yield "firewallPolicy: a gateway of tier WAF_v2 needs one"
    priorities = [one.get("priority") for one in listed(inputs, "requestRoutingRules")]
    if None in priorities or len(set(priorities)) < len(priorities):
        yield "requestRoutingRules: each needs a priority of its own"


def _public_ip(inputs: Json) -> Iterator[str]:
    if inner(inputs, "sku").get("name") == "Standard" and inputs.get("publicIPAllocationMethod") != "Static":
        yield "publicIPAllocationMethod: must be Static for a Standard address"
    idle = inputs.get("idleTimeoutInMinutes")
    if isinstance(idle, int) and not 4 <= idle <= 30:
        yield "idleTimeoutInMinutes: 4 to 30"


def _database(inputs: Json) -> Iterator[str]:
    capabilities = {one.get("name") for one in listed(inputs, "capabilities")}
    if "EnableServerless" in capabilities and len(listed(inputs, "locations")) > 1:
        yield "locations: a serverless account has one"


_MORE: dict[str, Callable[[Json], Iterator[str]]] = {
    "containerservice:ManagedCluster": _cluster,
    "containerservice:AgentPool": _pool,
    "network:Subnet": _subnet,
    "network:ApplicationGateway": _gateway,
    "network:PublicIPAddress": _public_ip,
    "cosmosdb:DatabaseAccount": _database,
    "web:WebApp": _web_app,
}
