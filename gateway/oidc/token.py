"""Token: a JWS in its compact form (RFC 7515 §3.1), taken apart, and its signature. What it claims is `claims`'.

The algorithm is ours to say, never the token's (RFC 8725 §3.1). Of its header we read which key it names; `jku`, `x5u`,
`jwk` and `x5c` would lead to a stranger's key and are nothing to us.
"""

import base64
import re
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm

from gateway.errors import Unauthenticated

LIMIT = 16_384  # characters; Entra's are below 8,000
ALGORITHM = "RS256"

_RS256 = RSAAlgorithm(RSAAlgorithm.SHA256)
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_TYPES = frozenset({"", "jwt", "at+jwt", "application/jwt", "application/at+jwt"})  # RFC 9068 §4


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str
    typ: str = ""
    crit: Any = msgspec.UNSET


class _Unproven(msgspec.Struct, frozen=True):
    iss: str


class Token(msgspec.Struct, frozen=True):
    """Nothing of it is proven: `kid` and `issuer` say where to look for the key."""

    text: str
    kid: str
    issuer: str
    payload: bytes
    signature: bytes

    @classmethod
    def read(cls, text: str) -> "Token":
        """Raises Unauthenticated for whatever cannot be a token of ours; large ones cost nothing."""
        if len(text) > LIMIT:
            raise Unauthenticated(f"The token is longer than {LIMIT:,} characters.", sent=True)
        if not _COMPACT.fullmatch(text):
            raise _malformed()
        header, payload, signature = map(_bytes, text.split("."))
        told = _decoded(header, _Header)
        if told.alg != ALGORITHM or told.crit is not msgspec.UNSET or told.typ.casefold() not in _TYPES:
            raise Unauthenticated(f"The token is not signed as access tokens are here ({ALGORITHM}).", sent=True)
        return cls(text, told.kid, _decoded(payload, _Unproven).iss, payload, signature)

    def proven(self, key: RSAPublicKey) -> bytes:
        """The payload, signed by this key. Raises Unauthenticated."""
        # Not PyJWT's decode: it looks at each character of a token in Python, which is ten times the work of the rest.
        if not _RS256.verify(self.text.rpartition(".")[0].encode(), key, self.signature):
            raise Unauthenticated("The token's signature is not its issuer's.", sent=True)
        return self.payload


def _bytes(segment: str) -> bytes:
    """What a segment stands for, in its one spelling: else one token would have many, each to be remembered."""
    try:
        found = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError:
        raise _malformed() from None
    if base64.urlsafe_b64encode(found).rstrip(b"=") != segment.encode():
        raise _malformed()
    return found


def _decoded[T](document: bytes, type: type[T]) -> T:
    try:
        return msgspec.json.decode(document, type=type)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _malformed() from None


def _malformed() -> Unauthenticated:
    return Unauthenticated("The token is malformed.", sent=True)
