"""Our proxy as the bench runs it: one adapter with one instance, everything else as it ships. No figure is taken here.

Usage: `python -m bench.gateway PORT UPSTREAM_PORT [VARIABLES]`; with variables (`sign_in`) it verifies tokens, without it believes headers.
"""

import os
import sys

from bench.child import HOST, serve
from bench.session import ROLE
from bench.sign_in import told
from gateway.card import Card
from gateway.catalog import Instance
from gateway.seal import KeyRing
from gateway.view import View
from proxy.app import Proxy
from proxy.settings import Settings


async def start(port: int) -> Proxy:
    """Listens on `port` of HOST."""
    who = told(*sys.argv[3:])
    catalog = _catalog(int(sys.argv[2]))
    proxy = Proxy(catalog, who.identify, KeyRing([os.urandom(16)]), Settings(), protected=who.protected)
    await proxy.start(HOST, port)
    return proxy


def _catalog(upstream: int) -> View:
    view = View(synced=True)
    view.put_card(
        Card(kind="adapter", name="bench", uid="adapter-1", generation=1, created_by="owner", required_roles=[ROLE])
    )
    view.put_instances("adapter", "bench", [Instance("8d7f3c1e-4b7a-4c59-9e1d-2f6a5b0c7e11", HOST, upstream)])
    return view


if __name__ == "__main__":
    serve(start)
