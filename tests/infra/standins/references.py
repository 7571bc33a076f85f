"""References: which resources of Azure a resource names, whether they exist, and who still names one that is to go."""

import re
from collections.abc import Iterator
from typing import Any

from tests.infra.standins.ids import DEPLOYER
from tests.infra.standins.kinds import KINDS, arm_type
from tests.infra.standins.state import Entry, State
from tests.infra.standins.wire import Json, inner, listed

_ARM = re.compile(r"^/subscriptions/[0-9a-fA-F-]{36}/resource[gG]roups/[^/]+(/.*)?$")
_GUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
_PRINCIPALS = ("principalId", "objectId")
# Types that the table makes: another's parts (an IP configuration, a probe) are found in what it was made of.
_OWN = {arm_type(f"/providers/{re.sub(r'[{}]', '', one.path.rpartition('/providers/')[2])}") for one in KINDS.values()}


def ids(value: Any) -> Iterator[str]:
    """Every ARM id in it."""
    if isinstance(value, dict):
        inside: Json = value  # pyright: ignore[reportUnknownVariableType] JSON
        for name, one in inside.items():
            yield from ids(name)
            yield from ids(one)
    elif isinstance(value, list):
        for one in value:  # pyright: ignore[reportUnknownVariableType] JSON
            yield from ids(one)
    elif isinstance(value, str) and _ARM.match(value):
        yield value


def dangling(id: str, inputs: Json, state: State) -> Iterator[str]:
    """What the inputs name, or the id stands under, and nobody created."""
    for parent in parents(id):
        if not _exists(parent, state):
            yield f"{parent} does not exist"
    for one in ids(inputs):
        if one.lower() == id.lower() or _is_part_of(one, id, inputs):
            continue
        if not _exists(one, state):
            yield f"{one} does not exist"
    principal = inputs.get("principalId")
    if isinstance(principal, str) and not _is_principal(principal, state):
        yield f"no principal {principal}"


def dependants(entry: Entry, state: State) -> list[str]:
    """Who exists and names it, stands under it, or holds rights in its name."""
    return [one.id for one in state.all() if one.id != entry.id and _names(one, entry)]


def parents(id: str) -> list[str]:
    """The resource above, and the group: `…/virtualNetworks/a` of `…/virtualNetworks/a/subnets/b`."""
    above, _, provider = id.rpartition("/providers/")
    if not above:
        return []
    segments = provider.split("/")
    higher = [f"{above}/providers/{'/'.join(segments[:-2])}"] if len(segments) > 3 else []
    if "blobServices" in higher[0] if higher else False:
        higher = [higher[0].partition("/blobServices/")[0]]  # it is there with its account
    return [*higher, above]


def _names(one: Entry, entry: Entry) -> bool:
    low = entry.id.lower()
    if any(parent.lower() == low for parent in parents(one.id)):
        return True
    if any(named.lower() == low or named.lower().startswith(f"{low}/") for named in ids(one.inputs)):
        return True
    return one.inputs.get("principalId") in set(_principals(entry))


def _principals(entry: Entry) -> Iterator[str]:
    """The object ids under which a resource acts; one that it was told of is somebody else's."""
    if "principalId" in entry.inputs:
        return
    identity = inner(entry.outputs, "identity")
    kubelet = inner(inner(entry.outputs, "identityProfile"), "kubeletidentity")
    for one in (entry.outputs, identity, kubelet):
        yield from (one[key] for key in _PRINCIPALS if isinstance(one.get(key), str))


def _is_principal(guid: str, state: State) -> bool:
    if guid == DEPLOYER:
        return True
    return any(guid in _principals(entry) for entry in state.all() if _GUID.match(guid))


def _exists(id: str, state: State) -> bool:
    id = id.replace("/dbs/", "/sqlDatabases/").replace("/colls/", "/containers/")  # as Cosmos calls them in scopes
    if state.get(id) or id.lower() in {one.lower() for one in outside(state)}:
        return True
    if "/roleDefinitions/" in id or "/sqlRoleDefinitions/00000000-0000-0000-0000-00000000000" in id:
        return True  # built in
    owner = _owner(id, state)
    return owner is not None and (arm_type(id) not in _OWN or _has_inline(owner, id))


def _owner(id: str, state: State) -> Entry | None:
    """The nearest resource above that exists and is no resource group."""
    while id.partition("/providers/")[1]:
        id = id.rpartition("/")[0]
        if "/providers/" in id and (found := state.get(id)):
            return found
    return None


def _has_inline(owner: Entry, id: str) -> bool:
    return any(one.lower() == id.lower() for one in ids(owner.outputs))


def _is_part_of(one: str, id: str, inputs: Json) -> bool:
    """A part of the resource itself: `…/applicationGateways/a/probes/ready` while `ready` is among its `probes`."""
    if not one.lower().startswith(f"{id.lower()}/"):
        return False
    collection, _, name = one[len(id) + 1 :].partition("/")
    return name in {part.get("name") for part in listed(inputs, collection)}


def outside(state: State) -> list[str]:
    """Ids that exist although nobody here made them: a file of lines, which tests write."""
    path = state.folder / "outside"
    return path.read_text().split() if path.exists() else []
