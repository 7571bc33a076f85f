"""Telemetry: where logs, metrics and traces go, what wakes somebody, and one page to look at. Names of metrics: `gateway.telemetry`.

Application Insights keeps all it takes in the Log Analytics workspace; alerts and the workbook ask there.
"""

from collections.abc import Sequence

import msgspec
import pulumi
from pulumi_azure_native import applicationinsights, monitor, operationalinsights

from infra import workbook
from infra.alerts import ALERTS, GATEWAY_ERRORS, Alert
from infra.roles import guid
from infra.site import Site

_DAYS, _DAYS_LEAST = 90, 30  # that telemetry is kept
_DAILY = 1.0  # gigabytes that a dev stack takes in a day at most
_OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"  # the built-in role


class TelemetryArgs(msgspec.Struct, frozen=True, kw_only=True):
    """`emails`: who is told; nobody named: in production the subscription's owners are, elsewhere alerts show in the portal."""

    site: Site
    emails: Sequence[str] = ()


class Telemetry(pulumi.ComponentResource):
    """`connection_string` is a secret: with it anybody may write, though not read."""

    workspace_id: pulumi.Output[str]
    insights_id: pulumi.Output[str]
    connection_string: pulumi.Output[str]

    def __init__(self, name: str, args: TelemetryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mcp-gateway:telemetry:Telemetry", name, None, opts)
        self._name, self._args, self._child = name, args, pulumi.ResourceOptions(parent=self)
        self.workspace_id = self._workspace().id
        insights = self._insights()
        self.insights_id = insights.id
        self.connection_string = pulumi.Output.secret(insights.connection_string)
        self._workbook()
        self._told = self._group()
        self.register_outputs({"workspace_id": self.workspace_id, "insights_id": self.insights_id})

    def alerts(self, gateway_id: pulumi.Input[str], *, agents: bool = False) -> None:
        """Watches the front door, and what the processes say of themselves. `agents`: whether there are any."""
        self._errors_at(gateway_id)
        for alert in ALERTS:
            if agents or not alert.agents:
                self._rule(alert)

    def _workspace(self) -> operationalinsights.Workspace:
        args = self._args
        cap = operationalinsights.WorkspaceCappingArgs(daily_quota_gb=_DAILY)
        return operationalinsights.Workspace(
            self._name,
            workspace_name=args.site.names.workspace,
            resource_group_name=args.site.resource_group_name,
            location=args.site.location,
            sku=operationalinsights.WorkspaceSkuArgs(name="PerGB2018"),
            retention_in_days=_DAYS if args.site.production else _DAYS_LEAST,
            workspace_capping=None if args.site.production else cap,
            opts=self._child,
        )

    def _insights(self) -> applicationinsights.Component:
        args = self._args
        return applicationinsights.Component(
            self._name,
            resource_name_=args.site.names.insights,
            resource_group_name=args.site.resource_group_name,
            location=args.site.location,
            kind="web",
            application_type="web",
            ingestion_mode="LogAnalytics",
            workspace_resource_id=self.workspace_id,
            # Whoever has one may send as us; Azure's provider does not mark them.
            opts=pulumi.ResourceOptions.merge(
                self._child,
                pulumi.ResourceOptions(additional_secret_outputs=["connectionString", "instrumentationKey"]),
            ),
        )

    def _workbook(self) -> None:
        args = self._args
        applicationinsights.Workbook(
            self._name,
            resource_name_=guid("workbook", args.site.names.label),  # Azure wants a GUID for a name
            resource_group_name=args.site.resource_group_name,
            location=args.site.location,
            kind="shared",
            category="workbook",
            display_name=args.site.names.application,
            source_id=self.workspace_id,
            serialized_data=workbook.serialized(),
            opts=self._child,
        )

    def _group(self) -> list[pulumi.Output[str]]:
        """Whom alerts tell: ids of action groups."""
        args = self._args
        if not args.emails and not args.site.production:
            return []
        owners = monitor.ArmRoleReceiverArgs(name="owners", role_id=_OWNER, use_common_alert_schema=True)
        group = monitor.ActionGroup(
            self._name,
            action_group_name=args.site.names.workspace,
            group_short_name="mcp-gateway",
            resource_group_name=args.site.resource_group_name,
            location="Global",
            enabled=True,
            email_receivers=[
                monitor.MicrosoftCommonEmailReceiverArgs(
                    name=address, email_address=address, use_common_alert_schema=True
                )
                for address in args.emails
            ],
            arm_role_receivers=[] if args.emails else [owners],
            opts=self._child,
        )
        return [group.id]

    def _errors_at(self, gateway_id: pulumi.Input[str]) -> None:
        args, errors = self._args, GATEWAY_ERRORS
        fifth = monitor.MetricDimensionArgs(name="HttpStatusGroup", operator="Include", values=["5xx"])
        criteria = monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs(
            odata_type="Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
            all_of=[
                monitor.MetricCriteriaArgs(
                    criterion_type="StaticThresholdCriterion",
                    name=errors.name,
                    metric_namespace="Microsoft.Network/applicationGateways",
                    metric_name="ResponseStatus",
                    dimensions=[fifth],
                    operator="GreaterThan",
                    threshold=errors.threshold,
                    time_aggregation="Total",
                )
            ],
        )
        monitor.MetricAlert(
            errors.name,
            rule_name=self._rule_name(errors),
            resource_group_name=args.site.resource_group_name,
            location="Global",
            description=errors.text,
            severity=errors.severity,
            enabled=True,
            scopes=[gateway_id],
            evaluation_frequency=errors.every,
            window_size=errors.window,
            criteria=criteria,
            actions=[monitor.MetricAlertActionArgs(action_group_id=group) for group in self._told],
            opts=self._child,
        )

    def _rule(self, alert: Alert) -> None:
        args = self._args
        condition = monitor.ConditionArgs(
            query=alert.query,
            time_aggregation="Maximum",
            metric_measure_column="measure",
            operator="GreaterThan",
            threshold=alert.threshold,
            failing_periods=monitor.ConditionFailingPeriodsArgs(
                number_of_evaluation_periods=alert.periods, min_failing_periods_to_alert=alert.periods
            ),
        )
        monitor.ScheduledQueryRule(
            alert.name,
            rule_name=self._rule_name(alert),
            resource_group_name=args.site.resource_group_name,
            location=args.site.location,
            kind="LogAlert",
            display_name=alert.name,
            description=alert.text,
            severity=alert.severity,
            enabled=True,
            scopes=[self.workspace_id],
            evaluation_frequency=alert.every,
            window_size=alert.window,
            criteria=monitor.ScheduledQueryRuleCriteriaArgs(all_of=[condition]),
            auto_mitigate=True,
            # The tables are there with the first telemetry, which comes after the rules.
            skip_query_validation=True,
            actions=monitor.ActionsArgs(action_groups=self._told),
            opts=self._child,
        )

    def _rule_name(self, alert: Alert) -> str:
        return f"mg-{alert.name}-{self._args.site.names.label}"
