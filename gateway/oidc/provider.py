"""Provider: an issuer's discovery document and keys, fetched over HTTP (OpenID Connect Discovery §4). Remembers nothing.

Each fetch has a session of its own: there are few, and nothing is left to close.
"""

import asyncio
import ssl

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

from gateway import address
from gateway.oidc import keys
from gateway.oidc.keys import Keys
from gateway.oidc.profile import Profile

SIZE = 512 * 1024  # bytes of a document; Entra's keys have 20,000
SECONDS = 10.0
CONNECT_SECONDS = 4.0

_SAID = 200  # characters of what it says that are worth a log line
_WELL_KNOWN = "/.well-known/openid-configuration"


class NoKeys(Exception):
    """They could not be fetched; the message says why, for whoever runs the gateway."""


class _Document(msgspec.Struct):
    issuer: str
    jwks_uri: str


class Provider:
    """`tls` is for issuers whose certificate the system does not know; `seconds` for both documents together."""

    def __init__(self, profile: Profile, tls: ssl.SSLContext | None = None, seconds: float = SECONDS) -> None:
        self.issuer = profile.issuer
        self._tenant = profile.tenant
        self._tls = tls
        self._seconds = seconds

    async def fetch(self) -> Keys:
        """The keys of the moment, at least one. Raises NoKeys."""
        try:
            async with asyncio.timeout(self._seconds), self._session() as session:
                where = await self._discovered(session)
                found = keys.usable(await _got(session, where), self.issuer, self._tenant)
        except (
            ClientError,
            OSError,
            ValueError,
            RecursionError,
            msgspec.DecodeError,
        ) as error:  # TimeoutError is an OSError
            raise NoKeys(f"{type(error).__name__}: {error}") from error
        if not found:
            raise NoKeys(f"{where} has no RSA key of {keys.BITS} bits or more for signatures")
        return found

    async def _discovered(self, session: ClientSession) -> str:
        """Where the keys are."""
        url = self.issuer.rstrip("/") + _WELL_KNOWN
        told = msgspec.json.decode(await _got(session, url), type=_Document)
        if told.issuer != self.issuer:
            raise NoKeys(f"{url} speaks for the issuer {told.issuer[:_SAID]!r}")
        if not address.is_private(told.jwks_uri, loopback=address.is_on_loopback(self.issuer)):
            raise NoKeys(f"{url} names keys at {told.jwks_uri[:_SAID]!r}, which is not https")
        return told.jwks_uri

    def _session(self) -> ClientSession:
        return ClientSession(
            connector=TCPConnector(ssl=self._tls or True, force_close=True),
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            trust_env=self.issuer.startswith("https:"),  # clusters may reach the world by HTTPS_PROXY only
        )


async def _got(session: ClientSession, url: str) -> bytes:
    """A document. Redirects are not followed: whoever could redirect us could give us keys."""
    async with session.get(url, allow_redirects=False) as response:
        if response.status != 200:
            raise NoKeys(f"{url} answered {response.status}")
        document = bytearray()
        async for chunk in response.content.iter_any():
            document += chunk
            if len(document) > SIZE:
                raise NoKeys(f"{url} is longer than {SIZE:,} bytes")
        return bytes(document)
