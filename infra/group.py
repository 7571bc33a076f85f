"""Group: the resource group that everything is in: made here, or found."""

import pulumi
from pulumi_azure_native import resources

from infra.config import Config


def group_name(config: Config) -> pulumi.Output[str]:
    """Its name, known once it is there."""
    if not config.create_resource_group:
        return pulumi.Output.from_input(config.resource_group)
    made = resources.ResourceGroup("group", resource_group_name=config.resource_group, location=config.location)
    return made.name
