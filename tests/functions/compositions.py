"""Compositions that tests name in `ControlPlane__Compose`."""

from collections.abc import Mapping
from pathlib import Path

from functions.composition import Composition
from gateway.audit import Audit
from gateway.azure.sign_in import required_sign_in
from gateway.dev_identity import DevIdentity
from gateway.env import Env
from tests.functions.memory import MemoryStore
from tests.functions.model_cluster import ModelCluster


def in_memory(variables: Mapping[str, str]) -> Composition:
    """A control plane without a place. `Test__Images__0…` are the images it knows."""
    return Composition(MemoryStore(), ModelCluster(images=tuple(Env(variables).list("Test__Images"))), DevIdentity())


def signed_in(variables: Mapping[str, str]) -> Composition:
    """The same for those who sign in, as the environment says. `Test__Audit` is the file of the audit."""
    found = required_sign_in(variables)
    file = Path(variables["Test__Audit"])

    def write(line: bytes) -> None:
        with file.open("ab") as audit:
            audit.write(line)

    return Composition(MemoryStore(), ModelCluster(), found.identify, found.protected, Audit(write))


def nothing(variables: Mapping[str, str]) -> int:
    """Not a composition."""
    return len(variables)


NUMBER = 7
