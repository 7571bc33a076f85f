"""Metadata: where clients learn how to sign in for an endpoint (RFC 9728). Anonymous, for pages of any origin, cacheable.

Told of every endpoint that could be, so that nobody learns here which adapters exist.
"""

from gateway.protected_resource import ProtectedResource
from proxy.answers import JSON, whole
from proxy.cors import Cors
from proxy.request import Request, Sent
from proxy.routes import METADATA_METHODS

_CACHED = {"Cache-Control": "public, max-age=3600"}


class Metadata:
    """The documents of one gateway."""

    def __init__(self, protected: ProtectedResource, cors: Cors) -> None:
        self._protected = protected
        self._cors = cors

    def answer(self, request: Request, endpoint: str) -> Sent:
        """Answers GET, HEAD or OPTIONS about the endpoint at a path ("": the gateway as a whole)."""
        if request.head.method == "OPTIONS":
            return self._cors.answer(request, METADATA_METHODS)
        return whole(request, 200, self._protected.document(endpoint), JSON, _CACHED)
