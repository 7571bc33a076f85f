"""The SDK's client, held to what we ask of it: it retries nothing, verifies every certificate, and raises Failures only.

Importing this imports the SDK, which is why `account` does so when it is first asked.
"""

import asyncio
import io
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import aiohttp
from azure.core import MatchConditions
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError, DecodeError
from azure.core.pipeline.transport import AioHttpTransport
from azure.cosmos.aio import ContainerProxy, CosmosClient
from azure.cosmos.exceptions import CosmosHttpResponseError

from gateway.azure.cosmos.answers import Answered, Failure, Unanswered, Unproven
from gateway.azure.cosmos.settings import Settings

type Item = dict[str, Any]
type Send = Callable[..., Awaitable[Any]]

_NUMBER = re.compile(r"\d{1,9}(\.\d+)?")
_LARGE = 2**19  # bytes; what is longer is sent piece by piece, so that others are served meanwhile
_LONGEST = 300  # characters of what Entra says; its number stands in front


class Container:
    """One container. Every verb raises Failure; 404, 409 and 412 are for the caller to judge."""

    def __init__(self, proxy: ContainerProxy) -> None:
        self._proxy = proxy

    async def check(self) -> None:
        """Raises Answered where there is no such container."""
        with _told():
            await self._proxy.read()

    async def read(self, id: str, partition: str) -> Item:
        """The item, with the service's own members, `_etag` among them."""
        with _told():
            return cast("Item", await self._proxy.read_item(id, partition))

    async def create(self, item: Item) -> Item:
        """Claims the id in its partition; 409 where it is taken."""
        with _told():
            return cast("Item", await self._proxy.create_item(item))

    async def replace(self, item: Item, etag: str) -> Item:
        """Replaces that very version; 412, or 404."""
        with _told():
            condition = MatchConditions.IfNotModified
            return cast("Item", await self._proxy.replace_item(item["id"], item, etag=etag, match_condition=condition))

    async def delete(self, id: str, partition: str, etag: str) -> None:
        """Deletes that very version; 412, or 404."""
        with _told():
            await self._proxy.delete_item(id, partition, etag=etag, match_condition=MatchConditions.IfNotModified)

    async def first(
        self, most: int, query: str, parameters: Mapping[str, object], partition: str | None = None
    ) -> list[Item]:
        """The first items that a query finds, at most `most`; in all partitions unless one is named."""
        named: list[dict[str, object]] = [{"name": name, "value": value} for name, value in parameters.items()]
        options: dict[str, Any] = {"parameters": named, "max_item_count": most}
        if partition is not None:
            options["partition_key"] = partition
        found: list[Item] = []
        with _told():
            # The SDK asks for one page after the other: the service ends one whenever it likes.
            async for item in cast("AsyncIterator[Item]", self._proxy.query_items(query, **options)):
                found.append(item)
                if len(found) == most:
                    break
        return found


class Client:
    """Opened by `await Client.connected(…)`, in the loop that uses it; closed by `close`, with its credential."""

    def __init__(self, cosmos: CosmosClient, credential: AsyncTokenCredential, database: str) -> None:
        self._cosmos = cosmos
        self._credential = credential
        self._database = cosmos.get_database_client(database)
        self._containers: dict[str, Container] = {}

    @classmethod
    async def connected(cls, settings: Settings, credential: AsyncTokenCredential) -> "Client":
        """Has read the account. Raises Failure."""
        context = await asyncio.to_thread(_context, settings.trust)
        cosmos = CosmosClient(
            settings.endpoint,
            credential,
            transport=_Transport(session=_session(context)),
            connection_timeout=settings.connect,
            read_timeout=settings.answer,
            # One region, whose name is the account's own. What is tried again, and when, is decided in `account`: the SDK
            # would do so whatever time is left, and takes an answer that was lost for a request that was never sent.
            enable_endpoint_discovery=False,
            retry_connect=0,
            retry_read=0,
            retry_status=0,
            retry_throttle_total=-1,  # it takes 0 for nothing said
            enable_compact_utf8_item_writes=True,
            user_agent_suffix="mcp-gateway",
        )
        made = cls(cosmos, credential, settings.database)
        try:
            with _told():
                await cosmos.__aenter__()
        except BaseException:
            await made.close()
            raise
        return made

    async def container(self, name: str) -> Container:
        """That container, which is looked for once. Raises Failure."""
        found = self._containers.get(name)
        if found is None:
            found = Container(self._database.get_container_client(name))
            await found.check()
            self._containers[name] = found
        return found

    async def close(self) -> None:
        """Ends every connection."""
        try:
            await self._cosmos.close()
        finally:
            await self._credential.close()


class _Transport(AioHttpTransport):
    """One TLS context for all connections. The SDK asks for none to be verified where the host is `localhost`, and would
    have a context, and so a connection, for each request where it is told of a file of authorities."""

    async def send(self, request: Any, *, stream: bool = False, proxies: Any = None, **config: Any) -> Any:
        config["connection_verify"] = True
        if isinstance(request.data, bytes) and len(request.data) > _LARGE:
            request.data = io.BytesIO(request.data)
        send = cast("Send", super().send)  # pyright: ignore[reportUnknownMemberType] (azure-core does not type its options)
        return await send(request, stream=stream, proxies=proxies, **config)


def _session(context: ssl.SSLContext) -> aiohttp.ClientSession:
    """As the transport makes its own, but for the context."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context),
        trust_env=True,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    )


def _context(trust: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if trust:
        context.load_verify_locations(trust)
    return context


@contextmanager
def _told() -> Generator[None]:
    """Whatever goes wrong below becomes a Failure, without what was said to, or by, whoever failed."""
    try:
        yield
    except Failure:
        raise
    except ClientAuthenticationError as error:
        raise Unproven(_line(str(error.message))) from None
    except CosmosHttpResponseError as error:
        raise _answered(error) from None
    except DecodeError as error:
        raise Unanswered(type(error).__name__) from None
    except AzureError as error:
        inner = error.inner_exception
        raise Unanswered(
            f"{type(error).__name__} ({type(inner).__name__})" if inner else type(error).__name__
        ) from None
    except OSError as error:  # of the environment: a token's file that is not there
        raise Unproven(f"{type(error).__name__}: {error.strerror}") from None


def _answered(error: CosmosHttpResponseError) -> Answered:
    headers = cast("Mapping[str, str]", error.headers or {})
    wait, sub_status = headers.get("x-ms-retry-after-ms", ""), headers.get("x-ms-substatus", "")
    return Answered(
        int(error.status_code or 0),
        int(sub_status) if sub_status.isdigit() else 0,
        float(wait) / 1000 if _NUMBER.fullmatch(wait) else None,
    )


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
