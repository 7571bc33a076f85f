"""What can be asked of the platform's manifests. Frozen; a value that cannot be meant is refused by the option's name."""

import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network

import msgspec

from infra.platform import checks
from infra.platform.checks import OptionError, networks
from infra.platform.further import check_setting
from infra.platform.names import (
    COLLECTOR,
    CONTROL_PLANE_ACCOUNT,
    OTLP_PORT,
    PROXY_ACCOUNT,
    ROUTER_ACCOUNT,
    WORKLOAD_ACCOUNT,
    internal,
)
from infra.platform.ranges import ANYWHERE, METADATA, PRIVATE, block

INTERNET = "internet"
EXTERNAL = "external"
NOWHERE = "none"
COLLECTOR_IMAGE = "docker.io/otel/opentelemetry-collector-contrib:0.148.0"
REQUESTS: Mapping[str, str] = {"cpu": "250m", "memory": "256Mi"}  # of each pod, as workloads have by default
LIMITS: Mapping[str, str] = {"cpu": "1", "memory": "512Mi"}
PUBLIC_CLOUD = "https://login.microsoftonline.com/"
MOST_SCALED = 10  # proxies, and routers, that an autoscaler makes at most, unless there are more already
ACCOUNTS = (PROXY_ACCOUNT, ROUTER_ACCOUNT, CONTROL_PLANE_ACCOUNT, WORKLOAD_ACCOUNT)

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_REGISTRY = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?(/[a-z0-9][a-z0-9._-]*)*")
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]*")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class PlatformOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses are IPv4 networks (`10.0.0.0/16`). Raises OptionError."""

    registry: str
    """What stands before every image's name, the workloads' included: `registry.example.com/team`."""
    tag: str
    images: Mapping[str, str] = {}
    """Component → the whole reference of its image, in place of `registry/component:tag`."""
    pull_policy: str = "IfNotPresent"
    """A tag never changes its image, and a container that restarts should not need the registry."""
    dev_identity: bool = False
    """Believe whatever callers say of themselves."""
    entra_tenant: str = ""
    entra_client_id: str = ""
    entra_instance: str = ""
    """Of a national cloud; blank: the public one's."""
    oidc_issuer: str = ""
    oidc_audiences: Sequence[str] = ()
    oidc_roles_claim: str = ""
    oidc_scope: str = ""
    oidc_certificates: str = ""
    """PEM text: authorities to trust besides the usual ones, where keys are fetched."""
    issuer_ranges: Sequence[str] = ()
    """Where the identity providers are; nothing: as their URLs say, or the internet."""
    issuer_ports: Sequence[int] = ()
    """Nothing: those of their URLs."""
    public_origin: str = ""
    allowed_hosts: Sequence[str] = ()
    allowed_origins: Sequence[str] = ()
    """Origins whose pages may call."""
    rate: int = 2000
    """Requests of one principal in a second, over all proxies; 0: any number."""
    rate_burst: int | None = None
    creator_roles: Sequence[str] = ()
    quota_records: int = 0
    quota_replicas: int = 0
    otlp_endpoint: str = ""
    otlp_ranges: Sequence[str] = ()
    otlp_ports: Sequence[int] = ()
    collector: bool = False
    """A collector of the platform's own, which hands everything on to Application Insights; in place of `otlp_endpoint`."""
    collector_image: str = COLLECTOR_IMAGE
    settings: Mapping[str, str] = {}
    """Further `Section__Key` settings of the three processes."""
    proxies: int = 2
    routers: int = 2
    control_planes: int = 2
    control_plane_url: str = ""
    """Where the control plane is; blank: it is a container, and its store PostgreSQL."""
    control_plane_ranges: Sequence[str] = ()
    """Where that is; nothing: as its URL says, or the internet."""
    control_plane_user: str = ""
    """Whom the API server takes such a control plane for: on AKS the object id of its identity."""
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
    load_balancer: str = ""
    """The fixed address of an internal load balancer of Azure's in front of the proxy; blank: reached in the cluster only."""
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
        checks.match("--registry", self.registry, _REGISTRY)
        checks.match("--tag", self.tag, _TAG)
        checks.match("--postgres", self.postgres, _IMAGE)
        checks.one_of("--pull-policy", self.pull_policy, ("IfNotPresent", "Always"))
        checks.least("--replicas", min(self.proxies, self.routers, self.control_planes), 1)
        checks.least("--drain", self.drain, 0)
        checks.quantities("--requests", self.requests)
        checks.quantities("--limits", self.limits)
        if self.postgres_storage != NOWHERE:
            checks.quantity("--postgres-storage", self.postgres_storage)
        for name, value in self.settings.items():
            check_setting(name, value)
        for account in self.identities:
            checks.one_of("--identity", account, ACCOUNTS)
        self._check_beside()
        self._check_edge()
        self._check_who_comes_in()
        self._check_networks()
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
    def own_control_plane(self) -> bool:
        """Whether the control plane is a container of the platform's."""
        return not self.control_plane_url

    @property
    def own_postgres(self) -> bool:
        """Whether the record store is part of the platform."""
        return self.own_control_plane and self.postgres != EXTERNAL

    @property
    def records_kept(self) -> bool:
        """Whether the records outlive PostgreSQL's pod."""
        return not self.own_postgres or self.postgres_storage != NOWHERE

    @property
    def telemetry(self) -> str:
        """Where the processes send what they measure; blank: nowhere."""
        return f"http://{internal(COLLECTOR)}:{OTLP_PORT}" if self.collector else self.otlp_endpoint

    @property
    def issuers(self) -> tuple[str, ...]:
        """Where the keys of access tokens are fetched."""
        entra = (self.entra_instance or PUBLIC_CLOUD,) if self.entra_tenant else ()
        return (*entra, *((self.oidc_issuer,) if self.oidc_issuer else ()))

    @property
    def most_proxies(self) -> int:
        """How many there may be at most: what each allows is its share of what all do."""
        return max(MOST_SCALED, self.proxies) if self.hpa else self.proxies

    def _check_beside(self) -> None:
        """What may stand in the place of the platform's own parts, and beside them."""
        for image in (*self.images.values(), self.collector_image):
            checks.match("--images", image, _IMAGE)
        if self.control_plane_url:
            checks.address("--control-plane-url", self.control_plane_url, secure=True)
        _together("--control-plane-url", self.control_plane_url, "--control-plane-user", self.control_plane_user)
        networks("--control-plane-range", self.control_plane_ranges)
        if self.load_balancer:
            networks("--load-balancer", [f"{self.load_balancer}/32"])
        if self.collector and self.otlp_endpoint:
            raise OptionError("--otlp-endpoint: not beside a collector of the platform's own")

    def _check_edge(self) -> None:
        if self.public_origin:
            checks.origin("--public-origin", self.public_origin)
        for origin in self.allowed_origins:
            checks.origin("--allowed-origin", origin)
        for option, number in (
            ("--rate", self.rate),
            ("--quota-records", self.quota_records),
            ("--quota-replicas", self.quota_replicas),
        ):
            checks.least(option, number, 0)
        if self.rate_burst is not None:
            checks.least("--rate-burst", self.rate_burst, 1)
        if any(not role.strip() for role in self.creator_roles):
            raise OptionError("--creator-role: a role has a name")
        if self.otlp_endpoint:
            checks.address("--otlp-endpoint", self.otlp_endpoint, secure=False)

    def _check_who_comes_in(self) -> None:
        """What is there must be whole; that anything is there is said last."""
        for option, text in (("--entra-tenant", self.entra_tenant), ("--entra-client-id", self.entra_client_id)):
            if text:
                checks.match(option, text, _GUID)
        _together("--entra-tenant", self.entra_tenant, "--entra-client-id", self.entra_client_id)
        _together("--oidc-issuer", self.oidc_issuer, "--oidc-audience", self.oidc_audiences)
        if self.entra_instance:
            checks.address("--entra-instance", self.entra_instance, secure=True)
        if self.oidc_issuer:
            checks.address("--oidc-issuer", self.oidc_issuer, secure=True)
        if any(not audience.strip() for audience in self.oidc_audiences):
            raise OptionError("--oidc-audience: an audience has a name")
        pem = self.oidc_certificates
        if pem and ("-----BEGIN CERTIFICATE-----" not in pem or "PRIVATE KEY" in pem):
            raise OptionError("--oidc-certificates: is no file of certificates (PEM), or holds a private key")
        if self.dev_identity and self.issuers:
            raise OptionError(
                "--dev-identity: not beside --entra-tenant or --oidc-issuer, which verify what it would believe"
            )
        if self.issuers and not self.public_origin:
            raise OptionError("--public-origin: is required: clients are led from it to where they sign in")
        if not self.dev_identity and not self.issuers:
            raise OptionError(
                "--entra-tenant: who may come in is not said; give --entra-tenant and --entra-client-id,"
                " --oidc-issuer and --oidc-audience, or --dev-identity"
            )

    def _check_networks(self) -> None:
        for option, texts in (
            ("--front-door", self.front_door),
            ("--dns", self.dns),
            ("--api-server", self.api_server),
            ("--pod-range", self.pod_range),
            ("--postgres-range", self.postgres_ranges),
            ("--issuer-range", self.issuer_ranges),
            ("--otlp-range", self.otlp_ranges),
        ):
            networks(option, texts)
        checks.ports("--api-server-port", self.api_server_ports)
        checks.ports("--issuer-port", self.issuer_ports)
        checks.ports("--otlp-port", self.otlp_ports)

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


def _together(one: str, first: object, other: str, second: object) -> None:
    if bool(first) != bool(second):
        missing, given = (other, one) if first else (one, other)
        raise OptionError(f"{missing}: is required with {given}")
