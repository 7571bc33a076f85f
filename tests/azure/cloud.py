"""Cloud: as much of Azure as our tests need, on this machine, for processes that are told so by their environment. Real HTTP.

Each service has a port of its own, with TLS where Azure has it; what is inside a machine (IMDS, the identity endpoint) has not.
In a process of its own, without ports: `mock`.
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
from tests.azure.cosmos.access import Grant, Role
from tests.azure.cosmos.account import CosmosAccount
from tests.azure.entra import CLUSTER, EXCHANGE, Entra
from tests.azure.graph import Graph
from tests.azure.imds import Imds
from tests.azure.key_vault import RESOURCE, KeyVault
from tests.azure.resource_manager import AUDIENCES, ResourceManager
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


DATABASE = "McpGatewayDb"
_MONTH = 30 * 24 * 3600
# By name: where the partition key is, and the seconds that an item lives (DESIGN §3).
CONTAINERS: Mapping[str, tuple[str, int | None]] = {
    "CatalogContainer": ("/id", None),
    "AgentContainer": ("/id", None),
    "SessionContainer": ("/id", _MONTH),
    "JournalContainer": ("/sessionId", _MONTH),
}


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
        self._records = HttpServer(self._recorded, "127.0.0.1", 0, context, keep_alive=True)
        self._secrets = HttpServer(self._secret, "127.0.0.1", 0, context)
        self._manager = HttpServer(self._managed, "127.0.0.1", 0, context)
        self._directory = HttpServer(self._graphed, "127.0.0.1", 0, context)
        self.cosmos = CosmosAccount("cosmos", f"https://localhost:{self._records.port}/", self.entra)
        self.vault = KeyVault(f"https://localhost:{self._secrets.port}", self.entra)
        self.resource_manager = ResourceManager(self.entra, f"https://localhost:{self._manager.port}")
        self.graph = Graph(f"https://localhost:{self._directory.port}", self.entra)
        self.entra.resources |= {name: name for name in ("https://localhost", RESOURCE, *AUDIENCES, self.graph.url)}

    def __enter__(self) -> Self:
        for server in self._servers:
            server.start()
        return self

    def __exit__(self, *_: object) -> None:
        for service in (self.cosmos, self.vault, self.resource_manager, self.graph):
            service.faults.end()
        for server in self._servers:
            server.stop()

    @property
    def _servers(self) -> tuple[HttpServer, ...]:
        return self._public, self._machine, self._records, self._secrets, self._manager, self._directory

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

    def records(
        self, kind: str = "secret", *, role: Role = "contributor", database: str = DATABASE, ranges: int = 2
    ) -> Mapping[str, str]:
        """What makes a gateway keep its records in this cloud's account, as the application, which is given that data role.

        `ranges`: physical partitions of each container. Asked again for a database, it changes nothing there.
        """
        for name, (path, ttl) in CONTAINERS.items():
            if name not in self.cosmos.containers(database):
                self.cosmos.container(database, name, path, ttl=ttl, ranges=ranges)
                self.cosmos.access.grants.append(Grant(APPLICATION.object_id, role, f"/dbs/{database}/colls/{name}"))
        named = {"CosmosSettings__AccountEndpoint": self.cosmos.url, "CosmosSettings__DatabaseName": database}
        return {**self.environment(kind), **named, "SSL_CERT_FILE": str(self.ca)}

    def federated(self, subject: str = APPLICATION.subject, seconds: float = 3600) -> Path:
        """A workload's token as the cluster writes it into the pod, in a file."""
        claims = {"iss": CLUSTER, "sub": subject, "aud": EXCHANGE, "exp": time.time() + seconds}
        file = self.folder / "federated-token"
        file.write_text(jwt.encode(claims, self.entra.cluster_key, "RS256"))
        return file

    def _recorded(self, asked: Asked) -> Answer:
        return self.cosmos.respond(asked)

    def _secret(self, asked: Asked) -> Answer:
        return self.vault.respond(asked)

    def _managed(self, asked: Asked) -> Answer:
        return self.resource_manager.respond(asked)

    def _graphed(self, asked: Asked) -> Answer:
        return self.graph.respond(asked)

    def _inside(self, asked: Asked) -> Answer:
        match asked.method, asked.path:
            case "GET", imds.PATH:
                return self.imds.respond(asked)
            case "GET", app_service.PATH:
                return self.app_service.respond(asked)
            case _:
                return Answer(404)
