"""Adapters and tools: their seven verbs, written once for both kinds. What is written where stands in `lifecycle`."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import msgspec
from azure.functions import HttpResponse

from functions import preconditions, reading, replies
from functions.deployer import Deployer, LogQuery
from functions.identifiers import Identifiers
from functions.lifecycle import Lifecycle
from functions.living import living
from functions.quotas import Quotas
from functions.request import Request
from functions.settings import Settings
from gateway import access, card
from gateway.errors import Forbidden, Invalid
from gateway.identity import Principal
from gateway.operations import LOG_CURSOR, LOG_WAIT_LIMIT
from gateway.records import Adapter, AdapterSpec, Kind, Record, Tool, ToolSpec, kind_of, masked
from gateway.store import Store, Versioned


class Resources:
    """The seven verbs of one kind. Each takes a request and its verified caller, and raises GatewayErrors."""

    def __init__(
        self,
        kind: Kind,
        store: Store[Record],
        deployer: Deployer,
        settings: Settings,
        quotas: Quotas,
        identifiers: Identifiers | None = None,
    ) -> None:
        """Both kinds share `quotas`; `identifiers` are told with the status where they are for people to keep."""
        self._kind: Kind = kind
        self._base = f"/{kind}s"
        self._store = store
        self._deployer = deployer
        self._lifecycle = Lifecycle(store, deployer, quotas)
        self._settings = settings
        self._identifiers = identifiers

    async def create(self, request: Request, caller: Principal) -> HttpResponse:
        """201 with the record; with `status` Pending where the workload is still to be made."""
        self._allow_create(caller)
        spec = reading.spec(request, self._kind)
        record = _first(spec, caller)
        self._refuse(record, caller)
        created = await self._lifecycle.create(record)
        return self._one(created, caller, status=201, location=f"{self._base}/{record.name}")

    async def list(self, request: Request, caller: Principal) -> HttpResponse:
        """200 with what the caller may read; the rest is dropped silently."""
        page = reading.page(request)
        found: list[Versioned[Record]] = []
        async for version in self._readable(caller, page.after):
            if page.limit is not None and len(found) == page.limit:
                more = urlencode({"limit": page.limit, "after": found[-1].record.name})
                headers = {"Link": f'<{self._base}?{more}>; rel="next"'}
                return replies.json([_shown(v, caller) for v in found], headers)
            found.append(version)
        return replies.json([_shown(v, caller) for v in found])

    async def get(self, request: Request, caller: Principal) -> HttpResponse:
        """200 with the record."""
        return self._one(await self._read(request, caller), caller)

    async def replace(self, request: Request, caller: Principal) -> HttpResponse:
        """200 with the new record, once its rights are in force."""
        name = reading.name(request)
        spec = reading.spec(request, self._kind)
        if spec.name != name:
            raise Invalid(f"name: the URL says `{name}`.", field="name")

        def change(found: Versioned[Record]) -> Record:
            self._allow_write(request, caller, found)
            if spec.use_workload_identity != found.record.use_workload_identity:
                raise Invalid(
                    "useWorkloadIdentity: cannot be changed; delete and create instead.", field="useWorkloadIdentity"
                )
            record = _next(spec, found.record)
            self._refuse(record, caller)
            return record

        return self._one(await self._lifecycle.replace(self._kind, name, change), caller)

    async def delete(self, request: Request, caller: Principal) -> HttpResponse:
        """204 once nobody can use it any more."""
        name = reading.name(request)
        await self._lifecycle.delete(self._kind, name, lambda found: self._allow_write(request, caller, found))
        return replies.empty(204)

    async def status(self, request: Request, caller: Principal) -> HttpResponse:
        """200 with what runs."""
        found = await self._read(request, caller)
        status = await self._deployer.status(found.record)
        if self._identifiers and access.may_write(caller, found.record):
            status = msgspec.structs.replace(status, sign_in=self._identifiers.hint(found.record.name))
        return replies.json(status)

    async def logs(self, request: Request, caller: Principal) -> HttpResponse:
        """200 with lines of one instance, and the cursor after them."""
        query = reading.log_query(request)
        found = await self._read(request, caller)
        lines = await self._deployer.logs(found.record, query)
        headers = {LOG_CURSOR: lines.cursor, "Link": self._more_lines(found.record, query, lines.cursor)}
        return replies.json(lines.text, headers) if reading.only_json(request) else replies.text(lines.text, headers)

    async def _read(self, request: Request, caller: Principal) -> Versioned[Record]:
        found = await self._lifecycle.get(self._kind, reading.name(request))
        access.require(access.may_read(caller, found.record), f"read this {self._kind}")
        return found

    async def _readable(self, caller: Principal, after: str) -> AsyncIterator[Versioned[Record]]:
        async for version in living(self._store, after):
            if kind_of(version.record) == self._kind and access.may_read(caller, version.record):
                yield version

    def _allow_create(self, caller: Principal) -> None:
        roles = self._settings.creator_roles
        if not access.may_create(caller, roles):
            needed = ", ".join(f"`{role}`" for role in (*roles, access.ADMIN))
            raise Forbidden(f"You may not register anything: that takes one of the roles {needed}.")

    def _allow_write(self, request: Request, caller: Principal, found: Versioned[Record]) -> None:
        access.require(access.may_write(caller, found.record), f"change this {self._kind}")
        preconditions.check(request.headers.get("if-match"), found.etag)

    def _refuse(self, record: Record, caller: Principal) -> None:
        """What a good spec may still be refused for: rights, an image nobody can run, a card over its size."""
        if record.use_workload_identity and not access.may_use(caller, self._settings.workload_identity_roles):
            raise Forbidden("useWorkloadIdentity: needs a role that you do not have.", field="useWorkloadIdentity")
        self._deployer.refuse(record)
        card.encode(card.card_of(record))

    def _one(
        self, found: Versioned[Record], caller: Principal, *, status: int = 200, location: str = ""
    ) -> HttpResponse:
        headers = {"ETag": preconditions.quoted(found.etag), **({"Location": location} if location else {})}
        return replies.json(_shown(found, caller), headers, status=status)

    def _more_lines(self, record: Record, query: LogQuery, cursor: str) -> str:
        previous = {"previous": "true"} if query.previous else {}
        more = urlencode(
            {"instance": query.instance, **previous, "since": cursor, "wait": LOG_WAIT_LIMIT}, quote_via=quote
        )
        return f'<{self._base}/{record.name}/logs?{more}>; rel="next"'


def _first(spec: AdapterSpec | ToolSpec, caller: Principal) -> Record:
    """A new record: of this spec, by this caller, of no earlier life."""
    now = datetime.now(UTC)
    return _record(spec, created_by=caller.id, created_at=now, last_updated_at=now, uid=str(uuid4()), generation=1)


def _next(spec: AdapterSpec | ToolSpec, before: Record) -> Record:
    """The next generation of a record."""
    kept = {"created_by": before.created_by, "created_at": before.created_at, "uid": before.uid}
    return _record(spec, **kept, last_updated_at=datetime.now(UTC), generation=before.generation + 1)


def _record(spec: AdapterSpec | ToolSpec, **decided: Any) -> Record:
    fields = {name: getattr(spec, name) for name in spec.__struct_fields__}
    return (Tool if isinstance(spec, ToolSpec) else Adapter)(**fields, **decided, id=spec.name)


def _shown(found: Versioned[Record], caller: Principal) -> Record:
    """As this caller may see it."""
    record = found.record if access.may_write(caller, found.record) else masked(found.record)
    return msgspec.structs.replace(record, etag=preconditions.opaque(found.etag))
