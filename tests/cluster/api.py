"""The API server as `up` needs it: is it there, take this object, give me that one. Tests use the official client instead."""

import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import msgspec

from tests.cluster.layout import Layout

type Json = dict[str, Any]


class ClusterError(Exception):
    """The cluster is not what it should be; the message says what is missing and where to look."""


class Api(msgspec.Struct, frozen=True):
    """Calls with the administrator's token."""

    layout: Layout

    def get(self, path: str) -> Json | None:
        """The object at that path; None while it does not exist. Raises OSError."""
        try:
            return json.loads(self._call(path))
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 404:
                return None
            raise

    def create(self, path: str, body: Json) -> None:
        """Creates an object; one that is there already is left as it is. Raises OSError."""
        try:
            self._call(path, body)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != 409:
                raise

    def ready(self) -> bool:
        try:
            return self._call("/readyz") == b"ok"
        except OSError:
            return False

    def await_(self, what: str, holds: Callable[[], bool], seconds: float) -> None:
        """Returns as soon as it holds. Raises ClusterError after so many seconds."""
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise ClusterError(f"{what}: not within {seconds:.0f} s; logs are in {self.layout.logs}")
            time.sleep(0.05)  # components tell nobody when they are ready

    def _call(self, path: str, body: Json | None = None) -> bytes:
        kubeconfig = json.loads(self.layout.kubeconfig.read_text())
        headers = {
            "Authorization": f"Bearer {kubeconfig['users'][0]['user']['token']}",
            "Content-Type": "application/json",
        }
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.layout.server + path, data, headers)
        trust = ssl.create_default_context(cafile=str(self.layout.pki / "ca.crt"))
        with urllib.request.urlopen(request, timeout=5, context=trust) as response:
            return response.read()
