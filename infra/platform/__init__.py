"""The platform on any Kubernetes, as plain dictionaries in the order in which they are applied.

Namespaces, rights, network policies, settings, and the processes: proxy, tool router, control plane, PostgreSQL. Talks to no
cluster and imports no Pulumi: `mcp-gateway manifests` prints this, the Pulumi program applies it. Secrets are references.
"""

from infra.platform.availability import autoscalers, disruption_budgets, priority_classes
from infra.platform.checks import OptionError
from infra.platform.collector import collector
from infra.platform.control_plane import control_plane
from infra.platform.names import Manifest
from infra.platform.namespaces import namespaces
from infra.platform.network_policies import network_policies
from infra.platform.options import INTERNET, LIMITS, NOWHERE, REQUESTS, PlatformOptions
from infra.platform.postgres import postgres
from infra.platform.proxy import proxy
from infra.platform.rights import rights
from infra.platform.router import router
from infra.platform.secrets import new_secrets
from infra.platform.settings import config_map

__all__ = [
    "INTERNET",
    "LIMITS",
    "NOWHERE",
    "REQUESTS",
    "Manifest",
    "OptionError",
    "PlatformOptions",
    "new_secrets",
    "platform",
]


def platform(options: PlatformOptions) -> list[Manifest]:
    """The same options give the same objects, byte for byte. What others need comes first; policies before pods."""
    return [
        *namespaces(),
        *priority_classes(),
        *rights(options),
        *network_policies(options),
        config_map(options),
        *postgres(options),
        *collector(options),
        *control_plane(options),
        *router(options),
        *proxy(options),
        *disruption_budgets(options),
        *autoscalers(options),
    ]
