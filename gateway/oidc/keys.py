"""Keys of a JWK Set (RFC 7517) that may prove a token: RSA, for signatures, long enough. The others are passed over. Pure."""

from collections.abc import Mapping

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm
from jwt.exceptions import PyJWTError

from gateway.oidc.token import ALGORITHM

BITS = 2048

type Keys = Mapping[str, RSAPublicKey]


class _Jwk(msgspec.Struct):
    kty: str = ""
    kid: str = ""
    use: str = "sig"  # absent: whichever (§4.2)
    alg: str = ALGORITHM
    n: str = ""
    e: str = ""
    issuer: str = ""


class _JwkSet(msgspec.Struct):
    keys: list[msgspec.Raw]


def usable(document: bytes, issuer: str, tenant: str = "") -> Keys:
    """Each key by its id; the first of several with one id.

    Entra says of a key who signs with it, with `{tenantid}` for a tenant; one that others sign with is none of ours.
    Raises msgspec.DecodeError where this is no set.
    """
    found: dict[str, RSAPublicKey] = {}
    for raw in msgspec.json.decode(document, type=_JwkSet).keys:
        one = _read(raw)
        if one and one.issuer.replace("{tenantid}", tenant) in ("", issuer) and (key := _public(one)):
            found.setdefault(one.kid, key)
    return found


def _read(raw: msgspec.Raw) -> _Jwk | None:
    """None for a kind of key whose members mean something else."""
    try:
        one = msgspec.json.decode(raw, type=_Jwk)
    except msgspec.DecodeError:
        return None
    return one if (one.kty, one.use, one.alg) == ("RSA", "sig", ALGORITHM) and one.kid else None


def _public(one: _Jwk) -> RSAPublicKey | None:
    try:
        key = RSAAlgorithm.from_jwk({"kty": "RSA", "n": one.n, "e": one.e})  # the public members only, whatever it has
    except (PyJWTError, ValueError):
        return None
    return key if isinstance(key, RSAPublicKey) and key.key_size >= BITS else None
