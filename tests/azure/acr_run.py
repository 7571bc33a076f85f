"""Run: a build as a registry's server knows it, once or as a task run. It goes on by being looked at, so that no test waits."""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

_MEMBERS: dict[str, type] = {
    "type": str,
    "imageNames": list,
    "isPushEnabled": bool,
    "noCache": bool,
    "sourceLocation": str,
    "dockerFilePath": str,
    "platform": dict,
    "arguments": list,
    "timeout": int,
    "agentPoolName": str,
    "target": str,
}
_ENDED = ("Succeeded", "Failed", "Canceled", "Error", "Timeout")


class Run(msgspec.Struct):
    """`status` is what it was when somebody looked last; `looks`: how often that was."""

    request: dict[str, Any]
    id: str
    login_server: str
    status: str = "Queued"
    looks: int = 0

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens."""
        return self.status in _ENDED

    @property
    def digest(self) -> str:
        """Of what it builds: the same of all its images."""
        return digest(self.request)

    def step(self, states: Sequence[str]) -> None:
        """Looked at, it is in the next of these states, and at last stays in the last. What has ended stays so."""
        if not self.has_ended:
            self.status = states[min(self.looks, len(states) - 1)]
        self.looks += 1

    def properties(self, error: str) -> dict[str, Any]:
        """As Azure tells them."""
        told: dict[str, Any] = {"runId": self.id, "status": self.status, "runErrorMessage": error or None}
        if self.status == "Succeeded":
            told["outputImages"] = [self._pushed(name) for name in self.request["imageNames"]]
        return told

    def task_run(self, error: str) -> dict[str, Any]:
        """The resource that it is the run of."""
        state = self.status if self.has_ended else "Creating"
        return {"properties": {"provisioningState": state, "runResult": {"properties": self.properties(error)}}}

    def _pushed(self, image: str) -> dict[str, str]:
        repository, _, tag = image.rpartition(":")
        return {"registry": self.login_server, "repository": repository, "tag": tag, "digest": self.digest}


def digest(request: dict[str, Any]) -> str:
    """Of an image that is built so."""
    return "sha256:" + hashlib.sha256(msgspec.json.encode(request)).hexdigest()


def wrong(request: dict[str, Any]) -> str:
    """What the service would not take; empty where it takes all."""
    unknown = [name for name, value in request.items() if not isinstance(value, _MEMBERS.get(name, ()))]
    if unknown or request["type"] != "DockerBuildRequest" or request["platform"].keys() != {"os", "architecture"}:
        return f"The request content is invalid: {unknown}"
    return ""
