"""AppGateway: the front door. Ends TLS and hands everything to the proxies; knows no caller and keeps no session.

Streams decide its settings: answers are not buffered, and a silence is as long as the gateway itself allows. It follows the
certificate by itself: the vault's secret is named without a version.
"""

from collections.abc import Sequence

import msgspec
import pulumi
from pulumi_azure_native import authorization, monitor, network

from infra import front_door
from infra.firewall import Firewall
from infra.front_door import Door
from infra.network import ZONES
from infra.site import Site

_IDLE = 30  # minutes that a connection may be silent: the most that Azure gives a public address
_FIREWALL_LOG = "ApplicationGatewayFirewallLog"


class AppGatewayArgs(msgspec.Struct, frozen=True, kw_only=True):
    """`certificate_secret_id`, None: no TLS. `after`: what must be there first (the right to read the certificate).

    `workspace_id`: where the firewall, which is there in production, writes down what it saw. It is told to stop requests
    with `prevent`, once that log shows no request of ours: until then it only looks.
    """

    site: Site
    subnet_id: pulumi.Input[str]
    backend_address: pulumi.Input[str]
    certificate_secret_id: pulumi.Input[str] | None
    identity_id: pulumi.Input[str]
    public_host: str | None
    least: int = 1
    most: int = 3
    workspace_id: pulumi.Input[str] | None = None
    prevent: bool = False
    after: Sequence[pulumi.Resource] = ()


class AppGateway(pulumi.ComponentResource):
    """`url` has no slash at its end."""

    id: pulumi.Output[str]
    fqdn: pulumi.Output[str]
    public_address: pulumi.Output[str]
    url: pulumi.Output[str]

    def __init__(self, name: str, args: AppGatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mcp-gateway:app_gateway:AppGateway", name, None, opts)
        self._name, self._args, self._child = name, args, pulumi.ResourceOptions(parent=self)
        address = self._public_address()
        self.public_address = address.ip_address.apply(lambda found: found or "")
        self.fqdn = address.dns_settings.apply(lambda found: (found.fqdn if found else None) or "")
        self.url = pulumi.Output.concat(
            "https://" if args.certificate_secret_id else "http://", args.public_host or self.fqdn
        )
        firewall = self._firewall() if args.site.production else None
        gateway = self._gateway(address, firewall)
        self.id = gateway.id
        if firewall and args.workspace_id:
            self._log(gateway, args.workspace_id)
        self.register_outputs({"url": self.url, "public_address": self.public_address})

    def _public_address(self) -> network.PublicIPAddress:
        args = self._args
        return network.PublicIPAddress(
            self._name,
            public_ip_address_name=args.site.names.public_ip,
            resource_group_name=args.site.resource_group_name,
            location=args.site.location,
            sku=network.PublicIPAddressSkuArgs(name="Standard"),
            public_ip_allocation_method="Static",
            idle_timeout_in_minutes=_IDLE,
            dns_settings=network.PublicIPAddressDnsSettingsArgs(domain_name_label=args.site.names.dns_label),
            zones=self._zones(),
            opts=self._child,
        )

    def _firewall(self) -> Firewall:
        args = self._args
        return Firewall(args.site, prevent=args.prevent, parent=self)

    def _gateway(self, address: network.PublicIPAddress, firewall: Firewall | None) -> network.ApplicationGateway:
        args, secure = self._args, self._args.certificate_secret_id is not None
        door = Door(self._gateway_id(), firewall.open_id if firewall else None, secure=secure)
        tier = "WAF_v2" if firewall else "Standard_v2"
        return network.ApplicationGateway(
            self._name,
            application_gateway_name=args.site.names.app_gateway,
            resource_group_name=args.site.resource_group_name,
            location=args.site.location,
            zones=self._zones(),
            sku=network.ApplicationGatewaySkuArgs(name=tier, tier=tier),
            autoscale_configuration=network.ApplicationGatewayAutoscaleConfigurationArgs(
                min_capacity=args.least, max_capacity=args.most
            ),
            identity=self._identity() if secure else None,
            enable_http2=True,
            global_configuration=network.ApplicationGatewayGlobalConfigurationArgs(
                enable_request_buffering=True, enable_response_buffering=False
            ),
            firewall_policy=network.SubResourceArgs(id=firewall.id) if firewall else None,
            gateway_ip_configurations=[front_door.place(args.subnet_id)],
            frontend_ip_configurations=[front_door.frontend(address.id)],
            frontend_ports=door.ports(),
            http_listeners=door.listeners(),
            ssl_certificates=front_door.certificates(args.certificate_secret_id),
            ssl_policy=front_door.tls() if secure else None,
            backend_address_pools=[front_door.pool(args.backend_address)],
            backend_http_settings_collection=[door.backend()],
            probes=[front_door.probe(args.backend_address)],
            redirect_configurations=door.redirects(),
            url_path_maps=door.path_maps(),
            request_routing_rules=door.rules(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
        )

    def _gateway_id(self) -> pulumi.Output[str]:
        """Its parts name each other by ids that begin with its own, which it gets only once it is there."""
        config = authorization.get_client_config_output(opts=pulumi.InvokeOptions(parent=self))
        args = self._args
        return pulumi.Output.format(
            "/subscriptions/{0}/resourceGroups/{1}/providers/Microsoft.Network/applicationGateways/{2}",
            config.subscription_id,
            args.site.resource_group_name,
            args.site.names.app_gateway,
        )

    def _identity(self) -> network.ManagedServiceIdentityArgs:
        return network.ManagedServiceIdentityArgs(
            type=network.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[self._args.identity_id]
        )

    def _zones(self) -> list[str] | None:
        return list(ZONES) if self._args.site.production else None

    def _log(self, gateway: network.ApplicationGateway, workspace_id: pulumi.Input[str]) -> None:
        """Of the firewall alone: the log of all requests would hold the session ids that clients put into URLs."""
        monitor.DiagnosticSetting(
            self._name,
            name="firewall",
            resource_uri=gateway.id,
            workspace_id=workspace_id,
            logs=[monitor.DiagnosticsLogSettingsArgs(category=_FIREWALL_LOG, enabled=True)],
            opts=self._child,
        )
