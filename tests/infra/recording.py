# ruff: noqa: N802  methods bear the names of the engine's protocol
"""Recording: a Pulumi program run without an engine, and what it asked for. Creates nothing, keeps nothing between runs.

Ids and outputs are as realistic as those of the stand-ins behind the real engine, because they are the same.
"""

import asyncio
import contextvars
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
from google.protobuf import empty_pb2
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import config as ambient
from pulumi.runtime import settings
from pulumi.runtime.mocks import MockEngine, MockMonitor, Mocks, MockSettings
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import run_in_stack

from tests.infra.standins.answers import invoked, made
from tests.infra.standins.made import Made, previewed
from tests.infra.standins.wire import Json, received, secret_paths, sent

STACK = "pulumi:pulumi:Stack"


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A resource as the program asked for it. The stack itself is one too: its inputs are the program's outputs.

    `inputs` in plain, UNKNOWN where a preview cannot know; `secrets`: the paths in them that are secret (`spec.data.key`).
    `outputs` likewise; `secret_outputs`: the names of those that are secret.
    `dependencies`: urns, from `depends_on` and from outputs used. `provider`: `urn::id`, blank: the default one.
    """

    type: str
    name: str
    urn: str
    id: str
    inputs: Json
    secrets: tuple[str, ...]
    outputs: Json
    secret_outputs: tuple[str, ...]
    dependencies: tuple[str, ...]
    parent: str
    provider: str
    custom: bool
    protect: bool
    retain_on_delete: bool
    ignore_changes: tuple[str, ...]


def record(
    program: Callable[[], Any],
    config: Mapping[str, str],
    *,
    stack: str = "dev",
    project: str = "mcp-gateway",
    preview: bool = False,
    secret_keys: tuple[str, ...] = (),
) -> list[Recorded]:
    """What the program asks for, in the order the SDK does: what does not depend on one another, in any.

    Config keys without a colon are the project's. Raises whatever the program raises, and AssertionError for
    a type that no stand-in knows how to answer for.
    """
    monitor = _Monitor(preview=preview)
    keyed = {_key(project, name): value for name, value in config.items()}
    hidden = [_key(project, name) for name in secret_keys]

    def run() -> None:
        settings.configure(_settings(monitor, project, stack, preview=preview))
        settings.ROOT.set(None)
        ambient.set_all_config(keyed, hidden)
        _run(program)

    # The SDK's state is in context variables: a copy of the context and a thread of its own keep runs apart.
    _in_a_thread(lambda: contextvars.Context().run(run))
    return monitor.asked


def _in_a_thread(work: Callable[[], None]) -> None:
    with ThreadPoolExecutor(1) as thread:
        thread.submit(work).result()


def _run(program: Callable[[], Any]) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(run_in_stack(program))
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.gather(*asyncio.all_tasks(loop), return_exceptions=True))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        asyncio.set_event_loop(None)


def _settings(monitor: "_Monitor", project: str, stack: str, *, preview: bool) -> settings.Settings:
    untyped: Any = monitor
    features = set[int](untyped.GetDeploymentInfo(empty_pb2.Empty()).supportedFeatures)
    return MockSettings(
        monitor=monitor,
        monitor_features=features,
        engine=MockEngine(logging.getLogger("pulumi")),
        project=project,
        stack=stack,
        dry_run=preview,
        organization="organization",
        callbacks=None,
        outputs=set[Any](),
        lock=threading.Lock(),
        package_refs={},
        base_providers_by_ref={},
        legacy_apply_enabled=False,
        parallel=1,
        root_directory=None,
    )


class _NoMocks(Mocks):
    """The monitor below asks none."""

    def call(self, args: Any) -> Any:
        raise NotImplementedError

    def new_resource(self, args: Any) -> Any:
        raise NotImplementedError


class _Monitor(MockMonitor):
    """Answers in the engine's place."""

    def __init__(self, *, preview: bool) -> None:
        super().__init__(_NoMocks())
        self.asked: list[Recorded] = []
        self._preview = preview
        self._answering = threading.Lock()

    def RegisterResource(self, request: Any) -> Any:
        with self._answering:
            return self._registered(request)

    def _registered(self, request: Any) -> Any:
        urn, inputs = self.make_urn(request.parent, request.type, request.name), received(request.object)
        answer = self._answer(request, inputs)
        recorded = Recorded(
            type=request.type,
            name=request.name,
            urn=urn,
            id=answer.id,
            inputs=inputs,
            secrets=secret_paths(request.object),
            outputs=answer.outputs,
            secret_outputs=_hidden(request, answer),
            dependencies=tuple(request.dependencies),
            parent=request.parent,
            provider=request.provider,
            custom=request.custom,
            protect=request.protect,
            retain_on_delete=request.retainOnDelete,
            ignore_changes=tuple(request.ignoreChanges),
        )
        assert urn not in {one.urn for one in self.asked}, f"two resources have the same urn: {urn}"
        self.asked.append(recorded)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=answer.id, object=_answered(request, answer))

    def _answer(self, request: Any, inputs: Json) -> Made:
        if not request.custom:
            return Made("", {})
        if self._preview:
            return Made("", previewed(inputs))
        return made(request.type, request.name, inputs, request.importId)

    def ReadResource(self, request: Any) -> Any:
        answer = made(request.type, request.name, received(request.properties), request.id)
        urn = self.make_urn(request.parent, request.type, request.name)
        return resource_pb2.ReadResourceResponse(urn=urn, properties=sent(answer.outputs, answer.secrets))

    def Invoke(self, request: Any) -> Any:
        answer = invoked(request.tok, received(request.args))
        returned: Any = {"return": sent(answer)}  # a name that Python keeps for itself
        return resource_pb2.ResourceInvokeResponse(**returned)

    def RegisterResourceOutputs(self, request: Any) -> Any:
        with self._answering:
            index = next((at for at, one in enumerate(self.asked) if one.urn == request.urn), None)
            if index is not None:
                given: dict[str, Any] = {"outputs": received(request.outputs)}
                if self.asked[index].type == STACK:
                    hidden = secret_paths(request.outputs)
                    given |= {"inputs": given["outputs"], "secrets": hidden, "secret_outputs": hidden}
                self.asked[index] = msgspec.structs.replace(self.asked[index], **given)
        return empty_pb2.Empty()


def _answered(request: Any, answer: Made) -> Struct:
    """The outputs; what was secret on its way in is secret on its way out, and so is what the program said is."""
    return sent(answer.outputs, _hidden(request, answer))


def _hidden(request: Any, answer: Made) -> tuple[str, ...]:
    """Names of the outputs that are secret."""
    asked = {path.partition(".")[0] for path in secret_paths(request.object)}
    return (*answer.secrets, *asked, *request.additionalSecretOutputs)


def _key(project: str, name: str) -> str:
    return name if ":" in name else f"{project}:{name}"
