"""What the control plane stands on in Azure, on this machine: records, tokens of a managed identity, a cluster that takes them by TLS."""

import base64
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import jwt
from jwt.exceptions import PyJWTError

from functions.azure_cluster_token import SCOPE
from tests.azure.cloud import APPLICATION, Cloud
from tests.functions.api_server import ApiServer, serving
from tests.functions.steps import Steps

KNOWN = SCOPE.removesuffix("/.default")  # how AKS is called in every tenant


COMPOSE = "functions.on_azure:on_azure"
REGISTRY = "mgreg.azurecr.io"
ORIGIN = "https://gateway.example.org"


def environment(cloud: Cloud, api_server: str, origin: str = ORIGIN) -> Mapping[str, str]:
    """What the program that makes the place tells the app, and what the platform adds: where the identity's tokens are."""
    return {
        **cloud.records("app_service"),
        **cloud.provider.environment(origin),
        "ControlPlane__Compose": COMPOSE,
        "AZURE_CLIENT_ID": APPLICATION.client_id,
        "ContainerRegistrySettings__Endpoint": REGISTRY,
        "Kubernetes__ApiServer": api_server,
        "Kubernetes__CertificateAuthority": base64.b64encode(cloud.ca.read_bytes()).decode(),
    }


def known(cloud: Cloud) -> None:
    """The tenant knows AKS."""
    cloud.entra.resources[KNOWN] = KNOWN


@asynccontextmanager
async def cluster_of(cloud: Cloud, steps: Steps | None = None) -> AsyncGenerator[ApiServer]:
    """An API server with a certificate of the cloud's authority, that lets in the app's identity."""
    known(cloud)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cloud.folder / "server.pem", cloud.folder / "server.key")
    async with serving(steps, context) as server:
        server.accepts = lambda token: _is_of_the_app(cloud, token)
        yield server


def _is_of_the_app(cloud: Cloud, token: str) -> bool:
    try:
        claims = jwt.decode(token, cloud.provider.key.public_key(), ["RS256"], audience=KNOWN)
    except PyJWTError:
        return False
    return claims["oid"] == APPLICATION.object_id
