"""Images: the platform's and the samples', built in the registry when their files have changed, and known by digest.

A preview builds nothing: it asks the registry whether this very image is there, and what is not will be known after `pulumi up`.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import msgspec
import pulumi
from pulumi.output import UNKNOWN

from infra.deployer import token_for
from infra.image_build.context import context
from infra.image_build.image import Builder, Image, Place
from infra.image_build.task_runs import TaskRuns
from infra.platform.names import PROXY, ROUTER

ROOT = Path(__file__).parents[1]
PLATFORM: Mapping[str, str] = {PROXY: "proxy/Dockerfile", ROUTER: "tool_router/Dockerfile"}
SAMPLES: Mapping[str, str] = {
    "mcp-example": "samples/mcp_example/Dockerfile",
    "weather-tool": "samples/weather_tool/Dockerfile",
    "mcp-proxy": "samples/mcp_bridge/Dockerfile",
}
VERSION = "1.0.0"  # of the samples: the tag by which they are registered


class Where(Protocol):
    """A registry, as far as it matters here: `infra.registry.Registry` is one."""

    @property
    def id(self) -> pulumi.Output[str]: ...

    @property
    def login_server(self) -> pulumi.Output[str]: ...

    @property
    def agent_pool(self) -> pulumi.Output[str] | None: ...


class ImagesArgs(msgspec.Struct, frozen=True, kw_only=True):
    """`base`: what images are built upon, in place of Docker Hub's Python. `root`: where the Dockerfiles' paths begin."""

    registry: Where
    builder: Builder = msgspec.field(default_factory=lambda: TaskRuns(token_for(os.environ)))
    samples: bool = True
    base: str | None = None
    root: Path = ROOT


class Images(pulumi.ComponentResource):
    """References `<registry>/<name>@sha256:…`, by name."""

    platform: Mapping[str, pulumi.Output[str]]
    samples: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: ImagesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mcp-gateway:images:Images", name, None, opts)
        self._args, self._is_preview = args, pulumi.runtime.is_dry_run()
        self.platform = {image: self._reference(image, path) for image, path in PLATFORM.items()}
        self.samples = {image: self._reference(image, path, VERSION) for image, path in SAMPLES.items() if args.samples}
        self.register_outputs({"platform": self.platform, "samples": self.samples})

    def _reference(self, name: str, dockerfile: str, *tags: str) -> pulumi.Output[str]:
        args, registry = self._args, self._args.registry
        image = Image(
            name=name,
            context=context(args.root, dockerfile),
            tags=tags,
            arguments={"BASE": args.base} if args.base else {},
        )

        async def built(place: Place) -> str:
            if self._is_preview:
                # Unknown is what the engine shows as known only later.
                return await args.builder.find(place, image) or UNKNOWN  # pyright: ignore[reportReturnType] as above
            return await args.builder.ensure(place, image, lambda text: pulumi.log.info(text, resource=self))

        pool = registry.agent_pool or pulumi.Output.from_input("")
        place = pulumi.Output.all(registry.id, pool).apply(lambda at: Place(registry=at[0], pool=at[1] or None))
        return pulumi.Output.concat(registry.login_server, "/", name, "@", place.apply(built))
