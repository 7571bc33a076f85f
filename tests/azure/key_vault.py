"""A key vault's secrets, with all their versions. Not here: keys, certificates, soft deletion, who may do what.

https://learn.microsoft.com/rest/api/keyvault/secrets. A request without a token is told where to get one, and for what.
"""

import itertools
import uuid
from typing import Any

import msgspec

from tests.azure.bearer import NotAccepted, claims
from tests.azure.entra import Entra
from tests.azure.faults import Faults
from tests.azure.replies import json
from tests.fakes.identity_provider_http import Answer, Asked

RESOURCE = "https://vault.azure.net"


class Version(msgspec.Struct, frozen=True):
    """One value of a secret; `order` counts all that were ever set."""

    id: str
    value: str
    order: int
    tags: dict[str, str] = {}


class KeyVault:
    """`secrets` by name, the newest version last; `faults` come first."""

    def __init__(self, url: str, entra: Entra) -> None:
        self.url = url.rstrip("/")
        self.secrets: dict[str, list[Version]] = {}
        self.faults = Faults()
        self._entra = entra
        self._count = itertools.count(1)

    def respond(self, asked: Asked) -> Answer:
        """The answer to any request."""
        return self.faults.answer(asked, self._respond)

    def _respond(self, asked: Asked) -> Answer:
        try:
            claims(self._entra, asked.headers.get("Authorization", "").removeprefix("Bearer "), (RESOURCE,))
        except NotAccepted as error:
            where = f"https://login.microsoftonline.com/{self._entra.provider.tenant}"
            challenge = f'Bearer authorization="{where}", resource="{RESOURCE}"'
            answer = _error(401, "Unauthorized", f"AKV10000: Request is missing a good Bearer token ({error}).")
            return msgspec.structs.replace(answer, headers={"WWW-Authenticate": challenge})
        return self._routed(asked)

    def _routed(self, asked: Asked) -> Answer:
        match asked.method, [part for part in asked.path.split("/") if part]:
            case "GET", ["secrets"]:
                return json({"value": [self._shown(name, values[-1]) for name, values in sorted(self.secrets.items())]})
            case "PUT", ["secrets", name]:
                return json(self._full(name, self._set(name, msgspec.json.decode(asked.body, type=dict[str, Any]))))
            case "GET", ["secrets", name]:
                return self._found(name, "")
            case "GET", ["secrets", name, "versions"]:
                return json({"value": [self._shown(name, each) for each in self.secrets.get(name, [])]})
            case "GET", ["secrets", name, version]:
                return self._found(name, version)
            case "DELETE", ["secrets", name] if name in self.secrets:
                return json(self._shown(name, self.secrets.pop(name)[-1]))
            case "DELETE", ["secrets", name]:
                return _missing(name)
            case _:
                return _error(405, "NotModelled", f"{asked.method} {asked.path} is not modelled here.")

    def _set(self, name: str, body: dict[str, Any]) -> Version:
        version = Version(uuid.uuid4().hex, body["value"], next(self._count), body.get("tags") or {})
        self.secrets.setdefault(name, []).append(version)
        return version

    def _found(self, name: str, version: str) -> Answer:
        values = [each for each in self.secrets.get(name, []) if version in ("", each.id)]
        return json(self._full(name, values[-1])) if values else _missing(name)

    def _full(self, name: str, version: Version) -> dict[str, Any]:
        return {**self._shown(name, version), "id": f"{self.url}/secrets/{name}/{version.id}", "value": version.value}

    def _shown(self, name: str, version: Version) -> dict[str, Any]:
        """As lists have it: never the value."""
        attributes = {"enabled": True, "created": version.order, "updated": version.order}
        return {"id": f"{self.url}/secrets/{name}", "attributes": attributes, "tags": version.tags}


def _missing(name: str) -> Answer:
    return _error(404, "SecretNotFound", f"A secret with (name/id) {name} was not found in this key vault.")


def _error(status: int, code: str, text: str) -> Answer:
    return json({"error": {"code": code, "message": text}}, status)
