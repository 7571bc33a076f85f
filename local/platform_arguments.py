"""The arguments of `mcp-gateway manifests`: read, not understood. What is not given is not in the namespace."""

import argparse
from pathlib import Path


def add_platform_arguments(parser: argparse.ArgumentParser) -> None:
    """Under the names of PlatformOptions' fields, whose defaults are its own."""
    parser.argument_default = argparse.SUPPRESS
    add = parser.add_argument
    add("--registry", metavar="PREFIX", help="where the images are: what stands before their names")
    add("--tag", help="of the platform's own images")
    add("--new-secrets", action="store_true", default=False, help="print fresh Secrets instead")
    add("--small", action="store_true", default=False, help="to try it: little CPU and memory, no volume")
    _add_who_comes_in(parser)
    _add_limits(parser)
    _add_processes(parser)
    _add_postgres(parser)
    _add_network(parser)


def _add_who_comes_in(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--dev-identity", action="store_true", help="believe whatever callers say of themselves")
    add("--entra-tenant", metavar="ID", help="callers sign in with this tenant of Microsoft Entra")
    add("--entra-client-id", metavar="ID", help="the application that the gateway is in it")
    add("--entra-instance", metavar="URL", help="of a national cloud (default: https://login.microsoftonline.com/)")
    add("--oidc-issuer", metavar="URL", help="callers sign in with this OpenID Connect provider")
    text = "that its tokens for the gateway name; repeatable"
    add("--oidc-audience", dest="oidc_audiences", action="append", metavar="AUDIENCE", help=text)
    add("--oidc-roles-claim", metavar="NAME", help="where they hold roles (default: roles); `a.b` is b within a")
    add("--oidc-scope", metavar="SCOPE", help="that clients ask for and tokens must hold")
    text = "PEM: authorities to trust where keys are fetched"
    add("--oidc-certificates", type=_pem, metavar="FILE", help=text)
    add("--public-origin", metavar="URL", help="where clients reach the gateway: https://gateway.example.com")


def _add_limits(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    text = "requests of one caller in a second, over all proxies; 0 is any number (default: 2000)"
    add("--rate", type=int, metavar="NUMBER", help=text)
    add("--rate-burst", type=int, metavar="NUMBER", help="that may come at once (default: twice the rate)")
    add("--quota-records", type=int, metavar="NUMBER", help="adapters and tools of one creator (default: any number)")
    add("--quota-replicas", type=int, metavar="NUMBER", help="their instances (default: any number)")
    for option, dest, metavar, text in (
        ("--creator-role", "creator_roles", "ROLE", "who may create adapters and tools (default: anybody)"),
        ("--allowed-origin", "allowed_origins", "ORIGIN", "whose pages may call: https://app.example.com"),
    ):
        add(option, dest=dest, action="append", metavar=metavar, help=f"{text}; repeatable")


def _add_processes(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--replicas", type=_pairs, metavar="proxy=…,router=…,control-plane=…", help="(default: 2 each)")
    add("--requests", type=_pairs, metavar="cpu=…,memory=…", help="of each pod (default: 250m, 256Mi)")
    add("--limits", type=_pairs, metavar="cpu=…,memory=…", help="of each pod (default: 1, 512Mi)")
    add("--hpa", action="store_true", help="scale proxy and router by CPU (needs a metrics server)")
    add("--pull-policy", metavar="POLICY", help="IfNotPresent (default) or Always")
    add(
        "--otlp-endpoint",
        metavar="URL",
        help="an OpenTelemetry collector (OTLP over HTTP): traces, metrics, logs, the audit trail",
    )
    add("--drain", type=int, metavar="SECONDS", help="from unready to the end of new requests (default: 5)")
    for option, dest, of, text in (
        ("--allowed-host", "allowed_hosts", str, "a further name it is called by"),
        ("--set", "settings", _pair, "a further setting: Proxy__HoldSeconds=60"),
        ("--identity", "identities", _pair, "the Azure identity of a service account: workload-sa=CLIENT-ID"),
    ):
        metavar = "HOST" if of is str else "NAME=VALUE"
        add(option, dest=dest, type=of, action="append", metavar=metavar, help=f"{text}; repeatable")


def _add_postgres(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--postgres", metavar="IMAGE|external", help="the record store (default: postgres:17)")
    add("--postgres-storage", metavar="SIZE|none", help="of its volume (default: 8Gi)")
    add("--storage-class", metavar="NAME", help="of its volume (default: the cluster's)")


def _add_network(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    for option, dest, metavar, text in (
        ("--front-door", "front_door", "CIDR", "who may reach the proxy (default: anybody)"),
        ("--dns", "dns", "CIDR", "resolvers besides the pods of kube-system"),
        ("--api-server", "api_server", "CIDR", "where it is (default: anywhere, at its ports)"),
        ("--pod-range", "pod_range", "CIDR", "pods, Services and nodes outside of the private ranges"),
        ("--workload-egress", "workload_egress", "CIDR|internet|none", "where workloads may go (default: internet)"),
        ("--postgres-range", "postgres_ranges", "CIDR", "where an external PostgreSQL is (default: anywhere)"),
        ("--issuer-range", "issuer_ranges", "CIDR", "where the identity provider is (default: as its URL says)"),
        ("--otlp-range", "otlp_ranges", "CIDR", "where the collector is (default: as its URL says)"),
    ):
        add(option, dest=dest, action="append", metavar=metavar, help=f"{text}; repeatable")
    for option, dest, text in (
        ("--api-server-port", "api_server_ports", "of the API server (default: 443 and 6443)"),
        ("--issuer-port", "issuer_ports", "of the identity provider's pods, behind a Service (default: its URL's)"),
        ("--otlp-port", "otlp_ports", "of the collector's pods, behind a Service (default: its URL's)"),
    ):
        add(option, dest=dest, action="append", type=int, metavar="PORT", help=f"{text}; repeatable")


def _pem(file: str) -> str:
    try:
        return Path(file).read_text("ascii")
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"`{file}` cannot be read: {error}") from None


def _pairs(text: str) -> dict[str, str]:
    return dict(_pair(part) for part in text.split(","))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"`{text}` is not of the form NAME=VALUE")
    return name, value
