"""Node: the cluster's processes on this machine. Each can be ended, started, frozen and thawed alone, as chaos tests do.

node = Node.running(Layout.from_env())
node.stop("kube-apiserver")
...
node.start("kube-apiserver")     # returns when it answers
"""

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import msgspec

from tests.cluster.api import Api
from tests.cluster.components import Component
from tests.cluster.layout import Layout
from tests.cluster.process import Process

API_SERVER = "kube-apiserver"
_START = 60.0  # seconds; the API server takes 4 on an idle machine


class Node(msgspec.Struct, frozen=True):
    """The components by their names (`components.components`), in the order of their start."""

    layout: Layout
    components: Mapping[str, Component]

    @classmethod
    def prepared(cls, layout: Layout, components: Mapping[str, Component]) -> Self:
        """Remembers in the home what the components are, so that another process can start them as well."""
        _file(layout).write_bytes(msgspec.json.encode(components))
        return cls(layout, components)

    @classmethod
    def running(cls, layout: Layout) -> Self:
        """The node that `up` has prepared. Raises FileNotFoundError where it has not."""
        return cls(layout, msgspec.json.decode(_file(layout).read_bytes(), type=dict[str, Component]))

    def start(self, *names: str) -> None:
        """Starts them; running is fine. Returns at once, but for the API server: when that is ready. Raises ClusterError."""
        for name in names:
            process = self._process(name)
            if process.pid() is None:
                component = self.components[name]
                log = self.layout.logs / f"{name}.log"
                process.start(component.command, log, self.layout.namespace_file, component.env)
        if API_SERVER in names:
            api = Api(self.layout)
            api.await_("the API server answers", api.ready, _START)

    def stop(self, name: str, number: signal.Signals = signal.SIGTERM, patience: float = 15) -> None:
        """Ends it, by SIGKILL after `patience` seconds; returns when it is gone.

        The API server lets its watches drain and needs all the patience there is: SIGKILL at once where that is no matter.
        """
        self._process(name).stop(patience, number)

    def freeze(self, name: str) -> None:
        """SIGSTOP: it holds its connections and answers nothing. Raises ProcessLookupError."""
        self._signal(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Raises ProcessLookupError."""
        self._signal(name, signal.SIGCONT)

    def pid(self, name: str) -> int | None:
        """Its pid, None if it does not run."""
        return self._process(name).pid()

    def _signal(self, name: str, number: signal.Signals) -> None:
        if not self._process(name).send(number):
            raise ProcessLookupError(f"{name} does not run")

    def _process(self, name: str) -> Process:
        return process_of(self.layout, name)


def process_of(layout: Layout, name: str) -> Process:
    """The process of a component, whether it runs or not."""
    return Process(layout.home / "pids" / name)


def _file(layout: Layout) -> Path:
    return layout.home / "components.json"
