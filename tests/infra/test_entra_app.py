"""The application in Entra: its scope, its roles, the clients it trusts, and the names under which tokens are asked for."""

from functools import cache

import pytest

from infra.entra_app import EntraApp, EntraAppArgs
from tests.infra.asked import NAMES, PRINCIPAL, Asked

ROLES = ("mcp.admin", "mcp.engineer")


@cache
def application(*, host: str | None = None, manage: bool = False) -> Asked:
    args = EntraAppArgs(
        names=NAMES,
        public_host=host,
        app_roles=ROLES,
        manage_identifier_uris=manage,
        control_plane_principal=PRINCIPAL,
    )
    return Asked(lambda: EntraApp("entra", args))


def test_its_tokens_are_of_one_tenant_and_of_the_second_version() -> None:
    registered = application().only("ApplicationRegistration").inputs
    assert registered["signInAudience"] == "AzureADMyOrg"
    assert registered["requestedAccessTokenVersion"] == 2
    assert registered["implicitAccessTokenIssuanceEnabled"] is False


def test_its_scope_is_access() -> None:
    scope = application().only("ApplicationPermissionScope").inputs
    assert (scope["value"], scope["type"]) == ("access", "User")
    assert scope["adminConsentDisplayName"] == scope["userConsentDisplayName"] == "Access MCP Gateway"


def test_roles_are_for_people_and_for_programs() -> None:
    roles = {one.inputs["value"]: one.inputs for one in application().of("ApplicationAppRole")}
    assert set(roles) == set(ROLES)
    assert all(set(one["allowedMemberTypes"]) == {"User", "Application"} for one in roles.values())
    assert len({one["roleId"] for one in roles.values()}) == len(ROLES)


def test_roles_keep_their_ids() -> None:
    again = Asked(lambda: EntraApp("entra", _args()))
    assert {one.inputs["roleId"] for one in again.of("ApplicationAppRole")} == {
        one.inputs["roleId"] for one in application().of("ApplicationAppRole")
    }


def test_azure_cli_and_vs_code_sign_in_without_consent() -> None:
    asked = application()
    scope = asked.only("ApplicationPermissionScope").inputs["scopeId"]
    trusted = {
        one.inputs["authorizedClientId"]: one.inputs["permissionIds"] for one in asked.of("ApplicationPreAuthorized")
    }
    assert trusted == {
        "04b07795-8ddb-461a-bbee-02f9e1bf7b46": [scope],
        "aebc6443-996d-45c2-90f0-388ff96faa56": [scope],
    }


@pytest.mark.parametrize(("host", "further"), [(None, []), ("mcp.example.com", ["https://mcp.example.com/mcp"])])
def test_it_has_a_url_for_a_name_only_on_a_domain_of_the_tenant(host: str | None, further: list[str]) -> None:
    asked = application(host=host)
    client = asked.only("ApplicationRegistration").outputs["clientId"]
    uris = {one.inputs["identifierUri"] for one in asked.of("ApplicationIdentifierUri")}
    assert uris == {f"api://{client}", *further}


def test_the_application_does_not_name_itself() -> None:
    registered = application(host="mcp.example.com").only("ApplicationRegistration")
    assert "identifierUris" not in registered.inputs
    assert "api" not in registered.inputs


def test_there_is_somebody_to_give_roles_in_this_tenant() -> None:
    asked = application()
    client = asked.only("ApplicationRegistration").outputs["clientId"]
    assert asked.only("ServicePrincipal").inputs["clientId"] == client


def test_the_control_plane_has_no_right_in_entra_unless_it_is_asked_for() -> None:
    asked = application()
    assert not asked.of("AppRoleAssignment")
    assert not asked.of("ApplicationOwner")


def test_the_control_plane_may_change_what_it_owns_and_owns_this_application() -> None:
    asked = application(manage=True)
    owner, right = asked.only("ApplicationOwner"), asked.only("AppRoleAssignment")
    assert owner.inputs["ownerObjectId"] == right.inputs["principalObjectId"] == PRINCIPAL
    assert owner.inputs["applicationId"] == asked.only("ApplicationRegistration").id
    assert right.inputs["appRoleId"] == "18a4783c-866b-4cc7-a460-3d5e5662c884"  # Application.ReadWrite.OwnedBy


def _args() -> EntraAppArgs:
    return EntraAppArgs(
        names=NAMES,
        public_host=None,
        app_roles=ROLES,
        manage_identifier_uris=False,
        control_plane_principal=PRINCIPAL,
    )
