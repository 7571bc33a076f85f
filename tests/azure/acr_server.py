"""AcrServer: as much of a container registry's builds as ours ask for, over real HTTP. Builds nothing.

https://learn.microsoft.com/rest/api/containerregistry/ (2019-06-01-preview): runs, task runs, uploads and logs by signed address.
Runs go on by being asked about, so that no test waits. What the service would refuse is refused: no token, a token with a blob,
unknown members, files that were not sent, sent where nobody was told to. Not modelled: queues, agent pools, the registry's own API.
"""

import gzip
import io
import tarfile
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any, Self
from urllib.parse import parse_qs

import msgspec

from tests.azure.acr_run import Run, digest, wrong
from tests.azure.replies import json
from tests.fakes.identity_provider_http import Answer, Asked, HttpServer

SUBSCRIPTION = "aaaaaaaa-0000-4000-8000-000000000001"
EMPTY = "aaaaaaaa-0000-4000-8000-000000000002"  # a subscription without a registry
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/team"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/mgregteam"
LOGIN_SERVER = "mgregteam.azurecr.io"
TOKEN = "a-token-for-resource-manager"
VERSION = "2019-06-01-preview"
RIGHT = "sig=a-secret-of-its-own"


class AcrServer:
    """`with AcrServer() as acr:`. `states` are those a run goes through; `log` is what it says, all of it at its end.

    `admits` looks at tokens; `faults` are answered first. `asked` is what was, as `GET /path`; `sent` holds the uploaded archives,
    `requests` the bodies of scheduled runs, `task_runs` the others by name. `registry` is the id of the only one there is.
    """

    def __init__(self, registry: str = REGISTRY) -> None:
        self.registry = registry
        self.states = ["Queued", "Running", "Succeeded"]
        self.log = b"Step 1/2 : FROM scratch\nStep 2/2 : COPY . /\nRun ID: ca1 was successful after 3s\n"
        self.error = ""
        self.admits: Callable[[str], bool] = TOKEN.__eq__
        self.faults: deque[Answer] = deque()
        self.asked: list[str] = []
        self.sent: dict[str, bytes] = {}
        self.requests: list[dict[str, Any]] = []
        self.task_runs: dict[str, Run] = {}
        self.cancelled: list[str] = []
        self.log_faults: deque[Answer] = deque()
        self._runs: dict[str, Run] = {}  # all, by id
        self._ids, self._places = count(1), count()
        self._offered: set[str] = set()
        self._http = HttpServer(self._respond, "127.0.0.1", 0, None)

    def __enter__(self) -> Self:
        self._http.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.stop()

    @property
    def endpoint(self) -> str:
        """In place of https://management.azure.com."""
        return f"http://127.0.0.1:{self._http.port}"

    @property
    def digest(self) -> str:
        """Of whatever was scheduled last."""
        return digest(self.requests[-1])

    def files(self, run: Run | None = None) -> dict[str, bytes | None]:
        """What was sent for it, or last: contents by name; None for what is no file."""
        archive = self.sent[run.request["sourceLocation"]] if run else list(self.sent.values())[-1]
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(archive))) as tar:
            return {each.name: file.read() if (file := tar.extractfile(each)) else None for each in tar}

    def offer(self) -> Answer:
        """Where files may be sent."""
        location = f"source/{next(self._places)}.tar.gz"
        self._offered.add(location)
        return json({"uploadUrl": f"{self.endpoint}/blob/{location}?{RIGHT}", "relativePath": location})

    def _respond(self, asked: Asked) -> Answer:
        self.asked.append(f"{asked.method} {asked.path}")
        if asked.path.startswith("/blob/"):
            return self._blob(asked)
        if not self.admits(asked.headers.get("Authorization", "").removeprefix("Bearer ")):
            return refused(401, "InvalidAuthenticationToken", "The access token is invalid.")
        if self.faults:
            return self.faults.popleft()
        if "api-version" not in parse_qs(asked.query):
            return refused(400, "MissingApiVersionParameter", "The api-version query parameter is required.")
        return self._management(asked)

    def _management(self, asked: Asked) -> Answer:
        lists = "/providers/Microsoft.ContainerRegistry/registries"
        match asked.method, asked.path:
            case "GET", "/subscriptions":
                return self._subscriptions(asked)
            case "GET", path if path == f"/subscriptions/{SUBSCRIPTION}{lists}":
                properties = {"loginServer": LOGIN_SERVER}
                return json({"value": [{"id": self.registry, "name": "mgregteam", "properties": properties}]})
            case "GET", path if path == f"/subscriptions/{EMPTY}{lists}":
                return json({"value": []})
            case method, path if path.startswith(self.registry + "/"):
                if parse_qs(asked.query)["api-version"] != [VERSION]:
                    return refused(400, "NoRegisteredProviderFound", "No registered resource provider found.")
                return self._registry(method, path.removeprefix(self.registry), asked.body)
            case _:
                return refused(404, "ResourceNotFound", f"The resource {asked.path} was not found.")

    def _subscriptions(self, asked: Asked) -> Answer:
        """In two pages."""
        if "skip=1" in asked.query:
            return json({"value": [{"subscriptionId": SUBSCRIPTION, "state": "Enabled"}]})
        following = f"{self.endpoint}/subscriptions?api-version=2022-12-01&skip=1"
        return json({"value": [{"subscriptionId": EMPTY, "state": "Enabled"}], "nextLink": following})

    def _registry(self, method: str, path: str, body: bytes) -> Answer:
        match method, path.split("/")[1:]:
            case "POST", ["listBuildSourceUploadUrl"]:
                return self.offer()
            case "POST", ["scheduleRun"]:
                return self._scheduled(msgspec.json.decode(body))
            case "PUT", ["taskRuns", name]:
                return self._kept(name, msgspec.json.decode(body)["properties"]["runRequest"])
            case "GET", ["taskRuns", name] if name in self.task_runs:
                self.task_runs[name].step(self.states)
                return json(self.task_runs[name].task_run(self.error))
            case method, ["runs", id, *rest] if id in self._runs:
                return self._run(self._runs[id], method, rest)
            case _:
                return refused(404, "NotFound", "The run is not found.")

    def _run(self, run: Run, method: str, rest: list[str]) -> Answer:
        match method, rest:
            case "GET", []:
                run.step(self.states)
                return json(self._told(run))
            case "POST", ["listLogSasUrl"]:
                return json({"logLink": f"{self.endpoint}/blob/log/{run.id}?{RIGHT}"})
            case "POST", ["cancel"]:
                self.cancelled.append(run.id)
                return Answer(202)
            case _:
                return refused(404, "NotFound", "The run has no such thing.")

    def _scheduled(self, request: dict[str, Any]) -> Answer:
        run = self._begun(request)
        if isinstance(run, Answer):
            return run
        self.requests.append(request)
        return json(self._told(run), 202)

    def _kept(self, name: str, request: dict[str, Any]) -> Answer:
        run = self._begun(request)
        if isinstance(run, Answer):
            return run
        self.task_runs[name] = run
        return json({"properties": {"provisioningState": "Creating"}}, 201)

    def _begun(self, request: dict[str, Any]) -> Run | Answer:
        """Or why not."""
        if why := wrong(request):
            return refused(400, "InvalidRequestContent", why)
        if request["sourceLocation"] not in self.sent:
            return refused(400, "SourceNotFound", "The source location does not exist.")
        run = Run(request, f"ca{next(self._ids)}", LOGIN_SERVER)
        self._runs[run.id] = run
        return run

    def _told(self, run: Run) -> dict[str, Any]:
        return {"id": f"{self.registry}/runs/{run.id}", "name": run.id, "properties": run.properties(self.error)}

    def _blob(self, asked: Asked) -> Answer:
        """The address is the right, and storage refuses a token that it cannot read."""
        if "Authorization" in asked.headers or asked.query != RIGHT:
            return _blob_refused(403, "AuthenticationFailed")
        name = asked.path.removeprefix("/blob/")
        if asked.method == "GET" and (run := self._runs.get(name.removeprefix("log/"))):
            return self.log_faults.popleft() if self.log_faults else self._said(run, asked.headers.get("Range", ""))
        if asked.method != "PUT" or asked.headers.get("x-ms-blob-type") != "BlockBlob":
            return _blob_refused(400, "MissingRequiredHeader")
        if name not in self._offered:
            return _blob_refused(404, "ContainerNotFound")
        self.sent[name] = asked.body
        return Answer(201)

    def _said(self, run: Run, range: str) -> Answer:
        """Half of the log while the run goes on, cut within a line; before it begins there is no log."""
        if run.status == "Queued":
            return _blob_refused(404, "BlobNotFound")
        there = self.log if run.has_ended else self.log[: len(self.log) // 2]
        headers = {"Content-Type": "text/plain"} | ({"x-ms-meta-Complete": "successful"} if run.has_ended else {})
        begin = int(range.removeprefix("bytes=").removesuffix("-") or 0)
        if begin >= len(there):
            return Answer(416, b"", headers)
        return Answer(206, there[begin:], headers)


def refused(status: int, code: str, message: str) -> Answer:
    """An error as Resource Manager words it."""
    return json({"error": {"code": code, "message": message}}, status)


def _blob_refused(status: int, code: str) -> Answer:
    return Answer(status, b"<Error/>", {"x-ms-error-code": code, "Content-Type": "application/xml"})
