"""Role assignments: named by role, found again under the same id."""

import uuid

import pytest

from infra.roles import DEFINITIONS, assign, guid
from tests.infra.asked import PRINCIPAL, Asked

SCOPE = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/g/providers/a/b/c"


def assignment(role: str = "AcrPull", scope: str = SCOPE, principal: str = PRINCIPAL) -> dict[str, str]:
    asked = Asked(lambda: assign("one", role, principal, scope, parent=None))
    return asked.only("RoleAssignment").inputs


def test_a_role_is_found_by_its_name_in_the_subscription_of_the_scope() -> None:
    assert assignment()["roleDefinitionId"] == (
        "/subscriptions/11111111-2222-3333-4444-555555555555/providers/Microsoft.Authorization"
        "/roleDefinitions/7f951dda-4ed3-4680-a7ca-43fe172d538d"
    )


def test_azure_is_told_that_it_is_a_service_principal() -> None:
    assert assignment()["principalType"] == "ServicePrincipal"


def test_an_assignment_has_the_same_id_each_time_and_no_other_has_it() -> None:
    first = assignment()["roleAssignmentName"]
    assert uuid.UUID(first)
    assert first == assignment()["roleAssignmentName"]
    others = [assignment("Network Contributor"), assignment(scope=f"{SCOPE}2")]
    assert first not in {one["roleAssignmentName"] for one in [*others, assignment(principal=guid("another"))]}


def test_a_role_that_nobody_wrote_down_is_refused() -> None:
    with pytest.raises(ValueError, match="`Owner` is none of"):
        assign("one", "Owner", PRINCIPAL, SCOPE, parent=None)


@pytest.mark.parametrize(
    "role", ["Owner", "Contributor", "User Access Administrator", "Role Based Access Control Administrator"]
)
def test_no_role_that_rules_over_everything_can_be_given(role: str) -> None:
    assert role not in DEFINITIONS
