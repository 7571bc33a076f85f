"""State: what the engine keeps of a resource, made from the gateway's record. Pure."""

from typing import Any

import msgspec

from gateway.errors import Invalid
from gateway.records import MASK
from gateway.wire import decode
from infra.catalog.plugin.inputs import hidden
from infra.catalog.plugin.kinds import ENVIRONMENT, WAIT, Kind
from infra.catalog.plugin.values import UNKNOWN, Value, Values, completed, plain

# What the gateway decides, as it is called in the record and in the state. An agent has not all of them.
DECIDED = ("uid", "generation", "etag", "createdBy", "createdAt")


class State(msgspec.Struct, frozen=True):
    """`inputs` are what was asked for, as far as the gateway has it; `outputs` are these and what it decided."""

    id: str
    inputs: Values
    outputs: Values


def state(kind: Kind, record: bytes, before: Values, endpoint: str) -> State:
    """`before`: the inputs so far; what the gateway does not tell is taken from there. Raises Invalid where it is no record."""
    members: Values = decode(record, dict[str, Any])
    name = members.get("name")
    if not isinstance(name, str):
        raise Invalid("The answer is no record.")
    inputs = _inputs(kind, members, before)
    decided = {member: members[member] for member in DECIDED if member in members}
    return State(kind.id_of(name), inputs, {**inputs, **decided, **_addresses(kind, name, endpoint)})


def expected(kind: Kind, inputs: Values, before: Values, endpoint: str) -> Values:
    """The outputs as a preview knows them; what `before` said of who made it stays."""
    changing = {"generation", "etag"}
    decided = {member: before[member] if member in before and member not in changing else UNKNOWN for member in DECIDED}
    name = plain(inputs.get("name"))
    return {**inputs, **decided, **_addresses(kind, name if isinstance(name, str) else None, endpoint)}


def _inputs(kind: Kind, members: Values, before: Values) -> Values:
    found = {member: members[member] for member in kind.fields() if member in members}
    if ENVIRONMENT in found:
        found[ENVIRONMENT] = _unmasked(found[ENVIRONMENT], before.get(ENVIRONMENT))
    if kind.runs:
        found[WAIT] = before.get(WAIT, False)
    marked = {member: completed(value, before.get(member)) for member, value in found.items()}
    return {**marked, **hidden(marked)}


def _unmasked(variables: Value, before: Value) -> Value:
    """Whoever may read but not write is shown masks; those are no news of the values behind them."""
    known = plain(before)
    if not isinstance(variables, dict) or not isinstance(known, dict):
        return variables
    return {name: known.get(name, value) if value == MASK else value for name, value in variables.items()}


def _addresses(kind: Kind, name: str | None, endpoint: str) -> Values:
    """Where it is found; unknown as long as its name is."""
    paths = {"url": f"{kind.base}/{name}"}
    if kind.runs:
        paths["statusUrl"] = f"{kind.base}/{name}/status"
    if kind.served:
        paths["mcpUrl"] = kind.served.format(name=name)
    return {member: UNKNOWN if name is None else f"{endpoint}/{path}" for member, path in paths.items()}
