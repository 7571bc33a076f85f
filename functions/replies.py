"""Building the answers of the control plane: JSON, text, nothing, and problems. Decides nothing."""

from collections.abc import Mapping

from azure.functions import HttpResponse

from gateway.errors import PROBLEM, GatewayError, problem
from gateway.operations import JSON
from gateway.wire import encode


def json(value: object, headers: Mapping[str, str] | None = None, *, status: int = 200) -> HttpResponse:
    """The value as JSON; `bytes` are JSON already."""
    body = value if isinstance(value, bytes) else encode(value)
    return HttpResponse(body, status_code=status, headers=headers, mimetype=JSON)


def text(value: str, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Plain text in UTF-8."""
    return HttpResponse(value.encode("utf-8", "replace"), headers=headers, mimetype="text/plain")


def empty(status: int) -> HttpResponse:
    """No body."""
    return HttpResponse(status_code=status)


def refused(error: GatewayError, request_id: str) -> HttpResponse:
    """The problem (RFC 9457) that an error is to its caller."""
    return HttpResponse(problem(error, request_id), status_code=error.status, headers=error.headers, mimetype=PROBLEM)
