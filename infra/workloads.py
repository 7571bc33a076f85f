"""Workloads: the platform in a cluster, as `infra.platform` writes it, with its secrets. The adapters and tools are not: they are
the control plane's to make, and its end and theirs are in the order of `applied`.
"""

import hashlib
from collections.abc import Sequence

import msgspec
import pulumi

from infra.applied import Applied
from infra.blanks import Blanks
from infra.generations import Generations
from infra.keys import STAMP as KEYS_STAMP
from infra.keys import Keys, collector_secret
from infra.platform import Manifest, PlatformOptions, platform
from infra.platform.names import PROXY, ROUTER
from infra.platform.settings import config_map, stamp

_POD_MAKERS = ("Deployment", "StatefulSet")


class WorkloadsArgs(msgspec.Struct, frozen=True, kw_only=True):
    """`blanks` are the marks in `options`. `connection_string`: of Application Insights, where there is a collector.

    `after`: what must be there before the first object is.
    """

    provider: pulumi.ProviderResource
    options: PlatformOptions
    keys: Generations
    blanks: Blanks | None = None
    connection_string: pulumi.Input[str] | None = None
    after: Sequence[pulumi.Resource] = ()


class Workloads(pulumi.ComponentResource):
    """`ready`: what runs."""

    ready: Sequence[pulumi.Resource]

    def __init__(self, name: str, args: WorkloadsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mcp-gateway:workloads:Workloads", name, None, opts)
        applied = Applied(self, args.provider, args.after)
        manifests = [_keyed(manifest, args.keys.stamp) for manifest in platform(args.options)]
        applied.apply([*_filled(manifests, args), *self._secrets(args)])
        self.ready = applied.running
        self.register_outputs({})

    def _secrets(self, args: WorkloadsArgs) -> list[Manifest]:
        keys = Keys(self)
        found = keys.secrets(args.keys)
        if args.options.own_postgres:
            found.append(keys.postgres())
        if args.connection_string is not None:
            found.append(collector_secret(args.connection_string))
        return found


def _filled(manifests: list[Manifest], args: WorkloadsArgs) -> list[Manifest]:
    """With their blanks; the stamp by which pods follow the settings is made of those that are filled in."""
    if args.blanks is None:
        return manifests
    settings = args.blanks.fill(config_map(args.options)["data"])
    digest = pulumi.Output.json_dumps(settings, sort_keys=True).apply(_digest)
    also = dict.fromkeys(stamp(args.options).values(), digest)
    return [args.blanks.fill(manifest, also) for manifest in manifests]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _keyed(manifest: Manifest, keys: str) -> Manifest:
    """Proxy and router read their keys when they start: other keys, other pods."""
    if manifest["kind"] not in _POD_MAKERS or manifest["metadata"]["name"] not in (PROXY, ROUTER):
        return manifest
    spec = manifest["spec"]
    metadata = spec["template"]["metadata"]
    annotated = {**metadata, "annotations": {**metadata["annotations"], KEYS_STAMP: keys}}
    return {**manifest, "spec": {**spec, "template": {**spec["template"], "metadata": annotated}}}
