"""CPU and memory of an instance: what the record asks for, over the documented defaults. Pure.

A default never contradicts what was asked for: it gives way to it, in the one direction or the other.
"""

import re
from decimal import Decimal

from msgspec import UNSET

from gateway.errors import Invalid
from gateway.records import Amounts, Record, Resources

REQUESTS = {"cpu": "250m", "memory": "256Mi"}
LIMITS = {"cpu": "1", "memory": "512Mi"}
# Not to be asked for. The request is stated because Kubernetes would take the limit for it, and nodes would seem full.
DISK = {"requests": {"ephemeral-storage": "64Mi"}, "limits": {"ephemeral-storage": "2Gi"}}

_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)(.*)")
_UNITS = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    "k": Decimal(1000),
    **{unit: Decimal(1000) ** (power + 2) for power, unit in enumerate("MGTPE")},
    **{f"{unit}i": Decimal(1024) ** (power + 1) for power, unit in enumerate("KMGTPE")},
}


def resources(record: Record) -> dict[str, dict[str, str]]:
    """Requests and limits of the container. Raises Invalid, with the field, where none can be right."""
    requests, limits = _asked(record, "requests"), _asked(record, "limits")
    found = {member: dict(disk) for member, disk in DISK.items()}
    for name in REQUESTS:
        request, limit = requests.get(name), limits.get(name)
        if request and limit and _number(request) > _number(limit):
            field = f"resources.requests.{name}"
            raise Invalid(f"{field}: `{request}` is more than the limit `{limit}`.", field=field)
        found["requests"][name] = request or min(REQUESTS[name], limit or REQUESTS[name], key=_number)
        found["limits"][name] = limit or max(LIMITS[name], request or LIMITS[name], key=_number)
    return found


def _asked(record: Record, member: str) -> dict[str, str]:
    if not isinstance(record.resources, Resources):
        return {}
    amounts: object = getattr(record.resources, member)
    if not isinstance(amounts, Amounts):
        return {}
    asked = {name: value for name, value in (("cpu", amounts.cpu), ("memory", amounts.memory)) if value is not UNSET}
    for name, value in asked.items():
        _check(f"resources.{member}.{name}", value)
    return asked


def _check(field: str, value: str) -> None:
    found = _QUANTITY.fullmatch(value)
    if not found or found[2] not in _UNITS:
        raise Invalid(f"{field}: `{value}` is not a Kubernetes quantity, as `250m` or `256Mi` are.", field=field)


def _number(value: str) -> Decimal:
    found = _QUANTITY.fullmatch(value)
    assert found
    return Decimal(found[1]) * _UNITS[found[2]]
