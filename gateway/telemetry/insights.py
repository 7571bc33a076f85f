"""Application Insights: Azure's exporters, for the control plane on Functions, where no collector stands near. Nobody else's.

The exporters alone, not Microsoft's distribution around them: that brings a sampler that drops most of what callers asked for
(five traces a second), and counters of the machine's, which is not ours.
"""

import logging
import os
from typing import Any

from gateway.telemetry.destinations import Destinations
from gateway.telemetry.sending import Exporter, Exporters, Signal

# The exporter's own switches, which it takes from nowhere else: it would ask Microsoft for settings, and report on itself.
_QUIET = (
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED",
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED",
    "APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED",
)


def exporters(where: Destinations) -> Exporters:
    """Those of the signals that go anywhere. Here, and not before, the SDK is loaded: half a second or more."""
    for name in _QUIET:
        os.environ.setdefault(name, "true")
    from azure.monitor.opentelemetry.exporter import (
        AzureMonitorLogExporter,
        AzureMonitorMetricExporter,
        AzureMonitorTraceExporter,
    )

    made: dict[Signal, Exporter] = {}
    if where.traces:
        made["traces"] = AzureMonitorTraceExporter(**_options(where.traces))
    if where.metrics:
        made["metrics"] = AzureMonitorMetricExporter(**_options(where.metrics))
    if where.logs:
        made["logs"] = AzureMonitorLogExporter(**_options(where.logs))
    return made


def _options(connection: str) -> dict[str, Any]:
    """`disable_offline_storage`: what cannot be sent is lost, and counted; on a disk that others share it would stay behind."""
    return {
        "connection_string": connection,
        "disable_offline_storage": True,
        "logger": logging.getLogger("azure.monitor.opentelemetry.exporter.http"),  # a line per request, else at INFO
    }
