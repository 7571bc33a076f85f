"""The whole cluster: up, down, status. Reads as the list of what is done; how is in the modules of the nouns."""

import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

from tests.cluster import cgroups, images, network, packages, pki, program, remains, users
from tests.cluster.api import Api
from tests.cluster.components import components
from tests.cluster.layout import NODE, Layout
from tests.cluster.lock import alone
from tests.cluster.node import API_SERVER, Node
from tests.cluster.registry import Registry

_READY = 90.0  # seconds; about 8 on an idle machine

type Say = Callable[[str], None]


def up(layout: Layout, say: Say) -> None:
    """Brings the cluster up from whatever is there: nothing, a crashed one, or this very one.

    Raises ClusterError, subprocess.CalledProcessError, PermissionError.
    """
    packages.install()
    kubernetes, dns = program.kubernetes().built(), program.dns().built()
    with alone(layout):
        if missing(layout):
            begun = time.monotonic()
            _remove(layout)
            _start(layout, kubernetes, dns, lambda text: say(f"{time.monotonic() - begun:5.1f} s  {text}"))
        else:
            say("it is up already")


def down(layout: Layout) -> None:
    """Ends everything and removes what it left, also after a crash. Not up is fine. Raises ClusterError, OSError."""
    with alone(layout):
        _remove(layout)


def missing(layout: Layout) -> list[str]:
    """What does not run or is not ready, in words; nothing if the cluster is up."""
    try:
        node = Node.running(layout)
    except FileNotFoundError:
        return ["it is not up"]
    lacks = [f"{name} does not run" for name in node.components if node.pid(name) is None]
    if not Registry(layout.registry, layout.home / "registry").answers():
        lacks.append("the registry does not answer")
    api = Api(layout)
    if not api.ready():
        return [*lacks, "the API server does not answer"]
    return lacks if _node_is_ready(api) else [*lacks, "the node is not ready"]


def exports(layout: Layout) -> str:
    """The line for a shell."""
    kubectl = program.kubernetes().place().parent
    return f"export KUBECONFIG={layout.kubeconfig} REGISTRY={layout.registry} PATH={kubectl}:$PATH"


def _start(layout: Layout, kubernetes: Path, dns: Path, say: Say) -> None:
    """From nothing."""
    _prepare(layout)
    say("network, certificates and users are made")
    Registry.start(layout.registry, layout.home / "registry")
    node = Node.prepared(layout, components(layout, kubernetes, dns))
    node.start("etcd", "containerd", API_SERVER)
    say("the API server answers")
    api = Api(layout)
    for path, body in users.rights():
        api.create(path, body)
    node.start(*node.components)
    _push_pause(layout)
    api.await_("the node is ready", lambda: not missing(layout), _READY)
    say("the node is ready")


def _remove(layout: Layout) -> None:
    Registry(layout.registry, layout.home / "registry").stop()
    remains.remove(layout)


def _prepare(layout: Layout) -> None:
    layout.home.mkdir(parents=True, mode=0o755)
    cgroups.make(layout)
    network.lay(layout)
    pki.issue(layout)
    users.admit(layout)


def _push_pause(layout: Layout) -> None:
    """The image of every pod's sandbox. What building it prints is no line for a shell."""
    with redirect_stdout(sys.stderr):
        images.images(layout.registry, ["pause"])


def _node_is_ready(api: Api) -> bool:
    """And pods may be made: every namespace's first service account is, which comes some time after the API."""
    node, account = api.get(f"/api/v1/nodes/{NODE}"), api.get("/api/v1/namespaces/default/serviceaccounts/default")
    if node is None or account is None:
        return False
    return any(one["type"] == "Ready" and one["status"] == "True" for one in node["status"].get("conditions", []))
