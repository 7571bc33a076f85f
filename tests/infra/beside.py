"""Beside: what the program does beside the engine, done to nothing, and noted where a test may look. Reaches nobody."""

import hashlib
from collections.abc import Callable, Sequence

from infra.config import Config
from infra.image_build.image import Builder, Image, Place
from infra.kubeconfig import ApiServer
from tests.infra.standins.state import State

CODE = b"the zip of the control plane"


class Beside:
    """Nothing is missing, every build succeeds, the cluster lets everybody in at once. `state`: whose journal is written."""

    def __init__(self, state: State | None = None, *, missing: Sequence[str] = (), code: bytes = CODE) -> None:
        self._state, self._missing, self._code = state, missing, code

    def missing(self, config: Config, subscription: str) -> Sequence[str]:
        return self._missing

    def builder(self) -> Builder:
        return _Built(self._note)

    def code(self) -> bytes:
        return self._code

    async def admitted(self, server: ApiServer) -> None:
        self._note("admission", server.url)

    async def publish(self, host: str, code: bytes) -> None:
        assert code == self._code
        self._note("publication", host)

    def _note(self, what: str, of: str) -> None:
        if self._state is not None:
            self._state.note("done", what, of)


class _Built:
    """A registry in which a preview finds nothing."""

    def __init__(self, note: Callable[[str, str], None]) -> None:
        self._note = note

    async def find(self, place: Place, image: Image) -> str | None:
        return None

    async def ensure(self, place: Place, image: Image, say: Callable[[str], None]) -> str:
        self._note("build", image.name)
        return f"sha256:{hashlib.sha256(image.name.encode()).hexdigest()}"
