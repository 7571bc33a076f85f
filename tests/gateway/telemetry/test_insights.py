"""The control plane on Azure Functions: to Application Insights, by Azure's own exporters, loaded when there is something to send."""

import os
import subprocess
import sys

from tests.fakes.insights import Insights

_PROGRAM = """
import os, sys, logging
from gateway.audit import Audit
from gateway.telemetry import instruments as its
from gateway.telemetry.context import Context
from gateway.telemetry.started import started
from gateway.telemetry.readings import Reading

telemetry = started(os.environ, "control-plane")
print([name for name in sys.modules if name.split(".")[0] in ("opentelemetry", "azure")])
tracer = telemetry.tracer("functions")
span = tracer.begin("POST /adapters", "internal", Context("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"), {})
tracer.end(span)
Audit(lambda line: None, telemetry.export).note("adapter.create", "alice", "weather", "ok")
logging.getLogger("functions").warning("a line")
telemetry.meter.watch("functions", lambda: [Reading(its.ROUNDS, 3, {"mcp_gateway.result": "ok"})])
print("noted", flush=True)
sys.stdin.read()
"""


def test_all_signals_arrive_while_the_process_runs_on() -> None:
    with Insights() as insights:
        assert _run(insights) == ["[]", "noted"], "nothing is loaded at the start"
        (span,), metrics = insights.of("RemoteDependencyData"), _metrics(insights)
        messages = [it["data"]["baseData"]["message"] for it in insights.of("MessageData")]

    assert set(insights.paths) == {"/v2.1/track"}
    assert span["tags"]["ai.operation.id"] == "0af7651916cd43dd8448eb211c80319c"
    assert span["tags"]["ai.operation.parentId"] == "b7ad6b7169203331"
    assert span["tags"]["ai.cloud.role"] == "control-plane"
    assert span["data"]["baseData"]["name"] == "POST /adapters"
    assert sum(metrics["mcp_gateway.reconcile.rounds"]) == 3, "what was added, however often it is read"
    assert {"a line", "adapter.create ok"} <= set(messages)


def _run(insights: Insights) -> list[str]:
    """Runs the program until everything is there; what it printed."""
    told = {"APPLICATIONINSIGHTS_CONNECTION_STRING": insights.connection, "OTEL_METRIC_EXPORT_INTERVAL": "100"}
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM],
        env={"NO_PROXY": "*", "PATH": os.environ["PATH"], **told},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            insights.until(_is_all_there, 40)
        finally:
            printed, _ = process.communicate(timeout=20)
    return printed.split("\n")[:-1]


def _is_all_there(insights: Insights) -> bool:
    return (
        len(insights.of("MessageData")) >= 2 and bool(insights.of("RemoteDependencyData")) and bool(_metrics(insights))
    )


def _metrics(insights: Insights) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for envelope in insights.of("MetricData"):
        for metric in envelope["data"]["baseData"]["metrics"]:
            found.setdefault(metric["name"], []).append(metric["value"])
    return found
