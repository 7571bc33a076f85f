"""ContainerInsights: which of the cluster's logs and numbers go to the workspace. The add-on that sends them is the cluster's.

The agent signs in as itself, and then sends what a rule that is bound to its cluster says.
"""

import pulumi
from pulumi_azure_native import monitor

from infra.site import Site

_STREAM = "Microsoft-ContainerInsights-Group-Default"
_WORKSPACE = "workspace"


class ContainerInsights(pulumi.ComponentResource):
    """Where there is no such rule, the agent runs and sends nothing."""

    def __init__(
        self,
        name: str,
        *,
        site: Site,
        cluster_id: pulumi.Input[str],
        workspace_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("mcp-gateway:container_insights:ContainerInsights", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        rule = monitor.DataCollectionRule(
            name,
            data_collection_rule_name=site.names.collection_rule,
            resource_group_name=site.resource_group_name,
            location=site.location,
            data_sources=monitor.DataCollectionRuleDataSourcesArgs(extensions=[_source()]),
            destinations=monitor.DataCollectionRuleDestinationsArgs(
                log_analytics=[monitor.LogAnalyticsDestinationArgs(name=_WORKSPACE, workspace_resource_id=workspace_id)]
            ),
            data_flows=[monitor.DataFlowArgs(streams=[_STREAM], destinations=[_WORKSPACE])],
            opts=child,
        )
        monitor.DataCollectionRuleAssociation(
            name,
            association_name="ContainerInsightsExtension",
            resource_uri=cluster_id,
            data_collection_rule_id=rule.id,
            opts=child,
        )
        self.register_outputs({})


def _source() -> monitor.ExtensionDataSourceArgs:
    settings = {
        "dataCollectionSettings": {"interval": "1m", "namespaceFilteringMode": "Off", "enableContainerLogV2": True}
    }
    return monitor.ExtensionDataSourceArgs(
        name="ContainerInsightsExtension",
        streams=[_STREAM],
        extension_name="ContainerInsights",
        extension_settings=settings,
    )
