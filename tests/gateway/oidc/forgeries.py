"""Forgeries: tokens that look right but for one thing. Each is a function of the provider whose tokens they imitate."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.fakes.identity_provider import IdentityProvider, jwk, new_key

type Forgery = Callable[[IdentityProvider], str]

TENANT_OF_OTHERS = "11111111-2222-4333-8444-555555555555"


def good(idp: IdentityProvider) -> dict[str, Any]:
    """What a good token of an admin claims."""
    return msgspec.json.decode(_decoded(idp.token("mallory", ["mcp.admin"]).split(".")[1]))


def alg_none(idp: IdentityProvider) -> str:
    return _header(idp, alg="none").rpartition(".")[0] + "."


def alg_none_with_the_signature_of_another_token(idp: IdentityProvider) -> str:
    return _header(idp, alg="none")


def hs256_with_the_public_key(idp: IdentityProvider) -> str:
    """The classic: whoever lets the token choose takes our public key for a shared secret."""
    secret = idp.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = _header(idp, alg="HS256").rpartition(".")[0]
    return f"{signed}.{_encoded(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def rs512(idp: IdentityProvider) -> str:
    return jwt.encode(good(idp), idp.key, "RS512", {"kid": idp.kid})


def a_key_of_their_own(idp: IdentityProvider) -> str:
    return idp.signed(good(idp), key=new_key())


def a_key_in_the_header(idp: IdentityProvider) -> str:
    key = new_key()
    return idp.signed(good(idp), {"jwk": jwk(key, idp.kid)}, key)


def jku_and_x5u(idp: IdentityProvider) -> str:
    return idp.signed(good(idp), {"jku": f"{idp.url}/evil", "x5u": f"{idp.url}/evil", "kid": "evil"}, new_key())


def an_unknown_key(idp: IdentityProvider) -> str:
    return idp.signed(good(idp), {"kid": "nobody's"})


def no_key_named(idp: IdentityProvider) -> str:
    return jwt.encode(good(idp), idp.key, "RS256")


def a_critical_extension(idp: IdentityProvider) -> str:
    return idp.signed(good(idp), {"crit": ["exp"], "exp": 1})


def a_changed_claim(idp: IdentityProvider) -> str:
    header, payload, signature = idp.token("alice").split(".")
    claims = msgspec.json.decode(_decoded(payload), type=dict[str, Any])
    claims["roles"] = ["mcp.admin"]
    return f"{header}.{_encoded(msgspec.json.encode(claims))}.{signature}"


def another_audience(idp: IdentityProvider) -> str:
    return idp.token(aud="https://graph.microsoft.com")


def an_audience_that_begins_like_ours(idp: IdentityProvider) -> str:
    return idp.token(aud=f"{idp.client_id}.evil.example")


def no_audience(idp: IdentityProvider) -> str:
    return idp.token(aud=None)


def another_tenant(idp: IdentityProvider) -> str:
    return idp.token(tid=TENANT_OF_OTHERS)


def another_tenants_issuer(idp: IdentityProvider) -> str:
    return idp.token(iss=idp.issuer.replace(idp.tenant, TENANT_OF_OTHERS), tid=TENANT_OF_OTHERS)


def another_issuer(idp: IdentityProvider) -> str:
    return idp.token(iss="https://accounts.example.com")


def a_v1_token_that_says_v2(idp: IdentityProvider) -> str:
    return idp.v1_token(ver="2.0")


def no_version(idp: IdentityProvider) -> str:
    return idp.token(ver=None)


def no_tenant(idp: IdentityProvider) -> str:
    return idp.token(tid=None)


def no_end(idp: IdentityProvider) -> str:
    return idp.token(exp=None)


def expired(idp: IdentityProvider) -> str:
    return idp.token(seconds=-3600)


def not_yet(idp: IdentityProvider) -> str:
    return idp.token(nbf=int(time.time()) + 3600)


def nobody(idp: IdentityProvider) -> str:
    return idp.token(oid=None)


def nobody_in_many_characters(idp: IdentityProvider) -> str:
    return idp.token(oid="   ")


def somebody_with_a_line_end(idp: IdentityProvider) -> str:
    return idp.token(oid="alice\r\nX-Mcp-Roles: mcp.admin")


def somebody_with_a_space_at_the_end(idp: IdentityProvider) -> str:
    """Who would be `alice` where the header arrives."""
    return idp.token(oid="alice ")


def a_role_with_a_line_end(idp: IdentityProvider) -> str:
    return idp.token(roles=["a\nb"])


def a_token_that_is_bound_to_a_key(idp: IdentityProvider) -> str:
    return idp.token("mallory", ["mcp.admin"], cnf={"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"})


def an_id_token_with_its_hash(idp: IdentityProvider) -> str:
    return idp.id_token(roles=["mcp.admin"], at_hash="77QmUPtjPfzWtF2AnpK9RQ", azp="client")


def an_id_token_that_says_so(idp: IdentityProvider) -> str:
    """Keycloak's ID tokens name a client, and may hold roles."""
    return idp.realm_token(roles=["mcp.admin"], typ="ID", azp="client", scope=None)


def a_logout_token(idp: IdentityProvider) -> str:
    return idp.signed(good(idp), {"typ": "logout+jwt"})


def oversized(idp: IdentityProvider) -> str:
    return idp.token(padding="x" * 16_384)


# What a caller with it is told is 401.
UNAUTHENTICATED: list[Forgery] = [
    alg_none,
    alg_none_with_the_signature_of_another_token,
    hs256_with_the_public_key,
    rs512,
    a_key_of_their_own,
    a_key_in_the_header,
    jku_and_x5u,
    an_unknown_key,
    no_key_named,
    a_critical_extension,
    a_changed_claim,
    another_audience,
    an_audience_that_begins_like_ours,
    no_audience,
    another_tenant,
    another_tenants_issuer,
    another_issuer,
    a_v1_token_that_says_v2,
    no_version,
    no_tenant,
    no_end,
    expired,
    not_yet,
    nobody,
    nobody_in_many_characters,
    somebody_with_a_line_end,
    somebody_with_a_space_at_the_end,
    a_role_with_a_line_end,
    a_token_that_is_bound_to_a_key,
    an_id_token_with_its_hash,
    an_id_token_that_says_so,
    a_logout_token,
    oversized,
]


def another_scope(idp: IdentityProvider) -> str:
    return idp.token(roles=["mcp.admin"], scope="User.Read")


def a_scope_that_begins_like_ours(idp: IdentityProvider) -> str:
    return idp.token(scope="access_as_user accessible")


def no_scope_at_all(idp: IdentityProvider) -> str:
    return idp.token(scope="")


def an_application_without_a_role(idp: IdentityProvider) -> str:
    return idp.app_token("ci")


def an_application_with_a_blank_role(idp: IdentityProvider) -> str:
    return idp.app_token("ci", [" "])


def an_id_token(idp: IdentityProvider) -> str:
    """Entra's: for our own application, with the roles its user has in it."""
    return idp.id_token(roles=["mcp.admin"])


# What a caller with it is told is 403, insufficient_scope.
INSUFFICIENT: list[Forgery] = [
    another_scope,
    a_scope_that_begins_like_ours,
    no_scope_at_all,
    an_application_without_a_role,
    an_application_with_a_blank_role,
    an_id_token,
]


def _header(idp: IdentityProvider, **members: object) -> str:
    """A good token with a header of one's own."""
    _, payload, signature = idp.token("mallory", ["mcp.admin"]).split(".")
    return f"{_encoded(msgspec.json.encode({'typ': 'JWT', 'kid': idp.kid, **members}))}.{payload}.{signature}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
