"""The vault and the certificate of our own making: who reads it, and what of it is kept where."""

import base64
from datetime import UTC, datetime
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

from infra.certificate import self_signed
from infra.key_vault import KeyVault, KeyVaultArgs
from tests.infra.asked import INSIDE, PRINCIPAL, Asked, site

HOST = "team.westeurope.cloudapp.azure.com"


@cache
def vault(*, production: bool = False, private: bool = False, year: int = 2026) -> Asked:
    args = KeyVaultArgs(
        site=site(production=production, private=private),
        inside=INSIDE,
        host=HOST,
        reader_principal=PRINCIPAL,
        year=year,
    )
    return Asked(lambda: KeyVault("vault", args))


def test_access_is_by_roles_and_the_gateway_has_one() -> None:
    asked = vault()
    assert asked.only("Vault").inputs["properties"]["enableRbacAuthorization"] is True
    role = asked.only("RoleAssignment").inputs
    assert role["principalId"] == PRINCIPAL
    assert role["scope"] == asked.only("Vault").id
    assert role["roleDefinitionId"].endswith("/4633458b-17de-408a-b874-0445c86b69e6")  # Key Vault Secrets User


def test_the_certificate_is_a_secret_wherever_it_is_written_down() -> None:
    secret = vault().only("Secret")
    assert secret.secrets == ("properties.value",)
    assert secret.inputs["properties"]["contentType"] == "application/x-pkcs12"


def test_the_certificate_that_is_there_stays() -> None:
    assert vault().only("Secret").ignore_changes == ("properties.value",)


def test_another_year_has_another_certificate() -> None:
    this, next_one = vault().only("Secret"), vault(year=2027).only("Secret")
    assert this.urn != next_one.urn
    assert this.inputs["secretName"] != next_one.inputs["secretName"]


@pytest.mark.parametrize("production", [False, True])
def test_it_is_kept_in_production_and_its_name_is_free_again_elsewhere(production: bool) -> None:
    asked = vault(production=production).only("Vault")
    assert asked.protect is production
    assert asked.inputs["properties"].get("enablePurgeProtection") == (True if production else None)


@pytest.mark.parametrize(("private", "access", "rule"), [(False, "Enabled", "Allow"), (True, "Disabled", "Deny")])
def test_a_private_one_is_reached_from_inside_only(private: bool, access: str, rule: str) -> None:
    asked = vault(private=private)
    properties = asked.only("Vault").inputs["properties"]
    assert (properties["publicNetworkAccess"], properties["networkAcls"]["defaultAction"]) == (access, rule)
    assert len(asked.of("PrivateEndpoint")) == private
    if private:
        assert asked.only("PrivateZone").inputs["privateZoneName"] == "privatelink.vaultcore.azure.net"


def test_a_certificate_is_of_its_host_and_has_its_key() -> None:
    key, certificate, _ = pkcs12.load_key_and_certificates(base64.b64decode(self_signed(HOST)), None)
    assert key
    assert certificate
    assert certificate.public_key() == key.public_key()
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [HOST]
    certificate.verify_directly_issued_by(certificate)


def test_a_certificate_outlives_two_years() -> None:
    today = datetime(2026, 12, 31, tzinfo=UTC)
    _, certificate, _ = pkcs12.load_key_and_certificates(base64.b64decode(self_signed(HOST, today)), None)
    assert certificate
    assert certificate.not_valid_before_utc < today
    assert certificate.not_valid_after_utc.year == 2029


def test_a_long_host_is_no_reason_to_fail() -> None:
    host = f"{'a' * 60}.{'b' * 60}.example.com"
    _, certificate, _ = pkcs12.load_key_and_certificates(base64.b64decode(self_signed(host)), None)
    assert certificate
