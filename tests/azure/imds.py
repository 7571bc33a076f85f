"""Imds: the instance metadata endpoint, where a virtual machine or a node gets tokens of its managed identity.

https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token. A request without the
header `Metadata` is refused, which is how azure-identity finds out that it is there.
"""

import time
from collections import deque
from urllib.parse import parse_qs

from tests.azure.application import Application
from tests.azure.entra import Entra, Refused
from tests.azure.replies import json
from tests.fakes.identity_provider_http import Answer, Asked

PATH = "/metadata/identity/oauth2/token"


class Imds:
    """`identity` is what the machine was given, None for nothing; `asked` counts; `faults` are answered first."""

    def __init__(self, entra: Entra) -> None:
        self._entra = entra
        self.identity: Application | None = None
        self.faults: deque[Answer] = deque()
        self.asked = 0

    def respond(self, asked: Asked) -> Answer:
        """GET of a token."""
        if asked.headers.get("Metadata", "").lower() != "true" or "X-Forwarded-For" in asked.headers:
            return _invalid("Required metadata header not specified")
        self.asked += 1
        if self.faults:
            return self.faults.popleft()
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        if "api-version" not in query:
            return _invalid("Required query variable 'api-version' is missing")
        if self.identity is None or query.get("client_id", self.identity.client_id) != self.identity.client_id:
            return _invalid("Identity not found")
        try:
            return granted(self._entra, self.identity, query.get("resource", ""))
        except Refused as refused:
            return refused.answer


def granted(entra: Entra, identity: Application, resource: str) -> Answer:
    """A token as managed identities get it: in the shape of v1, numbers as text. Raises Refused."""
    token = entra.token(identity, resource)
    return json(
        {
            "access_token": token,
            "client_id": identity.client_id,
            "expires_in": str(entra.life),
            "expires_on": str(int(time.time()) + entra.life),
            "resource": resource,
            "token_type": "Bearer",
        }
    )


def _invalid(text: str) -> Answer:
    return json({"error": "invalid_request", "error_description": text}, 400)
