"""upload: an archive, sent to where the builds of a registry find it. Packs nothing, builds nothing."""

import msgspec

from gateway.azure.arm import Arm, decoded
from gateway.azure.arm_error import ArmError

VERSION = "2019-06-01-preview"  # of Microsoft.ContainerRegistry: the one that has builds (and that the Pulumi provider speaks)


class NotTaken(ArmError):
    """There is an address, and the archive was not taken there."""


class _Upload(msgspec.Struct, rename="camel"):
    upload_url: str
    relative_path: str


async def upload(arm: Arm, registry: str, archive: bytes, what: str) -> str:
    """Where it is, as a build is told it. `registry` is an id, `what` stands for the address in errors. Raises ArmError."""
    path = f"{registry}/listBuildSourceUploadUrl"
    place = decoded((await arm.post(path, VERSION)).body, _Upload, f"POST {path}")
    put = await arm.blob(what, "PUT", place.upload_url, {"x-ms-blob-type": "BlockBlob"}, archive)
    if put.status != 201:
        raise NotTaken(what, status=put.status, code=put.headers.get("x-ms-error-code", ""))
    return place.relative_path
