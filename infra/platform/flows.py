"""Flows: who may reach whom. The one table that the NetworkPolicies are made of; docs/cluster.md shows the same to people."""

from collections.abc import Sequence

import msgspec

from gateway.cluster.names import PLATFORM_NAMESPACE, TYPE_LABEL, TYPES, WORKLOAD_NAMESPACE
from infra.platform.checks import networks
from infra.platform.names import (
    COLLECTOR,
    CONTROL_PLANE,
    NAMESPACE_LABEL,
    OTLP_PORT,
    PORT_NUMBER,
    POSTGRES,
    POSTGRES_PORT,
    PROXY,
    ROUTER,
    Manifest,
    selector,
)
from infra.platform.options import INTERNET, PlatformOptions
from infra.platform.ranges import ANYWHERE, METADATA, PRIVATE, block
from infra.platform.remote import peers, port_of

type Port = tuple[str, int | None]
"""Protocol and number; None is every port of the protocol."""

_HTTP: tuple[Port, ...] = (("TCP", PORT_NUMBER),)
_ANY_TCP: tuple[Port, ...] = (("TCP", None),)  # records choose their port
_DNS: tuple[Port, ...] = (("UDP", 53), ("TCP", 53))
_EXTERNAL_POSTGRES: tuple[Port, ...] = (("TCP", POSTGRES_PORT), ("TCP", 6432))  # 6432: PgBouncer's


class Pods(msgspec.Struct, frozen=True):
    """A party that has policies of its own."""

    name: str
    namespace: str
    labels: dict[str, str]

    def peers(self, seen_from: str) -> list[Manifest]:
        """How a policy in the namespace `seen_from` names it."""
        chosen = {"podSelector": {"matchLabels": self.labels}}
        if seen_from == self.namespace:
            return [chosen]
        return [{"namespaceSelector": {"matchLabels": {NAMESPACE_LABEL: self.namespace}}, **chosen}]


class Outside(msgspec.Struct, frozen=True):
    """A party that is not ours. No blocks are nobody; None is anybody."""

    name: str
    blocks: list[Manifest] | None

    def peers(self, seen_from: str) -> list[Manifest] | None:
        """The same from everywhere."""
        del seen_from
        return self.blocks


class Flow(msgspec.Struct, frozen=True):
    """`ports` empty: every port of every protocol."""

    source: Pods | Outside
    target: Pods | Outside
    ports: Sequence[Port]


_PROXY, _ROUTER, _CONTROL_PLANE, _POSTGRES, _COLLECTOR = (
    Pods(name, PLATFORM_NAMESPACE, selector(name)) for name in (PROXY, ROUTER, CONTROL_PLANE, POSTGRES, COLLECTOR)
)
_ADAPTERS = Pods("adapters", WORKLOAD_NAMESPACE, {TYPE_LABEL: TYPES["adapter"]})
_TOOLS = Pods("tools", WORKLOAD_NAMESPACE, {TYPE_LABEL: TYPES["tool"]})


def parties(options: PlatformOptions) -> list[Pods]:
    """Everybody whose traffic is ours to allow."""
    beside = [*([_POSTGRES] if options.own_postgres else []), *([_COLLECTOR] if options.collector else [])]
    return [*_processes(options), *beside, _ADAPTERS, _TOOLS]


def _processes(options: PlatformOptions) -> list[Pods]:
    """Those of our own code."""
    return [_PROXY, _ROUTER, *([_CONTROL_PLANE] if options.own_control_plane else [])]


def flows(options: PlatformOptions) -> list[Flow]:
    """All that is allowed. Whatever is not here is not."""
    dns, api, away = _dns(options), _api_server(options), _internet(options)
    found = (
        Flow(_front_door(options), _PROXY, _HTTP),
        Flow(_PROXY, _ROUTER, _HTTP),
        _control(options),
        Flow(_PROXY, _ADAPTERS, _ANY_TCP),
        Flow(_ROUTER, _TOOLS, _ANY_TCP),
        *_store(options),
        *(Flow(party, api, [("TCP", port) for port in options.api_server_ports]) for party in _processes(options)),
        *_issuers(options),
        *_collector(options),
        *(Flow(party, dns, _DNS) for party in parties(options) if party is not _POSTGRES),
        *(Flow(party, away, ()) for party in (_ADAPTERS, _TOOLS)),
    )
    # In a policy an empty list of peers is everybody, not nobody.
    return [flow for flow in found if not (isinstance(flow.target, Outside) and flow.target.blocks == [])]


