"""The objects of a fake API server: versions, uids, preconditions and conflicts as Kubernetes has them. Knows no HTTP.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/ and what a real 1.34 does.
"""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

type Json = dict[str, Any]


class Failed(Exception):
    """An answer that is not the object: its status, the reason and the sentence."""

    def __init__(self, code: int, reason: str, message: str, causes: list[Json] | None = None) -> None:
        super().__init__(message)
        self.code, self.reason, self.message, self.causes = code, reason, message, causes or []


class Objects:
    """Objects by plural and name. `changed` is called after every change of one."""

    def __init__(self, changed: Callable[[str, str], None]) -> None:
        self.tables: dict[str, dict[str, Json]] = {
            plural: {} for plural in ("services", "statefulsets", "pods", "events")
        }
        self.later = timedelta()
        self._version = 1000
        self._changed = changed

    @property
    def now(self) -> datetime:
        """By the server's clock, which tests put forward."""
        return datetime.now(UTC).replace(microsecond=0) + self.later

    def get(self, plural: str, name: str) -> Json:
        """The object."""
        return self._there(plural, name)

    def all(self, plural: str) -> list[Json]:
        """By name."""
        return [found for _, found in sorted(self.tables[plural].items())]

    def create(self, plural: str, given: Json) -> Json:
        """Raises Failed where the name is taken."""
        name = given["metadata"]["name"]
        if name in self.tables[plural]:
            raise Failed(409, "AlreadyExists", f'{plural} "{name}" already exists')
        made = copied(given)
        made["metadata"] |= {"uid": str(uuid.uuid4()), "generation": 1, "creationTimestamp": stamp(self.now)}
        return self._put(plural, made)

    def replace(self, plural: str, name: str, given: Json) -> Json:
        """Raises Failed where uid or version are another's. A Service that is not there is created, unless a uid is asked for."""
        uid, version = given["metadata"].get("uid"), given["metadata"].get("resourceVersion")
        if name not in self.tables[plural]:
            if plural == "services" and not uid:
                return self.create(plural, given)
            raise Failed(409 if uid and plural == "services" else 404, "NotFound", f'{plural} "{name}" not found')
        old = self._there(plural, name)
        if uid and uid != old["metadata"]["uid"]:
            raise Failed(409, "Conflict", f"Precondition failed: UID in precondition: {uid}")
        if version and version != old["metadata"]["resourceVersion"]:
            raise Failed(409, "Conflict", "the object has been modified")
        kept = {member: old["metadata"][member] for member in ("uid", "creationTimestamp")}
        new = copied(given) | {"status": old.get("status", {})}
        new["metadata"] |= kept | {"generation": old["metadata"]["generation"] + (new.get("spec") != old.get("spec"))}
        return self._put(plural, new)

    def delete(self, plural: str, name: str, preconditions: Json) -> Json:
        """Raises Failed where it is not that very version."""
        old = self._there(plural, name)
        for member, wanted in preconditions.items():
            if wanted != old["metadata"][member]:
                raise Failed(409, "Conflict", f"Precondition failed: {member} is {old['metadata'][member]}")
        self.drop(plural, name)
        return old

    def drop(self, plural: str, name: str) -> None:
        """It is gone."""
        self._version += 1
        del self.tables[plural][name]
        self._changed(plural, name)

    def status(self, plural: str, name: str, status: Json) -> None:
        """Writes the status: a new version, the same generation."""
        found = self._there(plural, name)
        if found.get("status") != status:
            self._version += 1
            found["status"] = status
            found["metadata"]["resourceVersion"] = str(self._version)

    def _there(self, plural: str, name: str) -> Json:
        if name not in self.tables[plural]:
            raise Failed(404, "NotFound", f'{plural} "{name}" not found')
        return self.tables[plural][name]

    def _put(self, plural: str, made: Json) -> Json:
        self._version += 1
        made["metadata"]["resourceVersion"] = str(self._version)
        self.tables[plural][made["metadata"]["name"]] = made
        self._changed(plural, made["metadata"]["name"])
        return made


def copied[T](thing: T) -> T:
    """By way of JSON, which is several times faster than a deep copy."""
    return msgspec.json.decode(msgspec.json.encode(thing))


def stamp(moment: datetime) -> str:
    """As Kubernetes writes times: whole seconds."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
