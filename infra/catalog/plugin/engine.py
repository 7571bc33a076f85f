"""Engine: the process that started this one. Hears what a person should know, and is the reason to live."""

import asyncio

import grpc.aio
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2

_LOG = "/pulumirpc.Engine/Log"


class Engine:
    """At an address; nobody hears anything where that is empty."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.aio.insecure_channel(address) if address else None
        self._said: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """After what was said has been heard."""
        if self._said:
            await asyncio.wait(self._said)
        if self._channel:
            await self._channel.close()

    def warn(self, text: str, urn: str) -> None:
        """Said of a resource, while the work goes on."""
        if self._channel:
            task = asyncio.create_task(_warn(self._channel, text, urn), name="warning")
            self._said.add(task)
            task.add_done_callback(self._said.discard)

    async def gone(self) -> None:
        """Returns when the engine, once reached, is there no more: killed, it cannot end its plug-ins."""
        if self._channel is None:
            await asyncio.Event().wait()
            return
        met = False
        while True:
            state = self._channel.get_state(try_to_connect=True)
            met = met or state is grpc.ChannelConnectivity.READY
            if met and state in (grpc.ChannelConnectivity.TRANSIENT_FAILURE, grpc.ChannelConnectivity.SHUTDOWN):
                return
            await self._channel.wait_for_state_change(state)


async def _warn(channel: grpc.aio.Channel, text: str, urn: str) -> None:
    log = channel.unary_unary(
        _LOG, request_serializer=engine_pb2.LogRequest.SerializeToString, response_deserializer=Empty.FromString
    )
    try:
        await log(engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=text, urn=urn))
    except grpc.aio.AioRpcError:
        return  # an engine that does not hear is ending
