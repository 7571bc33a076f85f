"""The proxy: its Service, which is the way in, and its Deployment."""

from infra.platform.deployments import deployment
from infra.platform.names import (
    DATA_PLANE_PRIORITY,
    PORT_NUMBER,
    PROXY,
    PROXY_ACCOUNT,
    PROXY_SERVICE,
    Manifest,
    metadata,
)
from infra.platform.options import PlatformOptions
from infra.platform.pods import process, service
from infra.platform.secrets import seal_keys, trust

_BALANCER = "service.beta.kubernetes.io/azure-load-balancer"
_IDLE = 30  # minutes, its most: streams may be silent for long


def proxy(options: PlatformOptions) -> list[Manifest]:
    env = [trust(), *seal_keys(), *_share(options)]
    template = process(options, PROXY, PROXY_ACCOUNT, DATA_PLANE_PRIORITY, "pod-template-hash", env)
    return [
        _way_in(options),
        deployment(PROXY, template, None if options.hpa else options.proxies),
    ]


def _way_in(options: PlatformOptions) -> Manifest:
    if not options.load_balancer:
        return service("http", PROXY, metadata(PROXY_SERVICE), PORT_NUMBER)
    annotations = {
        f"{_BALANCER}-internal": "true",
        f"{_BALANCER}-ipv4": options.load_balancer,
        f"{_BALANCER}-tcp-idle-timeout": str(_IDLE),
    }
    found = service("http", PROXY, metadata(PROXY_SERVICE, annotations=annotations), PORT_NUMBER)
    # Local: the front door is seen as who it is, and no connection crosses a second node.
    return {**found, "spec": {**found["spec"], "type": "LoadBalancer", "externalTrafficPolicy": "Local"}}


def _share(options: PlatformOptions) -> list[Manifest]:
    """Each proxy counts for itself: how many there are makes its part of the rate."""
    return [{"name": "Proxy__Replicas", "value": str(options.most_proxies)}] if options.rate else []
