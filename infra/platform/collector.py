"""The collector: takes OTLP from the platform's processes and hands it on to Application Insights. Not there unless asked for.

So no process in the cluster holds the connection string, nor waits for Azure. It keeps nothing: what it cannot pass on in time is lost.
"""

import hashlib

import msgspec

from infra.platform.deployments import deployment
from infra.platform.names import COLLECTOR, CONTROL_PLANE_PRIORITY, OTLP_PORT, Manifest, metadata, selector
from infra.platform.options import PlatformOptions
from infra.platform.pods import CONFINED, pod, resources, service
from infra.platform.secrets import COLLECTOR_SECRET, variable

_HEALTH_PORT = 13133
_FOLDER, _FILE = "/etc/collector", "config.json"
_CONNECTION = "APPLICATIONINSIGHTS_CONNECTION_STRING"
_SIGNALS = ("traces", "metrics", "logs")
_DELTAS = "cumulativetodelta"


def collector(options: PlatformOptions) -> list[Manifest]:
    if not options.collector:
        return []
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(COLLECTOR), "data": {_FILE: _config()}},
        service("otlp", COLLECTOR, metadata(COLLECTOR), OTLP_PORT),
        deployment(COLLECTOR, _template(options), 1),
    ]


def _config() -> str:
    """Its own format, as JSON, which YAML is a superset of."""
    exporter = "azuremonitor"
    pipelines = {
        signal: {"receivers": ["otlp"], "processors": _processors(signal), "exporters": [exporter]}
        for signal in _SIGNALS
    }
    found = {
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"0.0.0.0:{OTLP_PORT}"}}}},
        "processors": {
            # Refuses before the kernel kills it; percent of the container's memory.
            "memory_limiter": {"check_interval": "1s", "limit_percentage": 75, "spike_limit_percentage": 15},
            _DELTAS: {},
            "batch": {"timeout": "5s"},
        },
        "exporters": {exporter: {"connection_string": f"${{env:{_CONNECTION}}}"}},
        "extensions": {"health_check": {"endpoint": f"0.0.0.0:{_HEALTH_PORT}"}},
        "service": {"extensions": ["health_check"], "pipelines": pipelines},
    }
    return msgspec.json.encode(found).decode()


def _processors(signal: str) -> list[str]:
    """Our processes count from their start; Azure Monitor adds up what it is told, so it must be told what came in between."""
    return ["memory_limiter", *([_DELTAS] if signal == "metrics" else []), "batch"]


def _template(options: PlatformOptions) -> Manifest:
    stamp = hashlib.sha256(_config().encode()).hexdigest()[:16]
    config = {"name": "config", "configMap": {"name": COLLECTOR}}
    return {
        "metadata": {"labels": selector(COLLECTOR), "annotations": {"mcp-gateway/settings": stamp}},
        "spec": {
            "automountServiceAccountToken": False,
            "priorityClassName": CONTROL_PLANE_PRIORITY,
            **pod(_container(options), [config]),
        },
    }


def _container(options: PlatformOptions) -> Manifest:
    healthy = {"httpGet": {"path": "/", "port": "health"}}
    return {
        "name": COLLECTOR,
        "image": options.collector_image,
        "imagePullPolicy": options.pull_policy,
        "args": [f"--config={_FOLDER}/{_FILE}"],
        "ports": [
            {"name": "otlp", "containerPort": OTLP_PORT, "protocol": "TCP"},
            {"name": "health", "containerPort": _HEALTH_PORT, "protocol": "TCP"},
        ],
        "env": [variable(_CONNECTION, COLLECTOR_SECRET, "connectionString")],
        "startupProbe": {**healthy, "periodSeconds": 1, "timeoutSeconds": 2, "failureThreshold": 60},
        "livenessProbe": {**healthy, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 3},
        "readinessProbe": {**healthy, "periodSeconds": 5, "timeoutSeconds": 2, "failureThreshold": 3},
        "resources": resources(options),
        "securityContext": CONFINED,
        "volumeMounts": [{"name": "config", "mountPath": _FOLDER, "readOnly": True}],
    }
