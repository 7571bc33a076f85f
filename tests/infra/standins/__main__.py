"""`python -m tests.infra.standins PACKAGE`: one stand-in, as the engine starts it. Imports no other: an update starts four of them."""

import sys
from collections.abc import Callable
from importlib.metadata import version

from tests.infra.standins.package import Package
from tests.infra.standins.server import serve
from tests.infra.standins.state import State


def _azure_native() -> Package:
    from tests.infra.standins.azure import Azure

    return Azure(State.from_env())


def _azuread() -> Package:
    from tests.infra.standins.entra import Entra

    return Entra(State.from_env())


def _random() -> Package:
    from tests.infra.standins.randoms import Randoms

    return Randoms()


def _kubernetes() -> Package:
    from tests.infra.standins.kubernetes_objects import KubernetesObjects

    return KubernetesObjects(State.from_env())


_PACKAGES: dict[str, Callable[[], Package]] = {
    "azure-native": _azure_native,
    "azuread": _azuread,
    "random": _random,
    "kubernetes": _kubernetes,
}

if __name__ == "__main__":
    serve(_PACKAGES[sys.argv[1]](), version(f"pulumi-{sys.argv[1]}"))
