"""`mcp-gateway manifests`: arguments in, YAML out. What the objects are is `infra.platform`'s; talks to no cluster."""

import argparse
from collections.abc import Callable, Mapping
from typing import Any

from infra.platform import INTERNET, LIMITS, NOWHERE, REQUESTS, OptionError, PlatformOptions, new_secrets, platform
from local.yaml_text import documents

# To try it on: small pods, and records that live as long as PostgreSQL's does.
_SMALL: Mapping[str, Any] = {
    "requests": {"cpu": "25m", "memory": "64Mi"},
    "control_planes": 1,
    "postgres_storage": NOWHERE,
}
# Secrets are the same for any images, and whoever comes in.
_FOR_SECRETS: Mapping[str, Any] = {"registry": "none", "tag": "none", "dev_identity": True}
_SECRETS_KNOW = ("postgres", "small")
_PROCESSES = {"proxy": "proxies", "router": "routers", "control-plane": "control_planes"}

_OPEN = (
    "--dev-identity: callers are whoever they say they are. Whoever reaches the proxy may do anything: never expose it."
)
_LOST = "PostgreSQL keeps its data in its pod: when it goes, the records go, and then all that was deployed for them."


def manifests(given: argparse.Namespace, warn: Callable[[str], None]) -> str:
    """The documents to print: fresh Secrets, or everything else. Raises OptionError."""
    if given.new_secrets:
        known = {name: value for name, value in vars(given).items() if name in _SECRETS_KNOW}
        return documents(new_secrets(_options({**_FOR_SECRETS, **known})))
    options = _options(vars(given))
    if options.dev_identity:
        warn(_OPEN)
    if not options.records_kept:
        warn(_LOST)
    return documents(platform(options))


def _options(given: Mapping[str, Any]) -> PlatformOptions:
    """What was not given is as `--small` has it, or as PlatformOptions has it. Raises OptionError."""
    values: dict[str, Any] = {**(_SMALL if given["small"] else {}), **given}
    for name, default in (("requests", REQUESTS), ("limits", LIMITS)):
        small: Mapping[str, str] = _SMALL.get(name, {}) if given["small"] else {}
        values[name] = {**default, **small, **given.get(name, {})}
    for process, count in given.get("replicas", {}).items():
        values[_field(process)] = _number(count)
    for name in ("settings", "identities"):
        values[name] = dict(given.get(name, ()))
    values["workload_egress"] = [text for text in given.get("workload_egress", [INTERNET]) if text != NOWHERE]
    for name in ("registry", "tag"):
        if name not in values:
            raise OptionError(f"--{name} is required")
    return PlatformOptions(**{name: values[name] for name in PlatformOptions.__struct_fields__ if name in values})


def _field(process: str) -> str:
    if process not in _PROCESSES:
        raise OptionError(f"--replicas: `{process}` is none of {', '.join(_PROCESSES)}")
    return _PROCESSES[process]


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise OptionError(f"--replicas: `{text}` is not a number")
    return int(text)
