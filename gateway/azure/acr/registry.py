"""Registry: which one, and where it is. Found by its name, which is one in all of Azure. Changes nothing."""

import re
from collections.abc import Sequence
from typing import Self

import msgspec

from gateway.azure.acr.errors import AcrError, told
from gateway.azure.arm import Arm

_SUBSCRIPTIONS = "2022-12-01"
_REGISTRIES = "2023-07-01"
_NAME = re.compile(r"[a-z0-9]{5,50}")
_ENDING = ".azurecr.io"


class Registry(msgspec.Struct, frozen=True):
    """`id` is Resource Manager's; `login_server` is where images are pulled from."""

    id: str
    login_server: str

    @classmethod
    def at(cls, subscription: str, resource_group: str, name: str) -> Self:
        """Where everything about it is known."""
        path = f"/subscriptions/{subscription}/resourceGroups/{resource_group}/providers"
        return cls(f"{path}/Microsoft.ContainerRegistry/registries/{name}", f"{name.lower()}{_ENDING}")

    @property
    def name(self) -> str:
        """The last part of the id."""
        return self.id.rpartition("/")[2]


class _Subscription(msgspec.Struct, rename="camel"):
    subscription_id: str
    state: str = "Enabled"


class _Properties(msgspec.Struct, rename="camel"):
    login_server: str = ""


class _Entry(msgspec.Struct):
    id: str
    name: str
    properties: _Properties = msgspec.field(default_factory=_Properties)


async def find(arm: Arm, name: str, subscription: str = "") -> Registry:
    """By its name, or its login server. Looks in all subscriptions that the caller sees, where none is named. Raises AcrError."""
    wanted = name.lower().removesuffix(_ENDING)
    if not _NAME.fullmatch(wanted):
        raise AcrError(f"`{name}` is not the name of a registry: 5 to 50 letters and digits.")
    with told():
        looked = [subscription] if subscription else await _subscriptions(arm)
        for each in looked:
            path = f"/subscriptions/{each}/providers/Microsoft.ContainerRegistry/registries"
            async for entry in arm.all(path, _REGISTRIES, _Entry):
                if entry.name.lower() == wanted:
                    return Registry(entry.id, entry.properties.login_server or f"{wanted}{_ENDING}")
    raise AcrError(_nowhere(wanted, looked))


def _nowhere(name: str, looked: Sequence[str]) -> str:
    if not looked:
        return "Whoever is signed in to Azure sees no subscription."
    where = f"subscription {looked[0]}" if len(looked) == 1 else f"the {len(looked)} subscriptions that are visible"
    return f"There is no registry `{name}` in {where}, or whoever is signed in may not see it."


async def _subscriptions(arm: Arm) -> list[str]:
    seen = arm.all("/subscriptions", _SUBSCRIPTIONS, _Subscription)
    return [each.subscription_id async for each in seen if each.state == "Enabled"]
