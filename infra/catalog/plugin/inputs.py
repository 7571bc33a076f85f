"""Inputs as a program gives them, checked in the gateway's own words and completed with its defaults. Asks nobody.

Each member is looked at for itself, so that a preview names everything that is wrong, and can do so while others are not known
yet. What only the gateway can say (whether an image exists, whether the caller may) shows when it is asked.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import NODEFAULT, UNSET

from gateway.errors import Invalid
from gateway.wire import decode, encode
from infra.catalog.plugin.kinds import ENVIRONMENT, WAIT, Kind
from infra.catalog.plugin.values import UNKNOWN, Secret, Value, Values, completed, has_unknown, known, plain


class Checked(msgspec.Struct, frozen=True):
    """`inputs` are complete unless there are `failures`, each a sentence that names the member."""

    inputs: Values
    failures: list[str]


def check(kind: Kind, given: Mapping[str, Value], name: str) -> Checked:
    """`name` is what the resource is called in the program, and in the gateway where nothing else is said."""
    wanted: Values = {"name": name, **{member: value for member, value in given.items() if plain(value) is not None}}
    inputs: Values = {}
    failures = [f"{member}: there is no such member." for member in wanted if member not in kind.members()]
    for member in kind.members():
        try:
            value = _member(kind, member, wanted)
        except Invalid as error:
            failures.append(error.detail)
            continue
        if value is not UNSET:
            inputs[member] = value
    if not failures and not has_unknown({**inputs}):
        inputs, failures = _settled(kind, inputs)
    return Checked({**inputs, **hidden(inputs)}, failures)


def filled(kind: Kind, inputs: Mapping[str, Value]) -> Values:
    """Inputs that an older version of this provider left, with the defaults that have come since."""
    added = (member for member in kind.members() if member not in inputs and not kind.requires(member))
    defaults = {member: _default(kind, member) for member in added}
    return {**{member: value for member, value in defaults.items() if value is not UNSET}, **inputs}


def asked(inputs: Mapping[str, Value]) -> Values:
    """What of them is for the gateway."""
    return {member: plain(value) for member, value in inputs.items() if member != WAIT}


def body(inputs: Mapping[str, Value]) -> bytes:
    """What is sent to the gateway. The engine loses the order of members: sorted, the same inputs are the same bytes."""
    return msgspec.json.encode(asked(inputs), order="sorted")


def _member(kind: Kind, member: str, wanted: Values) -> Value | msgspec.UnsetType:
    """The member as it will be sent, or its default; UNSET where it has none. Raises Invalid."""
    if member not in wanted:
        return _default(kind, member)
    given = wanted[member]
    whole = known(given)
    if whole is UNKNOWN:
        return given
    one = msgspec.defstruct("One", [("value", kind.members()[member])], rename={"value": member})
    try:
        read: Values = _builtins(decode(encode({member: whole}), one))
    except Invalid as error:
        if has_unknown(given) and "missing required field" in error.detail:
            return given  # what is missing may be what is not known yet
        raise
    return completed(read[member], given)


def _default(kind: Kind, member: str) -> Value | msgspec.UnsetType:
    if member == WAIT:
        return False
    if kind.requires(member):
        raise Invalid(f"{member}: Object missing required field `{member}`.", field=member)
    field = kind.fields()[member]
    default: Any = field.default_factory() if field.default is NODEFAULT else field.default
    return default


def _settled(kind: Kind, inputs: Values) -> tuple[Values, list[str]]:
    """What takes the whole: reserved names, masks sent back, the tool's schemas."""
    try:
        spec = decode(body(inputs), kind.spec)
        kind.settle(spec)
    except Invalid as error:
        return inputs, [error.detail]
    written = _builtins(spec)
    return {member: completed(written.get(member, value), value) for member, value in inputs.items()}, []


def _builtins(value: object) -> Values:
    return decode(encode(value), dict[str, Any])


def hidden(inputs: Values) -> Values:
    """Environment values are secrets, whoever wrote them; their names, and references to where they live, are not."""
    variables = inputs.get(ENVIRONMENT)
    if not isinstance(variables, dict):
        return {}
    return {
        ENVIRONMENT: {name: Secret(value) if isinstance(value, str) else value for name, value in variables.items()}
    }
