"""Rules: whom a token's claims make the caller, once its signature is known to be good. Pure.

RFC 7519 §4.1, RFC 8725, RFC 9068 §4; https://learn.microsoft.com/entra/identity-platform/claims-validation.
"""

from gateway.errors import InsufficientScope, Unauthenticated
from gateway.identity import Principal, principal
from gateway.oidc import claims
from gateway.oidc.claims import Claims
from gateway.oidc.profile import Profile

SKEW = 60.0  # seconds that the issuer's clock and ours may differ
# What else an issuer signs with the same keys, by its `typ` (Keycloak) or `token_use` (Cognito).
_NOT_FOR_ACCESS = frozenset({"id", "refresh", "offline", "logout"})


def admit(payload: bytes, profile: Profile, now: float) -> tuple[Principal, float]:
    """The caller, and until when (seconds since 1970). Raises Unauthenticated, InsufficientScope."""
    told, everything = claims.read(payload)
    _check_time(told, now)
    _check_issuer(told, profile)
    only_at = profile.audiences.only_at(told.audience)
    if only_at is None:
        raise Unauthenticated("The token was issued for another audience.", sent=True)
    _check_kind(told)
    roles = claims.granted(everything, profile.roles)
    _check_scope(told, roles, profile)
    id = _id(told, profile)
    caller = principal(id, claims.called(everything) or id, roles, only_at)
    _check_writable(caller)
    return caller, told.exp + SKEW


def _check_time(told: Claims, now: float) -> None:
    if told.exp <= now - SKEW:
        raise Unauthenticated("The token has expired.", sent=True)
    if told.nbf is not None and told.nbf > now + SKEW:
        raise Unauthenticated("The token is not valid yet.", sent=True)


def _check_issuer(told: Claims, profile: Profile) -> None:
    version = profile.versions.get(told.iss)
    if version is None:
        raise Unauthenticated("The token was issued by somebody else.", sent=True)
    if version and told.ver != version:
        raise Unauthenticated("The token's version is not its issuer's.", sent=True)
    if profile.tenant and told.tid != profile.tenant:
        raise Unauthenticated("The token is of another tenant.", sent=True)


def _check_kind(told: Claims) -> None:
    """An ID token is for its client to read, though it may name us as its audience (RFC 8725 §2.8)."""
    said = {(told.typ or "").casefold(), (told.token_use or "").casefold()}
    if told.at_hash is not None or told.c_hash is not None or said & _NOT_FOR_ACCESS:
        raise Unauthenticated("The token is no access token.", sent=True)
    if told.cnf is not None:  # RFC 7800: whoever shows it must prove a key, and a thief of it could not
        raise Unauthenticated("The token is bound to a key, and is no bearer token.", sent=True)


def _check_scope(told: Claims, roles: tuple[str, ...], profile: Profile) -> None:
    """Who speaks for a person was given a scope; an application that speaks for itself was given a role."""
    if told.scopes is None:
        if not (told.client and any(role.strip() for role in roles)):
            raise InsufficientScope("The token has neither a scope nor an application's role.")
    elif profile.scope and profile.scope not in told.scopes:
        raise InsufficientScope(f"The token lacks the scope `{profile.scope}`.")


def _id(told: Claims, profile: Profile) -> str:
    own = told.oid if profile.tenant else told.sub
    if not own or not own.strip():
        raise Unauthenticated(f"The token has no `{'oid' if profile.tenant else 'sub'}`.", sent=True)
    return own if profile.tenant else f"{told.iss}|{own}"


def _check_writable(caller: Principal) -> None:
    """Id and roles go on as header lines: what would end there, or arrive as something else, is nobody."""
    if caller.id != caller.id.strip() or not all(word.isprintable() for word in (caller.id, *caller.roles)):
        raise Unauthenticated("The token names its caller with characters that cannot be passed on.", sent=True)
