"""Outputs: what a stack says of itself once it is there: where it is reached, and what its parts are called. Never a secret."""

import pulumi

from infra.azure_stack import AzureStack


def export(stack: AzureStack) -> None:
    """Those that the reference system had keep their names; its connection string is a secret, and not among them."""
    identities = stack.identities
    found: dict[str, pulumi.Input[str]] = {
        "url": stack.front_door.url,
        "publicIpFqdn": stack.front_door.fqdn,
        "publicIpAddress": stack.front_door.public_address,
        "resourceGroupName": stack.site.resource_group_name,
        "resourceLabel": stack.config.label,
        "location": stack.config.location,
        "tenantId": stack.tenant_id,
        "clientId": stack.client_id,
        "aksName": stack.cluster.name,
        "acrName": stack.registry.name,
        "acrLoginServer": stack.registry.login_server,
        "cosmosDbAccountName": stack.database.account_name,
        "cosmosDbEndpoint": stack.database.endpoint,
        "functionAppName": stack.functions.name,
        "controlPlaneUrl": stack.functions.url,
        "userAssignedIdentityClientId": identities.control_plane.client_id,
        "workloadIdentityClientId": identities.workloads.client_id,
        "gatewayIdentityPrincipalId": identities.gateway.principal_id,
        "appInsightsName": stack.config.names.insights,
    }
    for name, value in found.items():
        pulumi.export(name, value)
