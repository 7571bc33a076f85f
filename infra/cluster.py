"""Cluster: AKS, where the data plane and the workloads live. What runs in it is not here: `workloads`.

Accounts are Entra's and nobody else's; what they may do is Azure's roles and Kubernetes' own. Pods have addresses of an
overlay, and Cilium lets through what the policies say. Whoever builds the stack is made the cluster's administrator first,
and nothing is asked of the API server before it believes that: `admission`.
"""

from collections.abc import Sequence

import msgspec
import pulumi
import pulumi_kubernetes
from pulumi_azure_native import containerservice, managedidentity

from infra.config import Config
from infra.container_insights import ContainerInsights
from infra.kubeconfig import ApiServer, api_server, kubeconfig
from infra.network import ZONES
from infra.node_pools import node_pools
from infra.roles import assign
from infra.site import Site

ADMINISTRATOR = "Azure Kubernetes Service RBAC Cluster Admin"
_SERVICES, _DNS, _PODS = "192.168.0.0/16", "192.168.0.10", "10.244.0.0/16"
_WEEK = 168  # hours


class ClusterArgs(msgspec.Struct, frozen=True, kw_only=True):
    """`nat_address` is None where nodes leave by the cluster's own load balancer. `workspace_id` is used in production.

    `deployer_id` is the object id of whoever builds the stack; `is_person`: or else a service principal.
    """

    site: Site
    config: Config
    vnet_id: pulumi.Input[str]
    subnet_id: pulumi.Input[str]
    nat_address: pulumi.Input[str] | None
    registry_id: pulumi.Input[str]
    workspace_id: pulumi.Input[str]
    tenant_id: pulumi.Input[str]
    deployer_id: pulumi.Input[str]
    is_person: bool


