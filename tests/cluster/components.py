"""The components of the node: which command with which flags each is. Writes the kubelet's and DNS's files; starts nothing.

The flags are those of a small production cluster, except where a line says why not.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from tests.cluster import runtime
from tests.cluster.layout import CLONE, DOMAIN, NODE, Layout


class Component(msgspec.Struct, frozen=True):
    command: Sequence[str]
    env: Mapping[str, str] = {}


def components(layout: Layout, kubernetes: Path, dns: Path) -> dict[str, Component]:
    """All, by name, in the order of their start. Their files exist afterwards."""
    program = str(kubernetes)
    enforcer = ["-m", "tests.cluster.enforcer", "--kubeconfig", str(layout.kubeconfig_of("enforcer"))]
    commands = {
        "etcd": [program, *_etcd(layout)],
        "containerd": ["containerd", "--config", str(runtime.configure(layout)), "--log-level", "warn"],
        "kube-apiserver": [program, *_api_server(layout)],
        "kube-controller-manager": [program, *_controller_manager(layout)],
        "kube-scheduler": [program, *_scheduler(layout)],
        "kubelet": [program, *_kubelet(layout)],
        "kube-proxy": [program, *_kube_proxy(layout)],
        "dns": [str(dns), "-conf", str(_corefile(layout)), "-quiet"],
        "enforcer": [sys.executable, *enforcer],
    }
    env = {**layout.env, "PYTHONPATH": str(CLONE)}
    return {name: Component(command, env) for name, command in commands.items()}


def _etcd(layout: Layout) -> list[str]:
    """`unsafe-no-fsync`: what a crash of the machine would lose, a test never misses."""
    client, peer = "http://127.0.0.1:2379", "http://127.0.0.1:2380"
    return [
        "etcd",
        f"--name={NODE}",
        f"--data-dir={layout.home / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster={NODE}={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def _api_server(layout: Layout) -> list[str]:
    """`preferred-address-types`: else exec and logs look the node's name up and hang."""
    pki = layout.pki
    return [
        "kube-apiserver",
        "--etcd-servers=http://127.0.0.1:2379",
        f"--advertise-address={layout.node}",
        f"--bind-address={layout.node}",
        "--secure-port=6443",
        f"--tls-cert-file={pki / 'apiserver.crt'}",
        f"--tls-private-key-file={pki / 'apiserver.key'}",
        f"--client-ca-file={pki / 'ca.crt'}",
        f"--token-auth-file={pki / 'tokens.csv'}",
        f"--service-account-issuer=https://kubernetes.default.svc.{DOMAIN}",
        f"--service-account-key-file={pki / 'service-accounts.pub'}",
        f"--service-account-signing-key-file={pki / 'service-accounts.key'}",
        f"--service-cluster-ip-range={layout.services}",
        "--authorization-mode=Node,RBAC",
        "--allow-privileged=true",  # as everywhere: it is the namespace's policy that refuses them
        "--enable-admission-plugins=NodeRestriction",
        f"--kubelet-client-certificate={pki / 'kubelet-client.crt'}",
        f"--kubelet-client-key={pki / 'kubelet-client.key'}",
        f"--kubelet-certificate-authority={pki / 'ca.crt'}",
        "--kubelet-preferred-address-types=InternalIP",
    ]


def _controller_manager(layout: Layout) -> list[str]:
    """`node-monitor-grace-period`: tests stop the API server for a minute; that the only node said nothing in that time
    must not be what marks every pod unready when it is back."""
    kubeconfig, pki = layout.kubeconfig_of("kube-controller-manager"), layout.pki
    return [
        "kube-controller-manager",
        f"--kubeconfig={kubeconfig}",
        f"--service-account-private-key-file={pki / 'service-accounts.key'}",
        f"--root-ca-file={pki / 'ca.crt'}",
        "--use-service-account-credentials",
        "--leader-elect=false",
        "--allocate-node-cidrs=false",
        "--node-monitor-grace-period=5m",
        "--bind-address=127.0.0.1",
    ]


def _scheduler(layout: Layout) -> list[str]:
    kubeconfig = layout.kubeconfig_of("kube-scheduler")
    return ["kube-scheduler", f"--kubeconfig={kubeconfig}", "--leader-elect=false", "--bind-address=127.0.0.1"]


def _kubelet(layout: Layout) -> list[str]:
    home = layout.home / "kubelet"
    home.mkdir(parents=True, exist_ok=True)
    config = home / "config.json"
    config.write_text(json.dumps(_kubelet_config(layout), indent=1))
    return [
        "kubelet",
        f"--config={config}",
        f"--kubeconfig={layout.kubeconfig_of('kubelet')}",
        f"--root-dir={home}",
        f"--hostname-override={NODE}",
        f"--node-ip={layout.node}",
    ]


def _kubelet_config(layout: Layout) -> dict[str, object]:
    """Images and pods go only when the disk is all but full: it is not the cluster's own."""
    pki = layout.pki
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": layout.node,
        "containerRuntimeEndpoint": f"unix://{layout.containerd_socket}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{layout.name}",  # where every other process's cgroup is an orphan of no interest to it
        "failCgroupV1": False,
        "failSwapOn": False,
        "enforceNodeAllocatable": [],
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(pki / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(pki / "kubelet.crt"),
        "tlsPrivateKeyFile": str(pki / "kubelet.key"),
        "clusterDNS": [layout.node],
        "clusterDomain": DOMAIN,
        "resolvConf": str(_resolver(layout)),
        "volumePluginDir": str(layout.home / "kubelet" / "volume-plugins"),
        "podLogsDir": str(layout.home / "pods"),
        "maxPods": 200,
        "serializeImagePulls": False,
        "oomScoreAdj": 0,  # lowering it is not permitted on every machine
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "100Mi", "imagefs.available": "100Mi"},
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
    }


def _resolver(layout: Layout) -> Path:
    """What pods get besides the cluster's own search list: nothing, whatever this machine resolves by."""
    file = layout.home / "kubelet" / "resolv.conf"
    file.write_text(f"nameserver {layout.node}\n")
    return file


def _kube_proxy(layout: Layout) -> list[str]:
    """No `cluster-cidr`: with it, calls from outside to a Service would arrive with the node's address, and policies that
    name the caller's would not see it. Zeroes: the machine's own connection tracking is left as it is."""
    return [
        "kube-proxy",
        f"--kubeconfig={layout.kubeconfig_of('kube-proxy')}",
        "--proxy-mode=nftables",
        f"--hostname-override={NODE}",
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0",
        "--conntrack-tcp-timeout-close-wait=0",
        "--oom-score-adj=0",
        "--metrics-bind-address=127.0.0.1:10249",
        "--healthz-bind-address=127.0.0.1:10256",
    ]


def _corefile(layout: Layout) -> Path:
    """The cluster's names, and nothing else: other names do not exist, which is said at once."""
    file = layout.home / "Corefile"
    file.write_text(
        f"""{DOMAIN} in-addr.arpa ip6.arpa {{
  bind {layout.node}
  errors
  ready 127.0.0.1:8181
  kubernetes {{
    kubeconfig {layout.kubeconfig_of("dns")}
    ttl 2
  }}
}}
. {{
  bind {layout.node}
  errors
  template ANY ANY {{
    rcode NXDOMAIN
  }}
}}
"""
    )
    return file
