"""Values as the engine sends and takes them: JSON, with secrets and with what a preview does not know yet. Pure."""

from collections.abc import Mapping
from enum import Enum

import msgspec
from google.protobuf.struct_pb2 import ListValue, NullValue, Struct
from google.protobuf.struct_pb2 import Value as Wire

# How the engine marks a member that is no plain JSON, and how a secret among those.
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_HIDDEN = "1b47061264138c4ac30d75fd1eb44270"
# What stands for a value that is not known yet: any, then a boolean, number, array, asset, archive, object.
_ANY = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWNS = {
    _ANY,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
}
_WHOLE = 2.0**53  # up to here every whole number is one of protobuf's, all of which are floats

type Value = bool | int | float | str | Unknown | Secret | list[Value] | dict[str, Value] | None
type Values = dict[str, Value]


class Unknown(Enum):
    """What will only be known once something else was made."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN


class Secret(msgspec.Struct, frozen=True):
    """A value that the engine encrypts in its state, and does not show."""

    value: Value

    def __repr__(self) -> str:
        return "Secret(…)"  # it could end up in a traceback


def read(struct: Struct) -> Values:
    """What the engine sent."""
    return {name: _read(value) for name, value in struct.fields.items()}


def write(values: Mapping[str, Value]) -> Struct:
    """What the engine takes."""
    return Struct(fields={name: _write(value) for name, value in values.items()})


def plain(value: Value) -> Value:
    """The value with nothing secret about it any more."""
    match value:
        case Secret():
            return plain(value.value)
        case list():
            return [plain(item) for item in value]
        case dict():
            return {name: plain(item) for name, item in value.items()}
        case _:
            return value


def has_unknown(value: Value) -> bool:
    """Whether there is something in it that is not known yet."""
    match plain(value):
        case Unknown():
            return True
        case list() as items:
            return any(has_unknown(item) for item in items)
        case dict() as members:
            return any(has_unknown(item) for item in members.values())
        case _:
            return False


def known(value: Value) -> Value:
    """What is known of it, without secrets: members that are not yet are left out, lists with one that is not are unknown."""
    match plain(value):
        case list() as items:
            return UNKNOWN if has_unknown(items) else items
        case dict() as members:
            found = {name: known(item) for name, item in members.items()}
            return {name: item for name, item in found.items() if item is not UNKNOWN}
        case other:
            return other


def completed(value: Value, model: Value) -> Value:
    """`value`, with what is unknown in `model` where that has it, and secret where that is."""
    if isinstance(model, Secret):
        return Secret(plain(completed(value, model.value)))
    if isinstance(model, dict) and isinstance(value, dict):
        missing = {name: item for name, item in model.items() if name not in value and has_unknown(item)}
        return {**{name: completed(item, model.get(name)) for name, item in value.items()}, **missing}
    if isinstance(model, list) and isinstance(value, list) and len(model) == len(value):
        return [completed(item, marked) for item, marked in zip(value, model, strict=True)]
    return value


def _read(wire: Wire) -> Value:
    match wire.WhichOneof("kind"):
        case "bool_value":
            return wire.bool_value
        case "number_value":
            return _number(wire.number_value)
        case "string_value":
            return UNKNOWN if wire.string_value in _UNKNOWNS else wire.string_value
        case "list_value":
            return [_read(item) for item in wire.list_value.values]
        case "struct_value":
            return _members(wire.struct_value)
        case _:
            return None


def _number(number: float) -> int | float:
    return int(number) if number.is_integer() and abs(number) < _WHOLE else number


def _members(struct: Struct) -> Value:
    signature = struct.fields.get(_SIGNATURE)
    if signature is not None and signature.string_value == _HIDDEN:
        return Secret(plain(_read(struct.fields["value"])))
    return read(struct)


def _write(value: Value) -> Wire:
    match value:
        case None:
            return Wire(null_value=NullValue.NULL_VALUE)
        case bool():
            return Wire(bool_value=value)
        case int() | float():
            return Wire(number_value=value)
        case str():
            return Wire(string_value=value)
        case Unknown():
            return Wire(string_value=_ANY)
        case Secret():
            return Wire(struct_value=write({_SIGNATURE: _HIDDEN, "value": value.value}))
        case list():
            return Wire(list_value=ListValue(values=[_write(item) for item in value]))
        case dict():
            return Wire(struct_value=write(value))
