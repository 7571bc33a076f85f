"""Which credential an environment provides for; and each of them, as far as a record in the account."""

import logging
from collections.abc import Mapping

import pytest

from gateway.azure.cosmos.account import opened
from gateway.azure.cosmos.store import catalog
from gateway.azure.credentials import credential, kind
from gateway.env import SettingsError
from gateway.errors import Unavailable
from tests.azure.azure_cli import install
from tests.azure.cloud import APPLICATION, Cloud
from tests.contracts.records import adapter

CLIENT = {"AZURE_CLIENT_ID": "an-id"}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "developer"),
        ({"AZURE_TENANT_ID": "t"}, "developer"),
        (CLIENT, "managed"),
        ({"IDENTITY_ENDPOINT": "http://127.0.0.1/msi/token"}, "managed"),
        ({**CLIENT, "AZURE_CLIENT_SECRET": "s"}, "secret"),
        ({**CLIENT, "AZURE_CLIENT_SECRET": "s", "IDENTITY_ENDPOINT": "http://127.0.0.1/msi/token"}, "managed"),
        ({**CLIENT, "AZURE_FEDERATED_TOKEN_FILE": "/f", "IDENTITY_ENDPOINT": "http://127.0.0.1/x"}, "workload"),
        ({"AZURE_CLIENT_SECRET": " "}, "developer"),
    ],
)
def test_the_most_particular_one_is_chosen(variables: Mapping[str, str], expected: str) -> None:
    assert kind(variables) == expected


@pytest.mark.parametrize("missing", ["AZURE_TENANT_ID", "AZURE_CLIENT_ID"])
@pytest.mark.parametrize("proof", ["AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE"])
def test_a_missing_variable_is_named(proof: str, missing: str) -> None:
    variables = {"AZURE_TENANT_ID": "t", **CLIENT, proof: "p"}
    del variables[missing]
    with pytest.raises(SettingsError, match=missing):
        credential(variables)


async def test_it_is_said_who_this_is_and_not_how_it_is_proven(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "gateway.azure.credentials"):
        made = credential({"AZURE_TENANT_ID": "t", **CLIENT, "AZURE_CLIENT_SECRET": "nobody-may-read-this"})
    await made.close()
    assert caplog.messages == ["to Azure this is the application an-id"]


@pytest.mark.parametrize("kind", ["secret", "workload", "app_service", "imds"])
async def test_each_credential_writes_a_record(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    variables = {**cloud.records(kind), "AZURE_CLIENT_ID": APPLICATION.client_id}
    for name, value in cloud.environment(kind).items():  # azure-identity reads the machine's endpoints by itself
        monkeypatch.setenv(name, value)
    async with opened(variables) as account:
        await catalog(account).add(adapter())


async def test_whoever_ran_az_login_writes_a_record(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    token = cloud.entra.token(APPLICATION, "https://localhost")
    monkeypatch.setenv("PATH", install(tmp_path_factory.mktemp("az"), token))
    named = {name: value for name, value in cloud.records().items() if not name.startswith("AZURE_")}
    async with opened(named) as account:
        await catalog(account).add(adapter())


async def test_a_workload_without_its_token_is_unavailable(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    variables = {**cloud.records("workload"), "AZURE_FEDERATED_TOKEN_FILE": "/nowhere/token"}
    async with opened(variables) as account:
        with pytest.raises(Unavailable):
            await catalog(account).get("one")
    assert "FileNotFoundError" in caplog.text
