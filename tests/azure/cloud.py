"""Cloud: as much of Azure as our tests need, on this machine, for processes that are told so by their environment. Real HTTP.

What Azure serves with TLS is on one port, what it serves inside a machine (IMDS, the identity endpoint) on another.
"""

import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import jwt

from tests.azure import app_service, imds
from tests.azure.app_service import AppService
from tests.azure.application import Application
from tests.azure.certificate import issue
from tests.azure.entra import CLUSTER, EXCHANGE, Entra
from tests.azure.imds import Imds
from tests.fakes.identity_provider import IdentityProvider
from tests.fakes.identity_provider_http import Answer, Asked, HttpServer

APPLICATION = Application(
    client_id="11111111-2222-4333-8444-555555555555",
    object_id="app-object-id",
    roles=("mcp.engineer",),
    secret="a-secret-of-its-own~",
    subject="system:serviceaccount:team:bridge",
)
# Nothing of the machine's own sign-ins may matter; what is set here is what azure-identity reads.
CLEAN = {"PATH": "/nowhere", "HOME": "/nowhere", "NO_PROXY": "localhost,127.0.0.1"}


class Cloud:
    """`with Cloud(provider, folder) as cloud:`. Its one application is known to all of it until a test takes it away."""

    def __init__(self, provider: IdentityProvider, folder: Path) -> None:
        self.provider = provider
        self.folder = folder
        self.ca, certificate, key = issue(folder)
        self.entra = Entra(provider)
        self.imds = Imds(self.entra)
        self.app_service = AppService(self.entra)
        self.entra.applications[APPLICATION.client_id] = APPLICATION
        self.imds.identity = self.app_service.identity = APPLICATION
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        self._public = HttpServer(self.entra.respond, "127.0.0.1", 0, context)
        self._machine = HttpServer(self._inside, "127.0.0.1", 0, None)

    def __enter__(self) -> Self:
        self._public.start()
        self._machine.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._machine.stop()
        self._public.stop()

    @property
    def authority(self) -> str:
        """Entra's, in place of https://login.microsoftonline.com."""
        return f"https://localhost:{self._public.port}"

    @property
    def machine(self) -> str:
        """In place of http://169.254.169.254."""
        return f"http://127.0.0.1:{self._machine.port}"

    def environment(self, kind: str) -> Mapping[str, str]:
        """What makes azure-identity use one kind of credential: `secret`, `workload`, `app_service` or `imds`."""
        app = APPLICATION
        entra = {
            "AZURE_TENANT_ID": self.provider.tenant,
            "AZURE_CLIENT_ID": app.client_id,
            "AZURE_AUTHORITY_HOST": self.authority,
            "SSL_CERT_FILE": str(self.ca),
        }
        return (
            CLEAN
            | {
                "secret": entra | {"AZURE_CLIENT_SECRET": app.secret},
                "workload": entra | {"AZURE_FEDERATED_TOKEN_FILE": str(self.federated())},
                "app_service": {
                    "IDENTITY_ENDPOINT": self.machine + app_service.PATH,
                    "IDENTITY_HEADER": self.app_service.header,
                },
                "imds": {"AZURE_POD_IDENTITY_AUTHORITY_HOST": self.machine},
            }[kind]
        )

    def federated(self, subject: str = APPLICATION.subject, seconds: float = 3600) -> Path:
        """A workload's token as the cluster writes it into the pod, in a file."""
        claims = {"iss": CLUSTER, "sub": subject, "aud": EXCHANGE, "exp": time.time() + seconds}
        file = self.folder / "federated-token"
        file.write_text(jwt.encode(claims, self.entra.cluster_key, "RS256"))
        return file

    def _inside(self, asked: Asked) -> Answer:
        match asked.method, asked.path:
            case "GET", imds.PATH:
                return self.imds.respond(asked)
            case "GET", app_service.PATH:
                return self.app_service.respond(asked)
            case _:
                return Answer(404)
