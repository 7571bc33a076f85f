"""IdentityProvider: an OpenID provider over real HTTP with real RSA keys, shaped like Entra. Asks nobody who they are.

It runs in a thread of its own, so that sync tests, async tests and subprocesses can use it. Besides the tenant it serves
a plain OpenID issuer (`realm`) with the same keys. `routes` takes more endpoints.
"""

import ssl
import time
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import RSAAlgorithm

from tests.fakes.identity_provider_http import Answer, Asked, HttpServer, Routes

TENANT = "5f0e3a50-5b6c-4c0e-9d7e-0d6f3f1f7a11"
CLIENT = "c0ffee00-1111-4222-8333-444455556666"
V1 = f"https://sts.windows.net/{TENANT}/"  # Entra's v1 issuer is elsewhere, and signs with the same keys
SOMEBODY = "aebc6443-996d-45c2-90f0-388ff96faa56"  # the client that asked for a token

type Key = rsa.RSAPrivateKey


def new_key(bits: int = 2048) -> Key:
    """An RSA key that no set holds."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


class IdentityProvider:
    """`with IdentityProvider() as idp:`. It listens on `host` (a free port unless one is given), and speaks TLS where `tls`,
    the files of a certificate and its key, is given."""

    def __init__(self, *, tls: tuple[Path, Path] | None = None, host: str = "127.0.0.1", port: int = 0) -> None:
        self.tenant = TENANT
        self.client_id = CLIENT
        self.is_out = False  # answers 503 to everything
        self.fetches = 0  # of keys
        self.key = new_key()
        self.kid = "key-1"
        self.keys: list[dict[str, Any]] = [jwk(self.key, self.kid)]  # the set that is published
        self.routes: Routes = {}
        self._rotations = 1
        self._server = HttpServer(self._answer, host, port, _context(tls))
        self.port = self._server.port
        self.url = f"{'https' if tls else 'http'}://{host}:{self.port}"
        self.issuer = f"{self.url}/{TENANT}/v2.0"
        self.realm = f"{self.url}/realm"
        self.documents = {self.issuer: self._entra(), self.realm: self._plain()}  # by issuer; may be changed
        for issuer in self.documents:
            self.routes["GET", f"{issuer.removeprefix(self.url)}/.well-known/openid-configuration"] = self._document
        for keys in (f"/{TENANT}/discovery/v2.0/keys", "/realm/keys"):
            self.routes["GET", keys] = self._key_set

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def environment(self, public_origin: str) -> dict[str, str]:
        """What a gateway is told to take this tenant's tokens."""
        return {
            "AzureAd__Instance": f"{self.url}/",
            "AzureAd__TenantId": self.tenant,
            "AzureAd__ClientId": self.client_id,
            "PublicOrigin": public_origin,
        }

    def realm_environment(self, public_origin: str, audience: str = "gateway") -> dict[str, str]:
        """What a gateway is told to take the plain issuer's tokens."""
        return {"Oidc__Issuer": self.realm, "Oidc__Audience__0": audience, "PublicOrigin": public_origin}

    def token(
        self,
        user: str = "alice",
        roles: Iterable[str] = (),
        *,
        scope: str = "access",
        seconds: float = 3600,
        **claims: object,
    ) -> str:
        """An access token (v2) that somebody's client got for `user`, who becomes `oid`. Further claims replace; None leaves one out."""
        delegated = {"oid": user, "sub": f"pairwise-{user}", "name": user.title(), "scp": scope, "azp": SOMEBODY}
        return self.signed(self._claims(seconds, delegated, roles) | claims)

    def app_token(self, name: str, roles: Iterable[str] = (), *, seconds: float = 3600, **claims: object) -> str:
        """An access token (v2) that an application got for itself."""
        own = {"oid": name, "sub": name, "azp": name, "azpacr": "1"}
        return self.signed(self._claims(seconds, own, roles) | claims)

    def v1_token(self, user: str = "alice", roles: Iterable[str] = (), **claims: object) -> str:
        """An access token (v1) for `user`."""
        named = {"aud": f"api://{CLIENT}", "iss": V1, "ver": "1.0", "appid": SOMEBODY, "scp": "access"}
        own = {"oid": user, "sub": f"pairwise-{user}", "name": user.title()}
        return self.signed(self._claims(3600, named | own, roles) | claims)

    def id_token(self, user: str = "alice", roles: Iterable[str] = (), **claims: object) -> str:
        """An ID token (v2) for our own application: the audience is right, and it says what roles the user has."""
        signed_in = {"oid": user, "sub": f"pairwise-{user}", "name": user.title(), "nonce": "n-0S6_WzA2Mj"}
        return self.signed(self._claims(3600, signed_in, roles) | claims)

    def realm_token(
        self, user: str = "alice", roles: Iterable[str] = (), *, audience: str = "gateway", **claims: object
    ) -> str:
        """An access token of the plain issuer."""
        plain = {"iss": self.realm, "aud": audience, "sub": user, "client_id": "a-client", "scope": "openid"}
        times = {"iat": int(time.time()), "exp": int(time.time()) + 3600, "roles": list(roles)}
        return self.signed(plain | times | claims)

    def signed(
        self, claims: Mapping[str, object], headers: Mapping[str, Any] | None = None, key: Key | None = None
    ) -> str:
        """Any claims, signed with the newest key unless another is given. A claim that is None is left out."""
        kept = {name: value for name, value in claims.items() if value is not None}
        named = {"kid": self.kid, **(headers or {})}
        return jwt.PyJWS().encode(msgspec.json.encode(kept), key or self.key, "RS256", named)

    def describe(self) -> dict[str, str]:
        """What somebody elsewhere needs to make tokens of this tenant: the key in use is in it."""
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return {
            "instance": f"{self.url}/",
            "tenant": self.tenant,
            "clientId": self.client_id,
            "kid": self.kid,
            "key": pem.decode(),
        }

    def rotate(self, *, withdraw: bool = False) -> None:
        """Signs with a new key from now on. The earlier ones stay in the set, unless they are withdrawn."""
        self._rotations += 1
        self.key, self.kid = new_key(), f"key-{self._rotations}"
        self.keys = [*([] if withdraw else self.keys), jwk(self.key, self.kid)]

    def _claims(self, seconds: float, own: Mapping[str, object], roles: Iterable[str]) -> dict[str, object]:
        now = time.time()
        granted = list(roles)
        return {
            "aud": CLIENT,
            "iss": self.issuer,
            "iat": int(now),
            "nbf": int(now) - 300,
            "exp": int(now + seconds),
            "tid": TENANT,
            "uti": uuid.uuid4().hex,  # no two tokens are the same
            "ver": "2.0",
            "roles": granted or None,
            **own,
        }

    def _entra(self) -> dict[str, Any]:
        base = f"{self.url}/{TENANT}"
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_types_supported": ["code", "id_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
        }

    def _plain(self) -> dict[str, Any]:
        return {
            "issuer": self.realm,
            "authorization_endpoint": f"{self.realm}/authorize",
            "token_endpoint": f"{self.realm}/token",
            "jwks_uri": f"{self.realm}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def _answer(self, asked: Asked) -> Answer:
        if self.is_out:
            return Answer(503, b"out of order")
        found = self.routes.get((asked.method, asked.path))
        return found(asked) if found else Answer(404, b"")

    def _document(self, asked: Asked) -> Answer:
        issuer = self.url + asked.path.removesuffix("/.well-known/openid-configuration")
        return Answer(200, msgspec.json.encode(self.documents[issuer]))

    def _key_set(self, _: Asked) -> Answer:
        self.fetches += 1
        return Answer(200, msgspec.json.encode({"keys": self.keys}))


def _context(tls: tuple[Path, Path] | None) -> ssl.SSLContext | None:
    if tls is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*tls)
    return context


def jwk(key: Key, kid: str, **members: object) -> dict[str, Any]:
    """The public half of a key as a set's member."""
    public = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {"kty": "RSA", "use": "sig", "kid": kid, "n": public["n"], "e": public["e"], **members}
