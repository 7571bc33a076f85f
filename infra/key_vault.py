"""KeyVault: where the gateway's certificate is kept, if it is one of our own making. Holds nothing else.

The certificate goes in as a secret, through ARM: what runs the program needs no right on the vault's content, and can read
nothing back. It is made anew with the first `pulumi up` of a year; between, the one that is there stays.
"""

from datetime import UTC, datetime

import msgspec
import pulumi
from pulumi_azure_native import authorization, keyvault

from infra import roles
from infra.certificate import CONTENT_TYPE, self_signed
from infra.private_link import Inside, PrivateLink, PrivateLinkArgs
from infra.site import Site

_KEPT_DELETED = 90  # days
_KEPT_DELETED_LEAST = 7


class KeyVaultArgs(msgspec.Struct, frozen=True, kw_only=True):
    """`host`: whom the certificate is for. `reader_principal`: Application Gateway's identity."""

    site: Site
    host: str
    reader_principal: pulumi.Input[str]
    inside: Inside
    year: int = msgspec.field(default_factory=lambda: datetime.now(UTC).year)


class KeyVault(pulumi.ComponentResource):
    """`certificate_secret_id` has no version. `ready`: what must be there before the certificate can be read."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]
    certificate_secret_id: pulumi.Output[str]
    ready: list[pulumi.Resource]

    def __init__(self, name: str, args: KeyVaultArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mcp-gateway:key_vault:KeyVault", name, None, opts)
        self._name, self._args = name, args
        vault = self._vault()
        self.id, self.name = vault.id, vault.name
        certificate = self._certificate()
        uri = vault.properties.apply(lambda found: found.vault_uri or "")
        self.certificate_secret_id = pulumi.Output.concat(uri, "secrets/", certificate.name)
        role = roles.assign("certificate", "Key Vault Secrets User", args.reader_principal, self.id, parent=self)
        self.ready = [certificate, role, *([self._link().ready] if args.site.private else [])]
        self.register_outputs({"id": self.id})

    def _vault(self) -> keyvault.Vault:
        args = self._args
        tenant = authorization.get_client_config_output(opts=pulumi.InvokeOptions(parent=self)).tenant_id
        return keyvault.Vault(
            self._name,
            vault_name=args.site.names.key_vault,
            resource_group_name=args.site.resource_group_name,
            location=args.site.location,
            properties=keyvault.VaultPropertiesArgs(
                tenant_id=tenant,
                sku=keyvault.SkuArgs(family="A", name=keyvault.SkuName.STANDARD),
                enable_rbac_authorization=True,
                enable_soft_delete=True,
                # Left unsaid elsewhere: it cannot be taken back, and a stack of a day could not have its name again.
                enable_purge_protection=True if args.site.production else None,
                soft_delete_retention_in_days=_KEPT_DELETED if args.site.production else _KEPT_DELETED_LEAST,
                public_network_access="Disabled" if args.site.private else "Enabled",
                # Application Gateway itself reads from outside of the network, as a service that is trusted.
                network_acls=keyvault.NetworkRuleSetArgs(
                    bypass="AzureServices", default_action="Deny" if args.site.private else "Allow"
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self, protect=args.site.production),
        )

    def _certificate(self) -> keyvault.Secret:
        args = self._args
        return keyvault.Secret(
            f"certificate-{args.year}",
            secret_name=f"gateway-{args.year}",
            vault_name=self.name,
            resource_group_name=args.site.resource_group_name,
            properties=keyvault.SecretPropertiesArgs(
                value=pulumi.Output.secret(self_signed(args.host)), content_type=CONTENT_TYPE
            ),
            # A new one is made each time the program runs; only the first of a year is kept.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["properties.value"]),
        )

    def _link(self) -> PrivateLink:
        args = self._args
        return PrivateLink(
            self._name,
            PrivateLinkArgs(
                site=args.site,
                inside=args.inside,
                target="vault",
                service_id=self.id,
                group="vault",
                zone="privatelink.vaultcore.azure.net",
            ),
            pulumi.ResourceOptions(parent=self),
        )
