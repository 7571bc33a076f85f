"""mock_azure: Azure inside this process. What azure-core sends is answered here, and nothing leaves; no code is changed for it.

    with mock_azure() as azure:                      @mock_azure()
        account = azure.cosmos_account("records")    def test_something(azure: Azure) -> None: ...

The sync SDKs are seen by `responses`, the async ones by `aio`. For other processes: `cloud`.
"""

import functools
import inspect
import re
from collections.abc import Callable
from contextlib import ExitStack
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

import requests
import responses

from tests.azure.aio import through_requests
from tests.azure.application import Application
from tests.azure.cosmos.account import CosmosAccount
from tests.azure.discovery import HOST, discovered
from tests.azure.entra import Entra
from tests.azure.imds import Imds
from tests.azure.key_vault import RESOURCE, KeyVault
from tests.azure.resource_manager import AUDIENCES, URL, ResourceManager
from tests.fakes.identity_provider import IdentityProvider
from tests.fakes.identity_provider_http import Answer, Asked, Hangup, Respond

APPLICATION = Application(
    client_id="11111111-2222-4333-8444-555555555555",
    object_id="app-object-id",
    roles=("mcp.engineer",),
    secret="a-secret-of-its-own~",
)
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_IMDS = "169.254.169.254"


class Azure:
    """A tenant, with one application that is also the machine's identity. `asked` lists hosts and paths."""

    def __init__(self, provider: IdentityProvider) -> None:
        self.provider = provider
        self.application = APPLICATION
        self.entra = Entra(provider)
        self.imds = Imds(self.entra)
        self.resource_manager = ResourceManager(self.entra)
        self.asked: list[str] = []
        self.entra.applications[APPLICATION.client_id] = self.imds.identity = APPLICATION
        self.entra.resources |= {name: name for name in (RESOURCE, *AUDIENCES)}
        self._hosts: dict[str, Respond] = {
            HOST: lambda asked: discovered(asked, self.entra) or self.entra.respond(asked),
            _IMDS: self.imds.respond,
            urlsplit(URL).netloc: self.resource_manager.respond,
        }

    def cosmos_account(self, name: str, *, key: str = "") -> CosmosAccount:
        """A new account at https://<name>.documents.azure.com; it takes the key where one is given, and Entra's tokens always."""
        host = f"{name}.documents.azure.com"
        account = CosmosAccount(name, f"https://{host}:443/", self.entra, key=key)
        self.entra.resources[f"https://{host}"] = f"https://{host}"
        self._hosts[host] = account.respond
        return account

    def key_vault(self, name: str) -> KeyVault:
        """A new vault at https://<name>.vault.azure.net."""
        host = f"{name}.vault.azure.net"
        vault = KeyVault(f"https://{host}", self.entra)
        self._hosts[host] = vault.respond
        return vault

    def respond(self, host: str, asked: Asked) -> Answer:
        """What that host answers. Raises Hangup where there is none."""
        self.asked.append(f"{asked.method} {host}{asked.path}")
        if host not in self._hosts:
            raise Hangup(f"There is no {host} in this cloud.")
        return self._hosts[host](asked)


class mock_azure:  # noqa: N801 (read as a verb)
    """A context manager of an Azure, and a decorator that hands one to the function as its first argument."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> Azure:
        with ExitStack() as stack:
            azure = Azure(stack.enter_context(IdentityProvider()))
            mock = stack.enter_context(responses.RequestsMock(assert_all_requests_are_fired=False))
            stack.enter_context(through_requests())
            for method in _METHODS:
                # Without this None there are two content types, and JSON is read as text.
                mock.add_callback(method, re.compile(".*"), _answering(azure), content_type=None)
            self._stack = stack.pop_all()
        return azure

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, for pytest without its first argument."""
        signature = inspect.signature(function)
        wrapped = _awaited(function) if inspect.iscoroutinefunction(function) else _called(function)
        left = list(signature.parameters.values())[1:]
        wrapped.__signature__ = signature.replace(parameters=left)  # pyright: ignore[reportFunctionMemberAccess] (inspect's)
        return wrapped


def _called(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with mock_azure() as azure:
            return function(azure, *args, **kwargs)

    return call


def _awaited(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        with mock_azure() as azure:
            return await function(azure, *args, **kwargs)

    return call


def _answering(azure: Azure) -> Callable[[Any], tuple[int, dict[str, str], bytes]]:
    def answer(prepared: Any) -> tuple[int, dict[str, str], bytes]:
        parts, headers = urlsplit(str(prepared.url)), Message()
        for name, value in prepared.headers.items():
            headers[name] = value if isinstance(value, str) else value.decode()
        asked = Asked(prepared.method, parts.path or "/", parts.query, headers, _body(prepared.body))
        try:
            given = azure.respond(parts.hostname or "", asked)
        except Hangup as error:
            raise requests.exceptions.ConnectionError(str(error) or "The connection was cut.") from None
        # A HEAD has no body, or the SDK waits for what its length announces.
        body = b"" if prepared.method == "HEAD" else given.body
        return given.status, {"Content-Type": "application/json", **given.headers}, body

    return answer


def _body(given: Any) -> bytes:
    if given is None:
        return b""
    if isinstance(given, str):
        return given.encode()
    return given if isinstance(given, bytes) else given.read()
