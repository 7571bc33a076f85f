"""Plugin: the provider over gRPC, asked as the engine asks it. A server of its own in this process; the process is `test_process`."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any

import grpc.aio
import msgspec
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from infra.catalog.plugin import values
from infra.catalog.plugin.engine import Engine
from infra.catalog.plugin.servicer import Servicer
from infra.catalog.plugin.values import Values

ADAPTER, TOOL, AGENT = (f"mcp-gateway:catalog:{name}" for name in ("McpAdapter", "McpTool", "McpAgent"))
CHANGES = ("?", "none", "some")


class Made(msgspec.Struct, frozen=True):
    """What the engine would keep; `outputs` alone count where it did not ask for inputs."""

    id: str
    outputs: Values
    inputs: Values = {}


class Failed(Exception):
    """The provider said no; `kept` is what of the resource shall not be forgotten, where there is any."""

    def __init__(self, error: grpc.aio.AioRpcError) -> None:
        super().__init__(error.details())
        self.code = error.code()
        self.kept = _kept(error)


class Plugin:
    """`async with Plugin(endpoint=…, devUser=…) as plugin`; members of settings and resources as the engine sends them."""

    def __init__(self, **settings: values.Value) -> None:
        self._settings = settings
        self._server = grpc.aio.server()
        self._servicer = Servicer(Engine(""))
        self._stub: Any = None
        self._channel: grpc.aio.Channel | None = None

    async def __aenter__(self) -> "Plugin":
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(self._servicer, self._server)
        port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        self._stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        if self._settings:
            await self.configure(self._settings)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._channel
        await self._channel.close()
        await self._server.stop(None)
        await self._servicer.close()

    async def configure(self, settings: Values) -> None:
        """Names the gateway."""
        await self._ask("Configure", provider_pb2.ConfigureRequest(args=values.write(settings)))

    async def checked_settings(self, settings: Values) -> tuple[Values, list[str]]:
        """What is kept of a configuration, and what is wrong with it."""
        request = provider_pb2.CheckRequest(urn=urn("pulumi:providers:mcp-gateway", "gw"), news=values.write(settings))
        return _checked(await self._ask("CheckConfig", request))

    async def check(self, type: str, inputs: Values, name: str = "thing") -> tuple[Values, list[str]]:
        """The inputs complete, and what is wrong with them."""
        request = provider_pb2.CheckRequest(urn=urn(type, name), news=values.write(inputs))
        return _checked(await self._ask("Check", request))

    async def good(self, type: str, inputs: Values, name: str = "thing") -> Values:
        """The inputs complete. Raises AssertionError where something is wrong with them."""
        complete, failures = await self.check(type, inputs, name)
        assert not failures, failures
        return complete

    async def diff(
        self, type: str, old: Made, inputs: Values, ignored: tuple[str, ...] = ()
    ) -> provider_pb2.DiffResponse:
        """What would change."""
        return await self._ask(
            "Diff",
            provider_pb2.DiffRequest(
                id=old.id,
                urn=urn(type),
                olds=values.write(old.outputs),
                old_inputs=values.write(old.inputs),
                news=values.write(inputs),
                ignoreChanges=ignored,
            ),
        )

    async def create(self, type: str, inputs: Values, *, preview: bool = False, timeout: float = 0) -> Made:
        """Makes it, from checked inputs."""
        request = provider_pb2.CreateRequest(
            urn=urn(type), properties=values.write(inputs), preview=preview, timeout=timeout
        )
        reply = await self._ask("Create", request)
        return Made(reply.id, values.read(reply.properties), inputs)

    async def read(self, type: str, id: str, before: Made | None = None) -> Made | None:
        """What there is; None: nothing."""
        state, inputs = (before.outputs, before.inputs) if before else ({}, {})
        request = provider_pb2.ReadRequest(
            id=id, urn=urn(type), properties=values.write(state), inputs=values.write(inputs)
        )
        reply = await self._ask("Read", request)
        return Made(reply.id, values.read(reply.properties), values.read(reply.inputs)) if reply.id else None

    async def update(self, type: str, old: Made, inputs: Values, *, preview: bool = False, timeout: float = 0) -> Made:
        """Changes it, to checked inputs."""
        request = provider_pb2.UpdateRequest(
            id=old.id,
            urn=urn(type),
            olds=values.write(old.outputs),
            old_inputs=values.write(old.inputs),
            news=values.write(inputs),
            preview=preview,
            timeout=timeout,
        )
        return Made(old.id, values.read((await self._ask("Update", request)).properties), inputs)

    async def delete(self, type: str, old: Made) -> None:
        """Removes it."""
        await self._ask(
            "Delete", provider_pb2.DeleteRequest(id=old.id, urn=urn(type), properties=values.write(old.outputs))
        )

    async def cancel(self) -> None:
        """As the engine does when somebody interrupts it."""
        await self._ask("Cancel", Empty())

    async def schema(self) -> dict[str, Any]:
        """The package's schema."""
        return msgspec.json.decode((await self._ask("GetSchema", provider_pb2.GetSchemaRequest())).schema)

    async def _ask(self, verb: str, request: object) -> Any:
        try:
            return await getattr(self._stub, verb)(request)
        except grpc.aio.AioRpcError as error:
            raise Failed(error) from None


def urn(type: str, name: str = "thing") -> str:
    """As the engine names a resource."""
    return f"urn:pulumi:test::catalog::{type}::{name}"


def paths(reply: provider_pb2.DiffResponse) -> dict[str, str]:
    """What a diff says of each path, in the words of the protocol."""
    return {
        path: provider_pb2.PropertyDiff.Kind.Name(change.kind) for path, change in sorted(reply.detailedDiff.items())
    }


def _checked(reply: provider_pb2.CheckResponse) -> tuple[Values, list[str]]:
    return values.read(reply.inputs), [failure.reason for failure in reply.failures]


def _kept(error: grpc.aio.AioRpcError) -> Made | None:
    trailers: Mapping[str, Any] = dict(error.trailing_metadata())
    details = trailers.get("grpc-status-details-bin")
    if details is None:
        return None
    failed = provider_pb2.ErrorResourceInitFailed()
    assert status_pb2.Status.FromString(details).details[0].Unpack(failed)
    return Made(failed.id, _members(failed.properties), _members(failed.inputs))


def _members(struct: Struct) -> Values:
    return values.read(struct)
