"""Where the standard variables send what."""

import pytest

from gateway.env import SettingsError
from gateway.telemetry.destinations import Destinations, collector, insights

ALL = "OTEL_EXPORTER_OTLP_ENDPOINT"
CONNECTION = "APPLICATIONINSIGHTS_CONNECTION_STRING"
TOLD = "InstrumentationKey=00000000-0000-0000-0000-000000000000;IngestionEndpoint=http://127.0.0.1:1/"


def test_one_collector_gets_every_signal_at_its_path() -> None:
    assert collector({ALL: "http://c:4318/otlp/"}) == Destinations(
        traces="http://c:4318/otlp/v1/traces",
        metrics="http://c:4318/otlp/v1/metrics",
        logs="http://c:4318/otlp/v1/logs",
    )


def test_a_signal_may_go_elsewhere_or_nowhere() -> None:
    told = {ALL: "http://c", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://t/in", "OTEL_METRICS_EXPORTER": "none"}
    found = collector({**told, "OTEL_LOGS_EXPORTER": "otlp"})
    assert (found.traces, found.metrics, found.logs) == ("https://t/in", "", "http://c/v1/logs")


@pytest.mark.parametrize("variables", [{}, {ALL: " "}, {ALL: "http://c", "OTEL_SDK_DISABLED": "true"}])
def test_nothing_is_sent_where_nobody_asked_for_it(variables: dict[str, str]) -> None:
    assert not collector(variables).anywhere


def test_application_insights_gets_what_was_added_since() -> None:
    found = insights({CONNECTION: TOLD, "OTEL_TRACES_EXPORTER": "none"})
    assert found == Destinations(metrics=TOLD, logs=TOLD, deltas=True)
    assert not insights({CONNECTION: TOLD, "OTEL_SDK_DISABLED": "true"}).anywhere
    assert not insights({}).anywhere


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_METRIC_EXPORT_INTERVAL", "often"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "99"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "lowmemory"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"),
        ("OTEL_METRICS_EXPORTER", "prometheus"),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "collector:4318"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}:"):
        collector({ALL: "http://c", name: value})


def test_interval_and_deltas_are_the_usual_variables() -> None:
    told = {
        "OTEL_METRIC_EXPORT_INTERVAL": "1500",
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "Delta",
    }
    found = collector({ALL: "http://c", **told})
    assert (found.interval, found.deltas) == (1.5, True)
