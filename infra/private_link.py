"""PrivateLink: one service reached from inside the network only: a private endpoint, and its name in a private zone.

The service itself must be told to refuse everybody else; that is its own component's part.
"""

import msgspec
import pulumi
from pulumi_azure_native import network, privatedns

from infra.site import Site


class Inside(msgspec.Struct, frozen=True, kw_only=True):
    """The network that services are reached from, and its subnet for their endpoints."""

    subnet_id: pulumi.Input[str]
    vnet_id: pulumi.Input[str]


class PrivateLinkArgs(msgspec.Struct, frozen=True, kw_only=True):
    """`target` is our word for the service, `group` the service's own for the part of it that is meant, `zone` its zone."""

    site: Site
    target: str
    service_id: pulumi.Input[str]
    group: str
    zone: str
    inside: Inside


class PrivateLink(pulumi.ComponentResource):
    """`ready` is what must be there before the service's name leads inside."""

    ready: pulumi.Resource

    def __init__(self, name: str, args: PrivateLinkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mcp-gateway:private_link:PrivateLink", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        endpoint, zone = self._endpoint(), self._zone()
        link = self._link(zone)
        self.ready = network.PrivateDnsZoneGroup(
            name,
            private_dns_zone_group_name="default",
            private_endpoint_name=endpoint.name,
            resource_group_name=args.site.resource_group_name,
            private_dns_zone_configs=[
                network.PrivateDnsZoneConfigArgs(name=args.zone.replace(".", "-"), private_dns_zone_id=zone.id)
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[link]),
        )
        self.register_outputs({})

    def _endpoint(self) -> network.PrivateEndpoint:
        args = self._args
        connection = network.PrivateLinkServiceConnectionArgs(
            name=args.target, private_link_service_id=args.service_id, group_ids=[args.group]
        )
        return network.PrivateEndpoint(
            self._name,
            private_endpoint_name=args.site.names.endpoint(args.target),
            resource_group_name=args.site.resource_group_name,
            location=args.site.location,
            subnet=network.SubnetArgs(id=args.inside.subnet_id),
            private_link_service_connections=[connection],
            opts=self._child,
        )

    def _zone(self) -> privatedns.PrivateZone:
        return privatedns.PrivateZone(
            self._name,
            private_zone_name=self._args.zone,
            resource_group_name=self._args.site.resource_group_name,
            location="Global",
            opts=self._child,
        )

    def _link(self, zone: privatedns.PrivateZone) -> privatedns.VirtualNetworkLink:
        return privatedns.VirtualNetworkLink(
            self._name,
            virtual_network_link_name=self._args.site.names.virtual_network,
            private_zone_name=zone.name,
            resource_group_name=self._args.site.resource_group_name,
            location="Global",
            registration_enabled=False,
            virtual_network=privatedns.SubResourceArgs(id=self._args.inside.vnet_id),
            opts=self._child,
        )
