"""Outside: what the program does beside the engine: it asks before it begins, builds images, waits for the cluster, and publishes code.

Nobody who runs the program for real gives one: `Azure` is it. Tests of the whole program have one that touches nothing.
"""

import asyncio
import os
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import pulumi

from infra.admission import admitted
from infra.config import Config
from infra.deployer import token_for
from infra.directory import Directory
from infra.function_package import build
from infra.image_build.image import Builder
from infra.image_build.task_runs import TaskRuns
from infra.kubeconfig import ApiServer
from infra.preflight import Preflight
from infra.publish import Publisher, Site
from infra.signed_in import signed_in


class Outside(Protocol):
    def missing(self, config: Config, subscription: str) -> Sequence[str]:
        """What would stop the stack from being built, as sentences."""
        ...

    def builder(self) -> Builder:
        """Who builds images."""
        ...

    def code(self) -> bytes:
        """The zip that the Functions app runs. The same sources are the same bytes."""
        ...

    async def admitted(self, server: ApiServer) -> None:
        """Returns once the API server lets in whoever builds the stack. Raises TooLate."""
        ...

    async def publish(self, host: str, code: bytes) -> None:
        """Returns once the app of that host name runs it. Raises Refused and TooLate."""
        ...


class Azure:
    """The real one. Every call signs in anew; no token outlives it."""

    def __init__(self, variables: Mapping[str, str] = os.environ) -> None:
        self._token_for = token_for(variables)

    def missing(self, config: Config, subscription: str) -> Sequence[str]:
        # The engine's loop runs already, and the program waits for this one.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(self._missing(config, subscription))).result()

    def builder(self) -> Builder:
        return TaskRuns(self._token_for)

    def code(self) -> bytes:
        """Seconds the first time, and then kept until a source changes."""
        with tempfile.TemporaryDirectory(prefix="function-app-") as folder:
            return build(Path(folder)).read_bytes()

    async def admitted(self, server: ApiServer) -> None:
        await admitted(server, self._token_for, pulumi.log.info)

    async def publish(self, host: str, code: bytes) -> None:
        await Publisher(Site.of(host), self._token_for, pulumi.log.info).publish(code)

    async def _missing(self, config: Config, subscription: str) -> Sequence[str]:
        async with signed_in(self._token_for) as arm, Directory(self._token_for) as directory:
            return await Preflight(config, subscription, arm, directory).missing()
