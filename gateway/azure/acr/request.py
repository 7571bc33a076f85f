"""request: what Azure is told of a build, whether it is run once or kept as a task run. Sends nothing."""

from collections.abc import Mapping, Sequence
from typing import Literal

type Architecture = Literal["amd64", "arm64"]


def docker_build(
    images: Sequence[str],
    *,
    source: str,
    dockerfile: str,
    arguments: Mapping[str, str],
    seconds: int,
    pool: str = "",
    architecture: Architecture = "amd64",
) -> dict[str, object]:
    """`images` are `name:tag` without the registry, `source` is where the files are; no `pool`: the agents that Azure shares."""
    request: dict[str, object] = {
        "type": "DockerBuildRequest",
        "imageNames": list(images),
        "isPushEnabled": True,
        "sourceLocation": source,
        "dockerFilePath": dockerfile,
        "platform": {"os": "Linux", "architecture": architecture},
        "arguments": [{"name": name, "value": value, "isSecret": False} for name, value in sorted(arguments.items())],
        "timeout": seconds,
    }
    if pool:
        request["agentPoolName"] = pool
    return request
