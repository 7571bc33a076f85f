"""Debian's packages that a cluster needs on this machine: installed where a command is missing. As root."""

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

# A file that is there once the package is.
WANTED = {
    "buildah": "buildah",
    "conntrack": "conntrack",
    "containerd": "containerd",
    "containernetworking-plugins": "/usr/lib/cni/bridge",
    "debootstrap": "debootstrap",
    "docker-registry": "docker-registry",
    "ebtables": "ebtables",
    "ethtool": "ethtool",
    "gcc": "gcc",  # the pause image: a static program of twenty lines
    "iproute2": "ip",
    "iptables": "iptables",
    "libc6-dev": "/usr/include/stdio.h",
    "nftables": "nft",
    "openssl": "openssl",
    "procps": "sysctl",
    "runc": "runc",
    "socat": "socat",
    "util-linux": "nsenter",
}
_POLICY = Path("/usr/sbin/policy-rc.d")


def install() -> None:
    """Installs what is missing. Raises subprocess.CalledProcessError, or PermissionError for somebody who is not root."""
    missing = [
        package for package, command in WANTED.items() if not shutil.which(command) and not Path(command).exists()
    ]
    if not missing:
        return
    if os.geteuid() != 0:
        raise PermissionError(f"apt-get install {' '.join(missing)}: only root may")
    print(f"installing {' '.join(missing)}", file=sys.stderr)
    with ExitStack() as stack:
        if not _POLICY.exists():  # Debian starts the services it installs, unless this file says no
            _POLICY.write_text("#!/bin/sh\nexit 101\n")
            _POLICY.chmod(0o755)
            stack.callback(_POLICY.unlink)
        _apt("update", "-qq")
        _apt("install", "-y", "-qq", "--no-install-recommends", *missing)


def _apt(*arguments: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "-o", "DPkg::Lock::Timeout=600", *arguments]
    subprocess.run(command, check=True, stdout=sys.stderr, env=environment)
