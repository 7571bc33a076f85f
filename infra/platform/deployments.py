"""Deployments: how those of ours are replaced: the new pod is ready before an old one goes."""

from infra.platform.names import Manifest, metadata, selector


def deployment(name: str, template: Manifest, replicas: int | None) -> Manifest:
    """`replicas` None leaves the number to an autoscaler: an `apply` must not set it back."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(name),
        "spec": {
            **({} if replicas is None else {"replicas": replicas}),
            "revisionHistoryLimit": 3,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "selector": {"matchLabels": selector(name)},
            "template": template,
        },
    }
