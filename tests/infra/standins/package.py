"""Package: the contract of a stand-in for one provider's package. The server speaks the engine's protocol; a package knows its things."""

from typing import Protocol

import msgspec

from tests.infra.standins.made import Made
from tests.infra.standins.wire import Json


class Refused(Exception):
    """The provider says no; the message is what the engine prints."""


class Found(msgspec.Struct, frozen=True):
    """A resource as it is."""

    inputs: Json
    outputs: Json


class Package(Protocol):
    """`inputs` may hold UNKNOWN in `problems` and `replacing`, and nowhere else."""

    def configure(self, settings: Json) -> None:
        """What the program's provider resource says, or nothing for the default one. Raises Refused."""
        ...

    def problems(self, type: str, inputs: Json) -> list[str]:
        """What is wrong with the inputs, in words; Azure would say so only half-way through an update."""
        ...

    def replacing(self, type: str, before: Json, after: Json) -> list[str]:
        """Those inputs that changed and cannot change without a new resource."""
        ...

    def make(self, type: str, urn: str, inputs: Json) -> Made:
        """Raises Refused where something it names does not exist, or it exists itself."""
        ...

    def change(self, type: str, urn: str, id: str, inputs: Json) -> Made:
        """Raises Refused."""
        ...

    def read(self, type: str, id: str, known: Found) -> Found | None:
        """As it is now; None: it is gone. `known`: as the engine has it."""
        ...

    def remove(self, type: str, id: str) -> None:
        """Raises Refused while something still names it. Gone already is fine."""
        ...

    def invoke(self, token: str, arguments: Json) -> Json:
        """Raises Refused."""
        ...
