"""An image built in an Azure Container Registry, without Docker on this machine.

`pack` makes an archive of a folder, `find` looks a registry up by its name (`Registry.at`, where all of it is known),
`build_image` uploads, builds there as a one-off task run, passes the log on line by line and returns the reference pinned
by digest (`name.azurecr.io/image@sha256:…`). `mcp-gateway build` and the Pulumi program build through this one piece.

    async with Arm(token) as arm:  # gateway.azure.arm
        image = await build_image(arm, Registry.at(subscription, group, name), pack(folder), Order(image="a:1"), print)

Its parts serve who builds in another way: `packed`, `upload`, `docker_build`, `Run` and `Log`.

Not here: who calls (`token` is the caller's), and what is built. Nothing here imports an Azure SDK.
"""

from gateway.azure.acr.build import build_image
from gateway.azure.acr.context import Context, pack, packed
from gateway.azure.acr.errors import AcrError, BuildFailed, NoContext
from gateway.azure.acr.log import Log
from gateway.azure.acr.registry import Registry, find
from gateway.azure.acr.request import docker_build
from gateway.azure.acr.run import Order, Run, State
from gateway.azure.acr.upload import VERSION, upload

__all__ = [
    "VERSION",
    "AcrError",
    "BuildFailed",
    "Context",
    "Log",
    "NoContext",
    "Order",
    "Registry",
    "Run",
    "State",
    "build_image",
    "docker_build",
    "find",
    "pack",
    "packed",
    "upload",
]
