"""The base image of the test cluster: Debian trixie's Python 3.13, in the place of `python:3.13-slim`. Not for publishing.

It trusts what this machine trusts, so that Dockerfiles which know nothing of that fetch packages here too.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.cluster.cache import folder

SUITE = "trixie"
PACKAGES = ("python3", "python3-venv", "ca-certificates")
TRUSTED = Path("/etc/ssl/certs/ca-certificates.crt")
# What an image of python:3.13-slim does not carry either.
_BALLAST = (
    "var/cache/apt",
    "var/lib/apt/lists",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/share/info",
)
_ROOT = "root.tar"


class BaseError(Exception):
    """The base could not be made; the message is why."""


def base() -> Path:
    """The folder with the packed root file system, to be built by `base.Dockerfile`: from the cache, or made now (a minute).

    Raises BaseError.
    """
    mirror = _mirror()
    wanted = hashlib.sha256(Path(__file__).read_bytes() + mirror.encode() + TRUSTED.read_bytes()).hexdigest()[:16]
    made = folder() / f"base-{wanted}"
    if not made.is_dir():
        _make(mirror, made)
    return made


def _make(mirror: str, made: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder(), ignore_cleanup_errors=True) as beside:
        root, packed = Path(beside) / "root", Path(beside) / "packed"
        packed.mkdir()
        included = f"--include={','.join(PACKAGES)}"
        _run("nice", "debootstrap", "--variant=minbase", included, SUITE, str(root), mirror)
        _strip(root)
        _run("tar", "--create", "--file", str(packed / _ROOT), "--directory", str(root), "--numeric-owner", ".")
        packed.rename(made)
    for old in folder().glob("base-*"):
        if old != made:
            shutil.rmtree(old)


def _strip(root: Path) -> None:
    for path in _BALLAST:
        shutil.rmtree(root / path, ignore_errors=True)
        (root / path).mkdir()
    for device in (root / "dev").iterdir():  # the engine brings its own
        shutil.rmtree(device) if device.is_dir() and not device.is_symlink() else device.unlink()
    # apt's own caches, tens of megabytes, are of no use in a layer: images of Debian for containers say so too.
    (root / "etc/apt/apt.conf.d/no-cache").write_text('Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";\n')
    (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")  # as python:3.13-slim calls it
    shutil.copy(TRUSTED, root / "etc/ssl/certs/ca-certificates.crt")


def _mirror() -> str:
    """Where this machine has its own Debian packages from. Raises BaseError."""
    wanted = ["--format", "$(REPO_URI)", "Created-By: Packages", "Origin: Debian", "Label: Debian"]
    uris = _run("apt-get", "indextargets", *wanted).split()
    if not uris:
        raise BaseError("apt knows no Debian mirror: run `apt-get update` once.")
    return uris[0].rstrip("/")


def _run(*command: str) -> str:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise BaseError(f"{command[0]}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout
