"""Our tool router as the bench runs it: the bench's tools, the audit trail in a file, everything else as it ships. No figure is taken here.

Usage: `python -m bench.toolgateway PORT TOOL_PORT CONTROL_PORT AUDIT_FILE PAGE_SIZE [COLLECTOR]`; the last is a URL.
Lines sent to CONTROL_PORT are answered in a line:
`change` changes a card and tells when (CLOCK_MONOTONIC, one for all processes), `requests` tells how many were taken up so far.
"""

import asyncio
import contextlib
import os
import sys
import time
from itertools import count
from pathlib import Path

from bench.child import HOST, serve
from bench.tools import card, cards
from gateway.audit import Audit
from gateway.catalog import Instance
from gateway.seal import KeyRing
from gateway.telemetry.exporting import exporting
from gateway.view import View
from local.audit_file import audit_file
from tool_router.app import Router
from tool_router.settings import Settings

SECRET = "the-secret-of-the-bench-which-is-none"
_AUDIT_SIZE = 2**30  # bytes: not so small that lines to be counted are gone before


async def start(port: int) -> object:
    """Listens on `port` of HOST, and for the bench's orders."""
    upstream, control, trail, page_size = int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]), int(sys.argv[5])
    kept = contextlib.ExitStack()
    telemetry = kept.enter_context(exporting({"OTEL_EXPORTER_OTLP_ENDPOINT": "".join(sys.argv[6:])}, "tool-router"))
    audit = Audit(kept.enter_context(audit_file(trail, _AUDIT_SIZE)), telemetry.export)
    view = _view(upstream)
    settings, tracer = Settings(secrets=(SECRET,), page_size=page_size), telemetry.tracer("tool_router")
    router = Router(view, KeyRing([os.urandom(16)]), settings, audit, tracer)
    telemetry.meter.watch("tool_router", router.readings)
    orders = await asyncio.start_server(_Orders(view, router, upstream).serve, HOST, control)
    await router.start(HOST, port)
    return kept, router, orders


def _view(upstream: int) -> View:
    view = View(synced=True)
    for one in cards(upstream):
        view.put_card(one)
        view.put_instances("tool", one.name, [Instance(f"{one.uid}-0", HOST, upstream)])
    return view


class _Orders:
    """What the bench wants done in here."""

    def __init__(self, view: View, router: Router, upstream: int) -> None:
        self._view = view
        self._router = router
        self._upstream = upstream
        self._editions = count(1)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the bench hangs up."""
        while line := await reader.readline():
            writer.write(b"%b\n" % self._done(line.strip()).encode())
        writer.close()

    def _done(self, order: bytes) -> str:
        if order == b"requests":
            return str(self._router.counters.requests)
        changed = card(7, self._upstream, next(self._editions))
        at = time.monotonic()
        self._view.put_card(changed)
        return repr(at)


if __name__ == "__main__":
    serve(start)
