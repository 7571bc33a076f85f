"""The Pulumi program: a table of contents. Each part is a component in a file of its own; here is who gets what of whom.

What is taken down goes the other way round. The control plane is last to come and so first to go: then nobody makes new
workloads while the old ones end, and those are gone before the load balancer is, and that before the network.
"""

import pulumi
from pulumi_azure_native import authorization

from infra.azure_stack import AzureStack
from infra.config import Config
from infra.local_stack import local_stack
from infra.outputs import export
from infra.outside import Azure, Outside
from infra.preflight import Missing


def main(outside: Outside | None = None) -> None:
    """`outside` is Azure. Raises ConfigError, and Missing before anything is made."""
    config = Config.read(pulumi.Config())
    if config.target == "kubernetes":
        local_stack(config)
        return
    outside = outside or Azure()
    deployer = authorization.get_client_config()
    _begin(outside, config, deployer.subscription_id)
    export(AzureStack(config, outside, deployer))


def _begin(outside: Outside, config: Config, subscription: str) -> None:
    """What is missing is said; a preview goes on all the same, for whoever looks may do less than whoever builds."""
    missing = outside.missing(config, subscription)
    if not missing:
        return
    text = "\n".join(f"- {sentence}" for sentence in missing)
    if not pulumi.runtime.is_dry_run():
        raise Missing(f"this stack cannot be built yet:\n{text}")
    pulumi.log.warn(f"`pulumi up` would stop here:\n{text}")
