"""Answering: how what went wrong is told to the engine. The one place where an exception becomes a status of gRPC."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import grpc
import grpc.aio
from pulumi.runtime.proto import provider_pb2, status_pb2

from gateway.tokens.token import NoToken
from infra.catalog.plugin import values
from infra.catalog.plugin.api import Refused, Uncertain, Unreachable
from infra.catalog.plugin.catalog import HalfDone
from infra.catalog.plugin.patience import Cancelled
from infra.catalog.plugin.settings import SettingsError

type Context = grpc.aio.ServicerContext[object, object]

# Of these the engine believes that nothing was done; UNKNOWN it notes down, for somebody to look.
_CODES: dict[type[Exception], grpc.StatusCode] = {
    Refused: grpc.StatusCode.FAILED_PRECONDITION,
    Unreachable: grpc.StatusCode.UNAVAILABLE,
    Uncertain: grpc.StatusCode.UNKNOWN,
    NoToken: grpc.StatusCode.UNAUTHENTICATED,
    Cancelled: grpc.StatusCode.CANCELLED,
    SettingsError: grpc.StatusCode.INVALID_ARGUMENT,
    ValueError: grpc.StatusCode.INVALID_ARGUMENT,
}
_DETAILS = "grpc-status-details-bin"


@asynccontextmanager
async def answering(context: Context) -> AsyncGenerator[None]:
    """The block's answer, or what is said instead of one."""
    try:
        yield
    except HalfDone as error:
        details = ((_DETAILS, _half(error)),)
        await context.abort(grpc.StatusCode.UNKNOWN, error.reason, details)
    except tuple(_CODES) as error:
        await context.abort(_CODES[type(error)], str(error) or "Cancelled.")


def _half(error: HalfDone) -> bytes:
    """The state that the engine shall keep all the same."""
    failed = provider_pb2.ErrorResourceInitFailed(
        id=error.state.id,
        properties=values.write(error.state.outputs),
        inputs=values.write(error.state.inputs),
        reasons=[error.reason],
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=error.reason)
    status.details.add().Pack(failed)
    return status.SerializeToString()
