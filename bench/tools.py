"""Tools: the 1,000 definitions that the tool router and the official SDK's server list, and arguments that fit them. Pure.

Each has about 900 bytes and a schema as API descriptions bring them: enums, bounds, a nested object, a list.
"""

import functools

import msgspec
from msgspec import Raw

from gateway.card import Card

COUNT = 1000
ROLE = "bench.reader"
SLOW_PATH = "/never"
PATH = "/orders/search"
# What calls go to in turn, so that nothing can live on the tool being the one of the call before.
CALLED = tuple(f"orders-{number:04d}" for number in range(0, 500, 50))
SLOW = f"orders-{COUNT - 1:04d}"  # never answers: the one whose calls are cancelled

# Of one length, so that every request and every reply has the same number of bytes.
ARGUMENTS = (
    b'{"query":"late parcels","status":["open","shipped"],"limit":25,"placed":{"from":"2026-01-01","to":"2026-02-01"}}'
)
MISFIT = b'{"query":"late parcels","status":["lost"],"limit":25000}'


@functools.cache
def definitions() -> dict[str, bytes]:
    """JSON texts of the definitions, by name, in the order of their names."""
    return {f"orders-{number:04d}": definition(number) for number in range(COUNT)}


def definition(number: int, edition: int = 0) -> bytes:
    """One definition; another `edition` of it differs in its description, not in its length."""
    return msgspec.json.encode(
        {
            "name": f"orders-{number:04d}",
            "title": f"Search orders of warehouse {number:04d}",
            "description": (
                f"Finds the orders of warehouse {number:04d} that match a text, newest first. Use it before changing "
                f"an order: it returns the ids that the other tools want. Edition {edition:06d}."
            ),
            "inputSchema": _schema(),
            "annotations": {"readOnlyHint": True, "openWorldHint": False},
        }
    )


def cards(port: int) -> list[Card]:
    """The definitions as cards of tools that listen on `port`."""
    return [card(number, port) for number in range(COUNT)]


def card(number: int, port: int, edition: int = 0) -> Card:
    """One card; another `edition` is what is left after a change of the tool."""
    name = f"orders-{number:04d}"
    return Card(
        kind="tool",
        name=name,
        uid=f"uid-{name}",
        generation=1 + edition,
        created_by="owner",
        required_roles=[ROLE],
        port=port,
        path=SLOW_PATH if name == SLOW else PATH,
        tool=Raw(definition(number, edition)),
    )


def _schema() -> dict[str, object]:
    day = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
    states = ["open", "paid", "shipped", "returned"]
    return {
        "type": "object",
        "properties": {
            "query": {"type": "string", "minLength": 1, "maxLength": 200, "description": "Words to look for."},
            "status": {"type": "array", "items": {"enum": states}, "description": "Any of these."},
            "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
            "placed": {
                "type": "object",
                "properties": {"from": day, "to": day},
                "description": "Days, both included.",
            },
            "sort": {"enum": ["newest", "oldest", "total"]},
        },
        "required": ["query"],
        "additionalProperties": False,
    }
