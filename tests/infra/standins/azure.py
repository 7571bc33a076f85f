"""Azure: the stand-in for azure-native. Validates instead of provisioning, and remembers what would exist."""

from tests.infra.standins import azure_invokes, azure_outputs
from tests.infra.standins.ids import group
from tests.infra.standins.kinds import kind
from tests.infra.standins.made import Made
from tests.infra.standins.package import Found, Refused
from tests.infra.standins.references import dangling, dependants, outside
from tests.infra.standins.rules import broken
from tests.infra.standins.state import Entry, State
from tests.infra.standins.wire import UNKNOWN, Json


class Azure:
    """One subscription, kept in the state's folder."""

    def __init__(self, state: State) -> None:
        self._state = state

    def configure(self, settings: Json) -> None:
        """Nothing: whoever signs in is the deployer."""

    def problems(self, type: str, inputs: Json) -> list[str]:
        """Not as published, not named, or against a rule of Azure that no model states."""
        known = kind(type)
        lacking = [f"{name}: must be set" for name in known.missing(inputs)]
        return [*lacking, *known.conforms(type, inputs), *broken(type, inputs)]

    def replacing(self, type: str, before: Json, after: Json) -> list[str]:
        """What is in the path, and the place."""
        fixed = {*kind(type).addressed, "location"}
        return [
            name
            for name in sorted(fixed)
            if before.get(name) != after.get(name) and after.get(name) is not UNKNOWN and name in {*before, *after}
        ]

    def make(self, type: str, urn: str, inputs: Json) -> Made:
        """Raises Refused where what it names does not exist, or it does."""
        new = azure_outputs.made(type, inputs)
        if self._state.get(new.id):
            raise self._refused(type, new.id, f"{new.id} exists already")
        self._store(type, urn, inputs, new)
        return new

    def change(self, type: str, urn: str, id: str, inputs: Json) -> Made:
        """Raises Refused."""
        if self._state.get(id) is None:
            raise Refused(f"{id} does not exist")
        new = azure_outputs.made(type, inputs, id)
        self._store(type, urn, inputs, new)
        return new

    def read(self, type: str, id: str, known: Found) -> Found | None:
        """What is stored, or what exists outside."""
        if found := self._state.get(id):
            return Found(found.inputs, found.outputs)
        if id not in outside(self._state):
            return None
        inputs = {"name": id.rpartition("/")[2], "location": "westeurope"}
        return Found(inputs, azure_outputs.outputs(kind(type), azure_outputs.token(type), id, inputs))

    def remove(self, type: str, id: str) -> None:
        """Raises Refused while anything depends on it."""
        found = self._state.get(id)
        if found is None:
            return
        if users := dependants(found, self._state):
            raise self._refused(type, id, f"{id} is still used by {', '.join(users)}")
        self._state.remove(found)

    def invoke(self, token: str, arguments: Json) -> Json:
        """Raises Refused for what does not exist, and for whatever hands out keys."""
        try:
            answer = azure_invokes.invoked(token, arguments)
        except AssertionError as error:
            raise Refused(str(error)) from error
        named = arguments.get("resourceGroupName")
        if named is not None and not self._is_there(group(named)):
            raise Refused(f"resource group {named} does not exist")
        return answer

    def _is_there(self, id: str) -> bool:
        return self._state.get(id) is not None or id in outside(self._state)

    def _store(self, type: str, urn: str, inputs: Json, new: Made) -> None:
        if lacking := list(dangling(new.id, inputs, self._state)):
            raise self._refused(type, new.id, "; ".join(lacking))
        self._state.put(Entry(id=new.id, type=type, urn=urn, inputs=inputs, outputs=new.outputs))

    def _refused(self, type: str, id: str, why: str) -> Refused:
        self._state.note("refused", type, id)
        return Refused(f"{type}: {why}")
