"""What sends reads the usual variables; none of this machine's may lead elsewhere."""

import os

import pytest


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy, and no telemetry of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith(("OTEL_", "APPLICATIONINSIGHTS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "*")
