"""Identities: one for each component, and the service accounts that stand for them."""

from functools import cache

from infra.identities import Identities, IdentitiesArgs
from tests.infra.asked import Asked, site

ISSUER = "https://westeurope.oic.prod-aks.azure.com/tenant/cluster/"


@cache
def identities() -> Asked:
    return Asked(lambda: Identities("identities", IdentitiesArgs(site=site())).federate(ISSUER))


def test_each_component_has_its_own() -> None:
    assert {one.inputs["resourceName"] for one in identities().of("UserAssignedIdentity")} == {
        f"mg-identity-team-{component}"
        for component in ("control-plane", "proxy", "router", "agents", "workloads", "gateway")
    }


def test_service_accounts_stand_for_the_identity_of_their_component() -> None:
    trusted = {one.inputs["subject"]: one.inputs for one in identities().of("FederatedIdentityCredential")}
    assert {
        subject: inputs["resourceName"].removeprefix("mg-identity-team-") for subject, inputs in trusted.items()
    } == {
        "system:serviceaccount:mcp-gateway:mcpgateway-sa": "proxy",
        "system:serviceaccount:mcp-gateway:toolgateway-sa": "router",
        "system:serviceaccount:mcp-gateway:agents-sa": "agents",
        "system:serviceaccount:mcp-gateway:control-plane-sa": "control-plane",
        "system:serviceaccount:adapter:workload-sa": "workloads",
    }
    for inputs in trusted.values():
        assert inputs["issuer"] == ISSUER
        assert inputs["audiences"] == ["api://AzureADTokenExchange"]


def test_trust_is_made_one_after_the_other() -> None:
    made = identities().of("FederatedIdentityCredential")
    urns = [one.urn for one in made]
    assert [set(one.dependencies) & set(urns) for one in made] == [set(), *({urn} for urn in urns[:-1])]


def test_no_service_account_stands_for_application_gateway() -> None:
    trusted = {one.inputs["resourceName"] for one in identities().of("FederatedIdentityCredential")}
    assert "mg-identity-team-gateway" not in trusted
