"""Trail: what the audit is told of an operation: one event for each change and each reading of logs, done or not; and for each
caller who was turned away. Never a body, a value, a query or a token; reads that succeed leave none.
"""

import asyncio
from http import HTTPStatus
from time import perf_counter
from types import TracebackType
from urllib.parse import urlsplit

import msgspec

from functions.reading import LONGEST
from functions.request import Request
from gateway.audit import Audit, Result
from gateway.errors import Forbidden, GatewayError, Unauthenticated
from gateway.logs import request_id

DENIED = "access.denied"

# By the id of the operation.
_EVENTS = {
    **{f"{verb}_{kind}": f"{kind}.{verb}" for kind in ("adapter", "tool") for verb in ("create", "replace", "delete")},
    **{f"get_{kind}_logs": f"{kind}.logs" for kind in ("adapter", "tool")},
}
_LONGEST_NAME = 40  # characters; more is no name


class Trail:
    """Where operations leave what they were; nowhere, without an audit."""

    def __init__(self, audit: Audit | None) -> None:
        self._audit = audit

    def of(self, operation: str, request: Request) -> "Entry":
        """A context manager around an operation; when it ends, so is its entry written."""
        return Entry(self._audit, operation, request)


class Entry:
    """What is known of one operation: `who` called, and whether they were `admitted` at all."""

    def __init__(self, audit: Audit | None, operation: str, request: Request) -> None:
        self.who = ""
        self.admitted = False
        self._audit = audit
        self._event = _EVENTS.get(operation, "")
        self._request = request
        self._began = perf_counter()

    def __enter__(self) -> "Entry":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del kind, trace
        turned_away = isinstance(error, (Unauthenticated, Forbidden)) and not (self.admitted and self._event)
        if self._audit and (turned_away or self._event):
            self._audit.note(
                DENIED if turned_away else self._event,
                self.who,
                _asked(self._request) if turned_away else _name(self._request),
                _result(error),
                seconds=perf_counter() - self._began,
                request_id=request_id.get(),
                reason=_reason(error),
            )


def _result(error: BaseException | None) -> Result:
    match error:
        case None:
            return "ok"
        case Unauthenticated() | Forbidden():
            return "denied"
        case GatewayError(status=503):
            return "unavailable"
        case GatewayError() if error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return "invalid"
        case asyncio.CancelledError():
            return "cancelled"
        case _:
            return "failed"


def _reason(error: BaseException | None) -> str:
    """Why: a refusal of rights in its own words. Other errors may quote what was sent, so only the part is named."""
    match error:
        case Unauthenticated() | Forbidden():
            return error.detail
        case GatewayError():
            phrase = HTTPStatus(error.status).phrase
            return f"{phrase}: {error.field}" if error.field else phrase
        case _:
            return ""


def _asked(request: Request) -> str:
    return f"{request.method} {urlsplit(request.path).path}"


class _Named(msgspec.Struct):
    name: str = ""


def _name(request: Request) -> str:
    """Of the record: as the path has it, or the body of a POST; empty where that has none, or is no record by its length."""
    name = request.route.get("name", "")
    if not name and len(request.body) <= LONGEST:
        try:
            name = msgspec.json.decode(request.body, type=_Named).name
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ""
    return name if len(name) <= _LONGEST_NAME else ""
