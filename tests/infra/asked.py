"""Asked: what one component asks Azure for, found by type and name. The places around it are texts that look real."""

from collections.abc import Callable, Iterable
from typing import Any

from infra.names import Names
from infra.private_link import Inside
from infra.site import Site
from tests.infra.recording import Recorded, record
from tests.infra.standins.ids import guid

NAMES, GROUP, LOCATION = Names("team"), "team-group", "westeurope"
_NETWORK = f"/subscriptions/{guid('subscription')}/resourceGroups/{GROUP}/providers/Microsoft.Network"
VNET = f"{_NETWORK}/virtualNetworks/mg-vnet-team"
SUBNET = f"{VNET}/subnets/mg-pe-subnet-team"
PRINCIPAL, IDENTITY = guid("principal"), f"/subscriptions/s/resourceGroups/{GROUP}/identity"

INSIDE = Inside(subnet_id=SUBNET, vnet_id=VNET)


def site(*, production: bool = False, private: bool = False) -> Site:
    """The place of all of them."""
    return Site(names=NAMES, resource_group_name=GROUP, location=LOCATION, production=production, private=private)


class Asked:
    """All of it. Components are left out: what they are made of is what is asked for."""

    def __init__(self, program: Callable[[], Any], *, preview: bool = False) -> None:
        self.all: list[Recorded] = record(program, {}, preview=preview)

    def of(self, type: str) -> list[Recorded]:
        """By the last part of the type: `Subnet`."""
        return [one for one in self.all if one.custom and one.type.rpartition(":")[2] == type]

    def only(self, type: str, name: str = "") -> Recorded:
        """The one of its type, or the one of that name."""
        found = [one for one in self.of(type) if not name or one.name == name]
        assert len(found) == 1, f"{type} {name}: {[one.name for one in found]}"
        return found[0]


def named(items: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Parts of a resource by their name."""
    return {item["name"]: item for item in items}
