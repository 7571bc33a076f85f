"""Destinations: where the standard variables send telemetry, signal by signal. Pure; what else they say, the SDK reads itself.

OpenTelemetry, "Environment Variable Specification" and "OTLP Exporter Configuration".
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from gateway.env import SettingsError

INSIGHTS = "APPLICATIONINSIGHTS_CONNECTION_STRING"
_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_SPOKEN = "http/protobuf"
_INTERVAL = "OTEL_METRIC_EXPORT_INTERVAL"
_TEMPORALITY = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
_MINUTE = 60_000  # milliseconds
_DAY = 86_400_000


class Destinations(msgspec.Struct, frozen=True, kw_only=True):
    """URLs; empty: nowhere. `interval`: seconds between two readings of the metrics. `deltas`: they tell what was added since."""

    traces: str = ""
    metrics: str = ""
    logs: str = ""
    interval: float = 60.0
    deltas: bool = False

    @property
    def anywhere(self) -> bool:
        """Whether anything is sent at all."""
        return bool(self.traces or self.metrics or self.logs)


def collector(variables: Mapping[str, str]) -> Destinations:
    """The collector that the variables name. Raises SettingsError."""
    if _is_off(variables):
        return Destinations()
    return Destinations(
        traces=_endpoint(variables, "TRACES"),
        metrics=_endpoint(variables, "METRICS"),
        logs=_endpoint(variables, "LOGS"),
        interval=_interval(variables),
        deltas=_deltas(variables),
    )


def insights(variables: Mapping[str, str]) -> Destinations:
    """Application Insights, if a connection string is there: it takes what was added since. Raises SettingsError."""
    told = variables.get(INSIGHTS, "").strip()
    if not told or _is_off(variables):
        return Destinations()
    traces, metrics, logs = (told if _is_wanted(variables, of) else "" for of in ("TRACES", "METRICS", "LOGS"))
    return Destinations(traces=traces, metrics=metrics, logs=logs, interval=_interval(variables), deltas=True)


def _is_off(variables: Mapping[str, str]) -> bool:
    return variables.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"


def _is_wanted(variables: Mapping[str, str], signal: str) -> bool:
    return variables.get(f"OTEL_{signal}_EXPORTER", "").strip() != "none"


def _endpoint(variables: Mapping[str, str], signal: str) -> str:
    """Where a signal is sent to (endpoint URLs for OTLP/HTTP)."""
    own = f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"
    name = next((name for name in (own, _ENDPOINT) if variables.get(name, "").strip()), "")
    if not name or not _is_wanted(variables, signal):
        return ""
    told = variables[name].strip()
    if urlsplit(told).scheme not in ("http", "https") or not urlsplit(told).hostname:
        raise SettingsError(f"{name}: expected an http or https URL.")
    exporter = f"OTEL_{signal}_EXPORTER"
    if variables.get(exporter, "").strip() not in ("", "otlp"):
        raise SettingsError(f"{exporter}: only `otlp` and `none` are known here.")
    for protocol in (f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        if variables.get(protocol, _SPOKEN) not in (_SPOKEN, ""):
            raise SettingsError(f"{protocol}: only {_SPOKEN} is spoken.")
    return told if name == own else f"{told.rstrip('/')}/v1/{signal.lower()}"


def _interval(variables: Mapping[str, str]) -> float:
    told = variables.get(_INTERVAL, "").strip() or str(_MINUTE)
    if not told.isascii() or not told.isdigit() or not 100 <= int(told) <= _DAY:
        raise SettingsError(f"{_INTERVAL}: `{told}` is not a whole number of milliseconds from 100 to {_DAY}.")
    return int(told) / 1000


def _deltas(variables: Mapping[str, str]) -> bool:
    told = variables.get(_TEMPORALITY, "").strip().lower() or "cumulative"
    if told not in ("cumulative", "delta"):
        raise SettingsError(f"{_TEMPORALITY}: only `cumulative` and `delta` are known here.")
    return told == "delta"
