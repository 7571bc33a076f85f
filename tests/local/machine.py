"""Machine: a deployer on child processes with all that stands behind it, and short ways to look at it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec

from functions.deployer import LogQuery, Status
from gateway.catalog import Instance, until
from gateway.records import Kind, Record, kind_of
from gateway.view import View
from local.deployer import LocalDeployer
from local.home import Home
from local.supervisor import Supervisor
from tests.local.waiting import PATIENCE
from tests.local.waiting import until as eventually


class Machine(msgspec.Struct):
    """What runs is in `view`; `deployer` changes it."""

    home: Home
    view: View
    supervisor: Supervisor
    deployer: LocalDeployer

    async def run(self, record: Record) -> list[Instance]:
        """Applies a record and waits until it has as many ready instances as it asks for."""
        await self.deployer.apply(record)
        return await self.ready(record, record.replica_count)

    async def ready(self, record: Record, count: int) -> list[Instance]:
        """Waits until exactly `count` instances are ready, and no other is left."""

        def accept(_: object) -> bool:
            return len(self.instances(record)) == count and all(i.ready for i in self.instances(record))

        await until(self.view, kind_of(record), record.name, accept, PATIENCE)
        assert accept(None), self.instances(record)
        return self.instances(record)

    def instances(self, record: Record) -> list[Instance]:
        """Those in the catalog now."""
        listing = self.view.get(kind_of(record), record.name)
        return list(listing.instances) if listing else []

    async def pids(self, record: Record) -> set[int]:
        """The processes that answer for a record."""
        return {(await ask(instance))["pid"] for instance in self.instances(record)}

    async def status(self, record: Record) -> Status:
        """What the deployer says."""
        return await self.deployer.status(record)

    async def reason(self, record: Record, part: str) -> str:
        """Waits until the first instance is not ready for a reason that contains `part`."""
        status = await eventually(lambda: self.status(record), lambda s: part in s.instances[0].reason)
        return status.instances[0].reason

    async def printed(self, record: Record, part: str, **query: Any) -> str:
        """Waits until a log holds `part`."""
        page = await eventually(lambda: self.deployer.logs(record, LogQuery(**query)), lambda p: part in p.text)
        return page.text

    def files(self, kind: Kind, name: str) -> list[Path]:
        """The log files of a name."""
        return sorted(self.home.logs.glob(f"{kind}-{name}-*"))


async def ask(instance: Instance, path: str = "/") -> dict[str, Any]:
    """What an instance of the tiny images answers; nothing if it ends instead."""
    reader, writer = await asyncio.open_connection(instance.host, instance.port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        _, _, body = (await reader.read()).partition(b"\r\n\r\n")
        return json.loads(body) if body else {}
    finally:
        writer.close()
