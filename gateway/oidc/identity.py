"""TokenIdentity: the caller is whom a bearer token (RFC 6750 §2.1) of a configured issuer proves. The rules are `rules`'."""

import time
from collections.abc import Callable, Iterable

from gateway.errors import Unauthenticated
from gateway.identity import Headers, Principal
from gateway.oidc import rules
from gateway.oidc.key_set import KeySet, Source
from gateway.oidc.memory import Memory
from gateway.oidc.profile import Profile
from gateway.oidc.token import Token

# A token that lives longer is verified anew after this many seconds, so that a key withdrawn by its issuer ends it.
REMEMBERED = 3600.0

_SCHEME = "bearer"

type Clock = Callable[[], float]


class TokenIdentity:
    """Identify over access tokens. `clock` is in seconds since 1970, `steady` in seconds since whenever."""

    def __init__(
        self,
        issuers: Iterable[tuple[Profile, Source]],
        *,
        clock: Clock = time.time,
        steady: Clock = time.monotonic,
    ) -> None:
        self._clock = clock
        self._memory = Memory()
        self._known: dict[str, tuple[Profile, KeySet]] = {}  # by `iss`
        for profile, source in issuers:
            known = profile, KeySet(source, self._memory.clear, steady)
            self._known.update(dict.fromkeys(profile.versions, known))

    def remembered(self, headers: Headers) -> Principal | None:
        """Whom this very token proved before, while it is good."""
        sent = headers.get("Authorization")
        return None if sent is None else self._memory.get(sent, self._clock())

    async def verify(self, headers: Headers) -> Principal:
        """Whom the token proves; see Identify."""
        sent = headers.get("Authorization") or ""
        token = Token.read(_bearer(sent))
        if token.issuer not in self._known:
            raise Unauthenticated("The token was issued by somebody else.", sent=True)
        profile, keys = self._known[token.issuer]
        key = await keys.key(token.kid)
        if key is None:
            raise Unauthenticated("The token is signed with a key that its issuer does not have.", sent=True)
        # From here to the end nothing is awaited: a key withdrawn meanwhile could not take back what is remembered.
        now = self._clock()
        caller, until = rules.admit(token.proven(key), profile, now)
        if len(sent) == len(_SCHEME) + len(" ") + len(token.text):  # nobody fills the memory with further spaces
            self._memory.put(sent, caller, min(until, now + REMEMBERED))
        return caller


def _bearer(sent: str) -> str:
    """The token of an Authorization header; the scheme is case-insensitive (RFC 9110 §11.1)."""
    scheme, _, token = sent.partition(" ")
    if scheme.lower() != _SCHEME:
        raise Unauthenticated("Sign in: send a bearer token.")
    return token.strip(" ")
