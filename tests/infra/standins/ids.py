"""Ids as Azure and Entra give them: stable for the same seed, so that two runs over one state agree. Creates nothing."""

import uuid

SUBSCRIPTION = "5b0c5f1e-6a0e-4c7e-9d54-2f1d6a3c8b10"
TENANT = "0f4c1d5e-93b7-4a59-8a55-6c2b7f0e9d21"
DEPLOYER = "c3a1e7d2-4b6f-4f0d-8e19-7a5d3b2c1f60"  # the object id of whoever runs the program
DEPLOYER_CLIENT = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
_OURS = uuid.UUID("7d1e8f2a-5c34-4b9e-a6d0-3f2b1c4e5a69")


def guid(*seed: str) -> str:
    """A GUID that belongs to these words."""
    return str(uuid.uuid5(_OURS, "\0".join(seed).lower()))


def group(name: str) -> str:
    """The id of a resource group."""
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}"


def address(seed: str) -> str:
    """A public address of the range for documentation (RFC 5737)."""
    return f"203.0.113.{uuid.UUID(guid(seed)).int % 254 + 1}"
