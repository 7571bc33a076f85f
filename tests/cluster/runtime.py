"""The container runtime's files: containerd's configuration and the pods' network. Starts nothing."""

import json
from pathlib import Path

from tests.cluster.layout import Layout

PLUGINS = "/usr/lib/cni"  # of Debian's package


def configure(layout: Layout) -> Path:
    """Writes both; returns containerd's configuration."""
    home = layout.home / "containerd"
    network = home / "net.d"
    network.mkdir(parents=True, exist_ok=True)
    (network / "10-pods.conflist").write_text(json.dumps(_network(layout), indent=1))
    file = home / "config.toml"
    file.write_text(_config(layout, home))
    return file


def _config(layout: Layout, home: Path) -> str:
    """`netns_mounts_under_state_dir`: pods' namespaces are mounted in the home, where `down` finds them.
    `restrict_oom_score_adj`: lowering it is not permitted on every machine, and then no pod would start."""
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    return f"""version = 2
root = "{home}/root"
state = "{home}/state"
disabled_plugins = ["io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.btrfs"]

[grpc]
address = "{layout.containerd_socket}"

[plugins."io.containerd.internal.v1.opt"]
path = "{home}/opt"

[{cri}]
sandbox_image = "{layout.registry}/pause:1"
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
max_concurrent_downloads = 3

[{cri}.cni]
bin_dir = "{PLUGINS}"
conf_dir = "{home}/net.d"

[{cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[{cri}.containerd.runtimes.runc.options]
Root = "{home}/runc"

[{cri}.registry.mirrors."{layout.registry}"]
endpoint = ["http://{layout.registry}"]
"""


def _network(layout: Layout) -> dict[str, object]:
    """A bridge. No masquerading: policies and servers see pods' own addresses, and there is nowhere else to go."""
    subnet = layout.pods.replace(".0.0/16", ".0.0/24")
    return {
        "cniVersion": "0.4.0",
        "name": layout.name,  # what the plug-ins remember of a pod is below /var/lib/cni, in files that begin so
        "plugins": [
            {
                "type": "bridge",
                "bridge": "pods",
                "isGateway": True,
                "hairpinMode": True,  # a pod may reach itself through its Service
                "ipMasq": False,
                "ipam": {
                    "type": "host-local",
                    "ranges": [[{"subnet": subnet}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                    "dataDir": str(layout.home / "containerd" / "addresses"),
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }
