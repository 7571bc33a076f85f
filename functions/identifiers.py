"""Identifiers: how an adapter's URL becomes an identifier URI of the application in Entra, for people who do that themselves.

Asks nobody: whether it is one already is not known here. Who does it by itself is given to reconcile (`After`).
"""

import msgspec

from gateway.protected_resource import ProtectedResource
from gateway.status import SignIn

_AZURES = ".cloudapp.azure.com"  # nobody's verified domain


class Identifiers(msgspec.Struct, frozen=True):
    """Of the application that callers sign in to, by the id that clients know."""

    protected: ProtectedResource
    client_id: str

    @classmethod
    def of(cls, protected: ProtectedResource | None, client_id: str) -> "Identifiers | None":
        """None where callers do not sign in with Entra, or at an origin of which Entra takes no URI."""
        if protected is None or not client_id:
            return None
        taken = protected.origin.startswith("https://") and not protected.origin.endswith(_AZURES)
        return cls(protected, client_id) if taken else None

    def hint(self, name: str) -> SignIn:
        """The URI, and the line that adds it to those that are there. `az` replaces the list, and its `--add` did as well
        (github.com/Azure/azure-cli/issues/9375), so the line hands in all of them."""
        uri = self.protected.resource(f"/adapters/{name}/mcp")
        others = f"$(az ad app show --id {self.client_id} --query \"identifierUris[?@!='{uri}']\" --output tsv)"
        return SignIn(uri, f"az ad app update --id {self.client_id} --identifier-uris {others} {uri}")
