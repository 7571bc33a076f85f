"""Desk: a TokenIdentity in front of a test's identity provider, with clocks that only the test moves."""

import time

from gateway.azure.entra import Entra
from gateway.env import Env
from gateway.identity import Principal
from gateway.oidc import settings
from gateway.oidc.identity import TokenIdentity
from gateway.oidc.provider import Provider
from tests.fakes.identity_provider import IdentityProvider

ORIGIN = "https://mcp.contoso.example"


class Clock:
    """Stands still."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


class Desk:
    """Takes the tokens of the provider's tenant and of its plain issuer."""

    def __init__(self, idp: IdentityProvider, **variables: str) -> None:
        self.clock = Clock()
        env = Env({**idp.realm_environment(ORIGIN), **idp.environment(ORIGIN), **variables})
        profiles = [Entra.from_env(env).profile(ORIGIN), settings.provider(env, ORIGIN)]
        issuers = [(profile, Provider(profile)) for profile in profiles]
        self.identify = TokenIdentity(issuers, clock=self.clock, steady=self.clock)

    async def caller(self, token: str) -> Principal:
        """Whom a token proves. Raises what `verify` raises."""
        return await self.identify.verify({"Authorization": f"Bearer {token}"})

    def remembered(self, token: str) -> Principal | None:
        """Whom it proved before."""
        return self.identify.remembered({"Authorization": f"Bearer {token}"})
