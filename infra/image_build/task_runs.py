"""TaskRuns: images built by Azure Container Registry. What was built of a context is not built again: the registry remembers.

A build is a task run, a resource of the registry's, whose name holds the hash of what went into it: so it is found again from
any machine, and what it pushed is known by digest. Asks Azure's management API only, so that a private registry needs no way in.
https://learn.microsoft.com/azure/container-registry/container-registry-tasks-overview
"""

import hashlib

import msgspec

from gateway.azure.acr import VERSION, Log, Run, State, docker_build, upload
from gateway.azure.arm import Arm
from gateway.azure.arm_error import ArmError
from infra.deployer import MANAGEMENT, TokenFor
from infra.image_build.image import BuildError, Image, Place, Say
from infra.signed_in import signed_in
from infra.waiting import Patience, TooLate, until

_BUILD = 1800  # seconds that the registry gives a build
_QUEUE = 600  # and that one may wait for an agent, besides
_LAST_LINES = 40
_OVER = ("Succeeded", "Failed", "Canceled")
_HASH = 12  # hex digits: a name holds 50 characters


class TaskRuns:
    """A Builder. `endpoint` is Azure's, or what stands in for it; `pause`: seconds before a request is tried again."""

    def __init__(
        self,
        token_for: TokenFor,
        endpoint: str = MANAGEMENT,
        *,
        patience: Patience | None = None,
        pause: float = 2.0,
    ) -> None:
        self._token_for, self._endpoint, self._pause = token_for, endpoint, pause
        self._patience = patience or Patience(seconds=_BUILD + _QUEUE)

    async def find(self, place: Place, image: Image) -> str | None:
        """Raises ArmError."""
        async with signed_in(self._token_for, self._endpoint, pause=self._pause) as azure:
            run = await _run(azure, place, image)
        return run.digest(image) if run.state == "Succeeded" else None

    async def ensure(self, place: Place, image: Image, say: Say) -> str:
        """Raises BuildError, ArmError."""
        async with signed_in(self._token_for, self._endpoint, pause=self._pause) as azure:
            run = await _run(azure, place, image)
            if run.state == "Succeeded":
                return run.digest(image)
            # Another `pulumi up` may be at it.
            if run.state in ("", *_OVER):
                await _start(azure, place, image)
            say(f"{image.name}: building in the registry")
            run = await self._end(azure, place, image, say)
            if run.state != "Succeeded":
                raise BuildError(f"{image.name}: {run.state.lower()}{run.error}\n{await _log(azure, place, run)}")
        say(f"{image.name}: built")
        return run.digest(image)

    async def _end(self, azure: Arm, place: Place, image: Image, say: Say) -> "_Build":
        """How it ended. Raises BuildError when that is not to be waited for."""
        last = _Build()

        async def stands() -> str:
            nonlocal last
            last = await _run(azure, place, image)
            return "" if last.state in _OVER else last.status or last.state or "it is not there yet"

        try:
            await until(f"{image.name}: the build", stands, self._patience, say)
        except TooLate as late:
            raise BuildError(f"{late}\n{await _log(azure, place, last)}") from late
        return last


_NO_RUN = State(status="")


class _Result(msgspec.Struct, frozen=True):
    properties: State = _NO_RUN


class _TaskRun(msgspec.Struct, frozen=True, rename="camel"):
    provisioning_state: str = ""
    run_result: _Result | None = None


class _Answer(msgspec.Struct, frozen=True):
    properties: _TaskRun = _TaskRun()


class _Build(msgspec.Struct, frozen=True):
    """As much as is known of a task run. No state: there is none."""

    state: str = ""
    result: State = _NO_RUN

    @property
    def status(self) -> str:
        return self.result.status.lower()

    @property
    def error(self) -> str:
        return f": {self.result.run_error_message}" if self.result.run_error_message else ""

    def digest(self, image: Image) -> str:
        """Raises BuildError for a build that pushed something else."""
        for pushed in self.result.output_images or ():
            if pushed.repository == image.name and pushed.digest:
                return pushed.digest
        raise BuildError(f"{image.name}: the build succeeded and pushed no {image.name}")


async def _run(azure: Arm, place: Place, image: Image) -> _Build:
    found = await azure.find(_path(place, image), VERSION, _Answer)
    if found is None:
        return _Build()
    task = found.properties
    return _Build(task.provisioning_state, task.run_result.properties if task.run_result else _NO_RUN)


async def _start(azure: Arm, place: Place, image: Image) -> None:
    source = await upload(azure, place.registry, image.context.archive, f"upload of {image.name}")
    request = docker_build(
        [f"{image.name}:{tag}" for tag in (_key(image), *image.tags)],
        source=source,
        dockerfile=image.context.dockerfile,
        arguments=image.arguments,
        seconds=_BUILD,
        pool=place.pool or "",
    )
    # What failed runs again only for a reason, and the source is a new one each time.
    properties = {"runRequest": request, "forceUpdateTag": source}
    await azure.put(_path(place, image), VERSION, {"properties": properties})


async def _log(azure: Arm, place: Place, run: _Build) -> str:
    """The last lines of what the build wrote. Its failure is the error that counts, so a log that is gone is only said."""
    if not run.result.run_id:
        return "It never ran."
    try:
        return "\n".join(await Log(azure, Run(azure, place.registry, run.result.run_id)).last(_LAST_LINES))
    except ArmError as error:
        return f"(no log: {error})"


def _path(place: Place, image: Image) -> str:
    return f"{place.registry}/taskRuns/{image.name}-{_key(image)}"


def _key(image: Image) -> str:
    """Of all that makes the image what it is; the digest is of the Dockerfile's name too."""
    seed = msgspec.json.encode([image.context.digest, image.tags, image.arguments], order="sorted")
    return hashlib.sha256(seed).hexdigest()[:_HASH]
