"""Programs built from published Go modules, once: kept in the cache folder under the hash of what they are made of.

`python -m tests.cluster.program` builds all of them, for whoever has something else to do meanwhile.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.cluster.cache import folder
from tests.cluster.layout import CLONE

KUBERNETES_VERSION = "v1.34.4"
PULUMI_VERSION = "v3.276.0"
_VERSION = "k8s.io/component-base/version"
_MAJOR, _MINOR = KUBERNETES_VERSION.removeprefix("v").split(".")[:2]


class Program(msgspec.Struct, frozen=True):
    """A Go module of ours in the folder `module` that imports the published command and calls it, or names it as a tool.

    `names`: further names (links) beside the program, by which it knows what to be. `package`: what is built.
    `minutes`: a cold build on two cores, for the person who waits.
    """

    name: str
    module: Path
    minutes: int
    stamps: Sequence[str] = ()
    names: Sequence[str] = ()
    package: str = "."

    def place(self) -> Path:
        """Where it is once it is built."""
        return folder(f"{self.name}-{self._key()}") / self.name

    def built(self) -> Path:
        """The program, built if the cache lacks it. Raises subprocess.CalledProcessError."""
        program = self.place()
        if not program.exists():
            self._build(program)
        for name in self.names:
            link = program.with_name(name)
            if not link.is_symlink():
                link.symlink_to(self.name)
        return program

    def _key(self) -> str:
        files = [self.module / name for name in ("go.mod", "go.sum", "main.go")]
        inputs = [file.read_bytes() for file in files if file.exists()]
        return hashlib.sha256(b"\0".join([*inputs, *(stamp.encode() for stamp in self.stamps)])).hexdigest()[:16]

    def _build(self, program: Path) -> None:
        """Builds beside its place and moves it there: who finds it finds it whole."""
        print(f"building {self.name}: about {self.minutes} min where Go's own cache is empty", file=sys.stderr)
        unfinished = program.with_name(f".{self.name}.{os.getpid()}")
        flags = " ".join(["-s", "-w", *(f"-X {stamp}" for stamp in self.stamps)])
        command = ["go", "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", str(unfinished)]
        subprocess.run([*command, self.package], cwd=self.module, check=True, stdout=sys.stderr)
        unfinished.rename(program)


def kubernetes() -> Program:
    """All of Kubernetes and its etcd in one program, which is `kubectl` when it is called so."""
    stamps = (
        f"{_VERSION}.gitVersion={KUBERNETES_VERSION}",
        f"{_VERSION}.gitMajor={_MAJOR}",
        f"{_VERSION}.gitMinor={_MINOR}",
    )
    return Program("kubernetes", CLONE / "tests/cluster/kubernetes", 9, stamps, ("kubectl",))


def dns() -> Program:
    """CoreDNS: the cluster's names."""
    return Program("coredns", CLONE / "tests/cluster/dns", 5)


def pulumi() -> Program:
    """The Pulumi engine with its command line."""
    stamp = f"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={PULUMI_VERSION}"
    tool = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
    return Program("pulumi", CLONE / "tests/infra/engine", 6, (stamp,), package=tool)


def actionlint() -> Program:
    """The checker of GitHub's workflows."""
    tool = "github.com/rhysd/actionlint/cmd/actionlint"
    return Program("actionlint", CLONE / "tests/infra/actionlint", 1, package=tool)


if __name__ == "__main__":
    for program in (kubernetes(), dns(), pulumi(), actionlint()):
        print(program.built())
