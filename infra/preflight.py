"""Preflight: what would stop `pulumi up` halfway, said before anything is made. Only asks; whoever may not be told is told so.

Rights (Contributor and Role Based Access Control Administrator, on the resource group or above), registered resource
providers, cores, and for a new application the right to register one in Entra.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from gateway.azure.arm import Arm
from gateway.azure.arm_error import ArmError, Forbidden
from infra.config import Config
from infra.directory import Directory

_PROVIDERS = (
    "Microsoft.App",
    "Microsoft.Authorization",
    "Microsoft.Compute",
    "Microsoft.ContainerRegistry",
    "Microsoft.ContainerService",
    "Microsoft.DocumentDB",
    "Microsoft.Insights",
    "Microsoft.KeyVault",
    "Microsoft.ManagedIdentity",
    "Microsoft.Network",
    "Microsoft.OperationalInsights",
    "Microsoft.Storage",
    "Microsoft.Web",
)
# One thing each role is needed for.
_RIGHTS: Mapping[str, Sequence[str]] = {
    "Contributor": ("Microsoft.ContainerService/managedClusters/write", "Microsoft.Web/sites/write"),
    "Role Based Access Control Administrator": ("Microsoft.Authorization/roleAssignments/write",),
}
_SPARE = 1  # nodes of a pool that an upgrade adds


class Missing(Exception):
    """The stack cannot be built yet; the message has a line for each thing that is missing."""


class Preflight(msgspec.Struct, frozen=True):
    """`arm` and `directory` are open."""

    config: Config
    subscription: str
    arm: Arm
    directory: Directory

    async def missing(self) -> list[str]:
        """What is, as sentences; nothing: it can begin. Raises ArmError, and of Graph aiohttp's ClientError."""
        answers = await asyncio.gather(
            self._asked("your rights", self._rights()),
            self._asked("the resource providers", self._providers()),
            self._asked("the quota of cores", self._cores()),
            self.directory.missing(registers=self.config.client_id is None, grants=self.config.manage_identifier_uris),
        )
        return [sentence for found in answers for sentence in found]

    async def _asked(self, what: str, question: Any) -> list[str]:
        try:
            return await question
        except Forbidden:
            return [
                f"{what} could not be looked up: you have no right to read them in subscription {self.subscription}"
            ]

    @property
    def _path(self) -> str:
        return f"/subscriptions/{self.subscription}"

    async def _is_there(self, path: str, version: str) -> bool:
        return await self.arm.find(path, version, msgspec.Raw) is not None

    async def _listed(self, path: str, version: str, **query: str) -> list[dict[str, Any]]:
        """Nothing where its whole is not there."""
        try:
            return [each async for each in self.arm.all(path, version, dict[str, Any], query)]
        except ArmError as error:
            if error.status != 404:
                raise
            return []

    async def _rights(self) -> list[str]:
        """On the group where it is there, else where it will be made."""
        config, group = self.config, f"{self._path}/resourceGroups/{self.config.resource_group}"
        is_there = await self._is_there(group, "2021-04-01")
        if not is_there and not config.create_resource_group:
            return [f"resource group {config.resource_group} is not there (createResourceGroup: true makes it)"]
        scope, where = (
            (group, f"resource group {config.resource_group}") if is_there else (self._path, "the subscription")
        )
        held = await self._listed(f"{scope}/providers/Microsoft.Authorization/permissions", "2022-04-01")
        lacking = {
            role: next((one for one in actions if not _may(held, one)), None) for role, actions in _RIGHTS.items()
        }
        return [
            f"you need the role {role} on {where}: {action} is not yours" for role, action in lacking.items() if action
        ]

    async def _providers(self) -> list[str]:
        found = await self._listed(f"{self._path}/providers", "2021-04-01")
        states = {one["namespace"].lower(): one["registrationState"] for one in found}
        missing = [name for name in _PROVIDERS if states.get(name.lower()) != "Registered"]
        return [
            f"resource provider {name} is not registered: az provider register --namespace {name}" for name in missing
        ]

    async def _cores(self) -> list[str]:
        """A cluster that is there counts already."""
        config = self.config
        group = f"{self._path}/resourceGroups/{config.resource_group}"
        cluster = f"{group}/providers/Microsoft.ContainerService/managedClusters/{config.names.cluster}"
        if await self._is_there(cluster, "2025-05-01"):
            return []
        here = {"$filter": f"location eq '{config.location}'"}
        skus = await self._listed(f"{self._path}/providers/Microsoft.Compute/skus", "2021-07-01", **here)
        place = f"{self._path}/providers/Microsoft.Compute/locations/{config.location}"
        usages = await self._listed(f"{place}/usages", "2024-07-01")
        return _too_few(config, skus, usages)


def _may(held: Iterable[Mapping[str, Any]], action: str) -> bool:
    """Whether one of the assignments allows it."""
    return any(_allows(one, action) for one in held)


def _allows(permission: Mapping[str, Any], action: str) -> bool:
    return _any(permission.get("actions", []), action) and not _any(permission.get("notActions", []), action)


def _any(patterns: Iterable[str], action: str) -> bool:
    """Azure's patterns: `*` stands for anything, and case for nothing."""
    return any(
        re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), action, re.IGNORECASE) is not None for pattern in patterns
    )


def _too_few(config: Config, skus: Iterable[Mapping[str, Any]], usages: Iterable[Mapping[str, Any]]) -> list[str]:
    sizes = config.sizes
    machines = {one["name"]: one for one in skus if one.get("resourceType") == "virtualMachines"}
    free = {one["name"]["value"].lower(): one["limit"] - one["currentValue"] for one in usages}
    needed: dict[str, int] = {}
    found: list[str] = []
    for size, nodes in ((sizes.system_vm, sizes.system_min), (sizes.user_vm, sizes.user_min)):
        machine = machines.get(size)
        if machine is None:
            found.append(f"virtual machine size {size} is not offered in {config.location}")
            continue
        cores = next(int(one["value"]) for one in machine["capabilities"] if one["name"] == "vCPUs")
        for quota in (machine["family"].lower(), "cores"):
            needed[quota] = needed.get(quota, 0) + cores * (nodes + _SPARE)
    return [*found, *_beyond(needed, free, config.location)]


def _beyond(needed: Mapping[str, int], free: Mapping[str, int], location: str) -> list[str]:
    return [
        f"quota {quota} in {location} has {free.get(quota, 0)} cores left, {cores} are needed"
        for quota, cores in needed.items()
        if cores > free.get(quota, 0)
    ]
