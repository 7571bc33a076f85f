"""Registry: where images come from. Nobody pulls without a role, and there is no administrator. Builds nothing: `images`.

A private one costs a build agent: those that Azure shares stand outside of the network, and are kept out with all others.
(The other way, to let tasks past the network rules, would let in the tasks of everybody who may write here.)
https://learn.microsoft.com/azure/container-registry/tasks-agent-pools
"""

import msgspec
import pulumi
from pulumi_azure_native import containerregistry

from infra.private_link import Inside, PrivateLink, PrivateLinkArgs
from infra.site import Site

AGENTS = "builds"
_SIZE = "S1"  # two cores: the smallest


class RegistryArgs(msgspec.Struct, frozen=True, kw_only=True):
    site: Site
    inside: Inside


class Registry(pulumi.ComponentResource):
    """`agent_pool`: what builds run on; None: on what Azure shares. It is there when the registry can be reached from it."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]
    login_server: pulumi.Output[str]
    agent_pool: pulumi.Output[str] | None

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mcp-gateway:registry:Registry", name, None, opts)
        self._name, self._args = name, args
        made = self._registry()
        self.id, self.name, self.login_server = made.id, made.name, made.login_server
        self.agent_pool = self._agents(self._link()).name if args.site.private else None
        self.register_outputs({"id": self.id, "login_server": self.login_server})

    def _registry(self) -> containerregistry.Registry:
        args = self._args
        # Zones and private endpoints are the premium tier's.
        premium = args.site.private or args.site.production
        return containerregistry.Registry(
            self._name,
            registry_name=args.site.names.registry,
            resource_group_name=args.site.resource_group_name,
            location=args.site.location,
            sku=containerregistry.SkuArgs(name="Premium" if premium else "Standard"),
            admin_user_enabled=False,
            anonymous_pull_enabled=False,
            public_network_access="Disabled" if args.site.private else "Enabled",
            network_rule_bypass_options="None" if args.site.private else "AzureServices",
            zone_redundancy="Enabled" if args.site.production else "Disabled",
            opts=pulumi.ResourceOptions(parent=self, protect=args.site.production),
        )

    def _link(self) -> PrivateLink:
        args = self._args
        return PrivateLink(
            self._name,
            PrivateLinkArgs(
                site=args.site,
                inside=args.inside,
                target="registry",
                service_id=self.id,
                group="registry",
                zone="privatelink.azurecr.io",
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _agents(self, link: PrivateLink) -> containerregistry.AgentPool:
        args = self._args
        return containerregistry.AgentPool(
            self._name,
            agent_pool_name=AGENTS,
            registry_name=self.name,
            resource_group_name=args.site.resource_group_name,
            location=args.site.location,
            count=1,
            os="Linux",
            tier=_SIZE,
            virtual_network_subnet_resource_id=args.inside.subnet_id,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[link.ready]),
        )
