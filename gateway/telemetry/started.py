"""Started: telemetry of a process that nobody closes: the Azure Functions app. Everybody else has `exporting`.

`functions.on_azure` calls it, and no module that the data plane imports may: it leads to Azure's exporters.

    telemetry = started(variables, "control-plane")
    Composition(store, deployer, identify, protected, Audit(to_stdout, telemetry.export), telemetry)
"""

import atexit
from collections.abc import Mapping
from contextlib import ExitStack

from gateway.telemetry import insights
from gateway.telemetry.destinations import insights as told
from gateway.telemetry.exporting import Telemetry, exporting, sent
from gateway.telemetry.sending import Sending


def started(variables: Mapping[str, str], service: str = "mcp-gateway") -> Telemetry:
    """Telemetry that ends with the interpreter: to Application Insights where APPLICATIONINSIGHTS_CONNECTION_STRING is set,
    else to a collector. Raises SettingsError.

    Application Insights costs nothing at the start: its exporters are loaded by the thread that has something to send.
    """
    where = told(variables)
    opened = ExitStack()
    if where.anywhere:
        sending = Sending(lambda: insights.exporters(where), variables, service, deltas=where.deltas)
        telemetry = opened.enter_context(sent(sending, where))
    else:
        telemetry = opened.enter_context(exporting(variables, service))
    atexit.register(opened.close)
    return telemetry
