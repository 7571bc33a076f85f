"""Entra: the stand-in for azuread: one directory, kept in the state's folder."""

from collections.abc import Iterator

from tests.infra.standins import azure_invokes, azuread_outputs
from tests.infra.standins.arguments import of_resource
from tests.infra.standins.conformity import wrong
from tests.infra.standins.ids import DEPLOYER_CLIENT
from tests.infra.standins.made import Made
from tests.infra.standins.package import Found, Refused
from tests.infra.standins.state import Entry, State
from tests.infra.standins.wire import UNKNOWN, Json

_MICROSOFTS = {DEPLOYER_CLIENT, "aebc6443-996d-45c2-90f0-388ff96faa56", "00000003-0000-0000-c000-000000000000"}
_FIXED = {
    "applicationId",
    "scopeId",
    "roleId",
    "authorizedClientId",
    "appRoleId",
    "principalObjectId",
    "resourceObjectId",
}


class Entra:
    """Objects name each other by id (`/applications/…`), by object id and by client id."""

    def __init__(self, state: State) -> None:
        self._state = state

    def configure(self, settings: Json) -> None:
        """Nothing: whoever signs in is the deployer."""

    def problems(self, type: str, inputs: Json) -> list[str]:
        """What is not as the provider's package takes it, and hosts that Entra refuses in identifiers."""
        return [*wrong(of_resource("azuread", "", type.rpartition(":")[2]), inputs), *_unverifiable(inputs)]

    def replacing(self, type: str, before: Json, after: Json) -> list[str]:
        """Whose part it is, and what it is called by."""
        return [
            name for name in sorted(_FIXED) if before.get(name) != after.get(name) and after.get(name) is not UNKNOWN
        ]

    def make(self, type: str, urn: str, inputs: Json) -> Made:
        """Raises Refused."""
        new = Made(*azuread_outputs.outputs(type, urn, inputs))
        if self._state.get(new.id):
            raise Refused(f"{new.id} exists already")
        return self._stored(type, urn, inputs, new)

    def change(self, type: str, urn: str, id: str, inputs: Json) -> Made:
        """Raises Refused."""
        _, outputs = azuread_outputs.outputs(type, urn, inputs)
        found = self._state.get(id)
        kept = (
            {name: found.outputs[name] for name in ("objectId", "clientId") if name in found.outputs} if found else {}
        )
        return self._stored(type, urn, inputs, Made(id, outputs | kept))

    def read(self, type: str, id: str, known: Found) -> Found | None:
        """What is stored."""
        found = self._state.get(id)
        return Found(found.inputs, found.outputs) if found else None

    def remove(self, type: str, id: str) -> None:
        """Raises Refused while something names it."""
        found = self._state.get(id)
        if found is None:
            return
        names = {id, *(found.outputs[key] for key in ("objectId", "clientId") if key in found.outputs)}
        users = [one.id for one in self._state.all() if one.id != id and names & set(_named(one.inputs))]
        if users and "objectId" in found.outputs:
            raise Refused(f"{id} is still used by {', '.join(users)}")
        self._state.remove(found)

    def invoke(self, token: str, arguments: Json) -> Json:
        """Raises Refused."""
        try:
            return azure_invokes.invoked(token, arguments)
        except AssertionError as error:
            raise Refused(str(error)) from error

    def _stored(self, type: str, urn: str, inputs: Json, new: Made) -> Made:
        application = inputs.get("applicationId")
        if isinstance(application, str) and not self._state.get(application):
            raise Refused(f"{application} does not exist")
        client = inputs.get("clientId")
        if client is not None and client not in _MICROSOFTS and client not in self._clients():
            raise Refused(f"no application has the client id {client}")
        self._state.put(Entry(id=new.id, type=type, urn=urn, inputs=inputs, outputs=new.outputs))
        return new

    def _clients(self) -> set[str]:
        known = (one.outputs.get("clientId") for one in self._state.all())
        return {one for one in known if isinstance(one, str)}


def _named(inputs: Json) -> Iterator[str]:
    yield from (one for one in inputs.values() if isinstance(one, str))


def _unverifiable(inputs: Json) -> Iterator[str]:
    uri = inputs.get("identifierUri")
    if isinstance(uri, str) and ".cloudapp.azure.com" in uri:
        yield f"identifierUri: {uri} is on no verified domain"
