"""Conformity: whether inputs are what a published model says they may be. Says what is wrong and where; changes nothing.

A property that the model lacks is wrong, not left alone: Azure itself often drops it in silence.
"""

import difflib
import enum
import types
import typing
from collections.abc import Iterable, Iterator
from typing import Any, cast

from tests.infra.standins.field import Field
from tests.infra.standins.models import fields, is_model
from tests.infra.standins.published import concrete
from tests.infra.standins.wire import UNKNOWN, Json

# Names and ids are in the path as well; a location that is not said is the resource group's.
_GIVEN = {"location", "name", "type", "id"}
_ACCEPTED: dict[Any, Any] = {str: str, int: int, float: int | float, bool: bool}


def wrong(model: type, value: Json, at: str = "", *, folded: bool = True) -> Iterator[str]:
    """Every way in which the value is not of the model: `networkProfile.networkPolicy: 'cillium' is not one of …`."""
    kind = concrete(model, value)
    known = fields(kind, folded=folded)
    for name, one in value.items():
        where = f"{at}.{name}" if at else name
        if name not in known:
            yield f"{where}: {kind.__name__} has no such property{_perhaps(name, known)}"
        elif known[name].read_only and name not in _GIVEN:
            yield f"{where}: is read-only"
        elif one is not None:
            yield from _wrong(known[name].type, one, where)
    for name, field in known.items():
        if field.required and name not in _GIVEN and value.get(name) is None:
            yield f"{f'{at}.{name}' if at else name}: is required"


def _wrong(type: Any, value: Any, at: str) -> Iterator[str]:
    if value is UNKNOWN:
        return
    match typing.get_origin(type):
        case origin if origin is list:
            yield from _wrong_list(type, value, at)
        case origin if origin is dict:
            yield from _wrong_dict(type, value, at)
        case origin if origin in (typing.Union, types.UnionType):
            yield from min((list(_wrong(one, value, at)) for one in typing.get_args(type)), key=len)
        case _ if is_model(type):
            yield from wrong(type, cast("Json", value), at) if isinstance(value, dict) else [f"{at}: not an object"]
        case _:
            yield from _wrong_scalar(type, value, at)


def _wrong_list(type: Any, value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{at}: not a list"
        return
    items: list[Any] = value  # pyright: ignore[reportUnknownVariableType] JSON
    for index, one in enumerate(items):
        yield from _wrong(typing.get_args(type)[0], one, f"{at}[{index}]")


def _wrong_dict(type: Any, value: Any, at: str) -> Iterator[str]:
    if isinstance(value, list) and at.endswith("userAssignedIdentities"):
        return  # ids in a program, an object by id on the wire
    if not isinstance(value, dict):
        yield f"{at}: not an object"
        return
    entries: Json = value  # pyright: ignore[reportUnknownVariableType] JSON
    for name, one in entries.items():
        yield from _wrong(typing.get_args(type)[1], one, f"{at}.{name}")


def _wrong_scalar(type: Any, value: Any, at: str) -> Iterator[str]:
    if isinstance(type, enum.EnumType):
        values = [str(one.value) for one in cast("Iterable[enum.Enum]", type)]
        if value not in values:
            yield f"{at}: {value!r} is not one of {', '.join(values)}"
    elif type in _ACCEPTED and (isinstance(value, bool) != (type is bool) or not isinstance(value, _ACCEPTED[type])):
        yield f"{at}: {value!r} is no {type.__name__}"


def _perhaps(name: str, known: dict[str, Field]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f"; perhaps {near[0]}" if near else ""
