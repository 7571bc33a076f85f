"""Choices: sets of options that between them make every kind of object and every branch of the manifests."""

from infra.platform import PlatformOptions

PLAIN = PlatformOptions(registry="registry.example.com/team", tag="1.0.0")
SMALL = PlatformOptions(
    registry="10.123.0.1:5000",
    tag="test",
    dev_identity=True,
    control_planes=1,
    requests={"cpu": "25m", "memory": "64Mi"},
    postgres="10.123.0.1:5000/postgres:test",
    postgres_storage="none",
    front_door=["10.123.0.1/32"],
    dns=["10.123.0.2/32"],
    api_server=["10.123.0.2/32"],
)
LARGE = PlatformOptions(
    registry="registry.example.com",
    tag="2",
    hpa=True,
    proxies=3,
    routers=3,
    public_origin="https://gateway.example.com",
    allowed_hosts=["other.example.com"],
    settings={"Proxy__HoldSeconds": "60"},
    postgres="external",
    postgres_ranges=["10.9.0.0/24"],
    api_server=["20.30.40.50/32"],
    pod_range=["25.0.0.0/8"],
    workload_egress=["internet", "10.20.0.0/16"],
    identities={"mcpgateway-sa": "client-1", "workload-sa": "client-2"},
    storage_class="fast",
)
VOLUME = PlatformOptions(registry="r", tag="t", storage_class="fast", workload_egress=[])
ALL = {"plain": PLAIN, "small": SMALL, "large": LARGE, "volume": VOLUME}
