"""Config: what a stack can be told, read once, frozen, and refused by the names of all keys at fault. Creates nothing.

Who reaches the API server of the cluster:
- `enablePrivateEndpoints`: nobody from outside of the network; `pulumi up` then runs inside of it.
- in production: the NAT address, from which nodes and Functions leave, and `deployerCidrs`, which are therefore required.
- else, with `deployerCidrs`: the same, and a NAT gateway is made for it. Without them: anybody, who must then sign in to
  Entra (there are no other accounts); a dev stack pays for no NAT gateway, so there is no address that could be named.
"""

import re
from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any, Literal

import msgspec
import pulumi

from infra.entries import ConfigError, Entries
from infra.generations import Generations
from infra.names import Names
from infra.platform import OptionError
from infra.wishes import FIXED, options

__all__ = ["Config", "ConfigError", "Foundry", "Sizes", "Tls"]

_LABEL = re.compile(r"[a-z0-9]{3,30}")
_GROUP = re.compile(r"[-\w._()]{0,89}[-\w_()]")
_LOCATION = re.compile(r"[a-z0-9]+")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
# Without a version: a renewed certificate is then taken up by itself.
_SECRET = re.compile(r"https://[a-z0-9-]+\.vault\.[a-z.]+/secrets/[A-Za-z0-9-]+/?")
_HTTPS = re.compile(r"https://[A-Za-z0-9.-]+(/[^\s?#]*)?")
_RESOURCE = re.compile(r"/subscriptions/[^/\s]+/resourceGroups/[^/\s]+/providers/[^\s]+", re.IGNORECASE)
_LONGEST = 30

type TlsMode = Literal["keyVaultSecretId", "selfSigned", "none"]
type Target = Literal["azure", "kubernetes"]
type CosmosMode = Literal["serverless", "provisioned"]
_TLS: tuple[TlsMode, ...] = ("keyVaultSecretId", "selfSigned", "none")


class Tls(msgspec.Struct, frozen=True, kw_only=True):
    """`secret_id` is there in the mode `keyVaultSecretId`, and without a version."""

    mode: TlsMode
    secret_id: str | None = None


class Foundry(msgspec.Struct, frozen=True, kw_only=True):
    """The model that agents use. The runtime's identity gets its role on `resource_id`."""

    endpoint: str
    deployment: str
    resource_id: str


