"""Arguments: the fields of what a provider's Python package takes, for resources of which no other model is published."""

import collections.abc
import enum
import importlib
import inspect
import sys
import types
import typing
from typing import Any

import pulumi

from tests.infra.standins.field import Field

_Awaitable = collections.abc.Awaitable


def is_arguments(candidate: type) -> bool:
    """Whether it is a class of arguments of a provider's package."""
    return candidate.__module__.startswith("pulumi_") and candidate.__name__.endswith("Args")


def of_resource(package: str, module: str, name: str) -> type:
    """The arguments' class of a resource: ("azure_native", "containerregistry", "Task"). Raises AttributeError."""
    path = f"pulumi_{package}.{module}" if module else f"pulumi_{package}"
    resource = getattr(importlib.import_module(path), name)
    own = sys.modules[resource.__module__]
    return getattr(own, next(one for one in own.__all__ if one.endswith("Args")))


def arguments(model: type) -> dict[str, Field]:
    """Its fields by the name the engine sees."""
    known = vars(sys.modules[model.__module__])
    inputs = vars(sys.modules.get(f"{model.__module__.rpartition('.')[0]}._inputs", sys.modules[model.__module__]))
    wanted = inspect.signature(model.__init__).parameters
    made: dict[str, Field] = {}
    for attribute, getter in vars(model).items():
        if isinstance(getter, property) and getter.fget is not None:
            hint = typing.get_type_hints(getter.fget, known | inputs | {"Output": pulumi.Output, "T": Any})["return"]
            name: str = getattr(getter.fget, "_pulumi_name", attribute)
            made[name] = Field(name, _plain(hint), wanted[attribute].default is inspect.Parameter.empty)
    return made


def _plain(hint: Any) -> Any:
    """The type without what makes an input of it: `Input[Optional[Sequence[Input[str]]]]` is list[str]."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        members = [_plain(one) for one in inside if not _is_wrapping(one)]
        return _chosen(members)
    if origin is collections.abc.Sequence:
        return list[_plain(inside[0])]
    if origin is collections.abc.Mapping:
        return dict[str, _plain(inside[1])]
    return hint if isinstance(hint, type) else Any


def _is_wrapping(hint: Any) -> bool:
    return typing.get_origin(hint) in (_Awaitable, pulumi.Output) or hint is types.NoneType


def _chosen(members: list[Any]) -> Any:
    enums = [one for one in members if isinstance(one, enum.EnumType)]
    models = [one for one in members if isinstance(one, type) and is_arguments(one)]
    if enums or not members:
        return enums[0] if enums else Any
    union: Any = typing.Union
    return union[tuple(models)] if len(models) > 1 else members[0]
