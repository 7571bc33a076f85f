"""Calling: `tools/call`, from what was asked to the result, in either era. How an HTTP tool is called is `gateway.tool_call`."""

from msgspec import UNSET, Raw, UnsetType

from gateway.catalog import Listing
from gateway.mirrors import mismatch
from gateway.tool_call import ToolCalls, UnknownTool
from tool_router.faults import HEADER_MISMATCH, INVALID_PARAMS, Fault
from tool_router.message import Params, text
from tool_router.operation import TOOL_ERROR, Operation
from tool_router.results import called
from tool_router.turn import Turn


class Calling:
    """Calls of one router."""

    def __init__(self, calls: ToolCalls) -> None:
        self._calls = calls

    async def call(self, turn: Turn, params: Params, revision: str, operation: Operation) -> bytes:
        """The result of a call. Raises Fault: unknown tool, arguments that are no object."""
        listing, arguments = await self._found(turn, params)
        return await self._result(turn, listing, arguments, revision, operation)

    async def call_mirrored(self, turn: Turn, params: Params, revision: str, operation: Operation) -> bytes:
        """The same for a request that repeats arguments in its headers. Raises Fault also where these differ."""
        listing, arguments = await self._found(turn, params)
        if wrong := mismatch(self._calls.checks.of(listing.card).mirrors, arguments, turn.head.all):
            self._calls.refuse(turn.caller, listing.card.name, turn.id)
            raise Fault(HEADER_MISMATCH, wrong)
        return await self._result(turn, listing, arguments, revision, operation)

    async def _found(self, turn: Turn, params: Params) -> tuple[Listing, bytes]:
        name = text(params.name, "name")
        arguments = self._object(turn, name, params.arguments)
        try:
            return await self._calls.find(turn.caller, name, turn.id), arguments
        except UnknownTool as error:
            raise Fault(INVALID_PARAMS, error.detail[:256]) from None

    async def _result(
        self, turn: Turn, listing: Listing, arguments: bytes, revision: str, operation: Operation
    ) -> bytes:
        operation.names(listing.card.name)
        outcome = await self._calls.call(
            turn.caller,
            listing,
            arguments,
            request_id=turn.id,
            traceparent=operation.traceparent,
            tracestate=operation.tracestate,
        )
        if outcome.result != "ok":
            operation.error = TOOL_ERROR
        return called(outcome, revision)

    def _object(self, turn: Turn, name: str, arguments: Raw | UnsetType) -> bytes:
        """The arguments as they came; none are an empty object. Raises Fault for what is no object."""
        if arguments is UNSET:
            return b"{}"
        raw = bytes(arguments)
        if raw == b"null":
            return b"{}"
        if not raw.startswith(b"{"):
            self._calls.refuse(turn.caller, name, turn.id)
            raise Fault(INVALID_PARAMS, "params.arguments: expected an object.")
        return raw
