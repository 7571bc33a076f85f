"""Person: somebody with a browser and an MCP client, both by hand. The client is the Python SDK's own, with its own OAuth."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

import httpx2
from mcp import Client
from mcp.client.auth import OAuthClientProvider, TokenStorage
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl

from tests.fakes.authorization_server import CLIENT
from tests.local.waiting import PATIENCE

REDIRECT = "http://127.0.0.1:33418/"

type Mode = Literal["auto", "legacy"]


class Memory(TokenStorage):
    """What a client keeps: tokens, and how it was registered, which with Entra happens beforehand."""

    def __init__(self, tokens: OAuthToken | None = None) -> None:
        self.tokens = tokens
        self.client: OAuthClientInformationFull | None = OAuthClientInformationFull(
            client_id=CLIENT, redirect_uris=[AnyUrl(REDIRECT)], token_endpoint_auth_method="none"
        )

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class Person:
    """`seen` is what the client asked, with the answer's status, in order; `signed_in` counts visits of the browser."""

    def __init__(self, tokens: OAuthToken | None = None) -> None:
        self.memory = Memory(tokens)
        self.seen: list[tuple[str, str, int]] = []
        self.signed_in = 0
        self._came_back: AuthorizationCodeResult | None = None

    @asynccontextmanager
    async def client(self, url: str, mode: Mode = "auto") -> AsyncGenerator[Client]:
        """Connected; signs in when it is asked to."""
        metadata = OAuthClientMetadata(redirect_uris=[AnyUrl(REDIRECT)], client_name="a person's client")
        auth = OAuthClientProvider(url, metadata, self.memory, self._browse, self._back)
        async with (
            httpx2.AsyncClient(auth=auth, timeout=PATIENCE, event_hooks={"response": [self._note]}) as http,
            Client(streamable_http_client(url, http_client=http), mode=mode) as client,
        ):
            yield client

    def asked(self, origin: str) -> list[tuple[str, str, int]]:
        """What it asked at an origin, by method, path and status."""
        return [
            (method, url.removeprefix(origin), status)
            for method, url, status in self.seen
            if url.startswith(f"{origin}/")
        ]

    async def _note(self, response: httpx2.Response) -> None:
        self.seen.append((response.request.method, str(response.request.url).partition("?")[0], response.status_code))

    async def _browse(self, url: str) -> None:
        """As a browser that is signed in already: it is sent back at once."""
        self.signed_in += 1
        async with httpx2.AsyncClient() as browser:
            answer = await browser.get(url)
        location = answer.headers["Location"]
        assert location.startswith(f"{REDIRECT}?")
        query = dict(parse_qsl(urlsplit(location).query))
        assert "error" not in query, query["error_description"]
        self._came_back = AuthorizationCodeResult(code=query["code"], state=query["state"])

    async def _back(self) -> AuthorizationCodeResult:
        assert self._came_back
        return self._came_back
