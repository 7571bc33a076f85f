"""buildah: builds images from Dockerfiles and pushes them, in a storage of its own. Knows no image by name."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.cluster.cache import folder

# chroot: nothing else works without the rights of a container engine's host. RUN steps have the machine's network.
_SETTINGS = {"STORAGE_DRIVER": "overlay", "BUILDAH_ISOLATION": "chroot"}
MANY = 300  # images from which on the storage is emptied: each step of a build leaves one, of 20 MB on average
_RUN_ROOT = "/run/mcp-gateway-buildah"


class BuildError(Exception):
    """An image could not be built or pushed; the message is the end of what buildah said."""


def build(context: Path, dockerfile: Path, image: str, arguments: Mapping[str, str], labels: Mapping[str, str]) -> None:
    """Builds a Dockerfile as the local image `image`. Raises BuildError."""
    given = [part for name, value in arguments.items() for part in ("--build-arg", f"{name}={value}")]
    given += [part for name, value in labels.items() for part in ("--label", f"{name}={value}")]
    # --layers: steps whose inputs are the same are not run again. docker's format: every engine reads it.
    flags = ["--quiet", "--layers", "--format", "docker", "--tls-verify=false", *given]
    buildah("bud", *flags, "--file", str(dockerfile), "--tag", image, str(context))


def push(image: str) -> None:
    """Pushes a local image to the registry that its name begins with, over plain HTTP. Raises BuildError."""
    buildah("push", "--quiet", "--tls-verify=false", image, f"docker://{image}")


def sweep() -> None:
    """Forgets everything when that has become much. Raises BuildError."""
    if len(buildah("images", "--all", "--quiet").split()) > MANY:
        buildah("rm", "--all")
        buildah("rmi", "--all", "--force")


def as_docker(place: Path) -> Path:
    """A folder for PATH whose `docker build` and `docker push` are this one's: what documents say can be run as written."""
    settings = " ".join(f"{name}={value}" for name, value in _SETTINGS.items())
    command = f"env {settings} buildah {' '.join(_storage())}"
    script = place / "docker"
    script.write_text(
        "#!/bin/sh\n"
        f'case $1 in build) shift; exec {command} bud --layers --format docker --tls-verify=false "$@";;\n'
        f'push) shift; exec {command} push --tls-verify=false "$@";;\n'
        'esac\necho "docker $1: not here" >&2; exit 1\n'
    )
    script.chmod(0o755)
    return place


def _storage() -> list[str]:
    return ["--root", str(folder("containers")), "--runroot", _RUN_ROOT]


def buildah(*args: str) -> str:
    """Runs one command; what it printed. Raises BuildError."""
    done = subprocess.run(
        ["nice", "buildah", *_storage(), *args],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **_SETTINGS},
    )
    if done.returncode != 0:
        raise BuildError(f"buildah {args[0]}: {(done.stdout + done.stderr).strip()[-4000:]}")
    return done.stdout
