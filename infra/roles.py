"""Role assignments, by the names that people read in the portal. A role is given on one resource; never on a subscription.

https://learn.microsoft.com/azure/role-based-access-control/built-in-roles: a definition's id is the same everywhere. Cosmos'
own data roles are no part of this: `database`.
"""

import uuid
from collections.abc import Mapping, Sequence

import pulumi
from pulumi_azure_native import authorization

DEFINITIONS: Mapping[str, str] = {
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "Azure Kubernetes Service Cluster User Role": "4abbcc35-e782-43d8-92c5-2d3f1bd2253f",
    "Azure Kubernetes Service RBAC Cluster Admin": "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b",
    "Cognitive Services OpenAI User": "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Managed Identity Operator": "f1a07417-d97a-45cb-824c-7a7467783830",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "Network Contributor": "4d97b98b-1d4f-4787-a291-c67834d212e7",
    "Private DNS Zone Contributor": "b12aa53e-6015-4669-85d0-8515ebb3ae7f",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
}
_OURS = uuid.UUID("4b8f9a52-0c61-4d3e-9a0b-7c2e5d1f6a83")


def assign(
    name: str,
    role: str,
    principal_id: pulumi.Input[str],
    scope: pulumi.Input[str],
    *,
    parent: pulumi.Resource | None,
    principal_type: str = "ServicePrincipal",
    depends_on: Sequence[pulumi.Resource] = (),
) -> authorization.RoleAssignment:
    """Gives the role on `scope`, an ARM id. Raises ValueError for a role that is not in the table.

    With its type said, a principal that is new need not have reached every directory replica yet.
    """
    if role not in DEFINITIONS:
        raise ValueError(f"`{role}` is none of {', '.join(DEFINITIONS)}")
    where = pulumi.Output.from_input(scope)
    return authorization.RoleAssignment(
        name,
        role_assignment_name=pulumi.Output.all(where, role, principal_id).apply(lambda seed: guid(*seed)),
        role_definition_id=where.apply(lambda at: definition(role, at)),
        principal_id=principal_id,
        principal_type=principal_type,
        scope=scope,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=list(depends_on)),
    )


def definition(role: str, scope: str) -> str:
    """The ARM id of a role in the subscription of `scope`."""
    subscription = scope.split("/")[2]
    return f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{DEFINITIONS[role]}"


def guid(*seed: str) -> str:
    """The same for the same seed: an assignment that the state lost is found again under its name. Case is ARM's to ignore."""
    return str(uuid.uuid5(_OURS, "\n".join(seed).lower()))
