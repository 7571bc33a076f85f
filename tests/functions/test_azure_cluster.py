"""What Azure Functions are told of their cluster: an address and an authority, refused by name where they are none."""

import base64
from pathlib import Path

import pytest

from functions.azure_cluster import cluster_settings
from functions.cluster_settings import ClusterSettings
from gateway.env import SettingsError
from tests.azure.certificate import issue


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An authority's certificate."""
    return issue(tmp_path_factory.mktemp("authority"))[0].read_text()


def told(pem: str, **others: str) -> dict[str, str]:
    return {
        "ContainerRegistrySettings__Endpoint": "mgreg.azurecr.io",
        "Kubernetes__ApiServer": "https://mg-1a2b.hcp.westeurope.azmk8s.io:443",
        "Kubernetes__CertificateAuthority": pem,
        **others,
    }


def test_cluster_is_told_by_its_address_and_authority(pem: str) -> None:
    expected = ClusterSettings(
        registry="mgreg.azurecr.io",
        server="https://mg-1a2b.hcp.westeurope.azmk8s.io:443",
        authority=pem.strip(),
        seconds=7,
    )
    assert cluster_settings(told(pem, Kubernetes__Seconds="7")) == expected


def test_authority_may_come_in_base64_as_azure_hands_it_out(pem: str) -> None:
    encoded = base64.b64encode(pem.encode()).decode()
    for text in (encoded, "\n".join(encoded[start : start + 76] for start in range(0, len(encoded), 76))):
        assert cluster_settings(told(text)).authority == pem


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("Kubernetes__ApiServer", "", "is required"),
        ("Kubernetes__ApiServer", "http://mg.azmk8s.io", "expected the https URL"),
        ("Kubernetes__ApiServer", "mg.azmk8s.io:443", "expected the https URL"),
        ("Kubernetes__ApiServer", "https://user:word@mg.azmk8s.io", "expected the https URL"),
        ("Kubernetes__ApiServer", "https://mg.azmk8s.io/api", "expected the https URL"),
        ("Kubernetes__ApiServer", "https://mg.azmk8s.io:x", "expected the https URL"),
        ("Kubernetes__CertificateAuthority", "", "is required"),
        ("Kubernetes__CertificateAuthority", "ca.crt", "neither PEM nor base64"),
        ("Kubernetes__CertificateAuthority", base64.b64encode(b"\xff").decode(), "neither PEM nor base64"),
        ("Kubernetes__CertificateAuthority", base64.b64encode(b"no certificate").decode(), "no certificate in it"),
        ("Kubernetes__CertificateAuthority", "-----BEGIN CERTIFICATE-----\nno", "no certificate in it"),
        ("Kubernetes__Kubeconfig", str(Path("kubeconfig")), "reached by Kubernetes__ApiServer"),
        ("ContainerRegistrySettings__Endpoint", "", "is required"),
    ],
)
def test_setting_that_leads_nowhere_is_refused_by_name(pem: str, name: str, value: str, why: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}") as refused:
        cluster_settings(told(pem) | {name: value})
    assert why in str(refused.value)
