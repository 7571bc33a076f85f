"""Application: the identifier URIs of the application that callers sign in to, kept in line with the adapters there are.

Entra gives a token for an adapter's URL only where that is one of them. Ours are exactly `<origin>/adapters/<name>/mcp`; every
other is somebody else's and stays as it is. The list is written as a whole, so it is read just before, and only what two
readings in a row ask for is written: Graph's copies are not all of the same age. Two who do this at once come to the same list;
what one of them wrote from older records the next round puts right.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from gateway import address
from gateway.azure import entra
from gateway.azure.graph import PUBLIC, Busy, Graph
from gateway.env import Env, SettingsError
from gateway.oidc import settings
from gateway.records import NAME_PATTERN, Adapter, Record

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

MANAGE, ENDPOINT = "AzureAd__ManageIdentifierUris", "AzureAd__GraphEndpoint"

# For one tenant's applications there is no limit of its own, but about 1,000 entries in all lists of one application, roles
# and clients among them; a URI has 255 characters: learn.microsoft.com/entra/identity-platform/supported-accounts-validation
MOST = 900
LONGEST = 255

_ATTEMPTS = 3
_PAUSE = 2.0  # seconds, where Graph does not say how long
_LONGEST_PAUSE = 15.0  # seconds; the next round is not far
_PATIENCE = 90.0  # seconds for all attempts together
_NAME = NAME_PATTERN.removeprefix("^").removesuffix(r"\Z")

_log = logging.getLogger(__name__)


class _Found(msgspec.Struct, rename="camel"):
    id: str
    identifier_uris: list[str]


def keeper(
    variables: Mapping[str, str], credential: Callable[[], "AsyncTokenCredential"]
) -> Callable[[Sequence[Record]], Awaitable[None]] | None:
    """What makes the URIs follow the records it is given, tools among them or not; None where nobody asked for that.

    `AzureAd__ManageIdentifierUris`, `AzureAd__GraphEndpoint`, `AzureAd__ClientId`, `PublicOrigin`. Asks nobody anything yet.
    Raises SettingsError.
    """
    env = Env(variables)
    if not env.boolean(MANAGE):
        return None
    origin = settings.public_origin(env)
    if not origin.startswith("https://"):
        raise SettingsError(f"PublicOrigin: `{origin}` is not https, which is all that Entra takes with {MANAGE}.")
    graph = Graph(credential, _endpoint(env), env.text("SSL_CERT_FILE", ""))
    application = Application(graph, entra.Entra.from_env(env).client, origin)

    async def follow(records: Sequence[Record]) -> None:
        await application.follow(record.name for record in records if isinstance(record, Adapter))

    return follow


class Application:
    """One application of the tenant, by the id that clients know. `pause`: seconds before another attempt."""

    def __init__(self, graph: Graph, client: str, origin: str, *, pause: float = _PAUSE) -> None:
        self._graph = graph
        self._path = f"/v1.0/applications(appId='{client}')"
        self._origin = origin
        self._pause = pause
        self._left_out = 0

    async def follow(self, names: Iterable[str]) -> bool:
        """Makes its URIs those of these adapters, whatever else is there; whether something was written.

        Raises GraphError; TimeoutError where it took too long.
        """
        wanted = self._fitting(sorted(names))
        async with asyncio.timeout(_PATIENCE):
            for left in reversed(range(_ATTEMPTS)):
                try:
                    return await self._once(wanted)
                except Busy as busy:
                    wait = self._pause if busy.wait is None else busy.wait
                    if not left or wait > _LONGEST_PAUSE:
                        raise
                    await asyncio.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, wanted: Sequence[str]) -> bool:
        found = await self._read()
        if self._followed(found.identifier_uris, wanted) == found.identifier_uris:
            return False
        found = await self._read()
        uris = self._followed(found.identifier_uris, wanted)
        if uris == found.identifier_uris:
            return False
        await self._graph.patch(f"/v1.0/applications/{found.id}", {"identifierUris": uris})
        before = set(found.identifier_uris)
        _log.info("identifier URIs: %d added, %d removed", len(set(uris) - before), len(before - set(uris)))
        return True

    async def _read(self) -> _Found:
        return await self._graph.get(self._path, {"$select": "id,identifierUris"}, _Found)

    def _fitting(self, names: Iterable[str]) -> list[str]:
        """One that is too long would have the whole list refused."""
        uris = [f"{self._origin}/adapters/{name}/mcp" for name in names]
        return [uri for uri in uris if len(uri) <= LONGEST]

    def _followed(self, there: Sequence[str], wanted: Sequence[str]) -> list[str]:
        """In the order that is there already, what is new at the end."""
        ours = re.compile(rf"{re.escape(self._origin)}/adapters/{_NAME}/mcp")
        kept = [uri for uri in there if uri in wanted or not ours.fullmatch(uri)]
        missing = [uri for uri in wanted if uri not in kept]
        room = max(0, MOST - len(kept))
        self._tell(len(missing[room:]))
        return kept + missing[:room]

    def _tell(self, left_out: int) -> None:
        """Once, and again only after there was room for all."""
        if left_out and not self._left_out:
            _log.warning(
                "the application has %d identifier URIs, as many as fit; %d adapters go without", MOST, left_out
            )
        self._left_out = left_out


def _endpoint(env: Env) -> str:
    """An origin. Tokens go there, so nothing but TLS will do."""
    text = env.text(ENDPOINT, PUBLIC).rstrip("/")
    parts = address.split(text)
    if parts is None or text != f"https://{parts.netloc}":
        raise SettingsError(f"{ENDPOINT}: `{text}` is not an https origin ({PUBLIC}).")
    return text
