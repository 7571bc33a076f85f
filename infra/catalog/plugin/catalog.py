"""Catalog: makes, reads, changes and removes one adapter, tool or agent at the gateway. Knows no gRPC.

What others did meanwhile is never written over: every change names the version it was made from.
"""

from collections.abc import Callable

import msgspec

from gateway.errors import Invalid
from infra.catalog.plugin.api import Answer, Api, Refused, Request
from infra.catalog.plugin.health import Health
from infra.catalog.plugin.inputs import asked, body
from infra.catalog.plugin.kinds import WAIT, Kind
from infra.catalog.plugin.patience import Cancelled, Patience
from infra.catalog.plugin.state import State, state
from infra.catalog.plugin.values import Values, plain

_BURIED = 2.0  # seconds after which a name that is being deleted may be free


class HalfDone(Exception):
    """It is there, or changed, but not as it should be yet: what there is must not be forgotten."""

    def __init__(self, state: State, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason


class Catalog:
    """Of one gateway. `tell` says something to the person at the engine.

    Every verb raises Refused, Unreachable, Uncertain, NoToken and Cancelled.
    """

    def __init__(self, api: Api, tell: Callable[[str], None]) -> None:
        self._api = api
        self._tell = tell
        self._health = Health(api)

    async def create(self, kind: Kind, inputs: Values, patience: Patience) -> State:
        """Registers it. Raises HalfDone where it shall be waited for and does not get healthy."""
        name = str(plain(inputs["name"]))
        request = Request("POST", f"/{kind.base}", body(inputs))
        while (answer := await self._api.ask(request, patience)).status == 409:
            if await self._taken(kind, name, patience) or not await patience.lasts(_BURIED):
                raise _conflict(kind, name, answer)
        made = self._state(kind, _expect(answer, 201), inputs)
        await self._wait(kind, made, patience)
        return made

    async def read(self, kind: Kind, name: str, before: Values, patience: Patience) -> State | None:
        """What there is now, None where that is nothing. `before`: the inputs so far, empty for an import."""
        answer = await self._api.ask(Request("GET", f"/{kind.id_of(name)}"), patience)
        return None if answer.status == 404 else self._state(kind, _expect(answer, 200), before)

    async def update(self, kind: Kind, old: State, inputs: Values, patience: Patience) -> State:
        """Replaces it, if it is still the version of `old`. Raises HalfDone as `create`."""
        changed = old if asked(inputs) == asked(old.inputs) else await self._replaced(kind, old, inputs, patience)
        made = State(old.id, inputs, {**changed.outputs, **inputs})
        await self._wait(kind, made, patience)
        return made

    async def delete(self, kind: Kind, name: str, uid: str, patience: Patience) -> None:
        """Removes it, unless it is gone, or somebody else's under the same name by now."""
        while found := await self.read(kind, name, {}, patience):
            if uid and found.outputs.get("uid") != uid:
                self._tell(f"{kind.id_of(name)} is not the one that was made here: it is left alone.")
                return
            etag = str(found.outputs.get("etag", ""))
            answer = await self._api.ask(Request("DELETE", f"/{kind.id_of(name)}", etag=etag), patience)
            if answer.status == 412:
                continue  # somebody wrote between the two: it goes as well, if it is still the same one
            if answer.status != 404:
                _expect(answer, 204)
            return

    async def _replaced(self, kind: Kind, old: State, inputs: Values, patience: Patience) -> State:
        request = Request("PUT", f"/{old.id}", body(inputs), etag=str(old.outputs.get("etag", "")))
        answer = await self._api.ask(request, patience)
        stored = await self._stored(kind, old, inputs, answer, patience)
        if stored and answer.status == 412:
            again = msgspec.structs.replace(request, etag=str(stored.outputs.get("etag", "")))
            answer = await self._api.ask(again, patience)
        if stored and answer.status == 503:
            raise HalfDone(stored, answer.refused().detail)
        if answer.status == 412:
            raise Refused(412, f"{old.id} was changed by somebody else since: `pulumi refresh` takes that in.")
        if answer.status == 404:
            raise Refused(404, f"{old.id} is gone: `pulumi refresh` takes that in.")
        return self._state(kind, _expect(answer, 200), inputs)

    async def _stored(self, kind: Kind, old: State, inputs: Values, answer: Answer, patience: Patience) -> State | None:
        """What is wanted, where it is stored already: by an attempt that failed half-way, or that was never answered."""
        if answer.status not in (412, 503):
            return None
        found = await self.read(kind, str(plain(old.outputs["name"])), inputs, patience)
        return found if found and asked(found.inputs) == asked(inputs) else None

    async def _taken(self, kind: Kind, name: str, patience: Patience) -> bool:
        """Whether somebody has the name; otherwise it is being deleted, which nobody sees any more."""
        bases = ("adapters", "tools") if kind.runs else (kind.base,)
        for base in bases:
            if (await self._api.ask(Request("GET", f"/{base}/{name}"), patience)).status != 404:
                return True
        return False

    async def _wait(self, kind: Kind, made: State, patience: Patience) -> None:
        if not kind.runs or plain(made.inputs.get(WAIT)) is not True:
            return
        try:
            if unhealthy := await self._health.awaited(made.id, patience):
                raise HalfDone(made, unhealthy)
        except Cancelled:
            raise HalfDone(made, f"{made.id} was not waited for to the end.") from None

    def _state(self, kind: Kind, record: bytes, before: Values) -> State:
        try:
            return state(kind, record, before, self._api.endpoint)
        except Invalid as error:
            raise Refused(200, f"{error.detail} Is {self._api.endpoint} a gateway?") from None


def _expect(answer: Answer, status: int) -> bytes:
    if answer.status != status:
        raise answer.refused()
    return answer.body


def _conflict(kind: Kind, name: str, answer: Answer) -> Refused:
    return Refused(
        409,
        f"{answer.refused().detail} Where it is this very {kind.noun}, take it over:"
        f" `pulumi import {kind.resource} <resource> {kind.id_of(name)}`, or the option `import_`.",
    )
