"""Published: the fields of Microsoft's own models in the azure-mgmt packages, of which there are two generations.

The newer keep wire names, what may be written and types in descriptors (`_RestField`) and annotations; the older in the
tables `_attribute_map` and `_validation`, and which values an enumeration takes only in the text about the attribute.
"""

import enum
import importlib
import re
import sys
import types
import typing
from typing import Any

from tests.infra.standins.field import Field, spoken

_ENUM_OF = re.compile(r":vartype (\w+): str or ~([\w.]+)")
_WRAPPED = re.compile(r"^([\[{])(.+)[\]}]$")
_DOT = re.compile(r"(?<!\\)\.")
_NAMED: dict[str, Any] = {"str": str, "int": int, "float": float, "bool": bool, "long": int}
# What Pulumi's package calls otherwise than the wire does.
_CALLED = {("StorageAccountPropertiesCreateParameters", "supportsHttpsTrafficOnly"): "enableHttpsTrafficOnly"}
_TEXTS = ("iso-8601", "duration", "rfc-1123", "date", "time")


def model(path: str) -> type:
    """The class `network.models.Subnet` below azure.mgmt. Raises AttributeError, ModuleNotFoundError."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(f"azure.mgmt.{module}"), name)


def is_published(candidate: type) -> bool:
    """Whether it is one of these models."""
    return hasattr(candidate, "_attribute_map") or bool(getattr(candidate, "_is_model", False))


def published(model: type) -> dict[str, Field]:
    """Its fields by name, `properties` as one of them."""
    return _of_tables(model) if hasattr(model, "_attribute_map") else _of_descriptors(model)


def concrete(model: type, value: dict[str, Any]) -> type:
    """The kind of the model that the value says it is; itself where there are no kinds, or where it says none."""
    table: dict[str, type] = getattr(model, "__mapping__", {})
    for name, field in _descriptors(model).items():
        if table and getattr(field, "_is_discriminator", False):
            return table.get(value.get(spoken(field._rest_name_input or name), ""), model)
    kinds: dict[str, dict[str, str]] = vars(model).get("_subtype_map", {})
    for attribute, names in kinds.items():
        said = value.get(spoken(_table(model)[attribute]["key"].replace("\\.", ".")))
        if said in names:
            return concrete(_beside(model, names[said]), value)
    return model


def _table(model: type) -> dict[str, dict[str, str]]:
    untyped: Any = model
    return untyped._attribute_map


def _beside(model: type, name: str) -> Any:
    """Another model of the same module."""
    return getattr(sys.modules[model.__module__], name, Any)


def _descriptors(model: type) -> dict[str, Any]:
    every = [item for base in reversed(model.__mro__) for item in vars(base).items()]
    return {name: field for name, field in every if type(field).__name__ == "_RestField"}


def _of_descriptors(model: type) -> dict[str, Field]:
    hints = _hints(model)
    made: dict[str, Field] = {}
    for attribute, field in _descriptors(model).items():
        wire = field._rest_name_input or attribute
        name = _CALLED.get((model.__name__, wire)) or spoken(wire)
        bare, is_optional = _without_none(hints.get(attribute, Any))
        read_only, has_default = field._visibility == ["read"], type(field._default) is not object
        made[name] = Field(name, bare, not (is_optional or has_default or read_only), read_only)
    return made


def _hints(model: type) -> dict[str, Any]:
    """Annotations of it and its bases; `_models` is what the packages themselves call their models."""
    hints: dict[str, Any] = {}
    for base in reversed(model.__mro__):
        if base.__module__.startswith("azure.mgmt."):
            models = importlib.import_module(base.__module__.rpartition(".")[0])
            hints |= typing.get_type_hints(base, vars(sys.modules[base.__module__]), {"_models": models})
    return hints


def _without_none(hint: Any) -> tuple[Any, bool]:
    """Of `str | Enumeration | None` the enumeration, and that it is optional."""
    if typing.get_origin(hint) not in (typing.Union, types.UnionType):
        return hint, False
    members = [one for one in typing.get_args(hint) if one is not types.NoneType]
    chosen = next((one for one in members if isinstance(one, enum.EnumType)), members[0])
    return chosen, len(members) < len(typing.get_args(hint))


def _of_tables(model: type) -> dict[str, Field]:
    rules: dict[str, dict[str, bool]] = getattr(model, "_validation", {})
    enums = dict(_ENUM_OF.findall(" ".join((model.__doc__ or "").replace("~\n", "~").split())))
    made: dict[str, Field] = {}
    for attribute, entry in _table(model).items():
        name, rule = spoken(_DOT.split(entry["key"])[-1].replace("\\.", ".")), rules.get(attribute, {})
        if name in made and rule.get("readonly"):
            continue  # the same name once more among the properties
        kind = _by_path(enums[attribute]) if attribute in enums else _by_name(entry["type"], model)
        made[name] = Field(name, kind, bool(rule.get("required")), bool(rule.get("readonly")))
    return made


def _by_path(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _by_name(text: str, model: type) -> Any:
    if wrapped := _WRAPPED.match(text):
        inner = _by_name(wrapped[2], model)
        return list[inner] if wrapped[1] == "[" else dict[str, inner]
    if text in _TEXTS:
        return str
    return _NAMED[text] if text in _NAMED else _beside(model, text)
