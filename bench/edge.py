"""Our proxy in front of the tool router as the bench runs it: it verifies tokens, and tells the router who calls. No figure is taken.

Usage: `python -m bench.edge PORT ROUTER_PORT VARIABLES` (`sign_in`).
"""

import os
import sys

from bench.child import HOST, serve
from bench.sign_in import told
from bench.toolgateway import SECRET
from gateway.card import ROUTER, card_of_router
from gateway.catalog import Instance
from gateway.seal import KeyRing
from gateway.view import View
from proxy.app import Proxy
from proxy.settings import Settings


async def start(port: int) -> Proxy:
    """Listens on `port` of HOST."""
    who = told(sys.argv[3])
    view = View(synced=True)
    view.put_card(card_of_router())
    view.put_instances("platform", ROUTER, [Instance(f"{ROUTER}-0", HOST, int(sys.argv[2]))])
    seals = KeyRing([os.urandom(16)])
    proxy = Proxy(view, who.identify, seals, Settings(), secret=SECRET, protected=who.protected)
    await proxy.start(HOST, port)
    return proxy


if __name__ == "__main__":
    serve(start)
