"""The part of a cluster that follows StatefulSets, for a fake API server: pods come and go at once, and behave as their image is named.

`listens` is ready and has printed two lines; `idles` never is; `missing` cannot be pulled; `crashes` ends again and again.
"""

import hashlib
from datetime import timedelta
from typing import Any

import msgspec

from tests.functions.api_objects import Json, Objects, stamp


class Run(msgspec.Struct):
    """What one run of a container printed: nanoseconds since the epoch, and the line."""

    id: str
    lines: list[tuple[int, str]] = []


class Pods:
    """`quota`: why no pod may be made, while it is not blank. `troubled` are images that do not do what their name says."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self.quota = ""
        self.logs: dict[str, list[Run]] = {}
        self.slow_to_end = False
        self._runs = 0
        self._following = False

    def follow(self, name: str) -> None:
        """Makes the pods what the StatefulSet of that name says; without one, none."""
        if not self._following:  # else it is our own change
            self._following = True
            self._follow(name)
            self._following = False

    def show(self, name: str) -> None:
        """A Service has changed. Nobody here reads what it says."""

    def _follow(self, name: str) -> None:
        wanted = self._objects.tables["statefulsets"].get(name)
        owner = wanted["metadata"]["uid"] if wanted else ""
        count = wanted["spec"]["replicas"] if wanted else 0
        revision = _revision(wanted) if wanted else ""
        for number, pod in self._numbered(name):
            labels, owners = pod["metadata"]["labels"], pod["metadata"]["ownerReferences"]
            current = labels["controller-revision-hash"] == revision and owners[0]["uid"] == owner
            if number >= count or not current:
                self._end(pod["metadata"]["name"])
        for number in range(count if wanted else 0):
            if wanted and f"{name}-{number}" not in self._objects.tables["pods"]:
                self._make(wanted, number, revision)
        if wanted:
            seen = {"observedGeneration": wanted["metadata"]["generation"], "updateRevision": revision}
            self._objects.status("statefulsets", name, seen)

    def behave(self, pod: str, image: str) -> None:
        """The pod's container from now on does as that image would."""
        found = self._objects.tables["pods"][pod]
        self._objects.status(
            "pods", pod, _status(image, self._began(pod, image), found["spec"]["containers"][0]["image"])
        )

    def restart(self, pod: str) -> None:
        """Its container has ended and begun again."""
        status = self._objects.get("pods", pod)["status"]
        container = status["containerStatuses"][0]
        ended = {"exitCode": 1, "reason": "Error", "containerID": container["containerID"]}
        container |= {
            "restartCount": container["restartCount"] + 1,
            "lastState": {"terminated": ended},
            "containerID": f"containerd://{self._began(pod, 'listens:1')}",
        }
        self._objects.status("pods", pod, status)

    def let_go(self) -> None:
        """What was ending has ended."""
        for name, pod in list(self._objects.tables["pods"].items()):
            if "deletionTimestamp" in pod["metadata"]:
                self._objects.drop("pods", name)

    def _numbered(self, name: str) -> list[tuple[int, Json]]:
        pods = [(pod, *pod["metadata"]["name"].rpartition("-")) for pod in self._objects.all("pods")]
        return [(int(number), pod) for pod, owner, _, number in pods if owner == name]

    def _end(self, pod: str) -> None:
        if self.slow_to_end:
            self._objects.tables["pods"][pod]["metadata"]["deletionTimestamp"] = stamp(self._objects.now)
        else:
            self._objects.drop("pods", pod)
            self.logs.pop(pod, None)

    def _make(self, wanted: Json, number: int, revision: str) -> None:
        if self.quota:
            self._refuse(wanted, number)
            return
        template = wanted["spec"]["template"]
        pod = f"{wanted['metadata']['name']}-{number}"
        image = template["spec"]["containers"][0]["image"]
        metadata = {
            "name": pod,
            "labels": template["metadata"]["labels"] | {"controller-revision-hash": revision},
            "ownerReferences": [{"kind": "StatefulSet", "uid": wanted["metadata"]["uid"]}],
        }
        self.logs.pop(pod, None)
        status = _status(image, self._began(pod, image), image)
        self._objects.create("pods", {"metadata": metadata, "spec": template["spec"], "status": status})

    def _refuse(self, wanted: Json, number: int) -> None:
        about = {"kind": "StatefulSet", "name": wanted["metadata"]["name"], "uid": wanted["metadata"]["uid"]}
        self.event(about, "FailedCreate", f"create Pod {about['name']}-{number} failed error: {self.quota}")

    def event(self, about: Json, reason: str, message: str, type: str = "Warning") -> None:
        """Something has happened to an object."""
        name = f"{about['name']}.{len(self._objects.tables['events'])}"
        said = {"reason": reason, "message": message, "type": type, "count": 1, "eventTime": None}
        said["lastTimestamp"] = stamp(self._objects.now)
        self._objects.create("events", {"metadata": {"name": name}, "involvedObject": about, **said})

    def _began(self, pod: str, image: str) -> str:
        self._runs += 1
        id = hashlib.sha256(f"{pod} {self._runs}".encode()).hexdigest()
        at = int((self._objects.now - timedelta(seconds=1)).timestamp()) * 10**9
        lines = [(at + 1, "ready on stdout"), (at + 2, "ready on stderr")] if "listens" in image else []
        self.logs.setdefault(pod, []).append(Run(id, lines))
        return id


def _status(image: str, run: str, asked: str) -> Json:
    name = image.rpartition("/")[2].partition(":")[0]
    state: Json = {"running": {"startedAt": "2026-11-22T10:00:00Z"}}
    container: dict[str, Any] = {"restartCount": 0, "containerID": f"containerd://{run}", "lastState": {}}
    if name == "missing":
        pulling = {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "{asked}"'}
        state, container["containerID"] = {"waiting": pulling}, ""
    if name == "crashes":
        ended = {"exitCode": 3, "reason": "Error", "message": "no such flavour\n", "containerID": f"containerd://{run}"}
        state = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container"}}
        container |= {"restartCount": 3, "lastState": {"terminated": ended}, "containerID": f"containerd://{run}"}
    ready = name == "listens"
    condition: Json = {"type": "Ready", "status": str(ready)}
    if not ready:
        condition |= {"reason": "ContainersNotReady", "message": "containers with unready status: [server]"}
    return {"phase": "Running", "conditions": [condition], "containerStatuses": [container | {"state": state}]}


def _revision(wanted: Json) -> str:
    return hashlib.sha256(msgspec.json.encode(wanted["spec"]["template"], order="deterministic")).hexdigest()[:10]
