"""Machine: the rest of a small cluster behind a fake API server. Runs what its objects say, as processes, and tells what became of it.

Which process stands for an image the local gateway's table says, and its supervisor keeps them. The catalog gets what watching
would give it: cards as they stand on Services, at once; instances that are ready, at the next look.
"""

import asyncio
import hashlib
import re
import tempfile
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.card import Card, decode
from gateway.cluster import names
from gateway.status import InstanceStatus
from gateway.tasks import background
from gateway.view import View
from local.command import Command
from local.images import Image
from local.logfile import Run as Written
from local.supervisor import Supervisor
from local.workload import Workload
from tests.functions.api_objects import Json, Objects, stamp
from tests.functions.api_pods import Pods, Run

_LOOK = 0.05  # seconds
_EXIT = re.compile(r"exited with code (\d+)(?:: (.*))?", re.DOTALL)


class Machine(Pods):
    """Stands in the place of an API server's pods."""

    def __init__(self, objects: Objects, supervisor: Supervisor, view: View, images: Mapping[str, Image]) -> None:
        super().__init__(objects)
        self._objects = objects
        self._supervisor = supervisor
        self._view = view
        self._images = images
        self._running: dict[str, Card] = {}  # by the name of the objects
        self._ending: dict[str, asyncio.Task[None]] = {}
        self._read: dict[str, tuple[int, Run]] = {}  # by run: how much it had written, and what
        self._looking = False
        self._told: dict[str, tuple[str, str, int]] = {}  # what the supervisor knows of
        self._revisions: dict[tuple[str, int], str] = {}

    def follow(self, name: str) -> None:
        """A StatefulSet has changed."""
        self._look_at(name)

    def show(self, name: str) -> None:
        """A Service has changed: the catalog has its card at once, as a watch would have it."""
        self._look_at(name)

    async def keep(self) -> None:
        """Looks what has become of the processes, for ever."""
        while True:
            for name in {*self._objects.tables["services"], *self._objects.tables["statefulsets"], *self._running}:
                self._look_at(name)
            await asyncio.sleep(_LOOK)

    def _look_at(self, name: str) -> None:
        if not self._looking:  # else it is our own change
            self._looking = True
            try:
                self._bring(name)
            finally:
                self._looking = False

    def _bring(self, name: str) -> None:
        """What runs and what is listed under a name to what stands there now."""
        service, wanted = (self._objects.tables[plural].get(name) for plural in ("services", "statefulsets"))
        before = self._running.get(name)
        if before and (service is None or _card(service).uid != before.uid):
            self._leave(name, before)
        if name in self._ending:
            return
        if service is None:
            self._drop_pods(name)
            return
        self._running[name] = card = _card(service)
        if wanted is None:
            self._view.put_card(card)
        else:
            self._run(name, card, wanted)

    def _leave(self, name: str, card: Card) -> None:
        del self._running[name]
        self._told.pop(name, None)
        self._view.drop(card.kind, card.name)
        for pod in self._pods(name):
            pod["metadata"]["deletionTimestamp"] = stamp(self._objects.now)
        self._ending[name] = background(self._ended(name, card), f"end of {name}")

    async def _ended(self, name: str, card: Card) -> None:
        try:
            await self._supervisor.end(card.kind, card.name)
        finally:
            self._drop_pods(name)
            del self._ending[name]

    def _run(self, name: str, card: Card, wanted: Json) -> None:
        container = wanted["spec"]["template"]["spec"]["containers"][0]
        image = self._images.get(container["image"].rpartition("/")[2])
        if image is None:
            self._view.put_card(card)
            unknown = InstanceStatus(0, ready=False, reason="no such image")
            instances = [msgspec.structs.replace(unknown, instance=n) for n in range(wanted["spec"]["replicas"])]
            self._tell(name, wanted, instances, None)
            return
        version = (
            self._objects.tables["services"][name]["metadata"]["resourceVersion"],
            wanted["metadata"]["generation"],
        )
        if self._told.get(name) != (wanted["metadata"]["uid"], *version):
            self._told[name] = wanted["metadata"]["uid"], *version
            self._supervisor.run(card, _command(container, image))
        workload = self._supervisor.find(card.kind, card.name)
        assert workload
        self._tell(name, wanted, workload.status().instances or [], workload)

    def _tell(self, name: str, wanted: Json, instances: list[InstanceStatus], workload: Workload | None) -> None:
        revision, generation = self._revision(wanted), wanted["metadata"]["generation"]
        seen = {"observedGeneration": generation, "updateRevision": revision}
        self._objects.status("statefulsets", name, seen)
        updated = workload is None or workload.status().updated_replicas == len(instances)
        for instance in instances:
            pod = f"{name}-{instance.instance}"
            there = self._objects.tables["pods"].get(pod)
            if there is None or there["metadata"]["ownerReferences"][0]["uid"] != wanted["metadata"]["uid"]:
                self._start(pod, wanted, revision)
            elif updated:
                there["metadata"]["labels"]["controller-revision-hash"] = revision
            written = workload.log(instance.instance) if workload else None
            runs = [run for run in (written.previous, written.current) if run] if written else []
            self.logs[pod] = [self._lines(run) for run in runs]
            self._objects.status("pods", pod, _status(instance, [run.id for run in runs]))
        for pod in self._pods(name)[len(instances) :]:
            self._objects.drop("pods", pod["metadata"]["name"])

    def _start(self, pod: str, wanted: Json, revision: str) -> None:
        if pod in self._objects.tables["pods"]:
            self._objects.drop("pods", pod)
        template = wanted["spec"]["template"]
        owner = {"kind": "StatefulSet", "uid": wanted["metadata"]["uid"]}
        labels = template["metadata"]["labels"] | {"controller-revision-hash": revision}
        metadata = {"name": pod, "labels": labels, "ownerReferences": [owner]}
        self._objects.create("pods", {"metadata": metadata, "spec": template["spec"], "status": {}})

    def _pods(self, name: str) -> list[Json]:
        """Those of a StatefulSet, by number: there is never one without those before it."""
        table, found = self._objects.tables["pods"], list[Json]()
        while pod := table.get(f"{name}-{len(found)}"):
            found.append(pod)
        return found

    def _drop_pods(self, name: str) -> None:
        for pod in self._pods(name):
            self._objects.drop("pods", pod["metadata"]["name"])
            self.logs.pop(pod["metadata"]["name"], None)

    def _revision(self, wanted: Json) -> str:
        """Of its pod template."""
        key = wanted["metadata"]["uid"], wanted["metadata"]["generation"]
        if key not in self._revisions:
            template = msgspec.json.encode(wanted["spec"]["template"], order="deterministic")
            self._revisions[key] = hashlib.sha256(template).hexdigest()[:10]
        return self._revisions[key]

    def _lines(self, run: Written) -> Run:
        """What a run wrote: its lines were not stamped, so each gets the nanosecond after that of the one before."""
        size, lines = self._read.get(run.id, (-1, Run("")))
        if size != run.size:
            begun = lines.lines[0][0] if lines.lines else time.time_ns()
            text = run.page(0)[0].decode(errors="replace").splitlines()
            lines = Run(_container_id(run.id), [(begun + number, line) for number, line in enumerate(text)])
            self._read[run.id] = run.size, lines
        return lines


