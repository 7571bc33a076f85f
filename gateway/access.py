"""Who may read, call and write what: the one implementation, for records in the control plane and cards in the data plane.

Pure. Who the caller is, is `identity`.
"""

from collections.abc import Collection, Iterable
from typing import Protocol

from msgspec import UNSET, UnsetType

from gateway.errors import Forbidden
from gateway.identity import Principal, comparable
from gateway.records import Acl

ADMIN = "mcp.admin"


class Guarded(Protocol):
    """What the rules look at; records and cards have it. Some also have an `acl: Acl | UnsetType`, agents do not."""

    @property
    def created_by(self) -> str: ...
    @property
    def required_roles(self) -> list[str]: ...


def may_read(caller: Principal, thing: Guarded) -> bool:
    """Creator, admin, or any of `requiredRoles` (compared in folded case); `acl.read` replaces the roles."""
    return _owns(caller, thing) or _listed(caller, _list(thing, "read"), thing.required_roles)


def may_call(caller: Principal, thing: Guarded) -> bool:
    """As `may_read`, with `acl.call`."""
    return _owns(caller, thing) or _listed(caller, _list(thing, "call"), thing.required_roles)


def may_write(caller: Principal, thing: Guarded) -> bool:
    """Creator or admin; `acl.write` adds others. `requiredRoles` never grants write."""
    return _owns(caller, thing) or _listed(caller, _list(thing, "write"), ())


def may_create(caller: Principal, creator_roles: Collection[str]) -> bool:
    """Anyone, unless roles are configured for it: then these and admin. Replacing is not creating."""
    return not creator_roles or may_use(caller, creator_roles)


def may_use(caller: Principal, capability_roles: Iterable[str]) -> bool:
    """A capability gate (workload identity, builtin tools): admin or a configured role; creators have no bypass."""
    return ADMIN in caller.folded or any(role.casefold() in caller.folded for role in capability_roles)


def require(allowed: bool, what: str) -> None:
    """Raises Forbidden unless allowed."""
    if not allowed:
        raise Forbidden(f"You may not {what}.")


def _owns(caller: Principal, thing: Guarded) -> bool:
    return ADMIN in caller.folded or (caller.id != "" and comparable(caller.id) == comparable(thing.created_by))


def _listed(caller: Principal, listed: list[str] | UnsetType, otherwise: Iterable[str]) -> bool:
    if listed is UNSET:
        return any(role.casefold() in caller.folded for role in otherwise)
    id = comparable(caller.id)
    return any(comparable(entry) == id or entry.casefold() in caller.folded for entry in listed)


def _list(thing: Guarded, verb: str) -> list[str] | UnsetType:
    acl: Acl | UnsetType = getattr(thing, "acl", UNSET)
    return UNSET if acl is UNSET else getattr(acl, verb)
