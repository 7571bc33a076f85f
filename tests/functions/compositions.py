"""Compositions that tests name in `ControlPlane__Compose`."""

from collections.abc import Mapping

from functions.composition import Composition
from gateway.dev_identity import DevIdentity
from gateway.env import Env
from tests.functions.memory import MemoryStore
from tests.functions.model_cluster import ModelCluster


def in_memory(variables: Mapping[str, str]) -> Composition:
    """A control plane without a place. `Test__Images__0…` are the images it knows."""
    return Composition(MemoryStore(), ModelCluster(images=tuple(Env(variables).list("Test__Images"))), DevIdentity())


def nothing(variables: Mapping[str, str]) -> int:
    """Not a composition."""
    return len(variables)


NUMBER = 7
