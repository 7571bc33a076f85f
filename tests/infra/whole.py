"""Whole: the program recorded once for each kind of stack, and what can be asked of the record. Asserts nothing itself."""

from collections.abc import Iterable, Mapping
from functools import cache, partial
from typing import Any

from infra.program import main
from tests.infra.beside import Beside
from tests.infra.recording import Recorded, record

LABEL = "abc123"
CLIENT = "22222222-2222-2222-2222-222222222222"
_KINDS: Mapping[str, Mapping[str, str]] = {
    "dev": {},
    "prod": {"production": "true", "deployerCidrs": '["198.51.100.0/24"]'},
    "private": {"production": "true", "enablePrivateEndpoints": "true"},
    "managed": {"publicHost": "mcp.example.com", "manageIdentifierUris": "true"},
    "asked": {
        "tls": "none",
        "clientId": CLIENT,
        "deployerCidrs": '["198.51.100.7/32"]',
        "sealKeys": "[2, 1]",
        "trustKeys": "[1, 2]",
        "platform": '{"creatorRoles": ["mcp.engineer"], "quotaRecords": 20, "settings": {"Proxy__HoldSeconds": "9",'
        ' "WorkloadIdentitySettings__RequiredRoles__0": "mcp.identity"}}',
    },
}


@cache
def recorded(kind: str) -> tuple[Recorded, ...]:
    """Once a run: it takes a second."""
    return tuple(
        record(partial(main, Beside(code=kind.encode())), {"resourceLabel": LABEL, **_KINDS[kind]}, stack=kind)
    )


def one(kind: str, type: str, name: str = "") -> Recorded:
    """The resource of that type (its last part) and name; no component."""
    made = [each for each in recorded(kind) if not each.type.startswith("mcp-gateway:")]
    (found,) = [each for each in made if each.type.endswith(f":{type}") and name in ("", each.name)]
    return found


def inputs(kind: str, type: str, name: str = "") -> Any:
    return one(kind, type, name).inputs


def outlived_by(kind: str, resource: Recorded) -> set[str]:
    """The urns of all that stays until this one is gone: what it depends on, and what that does."""
    known = {each.urn: each for each in recorded(kind)}
    found: set[str] = set()
    open_ = [resource.urn]
    while open_:
        for urn in _needs(known[open_.pop()]):
            if urn in known and urn not in found:
                found.add(urn)
                open_.append(urn)
    return found


def _needs(resource: Recorded) -> Iterable[str]:
    provider = [resource.provider.rpartition("::")[0]] if resource.provider else []
    return [*resource.dependencies, *provider]
