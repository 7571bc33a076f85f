"""Routers: one proxy and several tool routers behind it, each on a port of its own, around one catalog: no control plane."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from gateway.audit import Audit
from gateway.card import ROUTER, card_of_router
from gateway.catalog import Instance
from gateway.dev_identity import DevIdentity
from gateway.seal import KeyRing
from gateway.view import View
from proxy.app import Proxy
from proxy.settings import Settings as ProxySettings
from tool_router.app import Router
from tool_router.settings import Settings

LOOPBACK = "127.0.0.1"
SECRET = "between-the-proxy-and-its-routers"


@asynccontextmanager
async def routed(view: View, count: int) -> AsyncGenerator[str]:
    """The URL of `/mcp` in front of `count` routers, while the block runs."""
    seals = KeyRing([bytes(16)])
    async with AsyncExitStack() as stack:
        instances: list[Instance] = []
        for number in range(count):
            router = Router(view, seals, Settings(secrets=(SECRET,)), Audit(_nowhere))
            port = await router.start(LOOPBACK, 0)
            stack.push_async_callback(router.stop)
            instances.append(Instance(f"router-{number}", LOOPBACK, port))
        view.put_card(card_of_router())
        view.put_instances("platform", ROUTER, instances)
        proxy = Proxy(view, DevIdentity(), seals, ProxySettings(), secret=SECRET)
        port = await proxy.start(LOOPBACK, 0)
        stack.push_async_callback(proxy.stop)
        yield f"http://localhost:{port}/mcp"


def _nowhere(line: bytes) -> None:
    del line
