"""Running: `python -m proxy` and `python -m tool_router` as a cluster runs them: processes of their own, told by their environment."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import ClientSession

from tests.fakes.ports import free_port
from tests.local.tiny.images import ROOT
from tests.local.waiting import holds, until

SECRET = "3b1c9d2e7f60a4b85c9d0e1f2a3b4c5d"
# Variables of the one who runs the tests shall not matter.
_INHERITED = {
    name: value for name, value in os.environ.items() if "__" not in name and not name.startswith("KUBERNETES")
}


class Running:
    """`async with Running("proxy", server.url, tmp_path) as process`: killed at the end if it still runs."""

    def __init__(self, module: str, api: str, folder: Path, **variables: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._out, self._err = folder / f"{module}.out", folder / f"{module}.err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module],
                cwd=ROOT,
                env={**_INHERITED, **self._told(api, folder), **variables},
                stdout=out,
                stderr=err,
            )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    async def ready(self, client: ClientSession, status: int = 200) -> None:
        """Returns once `/ready` answers with this status."""

        async def look() -> int:
            try:
                async with client.get(f"{self.url}/ready") as response:
                    return response.status
            except OSError:
                return 0

        await until(look, lambda seen: seen == status or self.process.poll() is not None)
        assert self.process.poll() is None, self._err.read_text()

    def end(self) -> None:
        """TERM, as the kubelet says it."""
        self.process.send_signal(signal.SIGTERM)

    async def ended(self) -> int:
        """Its exit code, waited for."""
        await holds(lambda: self.process.poll() is not None)
        return self.process.returncode

    @property
    def logged(self) -> list[dict[str, Any]]:
        """Its log: each line of it is JSON."""
        return [json.loads(line) for line in self._err.read_text().splitlines()]

    @property
    def audited(self) -> list[dict[str, Any]]:
        """What it wrote to standard output: each line of it is JSON."""
        return [json.loads(line) for line in self._out.read_text().splitlines()]

    def _told(self, api: str, folder: Path) -> dict[str, str]:
        path = folder / "kubeconfig"
        cluster = {"name": "c", "cluster": {"server": api}}
        context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
        users = [{"name": "u", "user": {"token": "let-me-in"}}]
        config: dict[str, Any] = {"current-context": "c", "contexts": [context], "clusters": [cluster], "users": users}
        path.write_text(json.dumps(config))
        return {
            "GatewaySettings__Secret": SECRET,
            "Seal__Keys__0": "00112233445566778899aabbccddeeff",
            "ControlPlane__Endpoint": "http://127.0.0.1:9",
            "Authentication__BypassEntra": "true",
            "Kubernetes__Kubeconfig": str(path),
            "Listen__Host": "127.0.0.1",
            "Listen__Port": str(self.port),
            "Drain__Seconds": "1",
        }