class Sizes(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Virtual machine sizes by Azure's names; numbers are of nodes, gateway instances, MiB (`function_memory`) and pods."""

    system_vm: str = "Standard_D2ds_v5"
    user_vm: str = "Standard_D4ds_v5"
    system_min: int = 1
    system_max: int = 3
    user_min: int = 1
    user_max: int = 5
    gateway_min: int = 1
    gateway_max: int = 3
    function_memory: Literal[512, 2048, 4096] = 2048
    function_max: int = 40
    proxies: int = 2
    routers: int = 2


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """`platform` is what else the platform's manifests are asked for, by the names of PlatformOptions in camelCase."""

    target: Target = "azure"
    resource_group: str
    create_resource_group: bool
    label: str
    location: str
    client_id: str | None = None
    public_host: str | None = None
    tls: Tls
    private: bool = False
    app_roles: tuple[str, ...]
    deployer_cidrs: tuple[str, ...] = ()
    foundry: Foundry | None = None
    sizes: Sizes
    production: bool = False
    manage_identifier_uris: bool = False
    session_days: int
    cosmos_mode: CosmosMode = "serverless"
    keys: Generations = Generations()
    platform: Mapping[str, Any] = {}

    @classmethod
    def read(cls, config: pulumi.Config) -> "Config":
        """Raises ConfigError."""
        entries = Entries(config)
        found = _read(entries)
        _check(found, entries)
        entries.close()
        return found

    @property
    def names(self) -> Names:
        return Names(self.label)

    @property
    def agents(self) -> bool:
        """Whether agents are configured."""
        return self.foundry is not None

    @property
    def nat(self) -> bool:
        """Whether nodes and Functions leave by one address that can be named."""
        return self.production or bool(self.deployer_cidrs and not self.private)

    @property
    def host(self) -> str:
        """The name under which clients reach the gateway."""
        return self.public_host or f"{self.names.dns_label}.{self.location}.cloudapp.azure.com"

    @property
    def origin(self) -> str:
        return f"{'http' if self.tls.mode == 'none' else 'https'}://{self.host}"


def _read(entries: Entries) -> Config:
    group = entries.text("resourceGroup", form=_GROUP)
    named = group or f"mcpgateway-{pulumi.get_stack()}"
    return Config(
        target=entries.one_of("target", ("azure", "kubernetes"), "azure"),
        resource_group=named,
        create_resource_group=entries.boolean("createResourceGroup", default=not group),
        label=_label(entries, named),
        location=entries.text("location", pulumi.Config("azure-native").get("location") or "westus3", _LOCATION),
        client_id=entries.text("clientId", form=_GUID) or None,
        public_host=entries.text("publicHost", form=_HOST) or None,
        tls=_tls(entries),
        private=entries.boolean("enablePrivateEndpoints", default=False),
        app_roles=entries.texts("appRoles", ("mcp.admin", "mcp.engineer")),
        deployer_cidrs=entries.texts("deployerCidrs"),
        foundry=_foundry(entries),
        sizes=_sizes(entries),
        production=entries.boolean("production", default=False),
        manage_identifier_uris=entries.boolean("manageIdentifierUris", default=False),
        session_days=entries.number("sessionDays", 30, least=1, most=3650),
        cosmos_mode=entries.one_of("cosmosMode", ("serverless", "provisioned"), "serverless"),
        keys=Generations(
            seal=entries.typed("sealKeys", tuple[int, ...], (1,)),
            trust=entries.typed("trustKeys", tuple[int, ...], (1,)),
        ),
        platform=entries.typed("platform", dict[str, Any], {}),
    )


def _label(entries: Entries, group: str) -> str:
    """By default the group's name, without what may not stand in a label."""
    made = re.sub(r"[^a-z0-9]", "", group.lower())[:_LONGEST]
    label = entries.text("resourceLabel", made, _LABEL)
    if not _LABEL.fullmatch(label):
        entries.fault("resourceLabel", f"is required: `{group}` makes none of the form {_LABEL.pattern}")
    return label


def _tls(entries: Entries) -> Tls:
    mode: TlsMode = entries.one_of("tls", _TLS, "selfSigned")
    secret = entries.text("keyVaultSecretId", form=_SECRET)
    if mode == "keyVaultSecretId" and not secret:
        entries.fault("keyVaultSecretId", "is required with tls: keyVaultSecretId, and without a version")
    if secret and mode != "keyVaultSecretId":
        entries.fault("tls", f"is {mode}, and keyVaultSecretId is given")
    return Tls(mode=mode, secret_id=secret or None)


def _foundry(entries: Entries) -> Foundry | None:
    given = {
        "foundryEndpoint": entries.text("foundryEndpoint", form=_HTTPS),
        "foundryDeployment": entries.text("foundryDeployment"),
        "foundryResourceId": entries.text("foundryResourceId", form=_RESOURCE),
    }
    if not any(given.values()):
        return None
    for key in (key for key, value in given.items() if not value):
        entries.fault(key, f"is required with {', '.join(other for other, value in given.items() if value)}")
    endpoint, deployment, resource = given.values()
    return Foundry(endpoint=endpoint, deployment=deployment, resource_id=resource)


def _sizes(entries: Entries) -> Sizes:
    sizes = entries.typed("sizes", Sizes, Sizes())
    for what in ("system", "user", "gateway"):
        least, most = getattr(sizes, f"{what}_min"), getattr(sizes, f"{what}_max")
        if not 1 <= least <= most:
            entries.fault("sizes", f"{what}Min {least} and {what}Max {most} are no range from 1 up")
    if not 1 <= sizes.function_max <= 1000:  # Flex Consumption's own bounds
        entries.fault("sizes", f"functionMax {sizes.function_max} is not a number from 1 to 1000")
    return sizes


def _check(config: Config, entries: Entries) -> None:
    """What no key says alone."""
    _check_networks(config, entries)
    for key, why in config.keys.faults():
        entries.fault(key, why)
    if any(not role.strip() for role in config.app_roles):
        entries.fault("appRoles", "a role has a name")
    if len(set(config.app_roles)) < len(config.app_roles):
        entries.fault("appRoles", "the same role is there twice")
    if config.production and config.tls.mode == "none":
        entries.fault("tls", "none is for dev: in production tokens would be read on their way")
    if config.tls.mode == "keyVaultSecretId" and not config.public_host:
        entries.fault("publicHost", "is required with a certificate of your own: nobody has one for cloudapp.azure.com")
    if config.public_host and config.public_host.endswith(".cloudapp.azure.com"):
        entries.fault("publicHost", "is a name of Azure's; leave it out to be reached by one")
    if config.client_id and config.manage_identifier_uris:
        entries.fault("manageIdentifierUris", "not with clientId: the application is not this stack's to change")
    if config.manage_identifier_uris and not (config.public_host and config.tls.mode != "none"):
        entries.fault(
            "manageIdentifierUris", "needs publicHost, on a verified domain, and TLS: Entra takes no other URIs"
        )
    _check_platform(config, entries)


def _check_networks(config: Config, entries: Entries) -> None:
    for text in config.deployer_cidrs:
        try:
            IPv4Network(text)
        except ValueError as error:
            entries.fault("deployerCidrs", str(error))
    if config.target == "azure" and config.production and not config.private and not config.deployer_cidrs:
        entries.fault("deployerCidrs", "is required in production, or enablePrivateEndpoints: nobody else gets in")


def _check_platform(config: Config, entries: Entries) -> None:
    if config.target == "azure":
        for name in sorted(FIXED & config.platform.keys()):
            entries.fault("platform", f"{name} is decided by the program")
    given = {} if config.target == "kubernetes" else {"registry": "r", "tag": "t", "devIdentity": True}
    try:
        options({**config.platform, **given})
    except OptionError as error:
        entries.fault("platform", str(error))
