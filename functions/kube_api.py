"""The API server in six verbs: read, list, create, replace, delete, log. Every failure is a KubeError; decides nothing about objects.

"There is no such object" and "that is not its version any more" are answers, not failures.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec

from functions import kube_client
from functions.cluster_settings import ClusterSettings
from functions.kube_client import Answer, Client, NoToken, Token
from functions.live import Cause, Event, Failure, Live, Page, Pod, Service, StatefulSet
from gateway.errors import Unavailable

_LISTINGS = 3  # a list whose continuation has expired begins again
_CHUNK = 65536
_RETRY_AFTER = 60  # seconds; the most we tell a caller to wait

type Json = dict[str, Any]


class KubeError(Unavailable):
    """The cluster could not be asked, or refused. `code` is its HTTP status, 0 where it gave none; `causes` are fields."""

    def __init__(self, detail: str, *, code: int = 0, causes: list[Cause] | None = None, retry_after: int = 2) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.retry_after = retry_after
        self.code = code
        self.causes = causes or []


class Resource[T](msgspec.Struct, frozen=True):
    """A kind of object: where it lives in the API, its plural there, and what we read of it."""

    group: str
    plural: str
    type: type[T]

    @property
    def noun(self) -> str:
        """As Kubernetes calls one."""
        return self.type.__name__


SERVICES = Resource("api/v1", "services", Service)
STATEFULSETS = Resource("apis/apps/v1", "statefulsets", StatefulSet)
PODS = Resource("api/v1", "pods", Pod)
EVENTS = Resource("api/v1", "events", Event)


class Listing[T](msgspec.Struct):
    """All objects of a list, and what time it was at the API server: ages are told by its clock, as creation times are."""

    items: list[T]
    now: datetime


class KubeApi:
    """One client, one namespace. Bounded: the client's pool in connections, the settings in seconds."""

    def __init__(self, settings: ClusterSettings, token: Token | None = None) -> None:
        self._settings = settings
        self._token = token
        self._client: Client | None = None
        self._connecting = asyncio.Lock()

    async def start(self) -> Client:
        """The client, connected at the first call. Raises SettingsError."""
        async with self._connecting:
            if self._client is None:
                self._client = await kube_client.connect(self._settings, self._token)
            return self._client

    async def close(self) -> None:
        """Ends all connections."""
        if self._client:
            await self._client.close()
            self._client = None

    async def read[T: Live](self, resource: Resource[T], name: str) -> T | None:
        """The object, or None."""
        verb = f"get {resource.plural}"
        answer, body = await self._ask("GET", self._path(resource, name), verb)
        if answer.status == 404:
            return None
        return _decoded(_good(answer, body, verb), resource.type, verb)

    async def list[T](self, resource: Resource[T], *, labels: str = "", fields: str = "") -> Listing[T]:
        """All objects by label and field selectors, page by page."""
        for _ in range(_LISTINGS):
            listing = await self._pages(resource, {"labelSelector": labels, "fieldSelector": fields})
            if listing:
                return listing
        raise KubeError(f"The cluster's list of {resource.plural} expired while it was being read.", code=410)

    async def create(self, resource: Resource[Any], manifest: Json) -> bool:
        """False: there is one of that name already."""
        verb = f"create {resource.plural}"
        answer, body = await self._ask("POST", self._path(resource), verb, body=manifest)
        return answer.status != 409 and bool(_good(answer, body, verb))

    async def replace(self, resource: Resource[Any], manifest: Json) -> bool:
        """Replaces the very version that the manifest names. False: there is another version, or none."""
        verb = f"update {resource.plural}"
        path = self._path(resource, manifest["metadata"]["name"])
        answer, body = await self._ask("PUT", path, verb, body=manifest)
        return answer.status not in (404, 409) and bool(_good(answer, body, verb))

    async def delete(self, resource: Resource[Any], live: Live) -> bool:
        """Deletes that very version. False: there is another version, or none."""
        verb = f"delete {resource.plural}"
        preconditions = {"uid": live.metadata.uid, "resourceVersion": live.metadata.resource_version}
        # Background: the object itself is gone at once, the garbage collector ends what belonged to it.
        body = {"preconditions": preconditions, "propagationPolicy": "Background"}
        answer, data = await self._ask("DELETE", self._path(resource, live.metadata.name), verb, body=body)
        return answer.status not in (404, 409) and bool(_good(answer, data, verb))

    async def log(self, pod: str, query: dict[str, str], take: Callable[[bytes], bool]) -> bool:
        """Feeds a container's log to `take` until that has enough. False: there is no such log (yet)."""
        verb = "get pods/log"

        async def read(answer: Answer) -> bytes:
            if answer.status != 200:
                return await answer.read()
            while (chunk := await answer.content.read(_CHUNK)) and take(chunk):
                pass
            return b""

        answer, body = await self._ask(
            "GET", f"{self._path(PODS, pod)}/log", verb, query=query, read=read, accept="*/*"
        )
        if answer.status in (400, 404):  # 400: the container waits to start, or has no earlier run
            return False
        if answer.status != 200:
            _good(answer, body, verb)
        return True

    def _path(self, resource: Resource[Any], name: str = "") -> str:
        path = f"/{resource.group}/namespaces/{quote(self._settings.namespace)}/{resource.plural}"
        return f"{path}/{quote(name)}" if name else path

    async def _pages[T](self, resource: Resource[T], selectors: dict[str, str]) -> Listing[T] | None:
        """None: it took so long that the server has forgotten where we were."""
        verb = f"list {resource.plural}"
        items: list[T] = []
        query = {name: value for name, value in selectors.items() if value} | {"limit": str(self._settings.page)}
        while True:
            answer, body = await self._ask("GET", self._path(resource), verb, query=query)
            if answer.status == 410:
                return None
            page = _decoded(_good(answer, body, verb), Page[resource.type], verb)
            items += page.items
            if not page.metadata.next:
                return Listing(items, _clock(answer))
            query["continue"] = page.metadata.next

    async def _ask(
        self,
        method: str,
        path: str,
        verb: str,
        *,
        query: dict[str, str] | None = None,
        body: object = None,
        accept: str = "application/json",
        read: Callable[[Answer], Awaitable[bytes]] | None = None,
    ) -> tuple[Answer, bytes]:
        client, seconds = await self.start(), self._settings.seconds
        try:
            async with asyncio.timeout(seconds):
                answer = await kube_client.ask(
                    client, method, path, query=query, body=body, accept=accept, seconds=seconds
                )
                try:
                    return answer, await (read(answer) if read else answer.read())
                finally:
                    answer.close()  # gives the connection back where the body was read to its end
        except NoToken as error:
            raise KubeError(f"The control plane cannot prove itself to the cluster ({verb}) at the moment.") from error
        except TimeoutError:
            raise KubeError(f"The cluster did not answer within {seconds:g} s ({verb}).") from None
        except (aiohttp.ClientError, OSError) as error:
            raise KubeError(f"The cluster could not be reached ({verb}): {type(error).__name__}.") from error


