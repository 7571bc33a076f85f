"""build: the control plane as an Azure Functions app, one native function per operation of the table. Starts nothing."""

import logging
import re
from collections.abc import Awaitable, Callable

from azure.functions import AuthLevel, FunctionApp, HttpRequest, HttpResponse, TimerRequest

from functions import replies
from functions.deployer import Deployer
from functions.door import Door, Respond, Verb
from functions.identifiers import Identifiers
from functions.observed import SCOPE, Observed
from functions.quotas import Quotas
from functions.reconcile import After, Reconcile
from functions.request import Request, received
from functions.resources import Resources
from functions.settings import Settings
from functions.trail import Trail
from gateway import openapi
from gateway.audit import Audit
from gateway.errors import GatewayError
from gateway.identity import Identify
from gateway.logs import new_request_id, request_id
from gateway.operations import OPERATIONS, Operation
from gateway.protected_resource import ProtectedResource
from gateway.records import Kind, Record
from gateway.store import Store
from gateway.telemetry.exporting import Telemetry, off
from gateway.telemetry.span import Kind as SpanKind

type Ready = Callable[[], Awaitable[None]]

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}\Z")
_EVERY_MINUTE = "0 * * * * *"

_log = logging.getLogger(__name__)


def build(
    store: Store[Record],
    deployer: Deployer,
    identify: Identify,
    settings: Settings,
    ready: Ready | None = None,
    *,
    protected: ProtectedResource | None = None,
    audit: Audit | None = None,
    telemetry: Telemetry | None = None,
    after: After | None = None,
    spans: SpanKind = "server",
) -> FunctionApp:
    """The app, whole. Anonymous for the platform's keys: callers are verified here, by `identify`.

    `ready` raises Unavailable while nobody should be sent here; without one, the store is asked each time.
    Without `protected` a 401 has no challenge, without `audit` nobody is told who did what. `spans`: the kind of those that
    requests leave in `telemetry`. Without `after` nobody makes the identifier URIs follow, so status says how.
    """
    telemetry = telemetry or off()
    observed = Observed(telemetry, spans)
    door = Door(identify, protected, Trail(audit))
    quotas = Quotas(store, settings)
    identifiers = None if after else Identifiers.of(protected, settings.client_id)
    answers: dict[str, Respond] = {
        **_records(door, "adapter", Resources("adapter", store, deployer, settings, quotas, identifiers)),
        **_records(door, "tool", Resources("tool", store, deployer, settings, quotas)),
        "ping": _ping,
        "ready": _ready(ready or _readable(store)),
        "get_openapi": _document(settings),
    }
    app = FunctionApp(http_auth_level=AuthLevel.ANONYMOUS)
    for operation in OPERATIONS:
        if operation.room != "proxy":
            _register(app, operation, answers[operation.id], observed)
    reconcile = Reconcile(store, deployer, after=after)
    telemetry.meter.watch(SCOPE, reconcile.readings)
    _register_timer(app, reconcile)
    return app


def _register(app: FunctionApp, operation: Operation, respond: Respond, observed: Observed) -> None:
    async def answer(req: HttpRequest) -> HttpResponse:
        request = received(req)
        return await observed.answered(operation, request, lambda: _answered(request, respond))

    route = app.route(route=operation.path.lstrip("/"), methods=[operation.method])
    app.function_name(operation.id)(route(answer))


def _register_timer(app: FunctionApp, reconcile: Reconcile) -> None:
    async def run(timer: TimerRequest) -> None:
        _log.info("reconciled: %s", await reconcile.once())

    app.function_name("reconcile")(app.timer_trigger(arg_name="timer", schedule=_EVERY_MINUTE)(run))


async def _answered(request: Request, respond: Respond) -> HttpResponse:
    """The reply, whatever happens, with the request's id. What nobody foresaw is logged and told to nobody."""
    given = request.headers.get("x-request-id") or ""
    id = given if _REQUEST_ID.match(given) else new_request_id()
    token = request_id.set(id)
    try:
        reply = await respond(request)
    except GatewayError as error:
        reply = replies.refused(error, id)
    except Exception:  # noqa: BLE001 - logged, and answered as what it is
        _log.exception("%s %s failed", request.method, request.path)
        reply = replies.refused(GatewayError("Something went wrong here; our log has it under this request's id."), id)
    finally:
        request_id.reset(token)
    reply.headers["X-Request-Id"] = id
    return reply


def _records(door: Door, kind: Kind, resources: Resources) -> dict[str, Respond]:
    verbs: dict[str, Verb] = {
        f"create_{kind}": resources.create,
        f"list_{kind}s": resources.list,
        f"get_{kind}": resources.get,
        f"replace_{kind}": resources.replace,
        f"delete_{kind}": resources.delete,
        f"get_{kind}_status": resources.status,
        f"get_{kind}_logs": resources.logs,
    }
    return {id: door.guarded(id, verb) for id, verb in verbs.items()}


async def _ping(_: Request) -> HttpResponse:
    return replies.empty(200)


def _ready(ready: Ready) -> Respond:
    async def respond(_: Request) -> HttpResponse:
        await ready()
        return replies.empty(200)

    return respond


def _readable(store: Store[Record]) -> Ready:
    async def read() -> None:
        await store.all(limit=1)  # whoever cannot read the store can serve nobody

    return read


def _document(settings: Settings) -> Respond:
    text = openapi.text(settings.public_origin or "/")

    async def respond(_: Request) -> HttpResponse:
        return replies.json(text)

    return respond
