"""Azure Resource Manager for resources of any type: PUT, GET, PATCH of tags, DELETE, lists, and work that takes a while.

Bodies are kept as they come; what a resource provider would check, fill in or refuse is not here.
https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
"""

import itertools
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

import msgspec

from tests.azure.bearer import NotAccepted, claims
from tests.azure.entra import Entra
from tests.azure.faults import Faults
from tests.azure.replies import json
from tests.fakes.identity_provider_http import Answer, Asked

URL = "https://management.azure.com"
AUDIENCES = (URL, "https://management.core.windows.net/")

type Body = dict[str, Any]


class ResourceManager:
    """`resources` by id in lower case. `rounds`: how often work that was begun is looked at until it has ended; 0: at once."""

    def __init__(self, entra: Entra, url: str = URL) -> None:
        self.url = url
        self.resources: dict[str, Body] = {}
        self.rounds = 0
        self.faults = Faults()
        self._entra = entra
        self._work: dict[str, int] = {}
        self._count = itertools.count(1)

    def respond(self, asked: Asked) -> Answer:
        """The answer to any request."""
        return self.faults.answer(asked, self._respond)

    def _respond(self, asked: Asked) -> Answer:
        try:
            claims(self._entra, asked.headers.get("Authorization", "").removeprefix("Bearer "), AUDIENCES)
        except NotAccepted as error:
            return _error(401, "InvalidAuthenticationToken", f"The access token is not accepted: {error}.")
        if "api-version" not in parse_qs(asked.query):
            return _error(
                400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required."
            )
        if asked.path.startswith("/operations/"):
            return self._looked_at(asked.path)
        parts = [part for part in asked.path.split("/") if part]
        return self._of_one(asked, parts) if _is_one(parts) else self._listed(parts)

    def _of_one(self, asked: Asked, parts: Sequence[str]) -> Answer:
        id = _id(parts)
        found = self.resources.get(id)
        if asked.method == "PUT":
            return self._put(asked, parts, new=found is None)
        if found is None:
            return Answer(204) if asked.method == "DELETE" else _missing(parts)
        match asked.method:
            case "HEAD":
                return Answer(204)
            case "GET":
                return json(found)
            case "PATCH":
                found["tags"] = msgspec.json.decode(asked.body, type=Body).get("tags", found.get("tags"))
                return json(found)
            case "DELETE":
                return self._delete(id)
            case _:
                return _error(405, "NotModelled", f"{asked.method} of a resource is not modelled here.")

    def _put(self, asked: Asked, parts: Sequence[str], *, new: bool) -> Answer:
        group = [*parts[:4]] if len(parts) > 4 and parts[2].lower() == "resourcegroups" else []
        if group and _id(group) not in self.resources:
            return _error(404, "ResourceGroupNotFound", f"Resource group '{group[3]}' could not be found.")
        body = msgspec.json.decode(asked.body, type=Body)
        own = {"id": f"/{'/'.join(parts)}", "name": parts[-1], "type": _type(parts)}
        properties = {**body.get("properties", {}), "provisioningState": "Succeeded"}
        self.resources[_id(parts)] = {**body, **own, "properties": properties}
        answer = json(self.resources[_id(parts)], 201 if new else 200)
        return self._begun(answer, "Azure-AsyncOperation") if self.rounds else answer

    def _delete(self, id: str) -> Answer:
        """With all that is inside."""
        self.resources = {each: body for each, body in self.resources.items() if not f"{each}/".startswith(f"{id}/")}
        return self._begun(Answer(202), "Location") if self.rounds else Answer(200)

    def _begun(self, answer: Answer, header: str) -> Answer:
        path = f"/operations/{next(self._count)}{'' if header == 'Location' else '/status'}"
        self._work[path] = self.rounds
        where = f"{self.url}{path}?api-version=2024-01-01"
        return msgspec.structs.replace(answer, headers={header: where, "Retry-After": "0"})

    def _looked_at(self, path: str) -> Answer:
        if path not in self._work:
            return _error(404, "OperationNotFound", "There is no such operation.")
        self._work[path] -= 1
        ended = self._work[path] < 1
        if path.endswith("/status"):
            return json({"status": "Succeeded" if ended else "InProgress"})
        where = f"{self.url}{path}?api-version=2024-01-01"
        return Answer(200) if ended else Answer(202, headers={"Location": where, "Retry-After": "0"})

    def _listed(self, parts: Sequence[str]) -> Answer:
        inside, kind = f"{_id(parts[:-1])}/", _type([*parts, "x"]).lower()
        found = [body for id, body in self.resources.items() if id.startswith(inside) and body["type"].lower() == kind]
        if parts[-1].lower() == "resources":
            found = [body for id, body in self.resources.items() if id.startswith(inside)]
        return json({"value": found})


def _id(parts: Sequence[str]) -> str:
    return f"/{'/'.join(parts)}".lower()


def _after_provider(parts: Sequence[str]) -> Sequence[str]:
    """From the last `providers` on: the namespace, and then types and names in turn."""
    lower = [part.lower() for part in parts]
    return parts[len(lower) - lower[::-1].index("providers") :] if "providers" in lower else ()


def _is_one(parts: Sequence[str]) -> bool:
    after = _after_provider(parts)
    return len(after) % 2 == 1 if after else len(parts) % 2 == 0


def _type(parts: Sequence[str]) -> str:
    after = _after_provider(parts)
    return "/".join((after[0], *after[1::2])) if after else f"Microsoft.Resources/{parts[-2]}"


def _missing(parts: Sequence[str]) -> Answer:
    code = "ResourceNotFound" if _after_provider(parts) else "ResourceGroupNotFound"
    return _error(404, code, f"'{parts[-1]}' could not be found.")


def _error(status: int, code: str, text: str) -> Answer:
    return json({"error": {"code": code, "message": text}}, status)
