"""Minter: access tokens as an identity provider would sign them for us, made without asking it: it may run elsewhere.

Shaped like Entra's (v2). Which of them come in is the gateway's to say; nothing is checked here.
"""

import time
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from tests.fakes.identity_provider import SOMEBODY, IdentityProvider

WORKDAY = 8 * 3600.0  # seconds; longer than any run


class Minter(msgspec.Struct, frozen=True, rename="camel"):
    """The tenant, our application in it, and the provider's signing key (`key`: PKCS 8 PEM). `instance` ends with a slash."""

    instance: str
    tenant: str
    client_id: str
    kid: str
    key: str

    @classmethod
    def read(cls, path: Path) -> "Minter":
        """The minter of a file that `write` made. Raises OSError, msgspec.DecodeError."""
        return msgspec.json.decode(path.read_bytes(), type=cls)

    def write(self, path: Path) -> None:
        """For another process to read; for this user alone."""
        path.touch(mode=0o600)
        path.write_bytes(msgspec.json.encode(self))

    @property
    def issuer(self) -> str:
        """Who signs, as the tokens name it."""
        return f"{self.instance}{self.tenant}/v2.0"

    @property
    def scope(self) -> str:
        """What clients ask for."""
        return f"api://{self.client_id}/access"

    def environment(self, public_origin: str) -> dict[str, str]:
        """What a gateway is told to take these tokens."""
        return {
            "AzureAd__Instance": self.instance,
            "AzureAd__TenantId": self.tenant,
            "AzureAd__ClientId": self.client_id,
            "PublicOrigin": public_origin,
        }

    def token(self, user: str, roles: Iterable[str] = (), *, seconds: float = WORKDAY, **claims: object) -> str:
        """That somebody's client got for `user`, who becomes `oid`. Further claims replace; None leaves one out."""
        delegated = {"oid": user, "sub": f"pairwise-{user}", "name": user, "scp": "access", "azp": SOMEBODY}
        return self._signed({**self._common(seconds, roles), **delegated, **claims})

    def app_token(self, name: str, roles: Iterable[str] = (), *, seconds: float = WORKDAY, **claims: object) -> str:
        """That an application got for itself: no user, no scope."""
        own = {"oid": name, "sub": name, "azp": name, "azpacr": "1"}
        return self._signed({**self._common(seconds, roles), **own, **claims})

    def _common(self, seconds: float, roles: Iterable[str]) -> dict[str, object]:
        now = time.time()
        return {
            "aud": self.client_id,
            "iss": self.issuer,
            "iat": int(now),
            "nbf": int(now) - 300,
            "exp": int(now + seconds),
            "tid": self.tenant,
            "ver": "2.0",
            "roles": list(roles) or None,
        }

    def _signed(self, claims: Mapping[str, object]) -> str:
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, _loaded(self.key), "RS256", {"kid": self.kid})


def of(provider: IdentityProvider) -> Minter:
    """A minter that signs with the newest key of a provider of this process."""
    key = provider.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return Minter(f"{provider.url}/", provider.tenant, provider.client_id, provider.kid, key)


@cache  # reading a key, which includes checking it, takes longer than signing with it
def _loaded(pem: str) -> RSAPrivateKey:
    key = load_pem_private_key(pem.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    return key
