"""LocalStack: the platform on a Kubernetes that is there: the current kubeconfig's. Nothing of Azure; the control plane is a container.

`platform` in the stack's configuration says all: images, who comes in, sizes.
"""

import pulumi
import pulumi_kubernetes

from infra.config import Config
from infra.platform.names import PORT_NUMBER, PROXY_SERVICE, internal
from infra.wishes import options
from infra.workloads import Workloads, WorkloadsArgs


def local_stack(config: Config) -> None:
    provider = pulumi_kubernetes.Provider("cluster", enable_config_map_mutable=True, enable_secret_mutable=True)
    asked = options(config.platform)
    Workloads("platform", WorkloadsArgs(provider=provider, options=asked, keys=config.keys))
    pulumi.export("url", asked.public_origin or f"http://{internal(PROXY_SERVICE)}:{PORT_NUMBER}")
    pulumi.export("proxyService", PROXY_SERVICE)
