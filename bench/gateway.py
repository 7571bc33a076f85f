"""Our proxy as the bench runs it: one adapter with one instance, everything else as it ships. No figure is taken here.

Usage: `python -m bench.gateway PORT UPSTREAM_PORT [VARIABLES]`; with variables (`sign_in`) it verifies tokens, without it believes headers;
with OTEL_EXPORTER_OTLP_ENDPOINT among them it has telemetry.
"""

import os
import sys
from contextlib import ExitStack

import msgspec

from bench.child import HOST, serve
from bench.session import ROLE
from bench.sign_in import told
from gateway.card import Card
from gateway.catalog import Instance
from gateway.seal import KeyRing
from gateway.telemetry.exporting import exporting
from gateway.view import View
from proxy.app import Proxy
from proxy.settings import Settings


async def start(port: int) -> object:
    """Listens on `port` of HOST."""
    who = told(*sys.argv[3:])
    kept = ExitStack()
    telemetry = kept.enter_context(exporting(_variables(*sys.argv[3:]), "proxy"))
    proxy = Proxy(
        _catalog(int(sys.argv[2])),
        who.identify,
        KeyRing([os.urandom(16)]),
        Settings(),
        protected=who.protected,
        tracer=telemetry.tracer("proxy"),
    )
    telemetry.meter.watch("proxy", proxy.readings)
    await proxy.start(HOST, port)
    return kept, proxy


def _variables(text: str = "{}") -> dict[str, str]:
    return msgspec.json.decode(text, type=dict[str, str])


def _catalog(upstream: int) -> View:
    view = View(synced=True)
    view.put_card(
        Card(kind="adapter", name="bench", uid="adapter-1", generation=1, created_by="owner", required_roles=[ROLE])
    )
    view.put_instances("adapter", "bench", [Instance("8d7f3c1e-4b7a-4c59-9e1d-2f6a5b0c7e11", HOST, upstream)])
    return view


if __name__ == "__main__":
    serve(start)
