"""The parts of an adapter or a tool that have parts of their own, as a program writes them. What may be in them the plug-in says."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pulumi
from pulumi import Input


class SecretRef(msgspec.Struct, frozen=True, kw_only=True):
    """An environment value from a Secret in the workloads' namespace; the value itself is nowhere here."""

    name: Input[str]
    key: Input[str]


class ConfigMapRef(msgspec.Struct, frozen=True, kw_only=True):
    """An environment value from a ConfigMap in the workloads' namespace."""

    name: Input[str]
    key: Input[str]


class Amounts(msgspec.Struct, frozen=True, kw_only=True):
    """CPU and memory as Kubernetes quantities (`250m`, `256Mi`)."""

    cpu: Input[str] | None = None
    memory: Input[str] | None = None


class Resources(msgspec.Struct, frozen=True, kw_only=True):
    """Requests and limits of one instance."""

    requests: Input[Amounts] | None = None
    limits: Input[Amounts] | None = None


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """Readiness by `GET path` instead of an accepted TCP connection."""

    path: Input[str]


class Acl(msgspec.Struct, frozen=True, kw_only=True):
    """Who else may read, call, write: roles or object ids. A list that is given replaces `required_roles` for its verb."""

    read: Input[Sequence[Input[str]]] | None = None
    call: Input[Sequence[Input[str]]] | None = None
    write: Input[Sequence[Input[str]]] | None = None


class ToolDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """The MCP tool, with whatever members it has, and where its HTTP endpoint answers: port 8000 and /score, unless said."""

    tool: Input[Mapping[str, Any]]
    port: Input[int] | None = None
    path: Input[str] | None = None


_REFERENCES: dict[type, str] = {SecretRef: "secretRef", ConfigMapRef: "configMapRef"}


def written(value: Any) -> Any:
    """As the plug-in takes it: parts as mappings, what is not given left out. Outputs stay outputs."""
    if isinstance(value, pulumi.Output):
        later: pulumi.Output[Any] = value  # pyright: ignore[reportUnknownVariableType] - of whatever it will be
        return later.apply(written)
    if isinstance(value, msgspec.Struct):
        members = {name: getattr(value, name) for name in value.__struct_fields__}
        form = {name: written(member) for name, member in members.items() if member is not None}
        reference = _REFERENCES.get(type(value))
        return {reference: form} if reference else form
    if isinstance(value, Mapping):
        named: Mapping[str, Any] = value  # pyright: ignore[reportUnknownVariableType] - JSON objects have string keys
        return {name: written(member) for name, member in named.items()}
    if isinstance(value, list | tuple):
        return [written(item) for item in value]  # pyright: ignore[reportUnknownVariableType] - whatever JSON holds
    return value
