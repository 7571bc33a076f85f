"""Telemetry: what is kept, what wakes somebody, and the page to look at."""

import json
import re
from functools import cache

import pulumi
import pytest

from gateway.telemetry.instruments import ALL
from infra.alerts import ALERTS, Alert
from infra.telemetry import Telemetry, TelemetryArgs
from infra.workbook import serialized
from tests.infra.asked import GROUP, Asked, site

GATEWAY = f"/subscriptions/s/resourceGroups/{GROUP}/providers/Microsoft.Network/applicationGateways/mg-aag-team"
KNOWN = {instrument.name for instrument in ALL}


@cache
def telemetry(*, production: bool = False, agents: bool = False, emails: tuple[str, ...] = ()) -> Asked:
    args = TelemetryArgs(site=site(production=production), emails=emails)
    return Asked(lambda: Telemetry("telemetry", args).alerts(GATEWAY, agents=agents))


def test_application_insights_keeps_what_it_takes_in_the_workspace() -> None:
    asked = telemetry()
    component = asked.only("Component").inputs
    assert component["workspaceResourceId"] == asked.only("Workspace").id
    assert component["ingestionMode"] == "LogAnalytics"


def test_a_dev_stack_takes_no_more_than_a_gigabyte_a_day() -> None:
    assert telemetry().only("Workspace").inputs["workspaceCapping"] == {"dailyQuotaGb": 1}
    assert not telemetry(production=True).only("Workspace").inputs.get("workspaceCapping")


def test_the_connection_string_is_a_secret() -> None:
    def program() -> None:
        made = Telemetry("telemetry", TelemetryArgs(site=site()))
        pulumi.export("connection", made.connection_string)
        pulumi.export("workspace", made.workspace_id)

    stack = next(one for one in Asked(program).all if one.type == "pulumi:pulumi:Stack")
    assert stack.secrets == ("connection",)


def test_the_front_door_is_watched_for_errors() -> None:
    alert = telemetry().only("MetricAlert").inputs
    criterion = alert["criteria"]["allOf"][0]
    assert alert["scopes"] == [GATEWAY]
    assert criterion["dimensions"] == [{"name": "HttpStatusGroup", "operator": "Include", "values": ["5xx"]}]


@pytest.mark.parametrize("agents", [False, True])
def test_processes_are_watched_and_agents_where_there_are_any(agents: bool) -> None:
    asked = telemetry(agents=agents)
    rules = {one.name: one.inputs for one in asked.of("ScheduledQueryRule")}
    assert set(rules) == {"holds-expired", "catalog-age", "reconcile-failures", *(["agents"] if agents else [])}
    assert all(one["scopes"] == [asked.only("Workspace").id] for one in rules.values())


@pytest.mark.parametrize("alert", ALERTS, ids=[alert.name for alert in ALERTS])
def test_alerts_ask_for_metrics_that_there_are(alert: Alert) -> None:
    names = re.findall(r'Name == "([^"]+)"', alert.query)
    assert names
    assert set(names) <= KNOWN


@pytest.mark.parametrize("name", ["catalog-age", "reconcile-failures"])
def test_silence_is_as_bad_as_the_worst(name: str) -> None:
    query = next(alert.query for alert in ALERTS if alert.name == name)
    assert "coalesce(worst, 1000000000.0)" in query


def test_in_production_somebody_is_told() -> None:
    asked = telemetry(production=True)
    group = asked.only("ActionGroup")
    assert group.inputs["armRoleReceivers"]
    assert asked.only("MetricAlert").inputs["actions"] == [{"actionGroupId": group.id}]
    assert all(one.inputs["actions"]["actionGroups"] == [group.id] for one in asked.of("ScheduledQueryRule"))


def test_elsewhere_nobody_is_woken_unless_named() -> None:
    assert not telemetry().of("ActionGroup")
    group = telemetry(emails=("team@example.com",)).only("ActionGroup")
    assert [one["emailAddress"] for one in group.inputs["emailReceivers"]] == ["team@example.com"]
    assert not group.inputs.get("armRoleReceivers")


def test_the_workbook_shows_metrics_that_there_are() -> None:
    workbook = telemetry().only("Workbook").inputs
    assert workbook["sourceId"] == telemetry().only("Workspace").id
    page = json.loads(workbook["serializedData"])
    queries = [item["content"]["query"] for item in page["items"] if item["type"] == 3]
    names = {name for query in queries for name in re.findall(r'"([a-z_.]+)"', query)}
    assert len(queries) > 5
    assert names <= KNOWN


def test_the_workbook_is_the_same_each_time() -> None:
    assert serialized() == serialized()
