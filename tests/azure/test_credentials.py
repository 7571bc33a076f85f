"""azure-identity's own credentials against the fake cloud: what the fake gets right is what they accept, and how they complain."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import jwt
import pytest
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CredentialUnavailableError
from azure.identity.aio import ClientSecretCredential, ManagedIdentityCredential, WorkloadIdentityCredential

from tests.azure.cloud import APPLICATION, Cloud
from tests.azure.replies import error
from tests.fakes.identity_provider_http import Answer

type Made = AsyncTokenCredential


@asynccontextmanager
async def secret(cloud: Cloud, given: str = APPLICATION.secret) -> AsyncGenerator[Made]:
    async with ClientSecretCredential(
        cloud.provider.tenant, APPLICATION.client_id, given, authority=cloud.authority, connection_verify=str(cloud.ca)
    ) as credential:
        yield credential


@asynccontextmanager
async def workload(cloud: Cloud) -> AsyncGenerator[Made]:
    async with WorkloadIdentityCredential(
        tenant_id=cloud.provider.tenant,
        client_id=APPLICATION.client_id,
        token_file_path=str(cloud.folder / "federated-token"),
        authority=cloud.authority,
        connection_verify=str(cloud.ca),
    ) as credential:
        yield credential


@pytest.fixture
def managed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Cloud, str], ManagedIdentityCredential]:
    """The managed identity of a kind."""

    def made(cloud: Cloud, kind: str) -> ManagedIdentityCredential:
        for name, value in cloud.environment(kind).items():
            monkeypatch.setenv(name, value)
        return ManagedIdentityCredential()

    return made


def scope(cloud: Cloud) -> str:
    return f"api://{cloud.provider.client_id}/.default"


def claims(token: str) -> dict[str, object]:
    return jwt.decode(token, options={"verify_signature": False})


async def test_client_secret_gives_a_token_of_the_application(cloud: Cloud) -> None:
    async with secret(cloud) as credential:
        token = (await credential.get_token(scope(cloud))).token
        assert (await credential.get_token(scope(cloud))).token == token
    assert cloud.entra.asked == 1
    read = claims(token)
    assert read["aud"] == cloud.provider.client_id
    assert (read["oid"], read["azp"]) == (APPLICATION.object_id, APPLICATION.client_id)
    assert read["roles"] == ["mcp.engineer"]
    assert "scp" not in read


async def test_wrong_secret_is_said_with_entras_number(cloud: Cloud) -> None:
    async with secret(cloud, "wrong") as credential:
        with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
            await credential.get_token(scope(cloud))


async def test_scope_of_a_person_is_refused_to_an_application(cloud: Cloud) -> None:
    async with secret(cloud) as credential:
        with pytest.raises(ClientAuthenticationError, match="AADSTS1002012"):
            await credential.get_token(f"api://{cloud.provider.client_id}/access")


async def test_resource_that_the_tenant_does_not_know_is_refused(cloud: Cloud) -> None:
    async with secret(cloud) as credential:
        with pytest.raises(ClientAuthenticationError, match="AADSTS500011"):
            await credential.get_token("api://somebody-else/.default")


async def test_too_many_requests_are_waited_out(cloud: Cloud) -> None:
    cloud.entra.faults.append(Answer(429, headers={"Retry-After": "1"}))
    async with secret(cloud) as credential:
        assert (await credential.get_token(scope(cloud))).token
    assert cloud.entra.asked == 2


async def test_error_that_is_no_outage_is_not_tried_again(cloud: Cloud) -> None:
    cloud.entra.faults.append(error(400, "invalid_grant", 53003, "Access has been blocked by policies."))
    async with secret(cloud) as credential:
        with pytest.raises(ClientAuthenticationError, match="AADSTS53003"):
            await credential.get_token(scope(cloud))
    assert cloud.entra.asked == 1


async def test_workload_shows_its_clusters_token(cloud: Cloud) -> None:
    cloud.federated()
    async with workload(cloud) as credential:
        assert claims((await credential.get_token(scope(cloud))).token)["oid"] == APPLICATION.object_id


async def test_workload_of_another_service_account_is_refused(cloud: Cloud) -> None:
    cloud.federated("system:serviceaccount:team:other")
    async with workload(cloud) as credential:
        with pytest.raises(ClientAuthenticationError, match="AADSTS700213"):
            await credential.get_token(scope(cloud))


async def test_workload_whose_token_has_expired_is_refused(cloud: Cloud) -> None:
    cloud.federated(seconds=-10)
    async with workload(cloud) as credential:
        with pytest.raises(ClientAuthenticationError, match="AADSTS700024"):
            await credential.get_token(scope(cloud))


@pytest.mark.parametrize("kind", ["imds", "app_service"])
async def test_managed_identity_gives_a_token_of_the_machine(
    cloud: Cloud, managed: Callable[[Cloud, str], ManagedIdentityCredential], kind: str
) -> None:
    async with managed(cloud, kind) as credential:
        assert claims((await credential.get_token(scope(cloud))).token)["oid"] == APPLICATION.object_id


async def test_machine_without_an_identity_is_told_apart_from_a_failure(
    cloud: Cloud, managed: Callable[[Cloud, str], ManagedIdentityCredential]
) -> None:
    cloud.imds.identity = None
    async with managed(cloud, "imds") as credential:
        with pytest.raises(CredentialUnavailableError, match="Identity not found"):
            await credential.get_token(scope(cloud))


async def test_wrong_identity_header_is_refused(
    cloud: Cloud, managed: Callable[[Cloud, str], ManagedIdentityCredential]
) -> None:
    credential = managed(cloud, "app_service")
    cloud.app_service.header = "changed"
    async with credential:
        with pytest.raises(ClientAuthenticationError):
            await credential.get_token(scope(cloud))
