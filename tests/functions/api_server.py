"""A fake API server over real HTTP: enough of Services, StatefulSets, Pods, Events and logs for a deployer, and misbehaviour.

Every request is a step (`steps`): it can fail before or after its effect, by a cut connection, a 500, a 429 or silence, and
the process that asks can die of it.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Literal

import msgspec
from aiohttp import web

from tests.functions.api_objects import Failed, Json, Objects
from tests.functions.api_pods import Pods
from tests.functions.steps import Broke, Died, Steps

type Trouble = Literal["cut", "error", "busy", "stall"]

TOKEN = "the control plane's token"
NAMESPACE = "adapter"


class ApiServer:
    """`died` is called when a step says that the process which asks has died. `questions` were asked so far.

    `refusals` are answered to a question always, `expiring` are lists whose second page is too late, once. `shown` are the
    tokens of all who asked, of which those that `accepts` takes are let in.
    """

    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self.trouble: Trouble = "cut"
        self.died: Callable[[], object] = lambda: None
        self.refusals: dict[str, Failed] = {}
        self.expiring: list[str] = []
        self.objects = Objects(self.changed)
        self.pods = Pods(self.objects)
        self.questions: list[str] = []
        self.url = ""
        self.token = TOKEN
        self.shown: list[str] = []
        self.accepts: Callable[[str], bool] = lambda token: token == self.token

    @property
    def writes(self) -> list[str]:
        """The questions that asked for a change."""
        return [question for question in self.questions if not question.startswith(("get", "list"))]

    def kubeconfig(self, folder: Path) -> str:
        """The path of a configuration for this server."""
        cluster = {"name": "fake", "cluster": {"server": self.url}}
        user = {"name": "fake", "user": {"token": self.token}}
        context = {"name": "fake", "context": {"cluster": "fake", "user": "fake"}}
        config = {"clusters": [cluster], "users": [user], "contexts": [context], "current-context": "fake"}
        path = folder / "kubeconfig"
        path.write_bytes(msgspec.json.encode({"apiVersion": "v1", "kind": "Config", **config}))
        return str(path)

    def changed(self, plural: str, name: str) -> None:
        """The rest of the cluster sees what has changed."""
        if plural == "services":
            self.pods.show(name)
        if plural == "statefulsets":
            self.pods.follow(name)
        if plural == "pods":
            self.pods.follow(name.rpartition("-")[0])

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Every question."""
        self.shown.append(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if not self.accepts(self.shown[-1]):
            return self._failed(Failed(401, "Unauthorized", "Unauthorized"))
        plural, name = request.match_info["plural"], request.match_info.get("name", "")
        verb = {"GET": "get" if name else "list", "POST": "create", "PUT": "update", "DELETE": "delete"}[request.method]
        log = request.path.endswith("/log")
        question = f"get {plural}/log" if log else f"{verb} {plural}"
        self.questions.append(question)
        body: Json = msgspec.json.decode(await request.read() or b"{}")

        def effect() -> bytes:
            if question in self.expiring and "continue" in request.query:
                self.expiring.remove(question)
                raise Failed(410, "Expired", "The provided continue parameter is too old")
            if question in self.refusals:
                raise self.refusals[question]
            if log:
                return self._log(name, request)
            return msgspec.json.encode(self._effect(verb, plural, name, body, request))

        try:
            done = await self.steps.run(question, effect)
        except Failed as failed:
            return self._failed(failed)
        except Broke:
            return await self._misbehave(request)
        except Died:
            self.died()
            return _cut(request)
        return self._said(done)

    def _effect(self, verb: str, plural: str, name: str, body: Json, request: web.Request) -> Json:
        match verb:
            case "get":
                return self.objects.get(plural, name)
            case "list":
                return self._list(plural, request)
            case "create":
                return self.objects.create(plural, body)
            case "update":
                return self.objects.replace(plural, name, body)
            case _:
                return self.objects.delete(plural, name, body.get("preconditions", {}))

    def _list(self, plural: str, request: web.Request) -> Json:
        wanted = _selected(
            request.query.get("labelSelector", ""), lambda found, key: found["metadata"].get("labels", {}).get(key)
        )
        told = _selected(request.query.get("fieldSelector", ""), _field)
        found = [found for found in self.objects.all(plural) if wanted(found) and told(found)]
        start, limit = int(request.query.get("continue", "0")), int(request.query.get("limit", "0")) or len(found)
        more = {"continue": str(start + limit)} if start + limit < len(found) else {}
        return {"kind": "List", "metadata": {"resourceVersion": "1", **more}, "items": found[start : start + limit]}

    def _log(self, pod: str, request: web.Request) -> bytes:
        self.objects.get("pods", pod)
        runs = self.pods.logs.get(pod, [])
        runs = runs[:-1] if request.query.get("previous") == "true" else runs
        if not runs:
            raise Failed(400, "BadRequest", "previous terminated container not found")
        since = request.query.get("sinceTime")
        begin = int(datetime.fromisoformat(since).timestamp()) * 10**9 if since else 0
        lines = [line for line in runs[-1].lines if line[0] >= begin]
        lines = lines[-int(request.query.get("tailLines", len(lines))) :] if lines else []
        return "".join(f"{_nano(at)} {text}\n" for at, text in lines).encode()

    async def _misbehave(self, request: web.Request) -> web.StreamResponse:
        match self.trouble:
            case "cut":
                return _cut(request)
            case "stall":  # until whoever asked has given up
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(30):
                        while request.transport and not request.transport.is_closing():
                            await asyncio.sleep(0.01)
                return _cut(request)
            case "busy":
                return self._failed(Failed(429, "TooManyRequests", "too many requests"), {"Retry-After": "7"})
            case "error":
                return self._failed(Failed(500, "InternalError", "etcdserver: request timed out"))

    def _failed(self, failed: Failed, headers: dict[str, str] | None = None) -> web.Response:
        body = {"kind": "Status", "reason": failed.reason, "message": failed.message, "code": failed.code}
        details = {"details": {"causes": failed.causes}} if failed.causes else {}
        return self._said(msgspec.json.encode({**body, **details}), failed.code, headers)

    def _said(self, body: bytes, code: int = 200, headers: dict[str, str] | None = None) -> web.Response:
        date = {"Date": format_datetime(self.objects.now, usegmt=True)}
        return web.Response(body=body, status=code, headers={**date, **(headers or {})})


@asynccontextmanager
async def serving(steps: Steps | None = None, tls: ssl.SSLContext | None = None) -> AsyncGenerator[ApiServer]:
    """A server with nothing on it; by TLS, under the name `localhost`, where it is given a certificate."""
    server = ApiServer(steps or Steps())
    app = web.Application(client_max_size=4 * 2**20)
    for group in ("/api/v1", "/apis/apps/v1"):
        base = f"{group}/namespaces/{NAMESPACE}/{{plural}}"
        for path in (base, f"{base}/{{name}}", f"{base}/{{name}}/log"):
            app.router.add_route("*", path, server.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    server.url = f"{'https://localhost' if tls else 'http://127.0.0.1'}:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()


def _cut(request: web.Request) -> web.Response:
    if request.transport:
        request.transport.abort()
    return web.Response()


def _selected(selector: str, value: Callable[[Json, str], str | None]) -> Callable[[Json], bool]:
    """`a=b`, `a in (b,c)`, separated by commas."""
    terms: list[tuple[str, list[str]]] = []
    for term in _terms(selector):
        key, _, values = term.partition(" in ") if " in " in term else term.partition("=")
        terms.append((key, values.strip("()").split(",")))
    return lambda found: all(value(found, key) in values for key, values in terms)


def _terms(selector: str) -> list[str]:
    terms: list[str] = []
    for part in selector.split(",") if selector else []:
        if terms and terms[-1].count("(") > terms[-1].count(")"):
            terms[-1] += f",{part}"
        else:
            terms.append(part)
    return terms


def _field(found: Json, key: str) -> str | None:
    for part in key.split("."):
        found = found.get(part, {})
    return str(found)


def _nano(at: int) -> str:
    return f"{datetime.fromtimestamp(at // 10**9, UTC):%Y-%m-%dT%H:%M:%S}.{at % 10**9:09d}Z"
