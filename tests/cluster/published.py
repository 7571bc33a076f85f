"""Published: what a registry has under an image's name. Reads only; plain HTTP, as the test cluster's registry speaks."""

import urllib.error
import urllib.request

import msgspec

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


class Layer(msgspec.Struct, frozen=True):
    """`size` in bytes, as it is pulled."""

    digest: str
    size: int


class Published(msgspec.Struct, frozen=True):
    """An image as a registry has it."""

    layers: list[Layer]
    labels: dict[str, str]

    @property
    def size(self) -> int:
        """Bytes of a pull by a node that has no layer of it."""
        return sum(layer.size for layer in self.layers)

    def beside(self, other: "Published") -> int:
        """Bytes of a pull by a node that has `other`."""
        known = {layer.digest for layer in other.layers}
        return sum(layer.size for layer in self.layers if layer.digest not in known)


class _Manifest(msgspec.Struct):
    config: Layer
    layers: list[Layer]


class _Settings(msgspec.Struct):
    labels: dict[str, str] | None = msgspec.field(name="Labels", default=None)


class _Configuration(msgspec.Struct):
    config: _Settings


def published(image: str) -> Published | None:
    """What `registry/name:version` is, None if it is not there. Raises OSError when the registry does not answer."""
    place, _, version = address(image)
    try:
        manifest = msgspec.json.decode(fetch(f"{place}/manifests/{version}"), type=_Manifest)
        found = msgspec.json.decode(fetch(f"{place}/blobs/{manifest.config.digest}"), type=_Configuration)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != 404:
            raise
        return None
    return Published(manifest.layers, found.config.labels or {})


def address(image: str) -> tuple[str, str, str]:
    """The URL of a repository's API, the repository's name, and the version."""
    registry, _, path = image.partition("/")
    name, _, version = path.rpartition(":")
    return f"http://{registry}/v2/{name}", name, version


def fetch(url: str) -> bytes:
    """A manifest or a blob. Raises HTTPError."""
    asked = urllib.request.Request(url, headers={"Accept": MANIFEST})
    with urllib.request.urlopen(asked, timeout=30) as response:
        return response.read()
