"""What Microsoft publishes, as the stand-in for Azure reads it: what it finds wrong, and that it finds nothing in what is right."""

from typing import Any

import pytest

from tests.infra.standins.conformity import wrong
from tests.infra.standins.kinds import KINDS, kind
from tests.infra.standins.models import fields
from tests.infra.standins.published import model
from tests.infra.standins.rules import broken
from tests.infra.standins.wire import UNKNOWN

CLUSTER, GATEWAY = "containerservice.models.ManagedCluster", "network.models.ApplicationGateway"
ALERT, ACCOUNT = "monitor.models.MetricAlertResource", "storage.models.StorageAccountCreateParameters"
SITE, COMPONENT = "web.models.Site", "applicationinsights.v2020_02_02.models.ApplicationInsightsComponent"
COSMOS = "cosmosdb.models.DatabaseAccountCreateUpdateParameters"


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_has_a_model_and_says_what_makes_its_id(name: str) -> None:
    known = KINDS[name]
    assert known.fields
    assert not known.model or fields(model(known.model), folded=known.folded)


@pytest.mark.parametrize(
    ("path", "inputs", "says"),
    [
        (CLUSTER, {"networkProfile": {"networkPolicy": "cillium"}}, "networkProfile.networkPolicy: 'cillium' is not one of"),
        (CLUSTER, {"networkProfile": {"networkPlugn": "azure"}}, "networkPlugn: ContainerServiceNetworkProfile has no such"),
        (CLUSTER, {"agentPoolProfiles": [{"name": "a", "count": "2"}]}, "agentPoolProfiles[0].count: '2' is no int"),
        (CLUSTER, {"agentPoolProfiles": {"name": "a"}}, "agentPoolProfiles: not a list"),
        (CLUSTER, {"enableRBAC": 1}, "enableRBAC: 1 is no bool"),
        (CLUSTER, {"fqdn": "a.example"}, "fqdn: is read-only"),
        (CLUSTER, {"networkProfile": "azure"}, "networkProfile: not an object"),
        (CLUSTER, {"dnsPrefix": {"of": "it"}}, "dnsPrefix: {'of': 'it'} is no str"),
        (GATEWAY, {"probes": [{"name": "a", "pth": "/"}]}, "probes[0].pth: ApplicationGatewayProbe has no such property; perhaps path"),
        (COMPONENT, {"kind": "web", "applicationType": "wab"}, "applicationType: 'wab' is not one of web, other"),
        (COSMOS, {"databaseAccountOfferType": "Standard"}, "locations: is required"),
        (ACCOUNT, {"kind": "StorageV2", "sku": {"name": "Standard_LRSS"}}, "sku.name: 'Standard_LRSS' is not one of"),
        (SITE, {"functionAppConfig": {"runtime": {"name": "pithon"}}}, "functionAppConfig.runtime.name: 'pithon' is not one"),
    ],
)  # fmt: skip
def test_what_is_not_as_published_is_found(path: str, inputs: dict[str, Any], says: str) -> None:
    assert any(says in problem for problem in wrong(model(path), inputs)), list(wrong(model(path), inputs))


def test_the_kind_of_a_criterion_is_told_by_its_discriminator() -> None:
    criterion = {
        "criterionType": "StaticThresholdCriterion",
        "name": "a",
        "metricName": "Failed",
        "operator": "GreatrThan",
        "threshold": 1,
        "timeAggregation": "Total",
    }
    kinds = {"odataType": "Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria", "allOf": [criterion]}
    problems = [one for one in wrong(model(ALERT), {"criteria": kinds}) if one.startswith("criteria")]
    assert len(problems) == 1
    assert "criteria.allOf[0].operator: 'GreatrThan' is not one of" in problems[0]


@pytest.mark.parametrize(
    ("path", "inputs"),
    [
        (CLUSTER, {"networkProfile": {"networkPolicy": UNKNOWN}, "dnsPrefix": UNKNOWN, "agentPoolProfiles": UNKNOWN}),
        (CLUSTER, {"identity": {"type": "UserAssigned", "userAssignedIdentities": ["/an/id"]}}),
        (ACCOUNT, {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "enableHttpsTrafficOnly": True}),
        (CLUSTER, {"agentPoolProfiles": [{"name": "a", "spotMaxPrice": 1}]}),
    ],
)
def test_what_is_right_and_what_is_not_known_yet_passes(path: str, inputs: dict[str, Any]) -> None:
    assert list(wrong(model(path), inputs)) == []


@pytest.mark.parametrize(
    ("type", "inputs", "says"),
    [
        ("containerservice:ManagedCluster", {"networkProfile": {"networkPolicy": "cilium"}}, "networkDataplane"),
        ("containerservice:ManagedCluster", {"disableLocalAccounts": True}, "aadProfile.managed"),
        (
            "containerservice:ManagedCluster",
            {"agentPoolProfiles": [{"name": "system-pool", "mode": "System"}]},
            "name:",
        ),
        ("network:ApplicationGateway", {"sku": {"tier": "WAF_v2"}}, "firewallPolicy"),
        ("network:PublicIPAddress", {"sku": {"name": "Standard"}, "idleTimeoutInMinutes": 60}, "4 to 30"),
        ("privatedns:PrivateZone", {"location": "westeurope"}, "must be global"),
        ("storage:StorageAccount", {"accountName": "mg-fn"}, "accountName"),
        ("authorization:RoleAssignment", {"roleAssignmentName": "mine"}, "roleAssignmentName"),
        (
            "web:WebApp",
            {
                "functionAppConfig": {"runtime": {}},
                "siteConfig": {"appSettings": [{"name": "FUNCTIONS_WORKER_RUNTIME"}]},
            },
            "is not for Flex Consumption",
        ),
    ],
)
def test_what_azure_refuses_although_its_models_allow_it_is_found(type: str, inputs: dict[str, Any], says: str) -> None:
    assert any(says in problem for problem in broken(f"azure-native:{type}", inputs))


def test_what_the_model_lacks_falls_back_on_what_pulumis_package_takes() -> None:
    task = kind("azure-native:containerregistry:Task")
    inputs = {"resourceGroupName": "a", "registryName": "b", "taskName": "c", "platform": {"os": "Linx"}}
    assert task.conforms("azure-native:containerregistry:Task", inputs) == [
        "platform.os: 'Linx' is not one of Windows, Linux"
    ]


def test_a_type_that_nobody_entered_is_an_error() -> None:
    with pytest.raises(AssertionError, match="no stand-in for azure-native:compute:VirtualMachine"):
        kind("azure-native:compute:VirtualMachine")
