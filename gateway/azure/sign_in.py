"""SignIn: who may come in, and where to sign in, as the environment says. Read by entry points and compositions alone."""

import logging
from collections.abc import Mapping

import msgspec

from gateway.azure import entra
from gateway.azure.entra import Entra
from gateway.dev_identity import DevIdentity
from gateway.env import Env, SettingsError
from gateway.identity import Identify
from gateway.oidc import settings
from gateway.oidc.identity import TokenIdentity
from gateway.oidc.profile import Profile
from gateway.oidc.provider import Provider
from gateway.protected_resource import ProtectedResource

BYPASS = "Authentication__BypassEntra"


class SignIn(msgspec.Struct, frozen=True):
    """`protected` is None where callers are believed, and there is nowhere to sign in. Nothing to close."""

    identify: Identify
    protected: ProtectedResource | None

    @property
    def believes(self) -> bool:
        """Whether callers are whoever they say they are."""
        return self.protected is None

    def warn(self, log: logging.Logger) -> None:
        """Says so, where that is so."""
        if self.believes:
            log.warning("callers are believed, not verified: %s is true", BYPASS)


BELIEVED = SignIn(DevIdentity(), None)


def sign_in(variables: Mapping[str, str]) -> SignIn | None:
    """What `AzureAd__*`, `Oidc__*` and `PublicOrigin`, or `Authentication__BypassEntra`, ask for; None where nothing is said.

    Raises SettingsError, naming the variable.
    """
    env = Env(variables)
    if env.boolean(BYPASS):
        return BELIEVED
    has_entra, has_provider = settings.is_set(env, entra.NAMES), settings.is_set(env, settings.NAMES)
    if not has_entra and not has_provider:
        return None
    origin = settings.public_origin(env)
    tenant = Entra.from_env(env) if has_entra else None
    profiles = [tenant.profile(origin)] if tenant else []
    if has_provider:
        profiles.append(_another(settings.provider(env, origin), profiles))
    tls = settings.certificates(env)
    identify = TokenIdentity([(profile, Provider(profile, tls)) for profile in profiles])
    return SignIn(identify, ProtectedResource(origin, tuple(p.issuer for p in profiles), _scopes(tenant, profiles)))


def required_sign_in(variables: Mapping[str, str]) -> SignIn:
    """The same where nothing said is a mistake. Raises SettingsError."""
    found = sign_in(variables)
    if found is None:
        raise SettingsError(
            f"Who may come in is not said: set {entra.TENANT} and {entra.CLIENT}, {settings.ISSUER} and Oidc__Audience__0,"
            f" or, where callers are to be believed, {BYPASS}=true."
        )
    return found


def _another(provider: Profile, others: list[Profile]) -> Profile:
    """One issuer's tokens have one meaning. Raises SettingsError."""
    if any(provider.issuer in other.versions for other in others):
        raise SettingsError(
            f"{settings.ISSUER}: this is the tenant's own issuer, which {entra.TENANT} stands for already."
        )
    return provider


def _scopes(tenant: Entra | None, profiles: list[Profile]) -> tuple[str, ...]:
    """What clients ask for. With two issuers, the first one's: neither knows the other's scopes, and would refuse them."""
    scope = tenant.qualified_scope if tenant else profiles[0].scope
    return (scope,) if scope else ()
