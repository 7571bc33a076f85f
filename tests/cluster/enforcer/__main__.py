"""`python -m tests.cluster.enforcer --kubeconfig FILE`: enforces in this network namespace until a signal. The table stays."""

import argparse
import asyncio
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp

from gateway.cluster.kubeconfig import from_kubeconfig
from tests.cluster.enforcer.pod import Listener, Pod
from tests.cluster.enforcer.reading import LivePod, Namespace, NetworkPolicy
from tests.cluster.enforcer.table import apply, table
from tests.cluster.enforcer.watched import Watched
from tests.cluster.enforcer.world import World
from tests.cluster.layout import Layout

_LINE = 2**20  # bytes: an event is one line, and an object at most that large
_log = logging.getLogger("enforcer")


class Enforcer:
    """The three kinds that matter, and the table that follows them."""

    def __init__(self, pods: str, resolver: str) -> None:
        self._range = pods
        self._resolver = resolver
        self._changed = asyncio.Event()
        self._policies = Watched(NetworkPolicy, "/apis/networking.k8s.io/v1/networkpolicies", self._changed)
        self._namespaces = Watched(Namespace, "/api/v1/namespaces", self._changed)
        self._pods = Watched(LivePod, "/api/v1/pods", self._changed)

    async def run(self, api: aiohttp.ClientSession) -> None:
        """For ever. Raises TableError."""
        async with asyncio.TaskGroup() as tasks:
            for watched in (self._policies, self._namespaces, self._pods):
                tasks.create_task(watched.run(api))
            tasks.create_task(self._follow())

    async def _follow(self) -> None:
        last = ""
        while await self._changed.wait():  # what changes while a table is applied goes into the next
            self._changed.clear()
            synced = self._policies.synced and self._namespaces.synced and self._pods.synced
            if synced and (text := table(self._world(), self._range)) != last:
                begun, last = time.monotonic(), text
                await apply(text)
                _log.info("table of %d lines in %.0f ms", text.count("\n"), (time.monotonic() - begun) * 1000)

    def _world(self) -> World:
        namespaces = {one.metadata.name: one.metadata.labels for one in self._namespaces.objects}
        pods = {pod.address: pod for pod in self._known()}
        return World(namespaces, list(pods.values()), [one.policy() for one in self._policies.objects])

    def _known(self) -> Iterator[Pod]:
        yield from (pod for live in self._pods.objects if (pod := live.pod()))
        listeners = (Listener(53, "UDP", "dns"), Listener(53, "TCP", "dns-tcp"))
        yield Pod("kube-system", "dns", self._resolver, {"k8s-app": "kube-dns"}, listeners, only=True)


async def enforce(kubeconfig: str, pods: str, resolver: str) -> None:
    """For ever."""
    server = from_kubeconfig(Path(kubeconfig))
    token = server.token()
    connector = aiohttp.TCPConnector(ssl=server.tls or True)
    async with aiohttp.ClientSession(
        server.url,
        connector=connector,
        headers={"Authorization": f"Bearer {token}"} if token else {},
        raise_for_status=True,
        read_bufsize=_LINE,
    ) as api:
        await Enforcer(pods, resolver).run(api)


def main() -> None:
    """The command line."""
    layout = Layout.from_env()
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.enforcer")
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--pods", default=layout.pods, metavar="CIDR", help="the range of all pods' addresses")
    parser.add_argument("--resolver", default=layout.node, metavar="ADDRESS", help="where DNS is a process of the node")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    asyncio.run(enforce(given.kubeconfig, given.pods, given.resolver))


if __name__ == "__main__":
    main()
