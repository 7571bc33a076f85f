"""Wire: property values as the engine and providers send them, to and from plain Python. Speaks to nobody.

Three things differ from JSON: every number is a float, a value may not be known yet (in previews), and it may be secret.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, cast

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

type Json = dict[str, Any]

_KIND = "4dabf18193072939515e22adb298388d"  # the key under which a wrapped value says what it is
_SECRET, _OUTPUT = "1b47061264138c4ac30d75fd1eb44270", "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()  # a value that a preview cannot know


def received(struct: Struct) -> Json:
    """Its values in plain: whole numbers are ints, secrets are opened, what is not known is UNKNOWN."""
    return _opened(MessageToDict(struct))


def secret_paths(struct: Struct) -> tuple[str, ...]:
    """Where in it values are secret: `spec.data.key`, `list.0`."""
    return tuple(_secrets(MessageToDict(struct), ""))


def sent(values: Mapping[str, Any], secrets: tuple[str, ...] = ()) -> Struct:
    """The values as a provider answers them; those members of `secrets` that are there are wrapped as secret."""
    struct = Struct()
    struct.update({name: _secret(_closed(one)) if name in secrets else _closed(one) for name, one in values.items()})
    return struct


def inner(value: Any, name: str) -> Json:
    """The object of that name; empty where there is none, or none yet."""
    found = value.get(name) if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] JSON
    return found if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownVariableType] JSON


def listed(value: Json, name: str) -> list[Json]:
    """The objects of that name; none where there is no list, or none yet."""
    found = value.get(name)
    return found if isinstance(found, list) else []  # pyright: ignore[reportUnknownVariableType] JSON


def has_unknown(value: Any) -> bool:
    """Whether any part of it is not known yet."""
    if isinstance(value, dict):
        return any(has_unknown(one) for one in value.values())  # pyright: ignore[reportUnknownVariableType] JSON
    if isinstance(value, list):
        return any(has_unknown(one) for one in value)  # pyright: ignore[reportUnknownVariableType] JSON
    return value is UNKNOWN


def _opened(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, list):
        return [_opened(one) for one in value]  # pyright: ignore[reportUnknownVariableType] JSON
    if isinstance(value, dict):
        return _object(value)  # pyright: ignore[reportUnknownArgumentType] JSON
    return UNKNOWN if value == _UNKNOWN else value


def _object(value: Json) -> Any:
    match value.get(_KIND):
        case kind if kind in (_SECRET, _OUTPUT):
            return _opened(value["value"]) if "value" in value else UNKNOWN
        case kind if kind == _RESOURCE:
            return value.get("id") or value["urn"]
        case _:
            return {name: _opened(one) for name, one in value.items() if name != _KIND}


def _secrets(value: Any, at: str) -> Iterator[str]:
    if isinstance(value, dict):
        wrapped: Json = value  # pyright: ignore[reportUnknownVariableType] JSON
        if wrapped.get(_KIND) == _SECRET or (wrapped.get(_KIND) == _OUTPUT and wrapped.get("secret")):
            yield at
            return
        inside = wrapped.items()
    elif isinstance(value, list):
        inside = ((str(index), one) for index, one in enumerate(value))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] JSON
    else:
        return
    for name, one in cast("Iterable[tuple[str, Any]]", inside):
        yield from _secrets(one, f"{at}.{name}" if at else name)


def _secret(value: Any) -> Json:
    return {_KIND: _SECRET, "value": value}


def _closed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _closed(one) for name, one in value.items()}  # pyright: ignore[reportUnknownVariableType] JSON
    if isinstance(value, list | tuple):
        return [_closed(one) for one in value]  # pyright: ignore[reportUnknownVariableType] JSON
    return _UNKNOWN if value is UNKNOWN else value
