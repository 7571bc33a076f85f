"""Kinds: which resources of Azure the stand-in knows, under which path each lives and what is published of it."""

import re
from typing import Any

import msgspec

from tests.infra.standins.arguments import of_resource
from tests.infra.standins.conformity import wrong
from tests.infra.standins.ids import group
from tests.infra.standins.published import model
from tests.infra.standins.wire import UNKNOWN, Json

_FIELD = re.compile(r"\{(\w+)\}")
_SDK = ""  # no azure-mgmt package has it: what Pulumi's own package takes must do
_GLOBAL = {"Microsoft.Network/privateDnsZones", "Microsoft.Insights/metricAlerts"}
_SCOPED = "{scope}/providers/"


class Kind(msgspec.Struct, frozen=True):
    """`path`: below the resource group, or complete with `{scope}`; its fields are inputs. `model`: of azure.mgmt.

    `folded`: the program writes what the wire has in `properties` beside the rest.
    """

    path: str
    model: str
    folded: bool = True

    @property
    def fields(self) -> list[str]:
        """The inputs that make the id."""
        return _FIELD.findall(self.path)

    @property
    def addressed(self) -> set[str]:
        """The inputs that are in the path and not in the body."""
        return {*self.fields, *([] if self.is_scoped else ["resourceGroupName"])}

    @property
    def is_scoped(self) -> bool:
        """Whether it lives on another resource, and so needs no resource group."""
        return self.path.startswith(("{scope}", "{resourceUri}", "/"))

    def missing(self, inputs: Json) -> list[str]:
        """What the id needs and the program did not say: we set every physical name ourselves."""
        return [field for field in sorted(self.addressed) if inputs.get(field) in (None, "")]

    @property
    def is_global(self) -> bool:
        """Whether Azure takes no other location than `global`."""
        return any(self.path.startswith(one) for one in _GLOBAL)

    def conforms(self, type: str, inputs: Json) -> list[str]:
        """What of the inputs is not as published, in words."""
        if self.model:
            body = {name: value for name, value in inputs.items() if name not in self.addressed}
            return list(wrong(model(self.model), body, folded=self.folded))
        _, module, name = type.split(":")
        return list(wrong(of_resource("azure_native", module.partition("/")[0], name), inputs))

    def id(self, inputs: Json) -> str:
        """The ARM id; blank where a part of it is not known yet."""
        if any(inputs.get(field) is UNKNOWN for field in self.addressed):
            return ""
        path = _FIELD.sub(lambda found: str(inputs[found[1]]), self.path)
        return path if self.is_scoped else f"{group(inputs['resourceGroupName'])}/providers/{path}"


def kind(type: str) -> Kind:
    """The kind of a Pulumi type. Raises AssertionError where the table has none."""
    token = re.sub(r"^azure-native:(\w+)(?:/v\d+\w*)?:", r"\1.", type)
    assert token in KINDS, f"no stand-in for {type}: add it to tests/infra/standins/kinds.py"
    return KINDS[token]


def arm_type(id: str) -> str:
    """`Microsoft.Network/virtualNetworks/subnets` of an id; a resource group's is Microsoft.Resources/resourceGroups."""
    provider = id.rpartition("/providers/")[2]
    if provider == id:
        return "Microsoft.Resources/resourceGroups"
    namespace, *rest = provider.split("/")
    return "/".join([namespace, *rest[::2]])


def _below(path: str, kinds: dict[str, Any]) -> dict[str, Kind]:
    return {name: Kind(f"{path}{rest}", model, model not in _NESTED) for name, (rest, model) in kinds.items()}


