"""The control plane as a container, for clusters without Azure Functions: its Service and its Deployment."""

from infra.platform.deployments import deployment
from infra.platform.names import (
    CONTROL_PLANE,
    CONTROL_PLANE_ACCOUNT,
    CONTROL_PLANE_PRIORITY,
    PORT_NUMBER,
    Manifest,
    metadata,
)
from infra.platform.options import PlatformOptions
from infra.platform.pods import process, service
from infra.platform.secrets import POSTGRES_SECRET, variable


def control_plane(options: PlatformOptions) -> list[Manifest]:
    if not options.own_control_plane:
        return []
    env = [variable("Postgres__ConnectionString", POSTGRES_SECRET, "connectionString")]
    template = process(options, CONTROL_PLANE, CONTROL_PLANE_ACCOUNT, CONTROL_PLANE_PRIORITY, "pod-template-hash", env)
    return [
        service("http", CONTROL_PLANE, metadata(CONTROL_PLANE), PORT_NUMBER),
        deployment(CONTROL_PLANE, template, options.control_planes),
    ]
