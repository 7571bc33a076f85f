"""What every answer has in common: request ids, and what happens when something breaks inside."""

import pytest

from functions.deployer import LogPage, LogQuery
from gateway.errors import Unavailable
from gateway.records import Record
from gateway.store import Versioned
from tests.functions.bodies import adapter
from tests.functions.direct import Direct
from tests.functions.memory import MemoryStore
from tests.functions.model_cluster import ModelCluster


class BrokenStore(MemoryStore):
    """Breaks at every read, with words that nobody outside should see."""

    async def get(self, id: str) -> Versioned[Record] | None:
        """Breaks."""
        raise ConnectionError(f"password=hunter2 for {id}")

    async def all(self, *, after: str = "", limit: int | None = None) -> list[Versioned[Record]]:
        """Breaks."""
        raise ConnectionError(f"password=hunter2 {after} {limit}")


class BusyCluster(ModelCluster):
    """Cannot give logs now."""

    async def logs(self, record: Record, query: LogQuery) -> LogPage:
        """Never."""
        raise Unavailable(f"no logs of {record.name} {query.instance} now", retry_after=7)


@pytest.mark.parametrize("given", ["a", "A.b-c_9", "x" * 128])
async def test_request_id_of_the_caller_is_kept(given: str) -> None:
    reply = await Direct().call("get_adapter", "one", headers={"X-Request-Id": given})

    assert reply.headers["X-Request-Id"] == reply.json["requestId"] == given


@pytest.mark.parametrize("given", ["", "a b", "é", "x" * 129, "a\n", "a,b"])
async def test_request_id_that_is_none_is_replaced(given: str) -> None:
    reply = await Direct().call("get_adapter", "one", headers={"X-Request-Id": given})

    assert len(reply.headers["X-Request-Id"]) == 32
    assert reply.json["requestId"] == reply.headers["X-Request-Id"]


@pytest.mark.parametrize("operation", ["get_adapter", "list_adapters", "replace_adapter", "delete_adapter", "ready"])
async def test_what_breaks_inside_is_logged_and_not_told(operation: str, caplog: pytest.LogCaptureFixture) -> None:
    reply = await Direct(store=BrokenStore()).call(operation, "one", adapter())

    assert (reply.status, reply.json["title"]) == (500, "Internal Server Error")
    assert b"hunter2" not in reply.body
    assert "hunter2" in caplog.text


async def test_error_of_the_deployer_is_told_with_its_headers() -> None:
    direct = Direct(cluster=BusyCluster())
    await direct.call("create_adapter", body=adapter())

    reply = await direct.call("get_adapter_logs", "one")

    assert (reply.status, reply.headers["Retry-After"]) == (503, "7")
    assert reply.json["detail"] == "no logs of one 0 now"