def _good(answer: Answer, body: bytes, verb: str) -> bytes:
    """The body of a good answer. Raises KubeError for every other."""
    if 200 <= answer.status < 300:
        return body
    try:
        failure = msgspec.json.decode(body, type=Failure)
    except msgspec.DecodeError:
        failure = Failure()
    raise _refusal(answer, failure, verb)


def _refusal(answer: Answer, failure: Failure, verb: str) -> KubeError:
    code, said = answer.status, failure.message[:1000]
    if code == 401:
        detail = f"The cluster does not accept the control plane's identity ({verb}); an operator must look after it."
    elif code == 403 and " cannot " in said and "User " in said:  # by RBAC; admission says it otherwise
        detail = f"The control plane may not {verb} on the cluster; an operator must allow it."
    elif code == 429 or code >= 500:
        detail = f"The cluster is not able to serve at the moment ({verb}, status {code})."
    else:
        detail = f"The cluster refused to {verb}: {said or f'status {code}'}"
    return KubeError(detail, code=code, causes=failure.details.causes, retry_after=_retry_after(answer))


def _retry_after(answer: Answer) -> int:
    said = answer.headers.get("Retry-After", "")
    return min(max(int(said), 1), _RETRY_AFTER) if said.isascii() and said.isdigit() else 2


def _clock(answer: Answer) -> datetime:
    try:
        return parsedate_to_datetime(answer.headers["Date"])
    except (KeyError, ValueError):
        return datetime.now(UTC)


def _decoded[T](body: bytes, type: type[T], verb: str) -> T:
    try:
        return msgspec.json.decode(body, type=type)
    except msgspec.DecodeError as error:
        raise KubeError(f"The cluster's answer is not understood ({verb}): {error}.") from error
