"""Refusals: what is done about a request that is not served: told, counted, logged, and audited where access was denied.

How an error becomes bytes is `answers`'.
"""

import logging

from gateway.audit import Audit
from gateway.errors import GatewayError
from gateway.logs import request_id
from gateway.protected_resource import ProtectedResource
from gateway.telemetry.chatter import Chatter
from gateway.telemetry.counters import Counters
from proxy.admission import Admission
from proxy.answers import refusal
from proxy.request import Request, Sent
from proxy.routes import speaks_rpc

_DENIED = (401, 403)

log = logging.getLogger(__name__)


class Refusals:
    """Of one process. Without `protected` nobody can sign in, so nobody is asked to."""

    def __init__(
        self, admission: Admission, counters: Counters, protected: ProtectedResource | None, audit: Audit | None
    ) -> None:
        self._admission = admission
        self._counters = counters
        self._protected = protected
        self._audit = audit
        self._failed, self._refused = Chatter(), Chatter()

    def answer(self, request: Request, error: GatewayError) -> Sent:
        """Answers what the proxy refuses, and what failed before an answer began."""
        request_id.set(request.id)
        if error.status >= 500:
            self._counters.failed += 1
            if self._failed.may():
                log.warning("failed: %d %s: %s%s", error.status, request, error.detail, self._failed.more())
        else:
            self._counters.refused += 1
            if self._refused.may():
                log.info("refused: %d %s: %s%s", error.status, request, error.detail, self._refused.more())
        rpc = speaks_rpc(request.head.path)
        if error.status in _DENIED:
            self._note(request, error)
            if rpc:
                self._challenge(request, error)
        return refusal(request, error, rpc=rpc)

    def _note(self, request: Request, error: GatewayError) -> None:
        if self._audit is not None:
            who, what = self._admission.known_as(request.head), str(request)
            self._audit.note("access.denied", who, what, "denied", request_id=request.id, reason=error.detail)

    def _challenge(self, request: Request, error: GatewayError) -> None:
        """The endpoint is the path as it was called, slash and all: clients compare the metadata's URL with theirs byte by byte."""
        if self._protected is not None and (challenge := self._protected.challenge(request.head.path, error)):
            error.headers["WWW-Authenticate"] = challenge
