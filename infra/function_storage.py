"""FunctionStorage: where the Functions host keeps its leases and timers, and the zip it runs. No record of ours is in it.

It has no keys: the app's identity has roles. A private one is reached through three endpoints, one for each of its services.
"""

from collections.abc import Sequence

import msgspec
import pulumi
from pulumi_azure_native import storage

from infra.private_link import Inside, PrivateLink, PrivateLinkArgs
from infra.roles import assign
from infra.site import Site

CONTAINER = "deployments"
# What the host does there: https://learn.microsoft.com/azure/azure-functions/functions-reference#connecting-to-host-storage-with-an-identity
_ROLES = {
    "blob": "Storage Blob Data Owner",
    "queue": "Storage Queue Data Contributor",
    "table": "Storage Table Data Contributor",
}


class FunctionStorageArgs(msgspec.Struct, frozen=True, kw_only=True):
    """`principal_id`: whom the account is for."""

    site: Site
    principal_id: pulumi.Input[str]
    inside: Inside


class FunctionStorage(pulumi.ComponentResource):
    """`deployments` is the URL of the container that the zip is put into; `ready` what must be there before the app is."""

    account_name: pulumi.Output[str]
    deployments: pulumi.Output[str]
    ready: Sequence[pulumi.Resource]

    def __init__(self, name: str, args: FunctionStorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mcp-gateway:function_storage:FunctionStorage", name, None, opts)
        self._args, self._child = args, pulumi.ResourceOptions(parent=self)
        account = self._account()
        container = storage.BlobContainer(
            CONTAINER,
            container_name=CONTAINER,
            account_name=account.name,
            resource_group_name=args.site.resource_group_name,
            public_access=storage.PublicAccess.NONE,
            opts=self._child,
        )
        self.account_name = account.name
        self.deployments = account.primary_endpoints.apply(lambda at: f"{at.blob}{CONTAINER}")
        roles = [assign(kind, role, args.principal_id, account.id, parent=self) for kind, role in _ROLES.items()]
        links = [self._link(kind, account).ready for kind in _ROLES] if args.site.private else []
        self.ready = (container, *roles, *links)
        self.register_outputs({})

    def _account(self) -> storage.StorageAccount:
        args = self._args
        return storage.StorageAccount(
            "host",
            account_name=args.site.names.function_storage,
            resource_group_name=args.site.resource_group_name,
            location=args.site.location,
            kind="StorageV2",
            sku=storage.SkuArgs(name="Standard_ZRS" if args.site.production else "Standard_LRS"),
            allow_shared_key_access=False,
            allow_blob_public_access=False,
            allow_cross_tenant_replication=False,
            default_to_o_auth_authentication=True,
            enable_https_traffic_only=True,
            minimum_tls_version="TLS1_2",
            public_network_access="Disabled" if args.site.private else "Enabled",
            opts=self._child,
        )

    def _link(self, kind: str, account: storage.StorageAccount) -> PrivateLink:
        args = self._args
        link = PrivateLinkArgs(
            site=args.site,
            inside=args.inside,
            target=f"host-{kind}",
            service_id=account.id,
            group=kind,
            zone=f"privatelink.{kind}.core.windows.net",
        )
        return PrivateLink(f"host-{kind}", link, self._child)