def _front_door(options: PlatformOptions) -> Outside:
    blocks = [block(network) for network in networks("--front-door", options.front_door)]
    return Outside("front door", blocks or None)


def _control(options: PlatformOptions) -> Flow:
    """What clients ask of the control plane passes the proxy."""
    if options.own_control_plane:
        return Flow(_PROXY, _CONTROL_PLANE, _HTTP)
    urls, ranges = (options.control_plane_url,), networks("--control-plane-range", options.control_plane_ranges)
    return Flow(_PROXY, Outside("control plane", peers(urls, ranges, options.out_of_reach)), _tcp((), urls))


def _store(options: PlatformOptions) -> list[Flow]:
    if not options.own_control_plane:
        return []
    if options.own_postgres:
        return [Flow(_CONTROL_PLANE, _POSTGRES, [("TCP", POSTGRES_PORT)])]
    ranges = networks("--postgres-range", options.postgres_ranges)
    blocks = [block(network, METADATA if network == ANYWHERE else ()) for network in ranges]
    return [Flow(_CONTROL_PLANE, Outside("external PostgreSQL", blocks), _EXTERNAL_POSTGRES)]


def _issuers(options: PlatformOptions) -> list[Flow]:
    """Whoever verifies tokens fetches the keys for it."""
    if not options.issuers:
        return []
    ranges = networks("--issuer-range", options.issuer_ranges)
    there = Outside("identity provider", peers(options.issuers, ranges, options.out_of_reach))
    verifying = [party for party in _processes(options) if party is not _ROUTER]
    return [Flow(party, there, _tcp(options.issuer_ports, options.issuers)) for party in verifying]


def _collector(options: PlatformOptions) -> list[Flow]:
    """Our own hands everything on to Azure, whose addresses nobody knows."""
    if options.collector:
        azure = Outside("Application Insights", [block(ANYWHERE, (*PRIVATE, *options.out_of_reach))])
        told = [Flow(party, _COLLECTOR, [("TCP", OTLP_PORT)]) for party in _processes(options)]
        return [*told, Flow(_COLLECTOR, azure, [("TCP", 443)])]
    if not options.otlp_endpoint:
        return []
    urls = (options.otlp_endpoint,)
    there = Outside("collector", peers(urls, networks("--otlp-range", options.otlp_ranges), options.out_of_reach))
    return [Flow(party, there, _tcp(options.otlp_ports, urls)) for party in _processes(options)]


def _tcp(given: Sequence[int], urls: Sequence[str]) -> list[Port]:
    return [("TCP", port) for port in dict.fromkeys(given or map(port_of, urls))]


def _dns(options: PlatformOptions) -> Outside:
    """The pods of kube-system, and the resolvers that clusters run on their nodes."""
    pods: Manifest = {"namespaceSelector": {"matchLabels": {NAMESPACE_LABEL: "kube-system"}}}
    return Outside("DNS", [pods, *(block(network) for network in networks("--dns", options.dns))])


def _api_server(options: PlatformOptions) -> Outside:
    """No policy can name it. Unless its addresses are given: its ports, anywhere but at pods and instance metadata."""
    given = [block(network) for network in options.api_servers]
    return Outside("API server", given or [block(ANYWHERE, (*METADATA, *options.pods))])


def _internet(options: PlatformOptions) -> Outside:
    never = options.out_of_reach
    internet = [block(ANYWHERE, (*PRIVATE, *never))] if INTERNET in options.workload_egress else []
    return Outside("internet", [*internet, *(block(network, never) for network in options.workload_networks)])
