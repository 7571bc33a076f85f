"""Keys: the platform's own secrets, drawn once by the engine and kept encrypted in the stack's state, nowhere else.

Which are in use, and how one follows another: `generations`.
"""

from collections.abc import Mapping

import pulumi
import pulumi_random

from infra.generations import Generations
from infra.platform.names import DATABASE, POSTGRES, POSTGRES_PORT, Manifest, internal, metadata
from infra.platform.secrets import COLLECTOR_SECRET, POSTGRES_SECRET, SEAL, TRUST

STAMP = "mcp-gateway/keys"  # an annotation of pods
_TRUSTS = ("secret", "previousSecret")


class Keys:
    """Draws them below `parent`."""

    def __init__(self, parent: pulumi.Resource) -> None:
        self._parent = parent

    def secrets(self, generations: Generations) -> list[Manifest]:
        """Seal keys are 16 bytes, the trust 32, in hex."""
        seals = {str(slot): self._drawn(f"seal-{number}", 16) for slot, number in enumerate(generations.seal)}
        trusts = {
            name: self._drawn(f"trust-{number}", 32) for name, number in zip(_TRUSTS, generations.trust, strict=False)
        }
        return [secret(TRUST, trusts), secret(SEAL, seals)]

    def postgres(self) -> Manifest:
        """Password and address of a PostgreSQL that is part of the platform. It is not replaced: the volume remembers it."""
        password = self._drawn("postgres", 24)
        host = f"{internal(POSTGRES)}:{POSTGRES_PORT}/{DATABASE}"
        address = pulumi.Output.concat("postgresql://", DATABASE, ":", password, "@", host)
        return secret(POSTGRES_SECRET, {"connectionString": address, "password": password})

    def _drawn(self, name: str, length: int) -> pulumi.Output[str]:
        return pulumi_random.RandomBytes(name, length=length, opts=pulumi.ResourceOptions(parent=self._parent)).hex


def collector_secret(connection_string: pulumi.Input[str]) -> Manifest:
    return secret(COLLECTOR_SECRET, {"connectionString": connection_string})


def secret(name: str, values: Mapping[str, pulumi.Input[str]]) -> Manifest:
    hidden = {key: pulumi.Output.secret(value) for key, value in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata(name), "type": "Opaque", "stringData": hidden}