_NESTED = {
    "keyvault.models.VaultCreateOrUpdateParameters",
    "keyvault.models.SecretCreateOrUpdateParameters",
    "keyvault.models.KeyCreateParameters",
    "web.models.StringDictionary",
}
_NETWORK = {
    "VirtualNetwork": ("virtualNetworks/{virtualNetworkName}", "network.models.VirtualNetwork"),
    "Subnet": ("virtualNetworks/{virtualNetworkName}/subnets/{subnetName}", "network.models.Subnet"),
    "NatGateway": ("natGateways/{natGatewayName}", "network.models.NatGateway"),
    "PublicIPAddress": ("publicIPAddresses/{publicIpAddressName}", "network.models.PublicIPAddress"),
    "NetworkSecurityGroup": ("networkSecurityGroups/{networkSecurityGroupName}", "network.models.NetworkSecurityGroup"),
    "SecurityRule": (
        "networkSecurityGroups/{networkSecurityGroupName}/securityRules/{securityRuleName}",
        "network.models.SecurityRule",
    ),
    "PrivateEndpoint": ("privateEndpoints/{privateEndpointName}", "network.models.PrivateEndpoint"),
    "PrivateDnsZoneGroup": (
        "privateEndpoints/{privateEndpointName}/privateDnsZoneGroups/{privateDnsZoneGroupName}",
        "network.models.PrivateDnsZoneGroup",
    ),
    "ApplicationGateway": ("applicationGateways/{applicationGatewayName}", "network.models.ApplicationGateway"),
    "WebApplicationFirewallPolicy": (
        "ApplicationGatewayWebApplicationFirewallPolicies/{policyName}",
        "network.models.WebApplicationFirewallPolicy",
    ),
}
_PRIVATE_DNS = {
    "PrivateZone": ("privateDnsZones/{privateZoneName}", "privatedns.models.PrivateZone"),
    "VirtualNetworkLink": (
        "privateDnsZones/{privateZoneName}/virtualNetworkLinks/{virtualNetworkLinkName}",
        "privatedns.models.VirtualNetworkLink",
    ),
}
_REGISTRY = {
    "Registry": ("registries/{registryName}", "containerregistry.models.Registry"),
    "AgentPool": ("registries/{registryName}/agentPools/{agentPoolName}", _SDK),
    "Task": ("registries/{registryName}/tasks/{taskName}", _SDK),
    "TaskRun": ("registries/{registryName}/taskRuns/{taskRunName}", _SDK),
}
_CLUSTER = {
    "ManagedCluster": ("managedClusters/{resourceName}", "containerservice.models.ManagedCluster"),
    "AgentPool": ("managedClusters/{resourceName}/agentPools/{agentPoolName}", "containerservice.models.AgentPool"),
    "MaintenanceConfiguration": (
        "managedClusters/{resourceName}/maintenanceConfigurations/{configName}",
        "containerservice.models.MaintenanceConfiguration",
    ),
}
_IDENTITY = {
    "UserAssignedIdentity": ("userAssignedIdentities/{resourceName}", "msi.models.Identity"),
    "FederatedIdentityCredential": (
        "userAssignedIdentities/{resourceName}/federatedIdentityCredentials/{federatedIdentityCredentialResourceName}",
        "msi.models.FederatedIdentityCredential",
    ),
}
_COSMOS = {
    "DatabaseAccount": ("databaseAccounts/{accountName}", "cosmosdb.models.DatabaseAccountCreateUpdateParameters"),
    "SqlResourceSqlDatabase": (
        "databaseAccounts/{accountName}/sqlDatabases/{databaseName}",
        "cosmosdb.models.SqlDatabaseCreateUpdateParameters",
    ),
    "SqlResourceSqlContainer": (
        "databaseAccounts/{accountName}/sqlDatabases/{databaseName}/containers/{containerName}",
        "cosmosdb.models.SqlContainerCreateUpdateParameters",
    ),
    "SqlResourceSqlRoleAssignment": (
        "databaseAccounts/{accountName}/sqlRoleAssignments/{roleAssignmentId}",
        "cosmosdb.models.SqlRoleAssignmentCreateUpdateParameters",
    ),
    "SqlResourceSqlRoleDefinition": (
        "databaseAccounts/{accountName}/sqlRoleDefinitions/{roleDefinitionId}",
        "cosmosdb.models.SqlRoleDefinitionCreateUpdateParameters",
    ),
}
_INSIGHTS = {
    "ActionGroup": ("actionGroups/{actionGroupName}", "monitor.models.ActionGroupResource"),
    "MetricAlert": ("metricAlerts/{ruleName}", "monitor.models.MetricAlertResource"),
    "ScheduledQueryRule": ("scheduledQueryRules/{ruleName}", "monitor.models.ScheduledQueryRuleResource"),
    "DataCollectionRule": ("dataCollectionRules/{dataCollectionRuleName}", "monitor.models.DataCollectionRuleResource"),
}
_VAULT = {
    "Vault": ("vaults/{vaultName}", "keyvault.models.VaultCreateOrUpdateParameters"),
    "Secret": ("vaults/{vaultName}/secrets/{secretName}", "keyvault.models.SecretCreateOrUpdateParameters"),
    "Key": ("vaults/{vaultName}/keys/{keyName}", "keyvault.models.KeyCreateParameters"),
}
_STORAGE = {
    "StorageAccount": ("storageAccounts/{accountName}", "storage.models.StorageAccountCreateParameters"),
    "BlobContainer": (
        "storageAccounts/{accountName}/blobServices/default/containers/{containerName}",
        "storage.models.BlobContainer",
    ),
    "BlobServiceProperties": (
        "storageAccounts/{accountName}/blobServices/{blobServicesName}",
        "storage.models.BlobServiceProperties",
    ),
}
_WEB = {
    "AppServicePlan": ("serverfarms/{name}", "web.models.AppServicePlan"),
    "WebApp": ("sites/{name}", "web.models.Site"),
    "WebAppApplicationSettings": ("sites/{name}/config/appsettings", "web.models.StringDictionary"),
    "WebAppScmAllowed": (
        "sites/{name}/basicPublishingCredentialsPolicies/scm",
        "web.models.CsmPublishingCredentialsPoliciesEntity",
    ),
    "WebAppFtpAllowed": (
        "sites/{name}/basicPublishingCredentialsPolicies/ftp",
        "web.models.CsmPublishingCredentialsPoliciesEntity",
    ),
}


