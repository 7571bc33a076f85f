"""Calls the functions of a FunctionApp as the platform's worker does: by name, with a request, without a socket."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from azure.functions import HttpRequest, HttpResponse

from functions.app import build
from functions.settings import Settings
from gateway.audit import Audit
from gateway.dev_identity import DevIdentity
from gateway.identity import Identify
from gateway.operations import OPERATIONS
from gateway.protected_resource import ProtectedResource
from tests.functions.memory import MemoryStore
from tests.functions.model_cluster import ModelCluster
from tests.functions.steps import Steps

_ROUTES = {operation.id: operation for operation in OPERATIONS}


class Reply(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return msgspec.json.decode(self.body)


class Direct:
    """A control plane in one object: its store, its cluster, and a way to ask it."""

    def __init__(
        self,
        *,
        steps: Steps | None = None,
        images: tuple[str, ...] = (),
        store: MemoryStore | None = None,
        cluster: ModelCluster | None = None,
        identify: Identify | None = None,
        settings: Settings | None = None,
        protected: ProtectedResource | None = None,
        indexed: bool = True,
    ) -> None:
        self.audited: list[bytes] = []
        self.steps = steps or Steps()
        self.store = store or MemoryStore(self.steps)
        self.cluster = cluster or ModelCluster(self.steps, images=images)
        self.app = build(
            self.store,
            self.cluster,
            identify or DevIdentity(),
            settings or Settings(),
            protected=protected,
            audit=Audit(self.audited.append),
        )
        # An app gives its functions once: whoever wants to serve it must be the first to ask.
        functions = self.app.get_functions() if indexed else []
        self._functions = {function.get_function_name(): function.get_user_function() for function in functions}

    async def call(
        self,
        operation: str,
        name: str = "",
        body: object = None,
        *,
        user: str = "dev",
        roles: str = "",
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Reply:
        """One operation by its id. `bytes` are sent as they are, everything else as JSON."""
        sent = body if isinstance(body, bytes) else msgspec.json.encode(body) if body is not None else b""
        route = _ROUTES[operation]
        request = HttpRequest(
            route.method,
            f"http://control-plane{route.path.replace('{name}', quote(name))}?secret=query",
            headers={"Content-Type": "application/json", "X-Dev-UserId": user, "X-Dev-Roles": roles, **(headers or {})},
            params=query or {},
            route_params={"name": name} if name else {},
            body=sent,
        )
        reply: HttpResponse = await self._functions[operation](req=request)
        return Reply(reply.status_code, dict(reply.headers.items()), reply.get_body())

    @property
    def events(self) -> list[dict[str, Any]]:
        """What the audit was told, without when and how long."""
        told: Iterable[dict[str, Any]] = (msgspec.json.decode(line) for line in self.audited)
        return [{key: value for key, value in event.items() if key not in ("time", "durationMs")} for event in told]

    async def tick(self) -> None:
        """The timer of reconcile goes off."""
        await self._functions["reconcile"](timer=None)
