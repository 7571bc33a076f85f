"""Microsoft Graph: an application's identifier URIs, read and replaced by whoever owns it, as Application.ReadWrite.OwnedBy lets.

https://learn.microsoft.com/graph/api/application-update. Not here: every other property, and copies of different ages, except
that `stale` is what the next reading shows instead.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from tests.azure.bearer import NotAccepted, claims
from tests.azure.entra import Entra
from tests.azure.faults import Faults
from tests.azure.replies import json
from tests.fakes.identity_provider_http import Answer, Asked

_APPLICATIONS = "/v1.0/applications"


class Registration(msgspec.Struct):
    """An application as the directory has it; `owners` are object ids of those who may change it."""

    id: str
    uris: list[str]
    owners: list[str]


class Graph:
    """`applications` by the id that clients know; `verified` are the tenant's domains; `faults` come first, `asked` has the
    methods of all that came."""

    def __init__(self, url: str, entra: Entra) -> None:
        self.url = url
        self.applications: dict[str, Registration] = {}
        self.verified: list[str] = ["example.org"]
        self.stale: deque[list[str]] = deque()
        self.faults = Faults()
        self.asked: list[str] = []
        self._entra = entra

    def respond(self, asked: Asked) -> Answer:
        """The answer to any request."""
        self.asked.append(asked.method)
        return self.faults.answer(asked, self._respond)

    def _respond(self, asked: Asked) -> Answer:
        try:
            who = claims(self._entra, asked.headers.get("Authorization", "").removeprefix("Bearer "), (self.url,))[
                "oid"
            ]
        except NotAccepted as error:
            return _error(401, "InvalidAuthenticationToken", f"Access token validation failure ({error}).")
        found = self._found(asked.path)
        if found is None:
            return _error(404, "Request_ResourceNotFound", f"Resource '{asked.path}' does not exist.")
        if who not in found.owners:
            return _error(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
        match asked.method:
            case "GET":
                return self._shown(found, asked.query)
            case "PATCH":
                return self._changed(found, msgspec.json.decode(asked.body, type=dict[str, Any]))
            case _:
                return _error(405, "NotModelled", f"{asked.method} is not modelled here.")

    def _found(self, path: str) -> Registration | None:
        """By either of its ids."""
        for client, each in self.applications.items():
            if path in (f"{_APPLICATIONS}(appId='{client}')", f"{_APPLICATIONS}/{each.id}"):
                return each
        return None

    def _shown(self, found: Registration, query: str) -> Answer:
        uris = self.stale.popleft() if self.stale else found.uris
        all_of_it = {"id": found.id, "identifierUris": uris, "displayName": "MCP Gateway"}
        (wanted,) = parse_qs(query).get("$select", [",".join(all_of_it)])
        return json({name: all_of_it[name] for name in wanted.split(",")})

    def _changed(self, found: Registration, body: dict[str, Any]) -> Answer:
        uris: list[str] = body.pop("identifierUris")
        assert not body, f"not modelled here: {body}"
        if why := self._fault(uris):
            return _error(400, "Request_BadRequest", why)
        found.uris = uris
        return Answer(204)

    def _fault(self, uris: Iterable[str]) -> str:
        there = list(uris)
        if len(set(there)) < len(there):
            return "Request contains a property with duplicate values."
        for uri in there:
            if len(uri) > 255:
                return "Property identifierUris contains a value that is too long."
            if urlsplit(uri).scheme == "https" and not self._is_verified(urlsplit(uri).hostname or ""):
                return (
                    "Values of identifierUris property must use a verified domain of the organization or its subdomain."
                )
        return ""

    def _is_verified(self, host: str) -> bool:
        return any(host == domain or host.endswith(f".{domain}") for domain in self.verified)


def _error(status: int, code: str, text: str) -> Answer:
    return json({"error": {"code": code, "message": text}}, status)
