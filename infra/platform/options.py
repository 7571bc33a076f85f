"""What can be asked of the platform's manifests. Frozen; a value that cannot be meant is refused by the option's name."""

import re
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Network

import msgspec

from gateway.env import Env, SettingsError
from infra.platform.names import CONTROL_PLANE_ACCOUNT, PROXY_ACCOUNT, ROUTER_ACCOUNT, WORKLOAD_ACCOUNT
from infra.platform.ranges import ANYWHERE, METADATA, PRIVATE, block

INTERNET = "internet"
EXTERNAL = "external"
NOWHERE = "none"
REQUESTS: Mapping[str, str] = {"cpu": "250m", "memory": "256Mi"}  # of each pod, as workloads have by default
LIMITS: Mapping[str, str] = {"cpu": "1", "memory": "512Mi"}
ACCOUNTS = (PROXY_ACCOUNT, ROUTER_ACCOUNT, CONTROL_PLANE_ACCOUNT, WORKLOAD_ACCOUNT)

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_REGISTRY = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?(/[a-z0-9][a-z0-9._-]*)*")
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]*")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?/?")
_QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?")
_SETTING = re.compile(r"[A-Za-z][A-Za-z0-9]*(__[A-Za-z0-9]+)+")
# Settings that must not stand in a ConfigMap, or that have an option of their own.
_ELSEWHERE = {
    "GatewaySettings": "belongs into the Secret gateway-secret",
    "Seal": "belongs into the Secret seal-keys",
    "Postgres": "belongs into the Secret postgres-secret",
    "Authentication": "is --dev-identity",
    "Listen": "is decided by the manifests",
    "ControlPlane": "is decided by the manifests",
    "ContainerRegistrySettings": "is --registry",
    "Drain": "is --drain",
}


class OptionError(ValueError):
    """The message names the option, as the command line spells it."""


class PlatformOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses are IPv4 networks (`10.0.0.0/16`). Raises OptionError."""

    registry: str
    """What stands before every image's name, the workloads' included: `registry.example.com/team`."""
    tag: str
    pull_policy: str = "IfNotPresent"
    """A tag never changes its image, and a container that restarts should not need the registry."""
    dev_identity: bool = False
    """Believe whatever callers say of themselves."""
    public_origin: str = ""
    allowed_hosts: Sequence[str] = ()
    settings: Mapping[str, str] = {}
    """Further `Section__Key` settings of the three processes."""
    proxies: int = 2
    routers: int = 2
    control_planes: int = 2
    requests: Mapping[str, str] = msgspec.field(default_factory=lambda: {**REQUESTS})
    limits: Mapping[str, str] = msgspec.field(default_factory=lambda: {**LIMITS})
    hpa: bool = False
    drain: int = 5
    """Seconds between unready and the end of new requests: by then every client's endpoints have been updated."""
    postgres: str = "postgres:17"
    """An image, or `external`: a server of your own."""
    postgres_storage: str = "8Gi"
    """Size of its volume; NOWHERE: the records go with the pod."""
    storage_class: str | None = None
    postgres_ranges: Sequence[str] = (str(ANYWHERE),)
    """Where the external server is."""
    front_door: Sequence[str] = ()
    """Who may reach the proxy; nothing: anybody."""
    dns: Sequence[str] = ()
    """Resolvers besides the pods of kube-system."""
    api_server: Sequence[str] = ()
    api_server_ports: Sequence[int] = (443, 6443)
    pod_range: Sequence[str] = ()
    """Pods, Services and nodes outside of the private ranges."""
    workload_egress: Sequence[str] = (INTERNET,)
    identities: Mapping[str, str] = {}
    """Service account → client id of the Azure identity it stands for."""

    def __post_init__(self) -> None:
        _match("--registry", self.registry, _REGISTRY)
        _match("--tag", self.tag, _TAG)
        _match("--postgres", self.postgres, _IMAGE)
        _one_of("--pull-policy", self.pull_policy, ("IfNotPresent", "Always"))
        _least("--replicas", min(self.proxies, self.routers, self.control_planes), 1)
        _least("--drain", self.drain, 0)
        _quantities("--requests", self.requests)
        _quantities("--limits", self.limits)
        if self.postgres_storage != NOWHERE:
            _match("--postgres-storage", self.postgres_storage, _QUANTITY)
        if self.public_origin:
            _match("--public-origin", self.public_origin, _ORIGIN)
        for port in self.api_server_ports:
            if not 0 < port < 65536:
                raise OptionError(f"--api-server-port: {port} is not a port")
        for name, value in self.settings.items():
            _setting(name, value)
        for account in self.identities:
            _one_of("--identity", account, ACCOUNTS)
        for option, texts in (
            ("--front-door", self.front_door),
            ("--dns", self.dns),
            ("--api-server", self.api_server),
            ("--pod-range", self.pod_range),
            ("--postgres-range", self.postgres_ranges),
        ):
            networks(option, texts)
        self._check_reach()

    @property
    def api_servers(self) -> tuple[IPv4Network, ...]:
        return networks("--api-server", self.api_server)

    @property
    def pods(self) -> tuple[IPv4Network, ...]:
        return networks("--pod-range", self.pod_range)

    @property
    def out_of_reach(self) -> tuple[IPv4Network, ...]:
        """What no workload gets to, whatever else it may reach."""
        return (*METADATA, *self.api_servers, *self.pods)

    @property
    def workload_networks(self) -> tuple[IPv4Network, ...]:
        """Where workloads may go besides the internet."""
        return networks("--workload-egress", (text for text in self.workload_egress if text != INTERNET))

    @property
    def records_kept(self) -> bool:
        """Whether the records outlive PostgreSQL's pod."""
        return self.postgres == EXTERNAL or self.postgres_storage != NOWHERE

    def _check_reach(self) -> None:
        for network in self.workload_networks:
            if not self.api_server and any(network.overlaps(private) for private in PRIVATE):
                raise OptionError(
                    f"--workload-egress: {network} is private; name the API server (--api-server), so that it stays out of reach"
                )
            try:
                block(network, self.out_of_reach)
            except ValueError as error:
                raise OptionError(f"--workload-egress: {error}") from error


def networks(option: str, texts: Iterable[str]) -> tuple[IPv4Network, ...]:
    """Raises OptionError."""
    try:
        return tuple(IPv4Network(text) for text in texts)
    except ValueError as error:
        raise OptionError(f"{option}: {error}") from error


def _match(option: str, text: str, pattern: re.Pattern[str]) -> None:
    if not pattern.fullmatch(text):
        raise OptionError(f"{option}: `{text}` is not of the form {pattern.pattern}")


def _one_of(option: str, text: str, allowed: tuple[str, ...]) -> None:
    if text not in allowed:
        raise OptionError(f"{option}: `{text}` is none of {', '.join(allowed)}")


def _least(option: str, number: int, least: int) -> None:
    if number < least:
        raise OptionError(f"{option}: {number} is less than {least}")


def _quantities(option: str, quantities: Mapping[str, str]) -> None:
    for name, quantity in quantities.items():
        _one_of(option, name, ("cpu", "memory", "ephemeral-storage"))
        _match(option, quantity, _QUANTITY)


def _setting(name: str, value: str) -> None:
    _match("--set", name, _SETTING)
    section = name.partition("__")[0]
    if section in _ELSEWHERE:
        raise OptionError(f"--set: {name} {_ELSEWHERE[section]}")
    try:
        Env({name: value})
    except SettingsError as error:
        raise OptionError(f"--set: {error}") from error