def _module(name: str, path: str, kinds: dict[str, Any]) -> dict[str, Kind]:
    return {f"{name}.{type}": made for type, made in _below(path, kinds).items()}


KINDS: dict[str, Kind] = {
    "resources.ResourceGroup": Kind(
        f"{group('')}{{resourceGroupName}}", "resource.resources.models.ResourceGroup"
    ),
    **_module("network", "Microsoft.Network/", _NETWORK),
    **_module("privatedns", "Microsoft.Network/", _PRIVATE_DNS),
    **_module("containerregistry", "Microsoft.ContainerRegistry/", _REGISTRY),
    **_module("containerservice", "Microsoft.ContainerService/", _CLUSTER),
    **_module("managedidentity", "Microsoft.ManagedIdentity/", _IDENTITY),
    **_module("cosmosdb", "Microsoft.DocumentDB/", _COSMOS),
    **_module("monitor", "Microsoft.Insights/", _INSIGHTS),
    **_module("keyvault", "Microsoft.KeyVault/", _VAULT),
    **_module("storage", "Microsoft.Storage/", _STORAGE),
    **_module("web", "Microsoft.Web/", _WEB),
    "operationalinsights.Workspace": Kind(
        "Microsoft.OperationalInsights/workspaces/{workspaceName}", "loganalytics.models.Workspace"
    ),
    "applicationinsights.Component": Kind(
        "Microsoft.Insights/components/{resourceName}",
        "applicationinsights.v2020_02_02.models.ApplicationInsightsComponent",
    ),
    "applicationinsights.Workbook": Kind(
        "Microsoft.Insights/workbooks/{resourceName}", "applicationinsights.v2023_06_01.models.Workbook"
    ),
    "authorization.RoleAssignment": Kind(
        _SCOPED + "Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
        "authorization.v2022_04_01.models.RoleAssignmentCreateParameters",
    ),
    "authorization.RoleDefinition": Kind(
        _SCOPED + "Microsoft.Authorization/roleDefinitions/{roleDefinitionId}",
        "authorization.v2022_04_01.models.RoleDefinition",
    ),
    "authorization.ManagementLockByScope": Kind(
        _SCOPED + "Microsoft.Authorization/locks/{lockName}", _SDK
    ),
    "monitor.DiagnosticSetting": Kind(
        "{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}", _SDK
    ),
    "monitor.DataCollectionRuleAssociation": Kind(
        "{resourceUri}/providers/Microsoft.Insights/dataCollectionRuleAssociations/{associationName}",
        "monitor.models.DataCollectionRuleAssociationProxyOnlyResource",
    ),
}  # fmt: skip
