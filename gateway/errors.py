"""The one error tree: what can go wrong, with the HTTP status on the class, and the one place that answers.

Bodies are RFC 9457 problem details. Not here: JSON-RPC errors, which only MCP routes speak.

    GatewayError 500
    + Invalid 400              + NotFound 404             + TooLarge 413           + HeadersTooLarge 431
    + Unauthenticated 401      + MethodNotAllowed 405     + UnsupportedMedia 415   + BadUpstream 502
    + Forbidden 403            + Conflict 409             + Misdirected 421        + Unavailable 503
      + InsufficientScope      + PreconditionFailed 412   + TooManyRequests 429    + UpstreamTimeout 504
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar

import msgspec

PROBLEM = "application/problem+json"


class GatewayError(Exception):
    """Something went wrong that a caller may be told about; `detail` is written for that caller."""

    status: ClassVar[int] = 500

    def __init__(self, detail: str, *, field: str | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.headers: dict[str, str] = dict(headers or {})


class Invalid(GatewayError):
    """The request is malformed; `field` names the member, parameter or header that is wrong."""

    status = 400


class Unauthenticated(GatewayError):
    """Nobody, or nobody we can verify. `sent`: a token came, and is not good (RFC 6750 §3: without one, no error is named).

    The answer carries `WWW-Authenticate` where tokens are verified (`protected_resource`).
    """

    status = 401

    def __init__(self, detail: str, *, sent: bool = False) -> None:
        super().__init__(detail)
        self.sent = sent


class Forbidden(GatewayError):
    """Known, but not allowed. Never with a challenge: clients would sign in again in vain."""

    status = 403


class InsufficientScope(Forbidden):
    """A good token without the scope. The only 403 with a challenge: signing in again, for more, does help."""


class NotFound(GatewayError):
    """There is no such thing for this caller."""

    status = 404


class MethodNotAllowed(GatewayError):
    """The route exists, the method does not."""

    status = 405

    def __init__(self, detail: str, *, allow: str) -> None:
        super().__init__(detail, headers={"Allow": allow})


class Conflict(GatewayError):
    """The name is taken."""

    status = 409


class PreconditionFailed(GatewayError):
    """If-Match names another version than the one stored."""

    status = 412


class TooLarge(GatewayError):
    """The body is over its limit."""

    status = 413


class UnsupportedMedia(GatewayError):
    """The body is not JSON."""

    status = 415


class Misdirected(GatewayError):
    """`Host` is not one of ours."""

    status = 421


class TooManyRequests(GatewayError):
    """Over the caller's rate."""

    status = 429


class HeadersTooLarge(GatewayError):
    """A header, or all of them together, are over their limit."""

    status = 431


class BadUpstream(GatewayError):
    """What stands behind us broke before its first byte, or answered what we must not pass on."""

    status = 502


class Unavailable(GatewayError):
    """Nobody can serve this now. `retry_after` (seconds) says when to come back."""

    status = 503

    def __init__(self, detail: str, *, retry_after: int = 2) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class UpstreamTimeout(GatewayError):
    """What stands behind us did not answer in time."""

    status = 504


class FieldProblem(msgspec.Struct, omit_defaults=True):
    """One entry of a problem's `errors`."""

    field: str
    detail: str


class Problem(msgspec.Struct, rename="camel", omit_defaults=True):
    """An RFC 9457 problem; `errors` and `requestId` are our extension members."""

    type: str
    title: str
    status: int
    detail: str = ""
    errors: list[FieldProblem] = []
    request_id: str = ""


def problem(error: GatewayError, request_id: str = "") -> bytes:
    """The RFC 9457 body of an error: the only place where an error becomes bytes."""
    fields = [FieldProblem(error.field, error.detail)] if error.field else []
    title = HTTPStatus(error.status).phrase
    return msgspec.json.encode(Problem("about:blank", title, error.status, error.detail, fields, request_id))
