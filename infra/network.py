"""Network: the virtual network, its four subnets, what may enter each, and the address by which their traffic leaves.

    10.0.1.0/24  nodes of the cluster, and its load balancer inside: 10.0.1.100 is the proxy
    10.0.2.0/24  Application Gateway
    10.0.3.0/24  private endpoints, and the registry's build agents where it is private
    10.0.4.0/24  Functions

Pods have addresses of an overlay and are no part of the plan. A NAT gateway costs by the hour: it is there where nodes and
Functions must leave by one known address; elsewhere nodes leave by their load balancer's, and the rest by what Azure gives.
"""

import msgspec
import pulumi
from pulumi_azure_native import network

from infra.network_rules import gateway_rules, inside_rules
from infra.site import Site

VNET = "10.0.0.0/16"
AKS, GATEWAY, ENDPOINTS, FUNCTIONS = "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24", "10.0.4.0/24"
PROXY = "10.0.1.100"
ZONES = ("1", "2", "3")

_IDLE = 30  # minutes that a connection through the NAT gateway may be silent
# Flex Consumption lives in Container Apps' infrastructure, not in App Service's (Microsoft.Web/serverFarms).
_DELEGATED = "Microsoft.App/environments"


class NetworkArgs(msgspec.Struct, frozen=True, kw_only=True):
    """`nat`: whether there is a NAT gateway; None: in production there is."""

    site: Site
    nat: bool | None = None

    @property
    def has_nat(self) -> bool:
        return self.site.production if self.nat is None else self.nat


class Network(pulumi.ComponentResource):
    """`nat_address` is None where there is no NAT gateway."""

    vnet_id: pulumi.Output[str]
    aks_subnet_id: pulumi.Output[str]
    gateway_subnet_id: pulumi.Output[str]
    endpoints_subnet_id: pulumi.Output[str]
    functions_subnet_id: pulumi.Output[str]
    nat_address: pulumi.Output[str] | None
    proxy_address: str = PROXY

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mcp-gateway:network:Network", name, None, opts)
        self._args, self._child = args, pulumi.ResourceOptions(parent=self)
        self._vnet = self._virtual_network()
        self.vnet_id = self._vnet.id
        self.nat_address, self._nat = self._nat_gateway() if args.has_nat else (None, None)
        names, inside = args.site.names, inside_rules()
        # Azure changes one subnet of a network at a time: each waits for the one before.
        aks = self._subnet("aks", names.aks_subnet, AKS, inside, leaves=True, after=self._vnet)
        gateway = self._subnet("aag", names.gateway_subnet, GATEWAY, gateway_rules(), leaves=False, after=aks)
        endpoints = self._subnet(
            "pe", names.endpoints_subnet, ENDPOINTS, inside, leaves=args.site.private, after=gateway
        )
        functions = self._subnet("fn", names.functions_subnet, FUNCTIONS, inside, leaves=True, after=endpoints)
        self.aks_subnet_id, self.gateway_subnet_id = aks.id, gateway.id
        self.endpoints_subnet_id, self.functions_subnet_id = endpoints.id, functions.id
        self.register_outputs({"vnet_id": self.vnet_id, "nat_address": self.nat_address})

    def _virtual_network(self) -> network.VirtualNetwork:
        args = self._args
        return network.VirtualNetwork(
            "vnet",
            virtual_network_name=args.site.names.virtual_network,
            resource_group_name=args.site.resource_group_name,
            location=args.site.location,
            address_space=network.AddressSpaceArgs(address_prefixes=[VNET]),
            opts=self._child,
        )

    def _nat_gateway(self) -> tuple[pulumi.Output[str], network.NatGateway]:
        args = self._args
        address = network.PublicIPAddress(
            "nat",
            public_ip_address_name=args.site.names.nat_address,
            resource_group_name=args.site.resource_group_name,
            location=args.site.location,
            sku=network.PublicIPAddressSkuArgs(name="Standard"),
            public_ip_allocation_method="Static",
            zones=list(ZONES) if args.site.production else None,
            opts=self._child,
        )
        gateway = network.NatGateway(
            "nat",
            nat_gateway_name=args.site.names.nat_gateway,
            resource_group_name=args.site.resource_group_name,
            location=args.site.location,
            sku=network.NatGatewaySkuArgs(name="Standard"),
            idle_timeout_in_minutes=_IDLE,
            public_ip_addresses=[network.SubResourceArgs(id=address.id)],
            opts=self._child,
        )
        return address.ip_address.apply(lambda found: found or ""), gateway

    def _subnet(
        self,
        short: str,
        name: str,
        prefix: str,
        rules: list[network.SecurityRuleArgs],
        *,
        leaves: bool,
        after: pulumi.Resource,
    ) -> network.Subnet:
        """`leaves`: whether what is in it must reach the internet by itself."""
        args, nat = self._args, self._nat if leaves else None
        return network.Subnet(
            short,
            subnet_name=name,
            virtual_network_name=self._vnet.name,
            resource_group_name=args.site.resource_group_name,
            address_prefix=prefix,
            network_security_group=network.NetworkSecurityGroupArgs(id=self._security_group(short, rules).id),
            nat_gateway=network.SubResourceArgs(id=nat.id) if nat else None,
            # Said, because Azure's own answer differs by the age of the API that asks.
            default_outbound_access=leaves and nat is None,
            private_endpoint_network_policies="Disabled",
            delegations=[network.DelegationArgs(name="functions", service_name=_DELEGATED)] if short == "fn" else None,
            service_endpoints=self._service_endpoints(short),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[after]),
        )

    def _service_endpoints(self, short: str) -> list[network.ServiceEndpointPropertiesFormatArgs] | None:
        """By it the control plane knows the proxies, where no private endpoint leads to it."""
        if short != "aks" or self._args.site.private:
            return None
        return [network.ServiceEndpointPropertiesFormatArgs(service="Microsoft.Web")]

    def _security_group(self, short: str, rules: list[network.SecurityRuleArgs]) -> network.NetworkSecurityGroup:
        args = self._args
        return network.NetworkSecurityGroup(
            short,
            network_security_group_name=args.site.names.security_group(short),
            resource_group_name=args.site.resource_group_name,
            location=args.site.location,
            security_rules=rules,
            opts=self._child,
        )
