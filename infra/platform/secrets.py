"""Secrets: which Secret holds what, references to them, and fresh ones. The manifests themselves never carry a value.

gateway-secret     secret, previousSecret      what the proxy proves itself with; the second only while it changes
seal-keys          0, 1, 2                     keys of session ids: the first seals, all open
postgres-secret    connectionString, password  the second only where PostgreSQL is part of the platform
otel-collector     connectionString            of Application Insights; whoever asks for a collector makes it
"""

import secrets

from infra.platform.names import DATABASE, POSTGRES, POSTGRES_PORT, Manifest, internal, metadata
from infra.platform.namespaces import namespaces
from infra.platform.options import PlatformOptions

TRUST, SEAL, POSTGRES_SECRET, COLLECTOR_SECRET = "gateway-secret", "seal-keys", "postgres-secret", "otel-collector"
SEAL_SLOTS = 3


def variable(name: str, secret: str, key: str, *, optional: bool = False) -> Manifest:
    """An environment variable by reference."""
    chosen = {"name": secret, "key": key, **({"optional": True} if optional else {})}
    return {"name": name, "valueFrom": {"secretKeyRef": chosen}}


def trust() -> Manifest:
    """What whoever speaks to the router is known by."""
    return variable("GatewaySettings__Secret", TRUST, "secret")


def previous_trust() -> Manifest:
    """What is believed besides, while it changes."""
    return variable("GatewaySettings__PreviousSecret", TRUST, "previousSecret", optional=True)


def seal_keys() -> list[Manifest]:
    """Further keys are there only while the first one changes."""
    return [variable(f"Seal__Keys__{slot}", SEAL, str(slot), optional=slot > 0) for slot in range(SEAL_SLOTS)]


def new_secrets(options: PlatformOptions) -> list[Manifest]:
    """Fresh ones, different each time, and their namespace: they come before everything else."""
    found = [
        _secret(TRUST, {"secret": secrets.token_hex(32)}),
        _secret(SEAL, {"0": secrets.token_hex(16)}),
    ]
    if options.own_postgres:
        password = secrets.token_hex(24)
        address = f"postgresql://{DATABASE}:{password}@{internal(POSTGRES)}:{POSTGRES_PORT}/{DATABASE}"
        found.append(_secret(POSTGRES_SECRET, {"connectionString": address, "password": password}))
    return [namespaces()[0], *found]


def _secret(name: str, values: dict[str, str]) -> Manifest:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata(name), "type": "Opaque", "stringData": values}
