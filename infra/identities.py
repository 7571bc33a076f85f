"""Identities: one for each component, so that each may do what it must and nothing else. Holds no right itself.

A Kubernetes service account stands for an identity where the cluster's own tokens are trusted for it (federation): no pod
has a secret. The control plane's account is trusted too, so that it can be run as a container beside the Functions app.
"""

from collections.abc import Sequence

import msgspec
import pulumi
from pulumi_azure_native import managedidentity

from gateway.cluster.names import PLATFORM_NAMESPACE, WORKLOAD_NAMESPACE
from infra.platform.names import CONTROL_PLANE_ACCOUNT, PROXY_ACCOUNT, ROUTER_ACCOUNT, WORKLOAD_ACCOUNT
from infra.site import Site

AGENTS_ACCOUNT = "agents-sa"

_AUDIENCE = "api://AzureADTokenExchange"


class IdentitiesArgs(msgspec.Struct, frozen=True, kw_only=True):
    site: Site


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is ARM's; `principal_id` is who it is where roles are given; `client_id` is what processes call it."""

    id: pulumi.Output[str]
    client_id: pulumi.Output[str]
    principal_id: pulumi.Output[str]
    resource_name: pulumi.Output[str]


class Identities(pulumi.ComponentResource):
    """`gateway` is Application Gateway's: it reads the certificate."""

    control_plane: Identity
    proxy: Identity
    router: Identity
    agents: Identity
    workloads: Identity
    gateway: Identity

    def __init__(self, name: str, args: IdentitiesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mcp-gateway:identities:Identities", name, None, opts)
        self._args = args
        self.control_plane = self._identity("control-plane")
        self.proxy = self._identity("proxy")
        self.router = self._identity("router")
        self.agents = self._identity("agents")
        self.workloads = self._identity("workloads")
        self.gateway = self._identity("gateway")
        self.register_outputs({})

    def federate(self, issuer_url: pulumi.Input[str]) -> Sequence[pulumi.Resource]:
        """Trusts the service accounts of the cluster that has this issuer. Returns what pods with them must wait for.

        One after the other: Entra refuses two at a time.
        """
        made: list[pulumi.Resource] = []
        for account, namespace, identity in self._accounts():
            made.append(self._federation(account, namespace, identity, issuer_url, made[-1:]))
        return made

    def _accounts(self) -> Sequence[tuple[str, str, Identity]]:
        return (
            (PROXY_ACCOUNT, PLATFORM_NAMESPACE, self.proxy),
            (ROUTER_ACCOUNT, PLATFORM_NAMESPACE, self.router),
            (AGENTS_ACCOUNT, PLATFORM_NAMESPACE, self.agents),
            (CONTROL_PLANE_ACCOUNT, PLATFORM_NAMESPACE, self.control_plane),
            (WORKLOAD_ACCOUNT, WORKLOAD_NAMESPACE, self.workloads),
        )

    def _identity(self, component: str) -> Identity:
        args = self._args
        made = managedidentity.UserAssignedIdentity(
            component,
            resource_name_=args.site.names.identity(component),
            resource_group_name=args.site.resource_group_name,
            location=args.site.location,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return Identity(id=made.id, client_id=made.client_id, principal_id=made.principal_id, resource_name=made.name)

    def _federation(
        self,
        account: str,
        namespace: str,
        identity: Identity,
        issuer_url: pulumi.Input[str],
        after: Sequence[pulumi.Resource],
    ) -> pulumi.Resource:
        return managedidentity.FederatedIdentityCredential(
            account,
            federated_identity_credential_resource_name=self._args.site.names.federation(account),
            resource_name_=identity.resource_name,
            resource_group_name=self._args.site.resource_group_name,
            issuer=issuer_url,
            subject=f"system:serviceaccount:{namespace}:{account}",
            audiences=[_AUDIENCE],
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(after)),
        )
