"""The sign-in server of these tests is as strict as Entra is known to be; otherwise the flow would show nothing."""

import base64
import hashlib
from collections.abc import AsyncGenerator
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from tests.fakes.authorization_server import CLIENT, AuthorizationServer
from tests.fakes.identity_provider import IdentityProvider
from tests.oauth.person import REDIRECT

API = "api://c0ffee00-1111-4222-8333-444455556666"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
GOOD = {
    "response_type": "code",
    "client_id": CLIENT,
    "redirect_uri": REDIRECT,
    "scope": f"{API}/access",
    "resource": "https://mcp.contoso.com/mcp",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
    "state": "s",
}


class Browser:
    """In front of the two endpoints."""

    def __init__(self, server: AuthorizationServer, http: httpx2.AsyncClient) -> None:
        self.server = server
        self._http = http
        self._base = f"{server.provider.url}/{server.provider.tenant}/oauth2/v2.0"

    async def authorize(self, **changed: str) -> dict[str, str]:
        """The parameters that come back with the redirect."""
        answer = await self._http.get(f"{self._base}/authorize", params=GOOD | changed)
        assert answer.status_code == 302, answer.text
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    async def token(self, **form: str) -> httpx2.Response:
        """The answer of the token endpoint."""
        return await self._http.post(f"{self._base}/token", data=form)

    async def redeem(self, code: str, **changed: str) -> httpx2.Response:
        """A code, for a token."""
        form = {"grant_type": "authorization_code", "code": code, "client_id": CLIENT, "redirect_uri": REDIRECT}
        return await self.token(**(form | {"code_verifier": VERIFIER, "resource": GOOD["resource"]} | changed))


@pytest.fixture
async def browser() -> AsyncGenerator[Browser]:
    """With an application that has one endpoint's URL among its identifiers."""
    with IdentityProvider() as provider:
        async with httpx2.AsyncClient() as http:
            yield Browser(AuthorizationServer(provider, {GOOD["resource"]}), http)


async def test_code_is_redeemed_once(browser: Browser) -> None:
    back = await browser.authorize()
    assert back["state"] == "s"
    token = await browser.redeem(back["code"])
    assert (token.status_code, token.json()["scope"]) == (200, f"{API}/access")
    assert "refresh_token" not in token.json()
    assert "AADSTS54005" in (await browser.redeem(back["code"])).text


@pytest.mark.parametrize(
    ("changed", "number"),
    [
        ({"scope": "access"}, 650053),
        ({"scope": f"{API}/other"}, 650053),
        ({"scope": "api://somebody/access"}, 500011),
        ({"resource": "https://mcp.contoso.com/mcp/"}, 9010010),
        ({"resource": "https://mcp.contoso.com"}, 9010010),
        ({"resource": "https://mcp.contoso.com/adapters/other/mcp"}, 9010010),
        ({"code_challenge_method": "plain"}, 9002325),
    ],
)
async def test_what_entra_refuses_is_refused(browser: Browser, changed: dict[str, str], number: int) -> None:
    back = await browser.authorize(**changed)
    assert back["error_description"].startswith(f"AADSTS{number}: ")
    assert "code" not in back


@pytest.mark.parametrize("changed", [{"redirect_uri": f"{REDIRECT}x"}, {"client_id": "unknown"}])
async def test_nobody_is_sent_to_an_address_that_is_not_registered(browser: Browser, changed: dict[str, str]) -> None:
    with pytest.raises(AssertionError, match="AADSTS50011"):
        await browser.authorize(**changed)


@pytest.mark.parametrize(
    ("changed", "number"),
    [
        ({"code_verifier": "w" * 43}, 501481),
        ({"redirect_uri": "http://127.0.0.1:1/"}, 501481),
        ({"client_id": "another"}, 54005),
        ({"resource": "https://mcp.contoso.com/mcp/"}, 9010010),
        ({"grant_type": "password"}, 70003),
    ],
)
async def test_code_is_not_redeemed_otherwise(browser: Browser, changed: dict[str, str], number: int) -> None:
    back = await browser.authorize()
    token = await browser.redeem(back["code"], **changed)
    assert token.status_code == 400
    assert token.json()["error_codes"] == [number]


async def test_refresh_token_comes_with_offline_access_alone(browser: Browser) -> None:
    back = await browser.authorize(scope=f"{API}/access offline_access")
    refresh = (await browser.redeem(back["code"])).json()["refresh_token"]
    again = await browser.token(grant_type="refresh_token", refresh_token=refresh, client_id=CLIENT)
    assert again.json()["access_token"]
    assert "AADSTS54005" in (await browser.token(grant_type="refresh_token", refresh_token="x", client_id=CLIENT)).text
