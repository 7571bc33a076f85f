"""An application with the Python SDK and azure-identity, as docs/connect.md shows it: a token for each request, from the credential."""

from collections.abc import AsyncGenerator

import httpx2
from azure.core.credentials_async import AsyncTokenCredential
from azure.identity.aio import ClientSecretCredential
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.azure.cloud import APPLICATION, Cloud
from tests.oauth.place import TOOL, Place


class Azure(httpx2.Auth):
    """The credential remembers the token, and fetches another before its end."""

    def __init__(self, credential: AsyncTokenCredential, scope: str) -> None:
        self._credential = credential
        self._scope = scope

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        token = await self._credential.get_token(self._scope)
        request.headers["Authorization"] = f"Bearer {token.token}"
        yield request


async def test_application_calls_a_tool(guarded: Place, around: Cloud) -> None:
    async with (
        ClientSecretCredential(
            guarded.provider.tenant,
            APPLICATION.client_id,
            APPLICATION.secret,
            authority=around.authority,
            connection_verify=str(around.ca),
        ) as credential,
        httpx2.AsyncClient(auth=Azure(credential, f"api://{guarded.provider.client_id}/.default")) as http,
        Client(streamable_http_client(guarded.endpoint("/mcp"), http_client=http)) as client,
    ):
        assert [tool.name for tool in (await client.list_tools()).tools] == [TOOL]
        called = await client.call_tool(TOOL, {"do": "echo"})
        assert not called.is_error
    assert around.entra.asked == 1
