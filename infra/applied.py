"""Applied: Kubernetes objects, written as dictionaries, as resources of the stack, in an order that also ends well.

Made: a namespace before what is in it; rights, policies, settings and secrets before pods. Unmade, which is the other way
round: pods first, then the workloads that the control plane made (the end of their namespace waits for them), then the load
balancer, whose address would keep the network from going, and the platform's namespace last.
"""

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any

import pulumi

from gateway.cluster.names import PLATFORM_NAMESPACE
from infra.platform import Manifest

_RUNNING = ("Deployment", "StatefulSet")
# They need nothing but their namespace, and nothing waits for them.
_BESIDE = ("Service", "PodDisruptionBudget", "HorizontalPodAutoscaler", *_RUNNING)
# Pods come later: the engine is not to wait for an endpoint behind it.
_NOT_AWAITED = {"pulumi.com/skipAwait": "true"}
# The provider's schema has them; without it a value would lie open in the stack's state.
_SECRET = ("data", "stringData")
_VERSION = version("pulumi-kubernetes")  # of the provider that is asked for: the SDK's own


class Applied:
    """All resources made here, by what they are of; `first` is what each of them waits for."""

    def __init__(
        self, parent: pulumi.Resource, provider: pulumi.ProviderResource, first: Sequence[pulumi.Resource] = ()
    ) -> None:
        self._parent, self._provider, self._first = parent, provider, list(first)
        self._namespaces: dict[str, pulumi.Resource] = {}
        self._balancers: list[pulumi.Resource] = []
        self._roles: list[pulumi.Resource] = []
        self._settled: list[pulumi.Resource] = []
        self.running: list[pulumi.Resource] = []

    def apply(self, manifests: Iterable[Manifest]) -> None:
        """In whatever order they come."""
        for manifest in sorted(manifests, key=_rank):
            made = self._made(manifest)
            if manifest["kind"] == "Namespace":
                self._namespaces[manifest["metadata"]["name"]] = made
            elif _balances(manifest):
                self._balancers.append(made)
            elif manifest["kind"] in _RUNNING:
                self.running.append(made)
            elif manifest["kind"] not in _BESIDE:
                self._settled.append(made)
            if manifest["kind"] == "Role":
                self._roles.append(made)

    def _made(self, manifest: Manifest) -> pulumi.Resource:
        kind, group = manifest["kind"], manifest["apiVersion"]
        place, called = manifest["metadata"].get("namespace"), manifest["metadata"]["name"]
        return pulumi.CustomResource(
            f"kubernetes:{group if '/' in group else f'core/{group}'}:{kind}",
            "/".join(part for part in (kind.lower(), place, called) if part),
            _annotated(manifest) if _balances(manifest) else {**manifest},
            pulumi.ResourceOptions(
                parent=self._parent,
                provider=self._provider,
                depends_on=self._before(manifest),
                additional_secret_outputs=list(_SECRET) if kind == "Secret" else None,
                version=_VERSION,
            ),
        )

    def _before(self, manifest: Manifest) -> list[pulumi.Resource]:
        place = manifest["metadata"].get("namespace")
        before = [*self._first, *([self._namespaces[place]] if place else [])]
        if manifest["kind"] == "Namespace" and manifest["metadata"]["name"] != PLATFORM_NAMESPACE:
            return [*before, *self._balancers]
        if manifest["kind"] == "RoleBinding":
            return [*before, *self._roles]
        if manifest["kind"] in _RUNNING:
            return [*before, *self._namespaces.values(), *self._settled]
        return before


def _rank(manifest: Manifest) -> int:
    if manifest["kind"] == "Namespace":
        return 0 if manifest["metadata"]["name"] == PLATFORM_NAMESPACE else 2
    if _balances(manifest):
        return 1
    return {"RoleBinding": 4, "Deployment": 5, "StatefulSet": 5}.get(manifest["kind"], 3)


def _balances(manifest: Manifest) -> bool:
    return manifest["kind"] == "Service" and manifest["spec"].get("type") == "LoadBalancer"


def _annotated(manifest: Manifest) -> dict[str, Any]:
    metadata = manifest["metadata"]
    return {**manifest, "metadata": {**metadata, "annotations": {**metadata.get("annotations", {}), **_NOT_AWAITED}}}
