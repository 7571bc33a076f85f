"""What a gateway is told of its public origin and of an OpenID provider; refused by name. Entra's settings are `azure.entra`'s."""

import ssl
from collections.abc import Sequence

from gateway import address
from gateway.env import Env, SettingsError
from gateway.oidc.audiences import Audiences
from gateway.oidc.profile import Profile

ISSUER = "Oidc__Issuer"
CERTIFICATES = "Oidc__Certificates"
NAMES = (ISSUER, "Oidc__Audience__0", "Oidc__RolesClaim", "Oidc__Scope")  # any of them says that a provider is meant


def provider(env: Env, origin: str) -> Profile:
    """`Oidc__Issuer`, `Oidc__Audience__0…`, `Oidc__RolesClaim`, `Oidc__Scope`. Raises SettingsError."""
    issuer = trusted(ISSUER, env.text(ISSUER))
    scope = env.text("Oidc__Scope", "")
    if len(scope.split()) > 1:
        raise SettingsError(f"Oidc__Scope: `{scope}` is more than one scope.")
    return Profile(
        issuer,
        Audiences(env.list("Oidc__Audience"), origin),
        {issuer: ""},
        scope=scope,
        roles=env.text("Oidc__RolesClaim", "roles"),
    )


def public_origin(env: Env) -> str:
    """`PublicOrigin`, in lower case and without a slash at its end: what tokens are for. Raises SettingsError."""
    given = env.text("PublicOrigin").rstrip("/").lower()
    parts = address.split(given)
    if parts is None or given != f"{parts.scheme}://{parts.netloc}":
        raise SettingsError(f"PublicOrigin: `{given}` is not an origin (https://gateway.example.com).")
    return given


def trusted(name: str, url: str) -> str:
    """The URL of an issuer, as it is. Raises SettingsError where anybody on the way could speak for it."""
    parts = address.split(url)
    if parts is None or parts.query or parts.fragment or not address.is_private(url):
        raise SettingsError(f"{name}: `{url}` is not an https URL (http is taken on loopback only).")
    return url


def certificates(env: Env) -> ssl.SSLContext | None:
    """`Oidc__Certificates`: PEM text of authorities to trust besides the system's; None where there are none. Raises SettingsError."""
    text = env.text(CERTIFICATES, "")
    if not text:
        return None
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise SettingsError(f"{CERTIFICATES}: this is not the PEM text of certificates.") from error
    return context


def is_set(env: Env, names: Sequence[str]) -> bool:
    """Whether any of these variables says anything."""
    return any(env.text(name, "") for name in names)
