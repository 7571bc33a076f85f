"""Verifying: the platform as it is for callers with tokens: told of an identity provider, which runs on this machine, by TLS.

Its documents and tokens are Entra's in shape; its certificate is one of the cluster's own authority.
"""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster import pki
from tests.cluster.node import Node
from tests.cluster.platform import BELIEVING, Platform
from tests.fakes.identity_provider import IdentityProvider


@contextmanager
def verifying(platform: Platform, node: Node) -> Generator[IdentityProvider]:
    """While the block runs, who has a token of the provider comes in, and nobody else; from then on callers are believed again."""
    layout = node.layout
    tls = pki.serving(layout, "identity-provider", layout.outside)
    with IdentityProvider(host=layout.outside, tls=tls) as provider:
        try:
            platform.told(*_options(provider, layout.pki / "ca.crt"))
            yield provider
        finally:
            platform.told(*BELIEVING)


def _options(provider: IdentityProvider, authority: Path) -> list[str]:
    who = ["--entra-tenant", provider.tenant, "--entra-client-id", provider.client_id]
    return [*who, "--entra-instance", f"{provider.url}/", "--oidc-certificates", str(authority)]
