"""Door: who may ask the control plane anything at all. Finds out who calls, and tells whoever may not come in where to sign in.

What a caller may do once inside is `access`, asked by each verb; what of it is told to the audit is `trail`.
"""

from collections.abc import Awaitable, Callable

from azure.functions import HttpResponse

from functions.request import Request
from functions.trail import Trail
from gateway.errors import GatewayError
from gateway.identity import Identify, Principal, check_audience
from gateway.protected_resource import API, ProtectedResource

type Respond = Callable[[Request], Awaitable[HttpResponse]]
type Verb = Callable[[Request, Principal], Awaitable[HttpResponse]]


class Door:
    """In front of every verb that is not for everyone."""

    def __init__(self, identify: Identify, protected: ProtectedResource | None, trail: Trail) -> None:
        """`protected` is what clients are told of signing in; None where nothing is verified."""
        self._identify = identify
        self._protected = protected
        self._trail = trail

    def guarded(self, operation: str, verb: Verb) -> Respond:
        """The verb for verified callers only, and on the record. `operation` is its id."""

        async def respond(request: Request) -> HttpResponse:
            try:
                with self._trail.of(operation, request) as entry:
                    caller = await self._who(request)
                    entry.who = caller.id
                    check_audience(caller, API)
                    entry.admitted = True
                    return await verb(request, caller)
            except GatewayError as error:
                self._challenge(error)
                raise

        return respond

    async def _who(self, request: Request) -> Principal:
        return self._identify.remembered(request.headers) or await self._identify.verify(request.headers)

    def _challenge(self, error: GatewayError) -> None:
        if self._protected and (challenge := self._protected.challenge(API, error)):
            error.headers["WWW-Authenticate"] = challenge
