"""Entra ID as an OpenID provider: one tenant, both versions of its tokens. Settings and a Profile; what is verified, and how, is `oidc`'s.

https://learn.microsoft.com/entra/identity-platform/access-tokens: v1 and v2 tokens come from different issuers and are
signed with the same keys. `common` and `organizations` are no issuers: whoever they let in would be of any tenant.
"""

import re

import msgspec

from gateway.env import Env, SettingsError
from gateway.oidc.audiences import Audiences
from gateway.oidc.profile import Profile
from gateway.oidc.settings import trusted

TENANT, CLIENT, INSTANCE, SCOPE = "AzureAd__TenantId", "AzureAd__ClientId", "AzureAd__Instance", "AzureAd__Scope"
NAMES = (TENANT, CLIENT, INSTANCE, SCOPE, "AzureAd__Audience")  # any of them says that Entra is meant

_PUBLIC = "https://login.microsoftonline.com/"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_V1 = "https://sts.windows.net/"
# The one national cloud whose v1 tokens come from a place of its own.
_V1_OF_CHINA = "https://sts.chinacloudapi.cn/"
_CHINA = ("https://login.chinacloudapi.cn/", "https://login.partner.microsoftonline.cn/")


class Entra(msgspec.Struct, frozen=True):
    """A tenant, and in it our own application, `client`. `scope` is its bare name, as tokens have it."""

    instance: str
    tenant: str
    client: str
    audience: str
    scope: str

    @classmethod
    def from_env(cls, env: Env) -> "Entra":
        """`AzureAd__Instance`, `…TenantId`, `…ClientId`, `…Audience`, `…Scope`. Raises SettingsError."""
        scope = env.text(SCOPE, "access")
        if "/" in scope or len(scope.split()) > 1:
            raise SettingsError(f"{SCOPE}: `{scope}` is not the bare name of one scope.")
        return cls(
            trusted(INSTANCE, env.text(INSTANCE, _PUBLIC).rstrip("/") + "/"),
            _guid(env, TENANT),
            _guid(env, CLIENT),
            env.text("AzureAd__Audience", ""),
            scope,
        )

    @property
    def authority(self) -> str:
        """The v2 issuer, which is also where clients sign in."""
        return f"{self.instance}{self.tenant}/v2.0"

    @property
    def qualified_scope(self) -> str:
        """As clients must ask for it: Entra takes a bare one for Microsoft Graph's (reference: mcp.md §2.3)."""
        return f"api://{self.client}/{self.scope}"

    def profile(self, origin: str) -> Profile:
        """What is expected of this tenant's tokens."""
        v1 = _V1_OF_CHINA if self.instance in _CHINA else _V1
        names = filter(None, (self.client, f"api://{self.client}", self.audience))
        return Profile(
            self.authority,
            Audiences(names, origin),
            {self.authority: "2.0", f"{v1}{self.tenant}/": "1.0"},
            tenant=self.tenant,
            scope=self.scope,
        )


def _guid(env: Env, name: str) -> str:
    """Raises SettingsError for `common`, a domain, YOUR_TENANT_ID, and whatever else is not one tenant's or application's id."""
    value = env.text(name).lower()
    if not _GUID.fullmatch(value):
        raise SettingsError(
            f"{name}: `{value}` is not an id (a GUID, as the portal shows it); names and placeholders are not taken."
        )
    return value
