"""Names of what is made in Azure: all from one label, each within what its service allows. No Kubernetes objects: `infra.platform.names`.

Those that stand in a global namespace (registry, Cosmos, vault, storage, function app, public name) are free or taken for everybody.
"""

import msgspec

_COMPONENTS = ("control-plane", "proxy", "router", "agents", "workloads", "gateway", "cluster")


class Names(msgspec.Struct, frozen=True):
    """`label` is 3 to 30 of `a-z0-9`. Where a name is cut, two labels that begin alike share it: use short ones."""

    label: str

    @property
    def virtual_network(self) -> str:
        return f"mg-vnet-{self.label}"

    @property
    def aks_subnet(self) -> str:
        return f"mg-aks-subnet-{self.label}"

    @property
    def gateway_subnet(self) -> str:
        return f"mg-aag-subnet-{self.label}"

    @property
    def endpoints_subnet(self) -> str:
        return f"mg-pe-subnet-{self.label}"

    @property
    def functions_subnet(self) -> str:
        """Without an underscore: Flex Consumption does not join one that has it."""
        return f"mg-fn-subnet-{self.label}"

    @property
    def nat_gateway(self) -> str:
        return f"mg-nat-{self.label}"

    @property
    def nat_address(self) -> str:
        return f"mg-nat-pip-{self.label}"

    @property
    def registry(self) -> str:
        return f"mgreg{self.label}"

    @property
    def cluster(self) -> str:
        return f"mg-aks-{self.label}"

    @property
    def cluster_nodes(self) -> str:
        """The resource group in which AKS keeps nodes, their disks and the load balancer."""
        return f"mg-aks-nodes-{self.label}"

    @property
    def public_ip(self) -> str:
        return f"mg-pip-{self.label}"

    @property
    def app_gateway(self) -> str:
        return f"mg-aag-{self.label}"

    @property
    def firewall_policy(self) -> str:
        return f"mg-waf-{self.label}"

    @property
    def cosmos(self) -> str:
        return f"mg-storage-{self.label}"

    @property
    def insights(self) -> str:
        return f"mg-ai-{self.label}"

    @property
    def workspace(self) -> str:
        return f"mg-logs-{self.label}"

    @property
    def collection_rule(self) -> str:
        """Which of the cluster's logs go to the workspace."""
        return f"mg-dcr-{self.label}"

    @property
    def key_vault(self) -> str:
        """At most 24, and no dash at the end."""
        return f"mg-kv-{self.label}"[:24]

    @property
    def function(self) -> str:
        return f"mg-fn-{self.label}"

    @property
    def function_plan(self) -> str:
        return f"mg-plan-{self.label}"

    @property
    def function_storage(self) -> str:
        """At most 24 of `a-z0-9`."""
        return f"mgfn{self.label}"[:24]

    @property
    def function_host(self) -> str:
        """Where the control plane answers. Known before it is there, so that the proxies need not wait for it."""
        return f"{self.function}.azurewebsites.net"

    @property
    def registry_host(self) -> str:
        return f"{self.registry}.azurecr.io"

    @property
    def application(self) -> str:
        """What people read when they sign in."""
        return f"MCP Gateway ({self.label})"

    @property
    def dns_label(self) -> str:
        """Of the public address: `<label>.<location>.cloudapp.azure.com`."""
        return self.label

    def identity(self, component: str) -> str:
        """Of one of the components. Raises ValueError for another."""
        if component not in _COMPONENTS:
            raise ValueError(f"`{component}` is none of {', '.join(_COMPONENTS)}")
        return f"mg-identity-{self.label}-{component}"

    def federation(self, account: str) -> str:
        """Of the trust in a Kubernetes service account."""
        return f"mg-sa-federation-{self.label}-{account}"

    def security_group(self, subnet: str) -> str:
        """`subnet` is one of `aks`, `aag`, `pe`, `fn`."""
        return f"mg-nsg-{subnet}-{self.label}"

    def endpoint(self, target: str) -> str:
        """Of the private endpoint in front of `target` (`registry`, `cosmos`, …)."""
        return f"mg-pe-{target}-{self.label}"
