"""AzurePlatform: what is asked of the platform's manifests on AKS. What only exists once it is made is a blank in it.

The control plane is no container there, and so there is no PostgreSQL. The proxy is reached by the front door alone, at a
fixed address; and by it the control plane's host name, which is known before the app is.
"""

from collections.abc import Mapping

import msgspec
import pulumi

from infra.blanks import Blanks
from infra.config import Config
from infra.network import ENDPOINTS, GATEWAY
from infra.platform import PlatformOptions
from infra.platform.names import PROXY, ROUTER
from infra.wishes import options

PODS = (PROXY, ROUTER)
"""The images that run in the cluster, by component."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What the manifests name of Azure. `images`: references by digest, by component. `identities`: client ids, by service account."""

    images: Mapping[str, pulumi.Input[str]]
    identities: Mapping[str, pulumi.Input[str]]
    tenant_id: pulumi.Input[str]
    client_id: pulumi.Input[str]
    control_plane_user: pulumi.Input[str]
    proxy_address: str


def azure_platform(config: Config, made: Made, blanks: Blanks) -> PlatformOptions:
    """Raises OptionError, but not for what `Config` has let pass."""
    decided = {
        "registry": config.names.registry_host,
        "tag": "by-digest",
        "images": {component: blanks.mark(made.images[component]) for component in PODS},
        "entraTenant": blanks.mark(made.tenant_id),
        "entraClientId": blanks.mark(made.client_id),
        "publicOrigin": config.origin,
        "proxies": config.sizes.proxies,
        "routers": config.sizes.routers,
        "frontDoor": [GATEWAY],
        "loadBalancer": made.proxy_address,
        "controlPlaneUrl": f"https://{config.names.function_host}",
        "controlPlaneRanges": [ENDPOINTS] if config.private else [],
        "controlPlaneUser": blanks.mark(made.control_plane_user),
        "collector": True,
        "identities": {account: blanks.mark(client) for account, client in made.identities.items()},
    }
    return options({"hpa": config.production, **config.platform, **decided})
