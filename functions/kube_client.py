"""The official Kubernetes client, connected: its configuration, credentials, TLS and transport. Knows no resource.

Of the package only the asynchronous half is used, and of that the generic call: objects are dictionaries on the way in and
msgspec Structs on the way out, because the generated models cost seconds for a list of two thousand and drop what they do
not know. Imported at the first operation, in a thread: it takes most of a second.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Any, Protocol, cast

from functions.cluster_settings import ClusterSettings
from gateway.env import SettingsError

type Token = Callable[[], Awaitable[str]]


class NoToken(Exception):
    """There is nothing to show to the cluster at the moment. The message says why, to whoever reads the log."""


class Body(Protocol):
    """The body of an answer, as it arrives."""

    async def read(self, n: int = -1) -> bytes: ...


class Answer(Protocol):
    """An aiohttp response."""

    status: int

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def content(self) -> Body: ...

    async def read(self) -> bytes: ...

    def close(self) -> None: ...

    def release(self) -> object: ...


class Wrapped(Protocol):
    """What the client makes of it."""

    @property
    def response(self) -> Answer: ...


class Client(Protocol):
    """`kubernetes.aio.client.ApiClient`, as far as we use it."""

    async def param_serialize(self, method: str, resource_path: str, **parts: Any) -> tuple[Any, ...]: ...

    async def call_api(self, *request: Any, _request_timeout: float) -> Wrapped: ...

    async def close(self) -> None: ...


async def connect(settings: ClusterSettings, token: Token | None = None) -> Client:
    """A client of that cluster; asks it nothing yet. Raises SettingsError where no configuration can be read.

    With `token` it goes to `settings.server`, and each question shows what `token` gives then; it may raise NoToken.
    Otherwise the service account's token is read again every minute, by the client's own hook.
    """
    await asyncio.to_thread(_imported, "client")
    client = _imported("client")
    configuration = client.Configuration()
    configuration.disable_strict_ssl_verification = True  # why: gateway.cluster.authority
    if token:
        _by_token(configuration, settings, token)
    else:
        await _by_files(configuration, settings)
    return cast("Client", client.ApiClient(configuration))


async def ask(
    client: Client,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    body: object = None,
    accept: str = "application/json",
    seconds: float,
) -> Answer:
    """One question. The answer's body is still to be read, or the answer to be closed.

    Raises NoToken, aiohttp.ClientError, OSError or TimeoutError where there is no answer.
    """
    try:
        request = await client.param_serialize(
            method,
            path,
            query_params=list((query or {}).items()),
            header_params={"Accept": accept, "Content-Type": "application/json"},
            body=body,
            auth_settings=["BearerToken"],
        )
        return (await client.call_api(*request, _request_timeout=seconds)).response
    except _imported("config").ConfigException as error:  # the token could not be read again
        raise OSError(str(error)) from error


def _by_token(configuration: Any, settings: ClusterSettings, token: Token) -> None:
    async def renew(asked: Any) -> None:
        asked.api_key["BearerToken"] = f"Bearer {await token()}"

    configuration.host = settings.server
    configuration.ca_cert_data = settings.authority
    configuration.api_key["BearerToken"] = ""  # without one the hook is not asked
    configuration.refresh_api_key_hook = renew
    configuration.client_session_kwargs = {"trust_env": False}  # its address is all there is to know


async def _by_files(configuration: Any, settings: ClusterSettings) -> None:
    """Raises SettingsError."""
    config = _imported("config")
    try:
        if settings.kubeconfig:
            await config.load_kube_config(settings.kubeconfig, client_configuration=configuration, persist_config=False)
        else:
            config.load_incluster_config(configuration)
            configuration.client_session_kwargs = {"trust_env": False}  # no proxy stands between a pod and its cluster
    except (config.ConfigException, OSError) as error:
        where = settings.kubeconfig or "the pod's service account"
        raise SettingsError(f"Kubernetes__Kubeconfig: no cluster can be found by {where}: {error}") from None


def _imported(module: str) -> Any:
    return import_module(f"kubernetes.aio.{module}")
