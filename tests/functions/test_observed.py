"""What telemetry is told of the control plane: its requests and its rounds of reconcile."""

import msgspec
import pytest
from azure.functions import HttpRequest, HttpResponse

from functions.app import build
from functions.deployer import Owned
from functions.reconcile import Reconcile
from functions.settings import Settings
from gateway.dev_identity import DevIdentity
from gateway.errors import Unavailable
from gateway.telemetry import instruments as its
from gateway.telemetry.counters import Histogram
from gateway.telemetry.exporting import Telemetry
from gateway.telemetry.meter import Meter
from gateway.telemetry.readings import Reading
from gateway.telemetry.span import Kind, Span
from tests.functions.memory import MemoryStore
from tests.functions.model_cluster import ModelCluster

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED = f"00-{TRACE}-{CALLER}-01"


class Observed:
    """An app, and what it tells."""

    def __init__(self, kind: Kind = "server", store: MemoryStore | None = None) -> None:
        self.spans: list[Span] = []
        self.meter = Meter()
        telemetry = Telemetry(self.meter, put=self.spans.append)
        app = build(store or MemoryStore(), ModelCluster(), DevIdentity(), Settings(), telemetry=telemetry, spans=kind)
        self._functions = {one.get_function_name(): one.get_user_function() for one in app.get_functions()}

    async def get(self, operation: str, **headers: str) -> int:
        """The status of a GET that asks with a secret query."""
        request = HttpRequest(
            "GET",
            "http://control-plane/whatever?key=hush",
            headers={"X-Dev-UserId": "dev", "Authorization": "Bearer hush", **headers},
            params={},
            route_params={"name": "weather"},
            body=b"",
        )
        reply: HttpResponse = await self._functions[operation](req=request)
        return reply.status_code

    def read(self) -> list[Reading]:
        """What it counted."""
        return self.meter.read()["functions"]


@pytest.mark.parametrize("kind", ["server", "internal"])
async def test_operation_is_a_step_of_the_callers_trace(kind: Kind) -> None:
    app = Observed(kind)
    assert await app.get("list_adapters", traceparent=SAMPLED, tracestate="a=1") == 200
    (span,) = app.spans
    assert (span.trace, span.parent, span.state, span.kind) == (TRACE, CALLER, "a=1", kind)
    assert (span.name, span.error) == ("GET /adapters", "")
    assert span.attributes == {
        "http.request.method": "GET",
        "http.route": "/adapters",
        "url.scheme": "http",
        "mcp_gateway.operation": "list_adapters",
        "http.response.status_code": 200,
    }


async def test_other_operations_leave_no_span_and_all_are_counted() -> None:
    app = Observed()
    assert await app.get("get_adapter", traceparent=SAMPLED[:-1] + "0") == 404
    assert await app.get("get_adapter") == 404
    assert await app.get("ping", traceparent=SAMPLED) == 200

    assert [span.name for span in app.spans] == ["GET /ping"]
    told = {one.instrument: one.value for one in app.read() if not one.words}
    assert told == {its.REQUESTS: 3, its.REFUSED: 2, its.FAILED: 0, its.SAMPLED: 1}
    durations = {tuple(it.words.values()): it.value for it in app.read() if it.instrument is its.HTTP}
    counts = {key: sum(value.counts) for key, value in durations.items() if isinstance(value, Histogram)}
    assert counts == {("GET", "/adapters/{name}", 404): 2, ("GET", "/ping", 200): 1}


async def test_what_fails_is_told_with_its_status() -> None:
    class Broken(MemoryStore):
        async def all(self, *_: object, **__: object) -> list[object]:  # pyright: ignore[reportIncompatibleMethodOverride] - it only raises
            raise Unavailable("hush")

    app = Observed(store=Broken())
    assert await app.get("list_adapters", traceparent=SAMPLED) == 503
    (span,) = app.spans
    assert span.error == "503"
    assert "hush" not in str(msgspec.structs.asdict(span))


async def test_rounds_and_what_they_did_are_counted() -> None:
    class Away(ModelCluster):
        async def owned(self) -> list[Owned]:
            raise Unavailable("away")

    good, bad = Reconcile(MemoryStore(), ModelCluster()), Reconcile(MemoryStore(), Away())
    assert not [one for one in good.readings() if one.instrument is its.ROUND_AGE]
    await good.once()
    with pytest.raises(Unavailable):
        await bad.once()

    assert _rounds(good) == {"ok": 1, "failed": 0}
    assert _rounds(bad) == {"ok": 0, "failed": 1}
    (age,) = [one.value for one in good.readings() if one.instrument is its.ROUND_AGE]
    assert isinstance(age, float)
    assert 0 <= age < 60
    actions = {one.words["mcp_gateway.action"] for one in good.readings() if one.instrument is its.ACTIONS}
    assert actions == {"healed", "finished", "removed", "young", "failed"}


def _rounds(reconcile: Reconcile) -> dict[str | int, object]:
    told = [one for one in reconcile.readings() if one.instrument is its.ROUNDS]
    return {one.words["mcp_gateway.result"]: one.value for one in told}
