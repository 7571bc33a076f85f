"""What the environment says of who may come in: taken, or refused by name."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from gateway.azure.sign_in import required_sign_in, sign_in
from gateway.dev_identity import DevIdentity
from gateway.env import SettingsError
from gateway.errors import Unavailable
from gateway.protected_resource import ProtectedResource
from tests.fakes.identity_provider import CLIENT, TENANT, IdentityProvider, new_key

ORIGIN = "https://mcp.contoso.example"
ENTRA = {"AzureAd__TenantId": TENANT, "AzureAd__ClientId": CLIENT, "PublicOrigin": ORIGIN}
OIDC = {"Oidc__Issuer": "https://issuer.example/realms/a", "Oidc__Audience__0": "gateway", "PublicOrigin": ORIGIN}


def protected(variables: dict[str, str]) -> ProtectedResource:
    found = sign_in(variables)
    assert found
    assert found.protected
    return found.protected


def test_where_nothing_is_said_there_is_no_sign_in() -> None:
    assert sign_in({"PublicOrigin": ORIGIN, "AzureAd__TenantId": " "}) is None
    with pytest.raises(SettingsError, match=r"AzureAd__TenantId.*Oidc__Issuer.*Authentication__BypassEntra"):
        required_sign_in({"PublicOrigin": ORIGIN})


def test_the_bypass_believes_callers_and_leads_nobody_to_a_sign_in() -> None:
    found = required_sign_in({"Authentication__BypassEntra": "true", **ENTRA})
    assert isinstance(found.identify, DevIdentity)
    assert found.protected is None


def test_the_bypass_and_cosmos_are_refused_together() -> None:
    with pytest.raises(SettingsError, match=r"Authentication__BypassEntra.*CosmosSettings__AccountEndpoint"):
        sign_in(
            {"Authentication__BypassEntra": "true", "CosmosSettings__AccountEndpoint": "https://x.documents.azure.com"}
        )
    assert sign_in({"CosmosSettings__AccountEndpoint": "https://x.documents.azure.com", **ENTRA})


def test_entra_sends_clients_to_the_tenant_with_a_qualified_scope() -> None:
    assert protected(ENTRA) == ProtectedResource(
        ORIGIN, (f"https://login.microsoftonline.com/{TENANT}/v2.0",), (f"api://{CLIENT}/access",)
    )
    assert protected({**ENTRA, "AzureAd__Scope": "use"}).scopes == (f"api://{CLIENT}/use",)


def test_ids_are_taken_in_any_case_and_the_instance_with_or_without_its_slash() -> None:
    variables = {**ENTRA, "AzureAd__TenantId": TENANT.upper(), "AzureAd__Instance": "https://login.microsoftonline.us"}
    assert protected(variables).issuers == (f"https://login.microsoftonline.us/{TENANT}/v2.0",)


def test_a_plain_issuer_has_its_own_scope_or_none() -> None:
    assert protected(OIDC) == ProtectedResource(ORIGIN, (OIDC["Oidc__Issuer"],))
    assert protected({**OIDC, "Oidc__Scope": "mcp"}).scopes == ("mcp",)


def test_with_both_the_tenant_comes_first_and_its_scope_is_asked_for() -> None:
    both = protected({**OIDC, **ENTRA, "Oidc__Scope": "mcp"})
    assert both.issuers == (f"https://login.microsoftonline.com/{TENANT}/v2.0", OIDC["Oidc__Issuer"])
    assert both.scopes == (f"api://{CLIENT}/access",)


@pytest.mark.parametrize("origin", ["HTTPS://MCP.Contoso.Example/", "https://mcp.contoso.example"])
def test_the_public_origin_is_one_spelling(origin: str) -> None:
    assert protected({**ENTRA, "PublicOrigin": origin}).origin == ORIGIN


@pytest.mark.parametrize(
    ("base", "name", "value"),
    [
        (ENTRA, "PublicOrigin", ""),
        (OIDC, "PublicOrigin", ""),
        (ENTRA, "PublicOrigin", "mcp.contoso.example"),
        (ENTRA, "PublicOrigin", "https://mcp.contoso.example/mcp"),
        (ENTRA, "PublicOrigin", "https://mcp.contoso.example?a"),
        (ENTRA, "PublicOrigin", "https://a@mcp.contoso.example"),
        (ENTRA, "PublicOrigin", "https://mcp.contoso.example:port"),
        (ENTRA, "AzureAd__TenantId", ""),
        (ENTRA, "AzureAd__TenantId", "common"),
        (ENTRA, "AzureAd__TenantId", "organizations"),
        (ENTRA, "AzureAd__TenantId", "consumers"),
        (ENTRA, "AzureAd__TenantId", "YOUR_TENANT_ID"),
        (ENTRA, "AzureAd__TenantId", "contoso.onmicrosoft.com"),
        (ENTRA, "AzureAd__TenantId", f"{TENANT}/../common"),
        (ENTRA, "AzureAd__ClientId", ""),
        (ENTRA, "AzureAd__ClientId", "YOUR_API_CLIENT_ID"),
        (ENTRA, "AzureAd__ClientId", f"api://{CLIENT}"),
        (ENTRA, "AzureAd__Instance", "http://login.microsoftonline.com/"),
        (ENTRA, "AzureAd__Instance", "http://127.0.0.1.evil.example/"),
        (ENTRA, "AzureAd__Instance", "login.microsoftonline.com"),
        (ENTRA, "AzureAd__Scope", f"api://{CLIENT}/access"),
        (ENTRA, "AzureAd__Scope", "one two"),
        (OIDC, "Oidc__Issuer", ""),
        (OIDC, "Oidc__Issuer", "http://issuer.example"),
        (OIDC, "Oidc__Issuer", "https://issuer.example?tenant=a"),
        (OIDC, "Oidc__Issuer", "https://a:b@issuer.example"),
        (OIDC, "Oidc__Issuer", "issuer"),
        (OIDC, "Oidc__Scope", "one two"),
        (OIDC, "Oidc__Certificates", "no PEM"),
        (OIDC, "Oidc__Certificates", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
        (OIDC | ENTRA, "Oidc__Issuer", f"https://login.microsoftonline.com/{TENANT}/v2.0"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(base: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        sign_in({**base, name: value})


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://[::1]:1/", "http://localhost:1/"])
def test_a_provider_on_this_machine_needs_no_tls(url: str) -> None:
    assert protected({**ENTRA, "AzureAd__Instance": url}).issuers == (f"{url}{TENANT}/v2.0",)


def test_half_of_entras_settings_are_refused_and_never_no_sign_in() -> None:
    for name in ("AzureAd__ClientId", "AzureAd__Audience", "AzureAd__Instance"):
        with pytest.raises(SettingsError, match="AzureAd__TenantId"):
            sign_in({name: CLIENT if name.endswith("Id") else "https://x.example", "PublicOrigin": ORIGIN})


async def test_further_audiences_are_taken() -> None:
    with IdentityProvider() as idp:
        found = required_sign_in({**idp.environment(ORIGIN), "AzureAd__Audience": "api://gateway"})
        for audience in ("api://gateway", CLIENT, f"api://{CLIENT}"):
            assert await found.identify.verify({"Authorization": f"Bearer {idp.token(aud=audience)}"})


async def test_a_provider_with_a_certificate_of_its_own_is_asked_where_its_authority_is_trusted(tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path)
    with IdentityProvider(tls=(certificate, key)) as idp:
        headers = {"Authorization": f"Bearer {idp.token('alice')}"}
        told = {**idp.environment(ORIGIN), "Oidc__Certificates": certificate.read_text()}
        assert (await required_sign_in(told).identify.verify(headers)).id == "alice"
        with pytest.raises(Unavailable):
            await required_sign_in(idp.environment(ORIGIN)).identify.verify(headers)


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    key = new_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "identity provider")])
    address = x509.IPAddress(ip_address("127.0.0.1"))
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder / "cert.pem", folder / "key.pem"
