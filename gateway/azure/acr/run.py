"""Run: one build in the registry, from the upload of its files to its last state. Reads no folder and no log."""

import re
from collections.abc import Mapping
from typing import Self

import msgspec

from gateway.azure.acr.context import Context
from gateway.azure.acr.errors import AcrError, BuildFailed
from gateway.azure.acr.registry import Registry
from gateway.azure.acr.request import Architecture, docker_build
from gateway.azure.acr.upload import VERSION, NotTaken, upload
from gateway.azure.arm import Arm, decoded
from gateway.azure.arm_error import ArmError

_RUN_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_NOT_ALLOWED = "TasksOperationsNotAllowed"  # free subscriptions


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to build. `image` is `name:tag` without the registry; `seconds` is Azure's own limit; `pool` an agent pool's name,
    for registries without a public address."""

    image: str
    arguments: Mapping[str, str] = {}
    architecture: Architecture = "amd64"
    seconds: int = 3600
    pool: str = ""


class State(msgspec.Struct, frozen=True, rename="camel"):
    """How a run stands, as Azure tells it."""

    run_id: str = ""
    status: str = "Queued"
    output_images: "tuple[Image, ...] | None" = ()
    run_error_message: str | None = ""

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in {"Succeeded", "Failed", "Canceled", "Error", "Timeout"}


class Image(msgspec.Struct, frozen=True):
    """One that was pushed."""

    registry: str | None = ""
    repository: str = ""
    tag: str | None = ""
    digest: str = ""


class _Run(msgspec.Struct):
    properties: State = msgspec.field(default_factory=State)


class _Log(msgspec.Struct, rename="camel"):
    log_link: str


class Run:
    """Begun by `begin`, or by others; `id` is Azure's (`ca1`), `registry` the id of where it runs."""

    def __init__(self, arm: Arm, registry: str, id: str) -> None:
        self._arm = arm
        self._path = f"{registry}/runs/{id}"
        self.id = id

    @classmethod
    async def begin(cls, arm: Arm, registry: Registry, context: Context, order: Order) -> Self:
        """Sends the files and queues the build. Raises AcrError, ArmError."""
        location = await _uploaded(arm, registry, context)
        id = await _scheduled(arm, registry, _request(context, order, location))
        return cls(arm, registry.id, id)

    async def state(self) -> State:
        """As it is now. Raises ArmError."""
        return (await self._arm.get(self._path, VERSION, _Run)).properties

    async def log_address(self) -> str:
        """Good for about an hour. Raises ArmError."""
        path = f"{self._path}/listLogSasUrl"
        return decoded((await self._arm.post(path, VERSION)).body, _Log, f"POST {path}").log_link

    async def cancel(self) -> None:
        """Asks for its end. Raises ArmError."""
        await self._arm.post(f"{self._path}/cancel", VERSION)


def outcome(state: State, registry: Registry, order: Order) -> str:
    """The image's reference, pinned by digest. Raises BuildFailed."""
    if state.status != "Succeeded":
        why = f": {state.run_error_message.strip()}" if state.run_error_message else "; its log says why"
        raise BuildFailed(f"Build {state.run_id} ended as {state.status}{why}.")
    repository, _, tag = order.image.rpartition(":")
    for image in state.output_images or ():
        if (image.repository, image.tag) == (repository, tag) and image.digest:
            return f"{image.registry or registry.login_server}/{repository}@{image.digest}"
    raise BuildFailed(f"Build {state.run_id} succeeded, but Azure does not say which digest {order.image} has.")


async def _uploaded(arm: Arm, registry: Registry, context: Context) -> str:
    try:
        return await upload(arm, registry.id, context.archive, "the files")
    except NotTaken as error:
        raise AcrError(f"Azure did not take the files: {error.status} {error.code}", status=error.status) from None


async def _scheduled(arm: Arm, registry: Registry, request: Mapping[str, object]) -> str:
    """The run's id."""
    path = f"{registry.id}/scheduleRun"
    try:
        reply = await arm.post(path, VERSION, request)
    except ArmError as error:
        if error.code != _NOT_ALLOWED:
            raise
        raise AcrError(
            f"Azure builds no images for this subscription ({error.code}), as for free ones: use Docker, and push.",
            status=error.status,
            code=error.code,
        ) from None
    id = decoded(reply.body or b"{}", _Run, f"POST {path}").properties.run_id
    if not _RUN_ID.fullmatch(id):
        raise AcrError("Azure took the build and did not say its id.", status=reply.status)
    return id


def _request(context: Context, order: Order, location: str) -> Mapping[str, object]:
    return docker_build(
        [order.image],
        source=location,
        dockerfile=context.dockerfile,
        arguments=order.arguments,
        seconds=order.seconds,
        pool=order.pool,
        architecture=order.architecture,
    )