class Cluster(pulumi.ComponentResource):
    """`kubeconfig` and `certificate_authority` (PEM in base64) are as Azure hands them out; `administrator` gives the deployer its role.

    `granted` is what pods need of Azure: images, and the load balancer's place in the network.
    """

    name: pulumi.Output[str]
    id: pulumi.Output[str]
    oidc_issuer_url: pulumi.Output[str]
    api_server: pulumi.Output[str]
    certificate_authority: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]
    administrator: pulumi.Resource
    granted: Sequence[pulumi.Resource]
    provider: pulumi_kubernetes.Provider

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mcp-gateway:cluster:Cluster", name, None, opts)
        self._args, self._child = args, pulumi.ResourceOptions(parent=self)
        identity = self._identity()
        # Before the cluster: it wants its place in the network as soon as it is there.
        place = assign("network", "Network Contributor", identity.principal_id, args.vnet_id, parent=self)
        made = self._cluster(identity, place)
        self.name, self.id = made.name, made.id
        self.oidc_issuer_url = made.oidc_issuer_profile.apply(lambda profile: profile.issuer_url if profile else "")
        self.administrator = self._administrator(made)
        self.granted = [place, self._puller(made), *self._insights(made)]
        server = self._api_server(made)
        self.api_server = server.apply(lambda found: found.url)
        self.certificate_authority = server.apply(lambda found: found.certificate_authority)
        self.kubeconfig = pulumi.Output.secret(
            pulumi.Output.all(made.name, server).apply(lambda found: kubeconfig(found[0], found[1]))
        )
        self.provider = self._kubernetes()
        self.register_outputs({"name": self.name, "id": self.id})

    def _identity(self) -> managedidentity.UserAssignedIdentity:
        config = self._args.config
        return managedidentity.UserAssignedIdentity(
            "cluster",
            resource_name_=config.names.identity("cluster"),
            resource_group_name=self._args.site.resource_group_name,
            location=config.location,
            opts=self._child,
        )

    def _cluster(
        self, identity: managedidentity.UserAssignedIdentity, place: pulumi.Resource
    ) -> containerservice.ManagedCluster:
        args, config = self._args, self._args.config
        return containerservice.ManagedCluster(
            "cluster",
            resource_name_=config.names.cluster,
            resource_group_name=args.site.resource_group_name,
            location=config.location,
            node_resource_group=config.names.cluster_nodes,
            dns_prefix=config.names.cluster,
            # Standard has an SLA and costs by the hour.
            sku=containerservice.ManagedClusterSKUArgs(name="Base", tier="Standard" if config.production else "Free"),
            identity=containerservice.ManagedClusterIdentityArgs(
                type=containerservice.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[identity.id]
            ),
            aad_profile=containerservice.ManagedClusterAADProfileArgs(
                managed=True, enable_azure_rbac=True, tenant_id=args.tenant_id
            ),
            enable_rbac=True,
            disable_local_accounts=True,
            oidc_issuer_profile=containerservice.ManagedClusterOIDCIssuerProfileArgs(enabled=True),
            security_profile=_security(),
            network_profile=self._networking(),
            api_server_access_profile=self._access(),
            auto_upgrade_profile=containerservice.ManagedClusterAutoUpgradeProfileArgs(
                upgrade_channel="stable", node_os_upgrade_channel="NodeImage"
            ),
            agent_pool_profiles=node_pools(config.sizes, args.subnet_id, ZONES if config.production else ()),
            addon_profiles=self._addons(),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[place],
                # The autoscaler's to change, and the upgrade channel's.
                ignore_changes=["agentPoolProfiles[0].count", "agentPoolProfiles[1].count", "kubernetesVersion"],
            ),
        )

    def _networking(self) -> containerservice.ContainerServiceNetworkProfileArgs:
        return containerservice.ContainerServiceNetworkProfileArgs(
            network_plugin="azure",
            network_plugin_mode="overlay",
            network_dataplane="cilium",
            network_policy="cilium",
            load_balancer_sku="standard",
            outbound_type="loadBalancer" if self._args.nat_address is None else "userAssignedNATGateway",
            pod_cidr=_PODS,
            service_cidr=_SERVICES,
            dns_service_ip=_DNS,
        )

    def _access(self) -> containerservice.ManagedClusterAPIServerAccessProfileArgs:
        """Who reaches the API server: `config` says it in words. The zone of a private one is linked to the nodes' network,
        which is that of everybody here."""
        args, config = self._args, self._args.config
        if config.private:
            return containerservice.ManagedClusterAPIServerAccessProfileArgs(
                enable_private_cluster=True,
                enable_private_cluster_public_fqdn=False,
                private_dns_zone="system",
                disable_run_command=True,
            )
        if args.nat_address is None:
            return containerservice.ManagedClusterAPIServerAccessProfileArgs(disable_run_command=True)
        nodes = pulumi.Output.concat(args.nat_address, "/32")
        return containerservice.ManagedClusterAPIServerAccessProfileArgs(
            authorized_ip_ranges=[nodes, *config.deployer_cidrs], disable_run_command=True
        )

    def _addons(self) -> dict[str, containerservice.ManagedClusterAddonProfileArgs] | None:
        if not self._args.site.production:
            return None
        settings = {"logAnalyticsWorkspaceResourceID": self._args.workspace_id, "useAADAuth": "true"}
        return {"omsagent": containerservice.ManagedClusterAddonProfileArgs(enabled=True, config=settings)}

    def _insights(self, made: containerservice.ManagedCluster) -> list[pulumi.Resource]:
        args = self._args
        if not args.site.production:
            return []
        return [
            ContainerInsights(
                "container-insights",
                site=args.site,
                cluster_id=made.id,
                workspace_id=args.workspace_id,
                opts=self._child,
            )
        ]

    def _administrator(self, made: containerservice.ManagedCluster) -> pulumi.Resource:
        args = self._args
        return assign(
            "administrator",
            ADMINISTRATOR,
            args.deployer_id,
            made.id,
            parent=self,
            principal_type="User" if args.is_person else "ServicePrincipal",
        )

    def _puller(self, made: containerservice.ManagedCluster) -> pulumi.Resource:
        kubelet = made.identity_profile.apply(lambda found: (found or {})["kubeletidentity"].object_id or "")
        return assign("pull", "AcrPull", kubelet, self._args.registry_id, parent=self)

    def _api_server(self, made: containerservice.ManagedCluster) -> pulumi.Output[ApiServer]:
        handed_out = containerservice.list_managed_cluster_user_credentials_output(
            resource_group_name=self._args.site.resource_group_name,
            resource_name=made.name,
            opts=pulumi.InvokeOutputOptions(parent=self, depends_on=[made]),
        )
        return handed_out.apply(lambda found: api_server(found.kubeconfigs[0].value))

    def _kubernetes(self) -> pulumi_kubernetes.Provider:
        return pulumi_kubernetes.Provider(
            "cluster",
            kubeconfig=self.kubeconfig,
            # Else a changed setting would delete the ConfigMap that running pods start from.
            enable_config_map_mutable=True,
            enable_secret_mutable=True,
            opts=self._child,
        )


def _security() -> containerservice.ManagedClusterSecurityProfileArgs:
    return containerservice.ManagedClusterSecurityProfileArgs(
        workload_identity=containerservice.ManagedClusterSecurityProfileWorkloadIdentityArgs(enabled=True),
        image_cleaner=containerservice.ManagedClusterSecurityProfileImageCleanerArgs(
            enabled=True, interval_hours=_WEEK
        ),
    )
