"""Servicer: the engine's questions, over gRPC. Translates; what they come to is decided in `inputs`, `difference` and `catalog`."""

import asyncio
from functools import partial
from typing import override

from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from gateway.version import VERSION
from infra.catalog.plugin import schema, values
from infra.catalog.plugin.answering import Context, answering
from infra.catalog.plugin.api import Api
from infra.catalog.plugin.catalog import Catalog
from infra.catalog.plugin.difference import Difference, What, difference, within
from infra.catalog.plugin.engine import Engine
from infra.catalog.plugin.identity import identity
from infra.catalog.plugin.inputs import check, filled
from infra.catalog.plugin.kinds import KINDS, WAIT, Kind
from infra.catalog.plugin.patience import Patience
from infra.catalog.plugin.settings import NAMES, Settings, SettingsError
from infra.catalog.plugin.state import State, expected
from infra.catalog.plugin.values import Values, has_unknown, plain

_ANSWER = 60.0  # seconds for an operation, unless `customTimeouts` says otherwise
_HEALTHY = 300.0  # and for one that waits until what it made is healthy
_WHAT = {
    ("add", False): provider_pb2.PropertyDiff.ADD,
    ("add", True): provider_pb2.PropertyDiff.ADD_REPLACE,
    ("delete", False): provider_pb2.PropertyDiff.DELETE,
    ("delete", True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    ("update", False): provider_pb2.PropertyDiff.UPDATE,
    ("update", True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """One provider: one gateway, as one caller. The engine starts a process for each."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._cancelled = asyncio.Event()
        self._api: Api | None = None

    async def close(self) -> None:
        """Closes what is open to the gateway."""
        if self._api:
            await self._api.close()

    # Who we are.

    @override
    async def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: Context
    ) -> provider_pb2.ProviderHandshakeResponse:
        """Secrets come as such; resources and outputs as what they are known to be."""
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    @override
    async def GetPluginInfo(self, request: Empty, context: Context) -> plugin_pb2.PluginInfo:
        """Our version."""
        return plugin_pb2.PluginInfo(version=VERSION)

    @override
    async def GetSchema(
        self, request: provider_pb2.GetSchemaRequest, context: Context
    ) -> provider_pb2.GetSchemaResponse:
        """What `pulumi import`, YAML programs and SDKs of other languages are made from."""
        return provider_pb2.GetSchemaResponse(schema=schema.document())

    @override
    async def Cancel(self, request: Empty, context: Context) -> Empty:
        """What is under way ends: between two requests, and never in one."""
        self._cancelled.set()
        return Empty()

    # Which gateway.

    @override
    async def CheckConfig(self, request: provider_pb2.CheckRequest, context: Context) -> provider_pb2.CheckResponse:
        """Only what is ours is kept: a project that is named like this provider has other members there."""
        given = {name: value for name, value in values.read(request.news).items() if name in NAMES}
        failures: list[provider_pb2.CheckFailure] = []
        if not has_unknown(given):
            try:
                Settings.read(given)
            except SettingsError as error:
                failures.append(provider_pb2.CheckFailure(reason=str(error)))
        return provider_pb2.CheckResponse(inputs=values.write(given), failures=failures)

    @override
    async def DiffConfig(self, request: provider_pb2.DiffRequest, context: Context) -> provider_pb2.DiffResponse:
        """A gateway may move: nothing is made anew for that."""
        return _difference(difference(values.read(request.olds), values.read(request.news), (), request.ignoreChanges))

    @override
    async def Configure(
        self, request: provider_pb2.ConfigureRequest, context: Context
    ) -> provider_pb2.ConfigureResponse:
        """Nobody is asked yet."""
        async with answering(context):
            settings = Settings.read(values.read(request.args))
            self._api = Api(settings.endpoint, identity(settings))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    # What there shall be.

    @override
    async def Check(self, request: provider_pb2.CheckRequest, context: Context) -> provider_pb2.CheckResponse:
        """Complete inputs, or what is wrong with them."""
        async with answering(context):
            checked = check(_kind(request.urn), values.read(request.news), request.urn.rpartition("::")[2])
        # Without their `property`: the engine would print its value beside it, and the sentences name it already.
        failures = [provider_pb2.CheckFailure(reason=sentence) for sentence in checked.failures]
        return provider_pb2.CheckResponse(inputs=values.write(checked.inputs), failures=failures)

    @override
    async def Diff(self, request: provider_pb2.DiffRequest, context: Context) -> provider_pb2.DiffResponse:
        """Member by member, between what was and what is asked for."""
        kind = _kind(request.urn)
        old = filled(kind, _inputs(kind, request.old_inputs, request.olds))
        return _difference(difference(old, values.read(request.news), kind.fixed, request.ignoreChanges))

    # What there is.

    @override
    async def Create(self, request: provider_pb2.CreateRequest, context: Context) -> provider_pb2.CreateResponse:
        """Registers; in a preview only says what is known of it."""
        kind, inputs = _kind(request.urn), values.read(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=self._expected(kind, inputs, {}))
        async with answering(context):
            made = await self._catalog(request.urn).create(kind, inputs, self._patience(request.timeout, inputs))
        return provider_pb2.CreateResponse(id=made.id, properties=values.write(made.outputs))

    @override
    async def Read(self, request: provider_pb2.ReadRequest, context: Context) -> provider_pb2.ReadResponse:
        """For refreshes and imports; without an id where there is nothing."""
        kind, before = _kind(request.urn), values.read(request.inputs)
        async with answering(context):
            name = kind.name_of(request.id)
            found = await self._catalog(request.urn).read(kind, name, before, self._patience(request.timeout))
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=found.id, properties=values.write(found.outputs), inputs=values.write(found.inputs)
        )

    @override
    async def Update(self, request: provider_pb2.UpdateRequest, context: Context) -> provider_pb2.UpdateResponse:
        """Replaces, if nobody else did."""
        kind, inputs, outputs = _kind(request.urn), values.read(request.news), values.read(request.olds)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=self._expected(kind, inputs, outputs))
        old = State(request.id, _inputs(kind, request.old_inputs, request.olds), outputs)
        async with answering(context):
            made = await self._catalog(request.urn).update(kind, old, inputs, self._patience(request.timeout, inputs))
        return provider_pb2.UpdateResponse(properties=values.write(made.outputs))

    @override
    async def Delete(self, request: provider_pb2.DeleteRequest, context: Context) -> Empty:
        """Removes; nothing there is as good."""
        kind, outputs = _kind(request.urn), values.read(request.properties)
        async with answering(context):
            name, uid = kind.name_of(request.id), str(outputs.get("uid", ""))
            await self._catalog(request.urn).delete(kind, name, uid, self._patience(request.timeout))
        return Empty()

    def _catalog(self, urn: str) -> Catalog:
        return Catalog(self._configured, partial(self._engine.warn, urn=urn))

    def _patience(self, seconds: float, inputs: Values | None = None) -> Patience:
        waits = inputs is not None and plain(inputs.get(WAIT)) is True
        return Patience(seconds or (_HEALTHY if waits else _ANSWER), self._cancelled)

    def _expected(self, kind: Kind, inputs: Values, before: Values) -> Struct:
        return values.write(expected(kind, inputs, before, self._configured.endpoint))

    @property
    def _configured(self) -> Api:
        if self._api is None:
            raise SettingsError("endpoint: it is missing.")
        return self._api


def _kind(urn: str) -> Kind:
    """Of the resource that a URN names. Raises ValueError."""
    token = urn.split("::")[2].rpartition("$")[2]
    if token not in KINDS:
        raise ValueError(f"{token}: there is no such resource.")
    return KINDS[token]


def _inputs(kind: Kind, sent: Struct, outputs: Struct) -> Values:
    """What was asked for; engines that do not say so keep it among the outputs."""
    old = values.read(sent) or values.read(outputs)
    return {name: value for name, value in old.items() if name in kind.members()}


def _change(found: Difference, path: str, what: What) -> provider_pb2.PropertyDiff:
    replaces = any(within(path, member) for member in found.replaced)
    return provider_pb2.PropertyDiff(kind=_WHAT[what, replaces], inputDiff=True)


def _difference(found: Difference) -> provider_pb2.DiffResponse:
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if found.changes else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=found.members,
        replaces=found.replaced,
        deleteBeforeReplace=found.alone,
        hasDetailedDiff=True,
        detailedDiff={path: _change(found, path, what) for path, what in found.changes.items()},
    )
