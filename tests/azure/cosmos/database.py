"""A database: containers by name. What it answers of itself and of them is as SDKs read it."""

import base64
import itertools
from collections.abc import Callable
from typing import Any

from tests.azure.cosmos.container import Container
from tests.azure.cosmos.refusal import refusal


class Database:
    """`containers` by name."""

    def __init__(self, name: str, number: int, clock: Callable[[], float]) -> None:
        self.name = name
        self.rid = base64.b64encode(number.to_bytes(4)).decode()
        self.containers: dict[str, Container] = {}
        self._clock = clock
        self._count = itertools.count(1)

    def add(self, name: str, path: str, *, ttl: int | None = None, ranges: int = 2) -> Container:
        """A new container. Raises Refusal 409."""
        if name in self.containers:
            raise refusal(409, "Resource with specified id or name already exists.")
        rid = f"{self.rid[:-2]}{base64.b64encode(next(self._count).to_bytes(4)).decode()}"
        self.containers[name] = Container(name, path, rid, self._clock, ttl=ttl, ranges=ranges)
        return self.containers[name]

    def properties(self) -> dict[str, Any]:
        """The database's own document."""
        own = {"id": self.name, "_rid": self.rid, "_self": f"dbs/{self.rid}/", "_etag": '"db"', "_ts": 1}
        return {**own, "_colls": "colls/", "_users": "users/"}


def container_properties(container: Container) -> dict[str, Any]:
    """A container's document."""
    key = {"paths": [f"/{container.member}"], "kind": "Hash", "version": 2}
    own: dict[str, Any] = {"id": container.name, "partitionKey": key, "_rid": container.rid, "_ts": 1, "_etag": '"c"'}
    own |= {
        "_self": f"dbs/db/colls/{container.rid}/",
        "_docs": "docs/",
        "indexingPolicy": {"indexingMode": "consistent"},
    }
    return own if container.ttl is None else {**own, "defaultTtl": container.ttl}


def ranges(container: Container) -> list[dict[str, Any]]:
    """The physical partitions, as `/pkranges` tells of them."""
    ends = ["", *(f"{256 * n // container.ranges:02X}" for n in range(1, container.ranges)), "FF"]
    return [
        {
            "id": str(n),
            "minInclusive": ends[n],
            "maxExclusive": ends[n + 1],
            "status": "online",
            "parents": [],
            "_rid": f"{container.rid}{n}",
        }
        for n in range(container.ranges)
    ]
