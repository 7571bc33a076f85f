"""Tests of the telemetry: against loopback sinks, over real HTTP."""
