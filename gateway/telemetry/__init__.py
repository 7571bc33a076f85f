"""Telemetry of one process, by OpenTelemetry: traces, metrics, logs. `exporting` puts it together; docs/telemetry.md has the names."""
