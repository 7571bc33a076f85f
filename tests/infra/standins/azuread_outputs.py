"""Entra outputs: what the directory adds to an object when it makes it. Pure."""

from tests.infra.standins.ids import guid
from tests.infra.standins.wire import Json

# Objects that are their own; the others belong to an application and have its id in theirs.
_COLLECTIONS = {"Application": "applications", "ApplicationRegistration": "applications"}
_PARTS = {
    "ApplicationAppRole": ("appRoles", "roleId"),
    "ApplicationPermissionScope": ("permissionScopes", "scopeId"),
    "ApplicationIdentifierUri": ("identifierUris", "identifierUri"),
    "ApplicationPreAuthorized": ("preAuthorizedApplications", "authorizedClientId"),
    "ApplicationRedirectUris": ("redirectUris", "type"),
    "ApplicationApiAccess": ("apiAccess", "apiClientId"),
    "ApplicationOwner": ("owners", "ownerObjectId"),
    "ApplicationKnownClients": ("knownClients", "applicationId"),
    "ApplicationOptionalClaims": ("optionalClaims", "applicationId"),
}


def outputs(type: str, name: str, inputs: Json) -> tuple[str, Json]:
    """Id and outputs. Raises AssertionError for a type that is not in the tables."""
    token = type.rpartition(":")[2]
    if token in _COLLECTIONS:
        seed = str(inputs.get("displayName", name))
        object_id = guid("application", seed)
        return f"/{_COLLECTIONS[token]}/{object_id}", inputs | {"objectId": object_id, "clientId": guid("client", seed)}
    if token == "ServicePrincipal":
        object_id = guid("service principal", str(inputs["clientId"]))
        return f"/servicePrincipals/{object_id}", inputs | {"objectId": object_id}
    if token == "AppRoleAssignment":
        made = guid("assignment", *(str(inputs[key]) for key in ("resourceObjectId", "principalObjectId", "appRoleId")))
        return f"/servicePrincipals/{inputs['resourceObjectId']}/appRoleAssignedTo/{made}", inputs
    assert token in _PARTS, f"no stand-in for {type}: add it to tests/infra/standins/azuread_outputs.py"
    collection, key = _PARTS[token]
    application = inputs.get("applicationId") or inputs["applicationObjectId"]
    return f"{application}/{collection}/{inputs[key]}", inputs
