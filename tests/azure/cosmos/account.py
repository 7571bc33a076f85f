"""An account: what its endpoint answers, by method and path. Strong consistency, one region.

https://learn.microsoft.com/rest/api/cosmos-db
"""

import itertools
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from tests.azure.cosmos.access import Access
from tests.azure.cosmos.container import Container
from tests.azure.cosmos.database import Database, container_properties, ranges
from tests.azure.cosmos.documents import document
from tests.azure.cosmos.refusal import Refusal, no_such_owner, refusal
from tests.azure.entra import Entra
from tests.azure.faults import Faults
from tests.azure.replies import json
from tests.fakes.identity_provider_http import Answer, Asked

RID = "x-ms-cosmos-intended-collection-rid"


class CosmosAccount:
    """`url` is where it is reached, which it tells SDKs. `asked` lists requests; `faults` come first; `longest`: rows of a
    page, at most; `clock`: seconds, by which items expire."""

    def __init__(self, name: str, url: str, entra: Entra, *, key: str = "") -> None:
        self.name = name
        self.url = url
        self.access = Access(entra, f"https://{urlsplit(url).hostname}", key)
        self.databases: dict[str, Database] = {}
        self.faults = Faults()
        self.asked: list[str] = []
        self.longest = 1000
        self.clock: Callable[[], float] = time.time
        self._lock = threading.RLock()
        self._count = itertools.count(1)

    def container(
        self, database: str, name: str, path: str = "/id", *, ttl: int | None = None, ranges: int = 2
    ) -> Container:
        """A new container, in a database that is made where it is missing."""
        owner = self.databases.get(database) or self.add(database)
        return owner.add(name, path, ttl=ttl, ranges=ranges)

    def add(self, name: str) -> Database:
        """A new database. Raises Refusal 409."""
        if name in self.databases:
            raise refusal(409, "Resource with specified id or name already exists.")
        self.databases[name] = Database(name, next(self._count), lambda: self.clock())
        return self.databases[name]

    def containers(self, database: str) -> Mapping[str, Container]:
        """Those of a database; none where there is no such database."""
        return self.databases[database].containers if database in self.databases else {}

    def respond(self, asked: Asked) -> Answer:
        """The answer to any request. Raises Hangup, where that is the fault."""
        return self.faults.answer(asked, self._respond)

    def _respond(self, asked: Asked) -> Answer:
        parts = [unquote(part) for part in asked.path.split("/") if part]
        with self._lock:
            self.asked.append(f"{asked.method} /{'/'.join(parts)}")
            try:
                answer = self._routed(asked, parts)
            except Refusal as refused:
                answer = refused.answer
        headers = {"x-ms-activity-id": "0f5e", "x-ms-request-charge": "1", **answer.headers}
        return msgspec.structs.replace(answer, headers=headers)

    def _routed(self, asked: Asked, parts: Sequence[str]) -> Answer:
        match asked.method, parts:
            case "GET", []:
                self.access.check(asked, "metadata", parts)
                return json(self._own())
            case _, ["dbs", *_] if len(parts) <= 4:
                return self._metadata(asked, parts)
            case _, ["dbs", database, "colls", name, kind, *rest]:
                return self._inside(asked, parts, self._container(database, name), kind, rest)
            case _:
                raise refusal(405, f"{asked.method} /{'/'.join(parts)} is not modelled here.")

    def _metadata(self, asked: Asked, parts: Sequence[str]) -> Answer:
        self.access.check(asked, "metadata" if asked.method == "GET" else "manage", parts)
        match asked.method, parts:
            case "GET", ["dbs"]:
                return json({"Databases": [each.properties() for each in self.databases.values()]})
            case "POST", ["dbs"]:
                return json(self.add(_body(asked)["id"]).properties(), 201)
            case "GET", ["dbs", name]:
                return json(self._database(name).properties())
            case "DELETE", ["dbs", name]:
                del self.databases[self._database(name).name]
                return Answer(204)
            case "GET", ["dbs", name, "colls"]:
                found = self._database(name).containers.values()
                return json({"DocumentCollections": [container_properties(each) for each in found]})
            case "POST", ["dbs", name, "colls"]:
                return json(container_properties(_added(self._database(name), _body(asked))), 201)
            case "GET", ["dbs", database, "colls", name]:
                return json(container_properties(self._container(database, name)))
            case "DELETE", ["dbs", database, "colls", name]:
                del self._database(database).containers[self._container(database, name).name]
                return Answer(204)
            case _:
                raise refusal(405, f"{asked.method} /{'/'.join(parts)} is not modelled here.")

    def _inside(
        self, asked: Asked, parts: Sequence[str], container: Container, kind: str, rest: Sequence[str]
    ) -> Answer:
        if asked.headers.get(RID, container.rid) != container.rid:
            raise refusal(400, "The container is another one than the client knows.", 1024)
        if kind == "pkranges" and asked.method == "GET" and not rest:
            self.access.check(asked, "metadata", parts)
            return _ranges(asked, container)
        if kind == "docs" and len(rest) <= 1:
            return document(asked, container, rest[0] if rest else "", self.longest, self._allow(asked, parts))
        raise refusal(405, f"{asked.method} /{'/'.join(parts)} is not modelled here.")

    def _allow(self, asked: Asked, parts: Sequence[str]) -> Callable[[Any], None]:
        return lambda action: self.access.check(asked, action, parts)

    def _database(self, name: str) -> Database:
        if name not in self.databases:
            raise no_such_owner()
        return self.databases[name]

    def _container(self, database: str, name: str) -> Container:
        owner = self._database(database)
        if name not in owner.containers:
            raise no_such_owner()
        return owner.containers[name]

    def _own(self) -> dict[str, Any]:
        region = [{"name": "West Europe", "databaseAccountEndpoint": self.url}]
        return {
            "id": self.name,
            "_self": "",
            "_rid": f"{self.name}.documents.azure.com",
            "_dbs": "//dbs/",
            "media": "//media/",
            "addresses": "//addresses/",
            "writableLocations": region,
            "readableLocations": region,
            "enableMultipleWriteLocations": False,
            "userConsistencyPolicy": {"defaultConsistencyLevel": "Strong"},
            "userReplicationPolicy": {"minReplicaSetSize": 3, "maxReplicasetSize": 4},
            "systemReplicationPolicy": {"minReplicaSetSize": 3, "maxReplicasetSize": 4},
            "readPolicy": {"primaryReadCoefficient": 1, "secondaryReadCoefficient": 1},
        }


def _body(asked: Asked) -> dict[str, Any]:
    return msgspec.json.decode(asked.body, type=dict[str, Any])


def _added(database: Database, body: dict[str, Any]) -> Container:
    return database.add(body["id"], body["partitionKey"]["paths"][0], ttl=body.get("defaultTtl"))


def _ranges(asked: Asked, container: Container) -> Answer:
    """An incremental feed: without 304 for what is known already an SDK would ask for ever."""
    etag = f'"{container.ranges}"'
    if asked.headers.get("If-None-Match") == etag:
        return Answer(304, headers={"etag": etag})
    body = {"_rid": container.rid, "PartitionKeyRanges": ranges(container), "_count": container.ranges}
    return msgspec.structs.replace(json(body), headers={"etag": etag})
