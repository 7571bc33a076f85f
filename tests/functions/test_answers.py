"""What every answer has in common: who may ask, request ids, and what happens when something breaks inside."""

import pytest

from functions.deployer import LogPage, LogQuery
from gateway.errors import Unauthenticated, Unavailable
from gateway.identity import Headers, Principal, principal
from gateway.records import Record
from gateway.store import Versioned
from tests.functions.bodies import adapter
from tests.functions.direct import Direct
from tests.functions.memory import MemoryStore
from tests.functions.model_cluster import ModelCluster

_CHALLENGE = 'Bearer resource_metadata="http://gateway/.well-known/oauth-protected-resource"'


class TokenIdentity:
    """Knows one token, and remembers it after the first time."""

    def __init__(self) -> None:
        self.verified = 0

    def remembered(self, headers: Headers) -> Principal | None:
        """Whoever was verified before."""
        return principal("alice", "Alice", []) if self.verified and _good(headers) else None

    async def verify(self, headers: Headers) -> Principal:
        """Looks at the token."""
        if not _good(headers):
            raise Unauthenticated("A token is required.", headers={"WWW-Authenticate": _CHALLENGE})
        self.verified += 1
        return principal("alice", "Alice", [])


def _good(headers: Headers) -> bool:
    return headers.get("authorization") == "Bearer good"


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


async def test_caller_without_a_token_is_challenged_before_anything_is_read() -> None:
    direct = Direct(identify=TokenIdentity(), store=BrokenStore())

    for operation in ("create_adapter", "list_tools", "get_adapter", "delete_tool", "get_tool_logs"):
        reply = await direct.call(operation, "one", b"{", headers={"Content-Type": "text/plain"})
        assert reply.status == 401
        assert reply.headers["WWW-Authenticate"] == _CHALLENGE


async def test_caller_is_verified_once_and_then_remembered() -> None:
    identify = TokenIdentity()
    direct = Direct(identify=identify)

    for _ in range(3):
        assert (await direct.call("list_tools", headers={"Authorization": "Bearer good"})).status == 200

    assert identify.verified == 1


@pytest.mark.parametrize("operation", ["ping", "ready", "get_openapi"])
async def test_health_and_document_need_no_token(operation: str) -> None:
    assert (await Direct(identify=TokenIdentity()).call(operation)).status == 200


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
