"""Server: the plug-in as a process. Says on its output where it listens, as the engine expects it, and ends with the engine."""

import asyncio
import signal
import sys

import grpc.aio
from pulumi.runtime.proto import provider_pb2_grpc

from infra.catalog.plugin.engine import Engine
from infra.catalog.plugin.servicer import Servicer

_LARGEST = 400 * 2**20  # bytes of a message, as the engine has it
_LAST = 5.0  # seconds for what is under way


async def serve(engine_address: str) -> None:
    """Until the engine is gone, or a signal comes."""
    engine = Engine(engine_address)
    servicer = Servicer(engine)
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", _LARGEST)])
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await _ended(engine)
    await server.stop(_LAST)
    await servicer.close()
    await engine.close()


async def _ended(engine: Engine) -> None:
    """Returns with whichever comes first."""
    signalled = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, signalled.set)
    ends = [asyncio.create_task(engine.gone(), name="engine"), asyncio.create_task(signalled.wait(), name="signal")]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for task in ends:
        task.cancel()
