"""The registry of the test cluster, on a port of its own with a storage of its own."""

import os
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Generator
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from tests.cluster.published import MANIFEST, address, fetch, published
from tests.cluster.registry import LARGE, Registry
from tests.cluster.variant import vary


class Ground:
    """Where a test's registry is to be."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as reserved:
            self.address = f"127.0.0.1:{reserved.getsockname()[1]}"
        self.home = folder / "home"

    def start(self, large: int = LARGE) -> Registry:
        return Registry.start(self.address, self.home, large)


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Ground]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = Ground(tmp_path)
    yield made
    Registry(made.address, made.home).stop()


def test_started_twice_it_is_the_same_process(ground: Ground) -> None:
    ground.start()
    pid = (ground.home / "registry.pid").read_text()
    ground.start()
    assert (ground.home / "registry.pid").read_text() == pid
    os.kill(int(pid), 0)


def test_after_a_crash_it_starts_again_with_its_images(ground: Ground) -> None:
    registry = ground.start()
    push(f"{registry.address}/one:1", "a")
    os.kill(int((ground.home / "registry.pid").read_text()), signal.SIGKILL)
    found = published(f"{ground.start().address}/one:1")
    assert found
    assert found.labels == {"is": "a"}


def test_pid_of_another_program_is_left_alone(ground: Ground) -> None:
    ground.home.mkdir()
    (ground.home / "registry.pid").write_text(str(os.getpid()))
    Registry(ground.address, ground.home).stop()
    assert ground.start().answers()


def test_image_that_is_not_there_is_none(ground: Ground) -> None:
    assert published(f"{ground.start().address}/none:1") is None


def test_images_that_lost_their_tag_are_swept_once_the_storage_is_large(ground: Ground) -> None:
    registry = ground.start()
    image = f"{registry.address}/one:1"
    lost, kept = push(image, "a"), push(image, "b")
    registry.stop()
    ground.start(large=0)
    with pytest.raises(urllib.error.HTTPError, match="404") as refused:
        fetch(f"{address(image)[0]}/manifests/{lost}")
    refused.value.close()
    assert fetch(f"{address(image)[0]}/manifests/{kept}")
    assert published(image)


def test_variant_has_the_layers_of_its_source_and_variables_of_its_own(ground: Ground) -> None:
    registry = ground.start()
    push(f"{registry.address}/one:1", "a")
    vary(f"{registry.address}/two:2", f"{registry.address}/one:1", {"MODULE": "x"}, {"more": "b"})
    one, two = published(f"{registry.address}/one:1"), published(f"{registry.address}/two:2")
    assert one
    assert two
    assert (two.layers, two.beside(one)) == (one.layers, 0)
    assert two.labels == {"is": "a", "more": "b"}


def push(image: str, label: str) -> str:
    """Pushes an image with one layer; the manifest's digest."""
    place, _, version = address(image)
    configuration = msgspec.json.encode({"config": {"Labels": {"is": label}, "Env": ["MODULE=old", "PATH=/bin"]}})
    blobs = [{"digest": _upload(place, body), "size": len(body)} for body in (configuration, b"a layer")]
    manifest: dict[str, object] = {"schemaVersion": 2, "mediaType": MANIFEST}
    manifest["config"] = {**blobs[0], "mediaType": "application/vnd.docker.container.image.v1+json"}
    manifest["layers"] = [{**blobs[1], "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip"}]
    return _sent("PUT", f"{place}/manifests/{version}", msgspec.json.encode(manifest), MANIFEST)[
        "Docker-Content-Digest"
    ]


def _upload(place: str, body: bytes) -> str:
    digest = f"sha256:{sha256(body).hexdigest()}"
    where = _sent("POST", f"{place}/blobs/uploads/")["Location"]
    _sent("PUT", f"{where}&digest={digest}", body, "application/octet-stream")
    return digest


def _sent(method: str, url: str, body: bytes = b"", kind: str = "text/plain") -> dict[str, str]:
    request = urllib.request.Request(url, body, {"Content-Type": kind}, method=method)
    with urllib.request.urlopen(request, timeout=10) as reply:
        return dict(reply.headers)
