"""FunctionHost: the place where the control plane runs: a Functions app on Flex Consumption. Brings no code there: `publish`.

Callers are the proxies: the app admits the cluster's subnet (and whoever builds the stack, who asks whether it answers), or
stands behind a private endpoint. It verifies its callers all the same. Python's version is said in `functionAppConfig` only:
https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan, which has no settings for it.
"""

from collections.abc import Mapping, Sequence

import msgspec
import pulumi
from pulumi_azure_native import web

from infra.config import Config
from infra.function_storage import FunctionStorage
from infra.private_link import Inside, PrivateLink, PrivateLinkArgs
from infra.site import Site

PYTHON = "3.13"
ZONE = "privatelink.azurewebsites.net"
# Requests that one instance takes at once. The app waits for others more than it works; Python's own default is one at a time.
_AT_ONCE = 32


class FunctionHostArgs(msgspec.Struct, frozen=True, kw_only=True):
    """`identity_id` is the ARM id of the control plane's. `callers_subnet_id`: whom it admits. `after`: what the control plane
    needs when it starts, and what must outlast it when the stack is taken down: then it is what goes first."""

    site: Site
    config: Config
    identity_id: pulumi.Input[str]
    storage: FunctionStorage
    settings: Mapping[str, pulumi.Input[str]]
    subnet_id: pulumi.Input[str]
    callers_subnet_id: pulumi.Input[str]
    inside: Inside
    after: Sequence[pulumi.Resource] = ()


class FunctionHost(pulumi.ComponentResource):
    """`hostname` is where it answers. `ready`: what must be there before it can be called from where it should be."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]
    hostname: pulumi.Output[str]
    url: pulumi.Output[str]
    ready: Sequence[pulumi.Resource]

    def __init__(self, name: str, args: FunctionHostArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mcp-gateway:function_host:FunctionHost", name, None, opts)
        self._args, self._child = args, pulumi.ResourceOptions(parent=self)
        app = self._app(self._plan())
        self.id, self.name, self.hostname = app.id, app.name, app.default_host_name
        self.url = pulumi.Output.concat("https://", self.hostname)
        link = [self._link(app).ready] if args.site.private else []
        self.ready = (app, *self._no_passwords(app), *link)
        self.register_outputs({"id": self.id, "url": self.url})

    def _plan(self) -> web.AppServicePlan:
        args = self._args
        return web.AppServicePlan(
            "plan",
            name=args.site.names.function_plan,
            resource_group_name=args.site.resource_group_name,
            location=args.site.location,
            kind="functionapp",
            reserved=True,  # Linux
            sku=web.SkuDescriptionArgs(name="FC1", tier="FlexConsumption"),
            zone_redundant=args.site.production,
            opts=self._child,
        )

    def _app(self, plan: web.AppServicePlan) -> web.WebApp:
        args = self._args
        return web.WebApp(
            "app",
            name=args.site.names.function,
            resource_group_name=args.site.resource_group_name,
            location=args.site.location,
            kind="functionapp,linux",
            server_farm_id=plan.id,
            reserved=True,
            https_only=True,
            identity=web.ManagedServiceIdentityArgs(
                type=web.ManagedServiceIdentityType.USER_ASSIGNED, user_assigned_identities=[args.identity_id]
            ),
            key_vault_reference_identity=args.identity_id,
            virtual_network_subnet_id=args.subnet_id,
            outbound_vnet_routing=web.OutboundVnetRoutingArgs(all_traffic=True),
            public_network_access="Disabled" if args.site.private else "Enabled",
            function_app_config=self._flex(),
            site_config=self._site(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.storage.ready, *args.after]),
        )

    def _flex(self) -> web.FunctionAppConfigArgs:
        args = self._args
        identity = web.FunctionsDeploymentStorageAuthenticationArgs(
            type="UserAssignedIdentity", user_assigned_identity_resource_id=args.identity_id
        )
        return web.FunctionAppConfigArgs(
            deployment=web.FunctionsDeploymentArgs(
                storage=web.FunctionsDeploymentStorageArgs(
                    type="blobContainer", value=args.storage.deployments, authentication=identity
                )
            ),
            runtime=web.FunctionsRuntimeArgs(name="python", version=PYTHON),
            scale_and_concurrency=web.FunctionsScaleAndConcurrencyArgs(
                maximum_instance_count=args.config.sizes.function_max,
                instance_memory_mb=args.config.sizes.function_memory,
                triggers=web.FunctionsScaleAndConcurrencyTriggersArgs(
                    http=web.FunctionsScaleAndConcurrencyTriggersHttpArgs(per_instance_concurrency=_AT_ONCE)
                ),
                # In production nobody waits for a first start.
                always_ready=[web.FunctionsAlwaysReadyConfigArgs(name="http", instance_count=2)]
                if args.site.production
                else None,
            ),
        )

    def _site(self) -> web.SiteConfigArgs:
        args = self._args
        callers, deployers = self._callers(), self._deployers()
        return web.SiteConfigArgs(
            app_settings=[web.NameValuePairArgs(name=name, value=value) for name, value in args.settings.items()],
            min_tls_version="1.2",
            scm_min_tls_version="1.2",
            ftps_state="Disabled",
            http20_enabled=True,
            ip_security_restrictions=callers,
            ip_security_restrictions_default_action="Deny" if callers else None,
            # Whoever publishes shows a token; by address only where addresses are known.
            scm_ip_security_restrictions=deployers or None,
            scm_ip_security_restrictions_default_action="Deny" if deployers else None,
            scm_ip_security_restrictions_use_main=False,
        )

    def _callers(self) -> list[web.IpSecurityRestrictionArgs] | None:
        """None behind a private endpoint: there is no other way in."""
        if self._args.site.private:
            return None
        cluster = web.IpSecurityRestrictionArgs(
            name="cluster", action="Allow", priority=100, vnet_subnet_resource_id=self._args.callers_subnet_id
        )
        return [cluster, *self._deployers()]

    def _deployers(self) -> list[web.IpSecurityRestrictionArgs]:
        if self._args.site.private:
            return []
        return [
            web.IpSecurityRestrictionArgs(name=f"deployer-{at}", action="Allow", priority=200 + at, ip_address=network)
            for at, network in enumerate(self._args.config.deployer_cidrs)
        ]

    def _no_passwords(self, app: web.WebApp) -> Sequence[pulumi.Resource]:
        """Tokens only, for whoever publishes."""
        group, after = self._args.site.resource_group_name, pulumi.ResourceOptions(parent=self, depends_on=[app])
        return (
            web.WebAppScmAllowed("scm", name=app.name, resource_group_name=group, allow=False, opts=after),
            web.WebAppFtpAllowed("ftp", name=app.name, resource_group_name=group, allow=False, opts=after),
        )

    def _link(self, app: web.WebApp) -> PrivateLink:
        args = self._args
        link = PrivateLinkArgs(
            site=args.site,
            inside=args.inside,
            target="functions",
            service_id=app.id,
            group="sites",
            zone=ZONE,
        )
        return PrivateLink("functions", link, self._child)