def _card(service: Json) -> Card:
    return decode(service["metadata"]["annotations"][names.CARD])


def _command(container: Json, image: Image) -> Command:
    """As the local gateway would run it; what the cluster alone understands is undone."""
    own = {one["name"]: one.get("value", "").replace("$$", "$") for one in container["env"] if one["name"] != "PORT"}
    probe = container["readinessProbe"].get("httpGet", {}).get("path", "")
    return Command(
        image=container["image"].rpartition("/")[2],
        argv=[*(container.get("command") or image.command), *container.get("args", [])],
        env={**image.env, **own},
        cwd=image.cwd or tempfile.gettempdir(),
        port=container["ports"][0]["containerPort"],
        probe=probe,
    )


def _status(instance: InstanceStatus, runs: list[str]) -> Json:
    """A pod's, as a kubelet would tell it."""
    container: dict[str, Any] = {"restartCount": instance.restarts, "state": {"running": {}}, "lastState": {}}
    container["containerID"] = f"containerd://{_container_id(runs[-1])}" if runs else ""
    ended = _EXIT.fullmatch(instance.reason)
    if len(runs) > 1 or ended:
        last: Json = {
            "exitCode": int(ended[1]) if ended else 1,
            "reason": "Error",
            "message": (ended and ended[2]) or "",
        }
        last["containerID"] = f"containerd://{_container_id(runs[-1 if ended else 0])}" if runs else ""
        container["lastState"] = {"terminated": last}
    if ended:
        container["state"] = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off restarting"}}
    if instance.reason == "no such image":
        container["state"] = {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}}
    return {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": str(instance.ready)}],
        "containerStatuses": [container],
    }


def _container_id(run: str) -> str:
    return run * 4  # 64 hex digits, of which the first 16 tell runs apart
