"""The card: all that the data plane knows of an adapter or a tool, in one JSON text on its Service. Nothing secret is on it."""

import msgspec
from msgspec import UNSET, Raw, UnsetType

from gateway.errors import Invalid
from gateway.records import Acl, Listed, Record, Tool, kind_of, port_of

LIMIT = 200 * 1024  # bytes; all annotations of one object together may have 256 KiB

ROUTER = "toolgateway"


class Card(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """`state` is `failed`, with the `reason`, once reconcile has seen that the workload cannot start."""

    kind: Listed
    name: str
    uid: str
    generation: int
    created_by: str
    required_roles: list[str] = []
    acl: Acl | UnsetType = UNSET
    replicas: int = 1
    port: int = 8000
    path: str = "/mcp"
    timeout: int = 100
    affinity: str = "principal"
    tool: Raw | UnsetType = UNSET
    state: str = ""
    reason: str = ""


def card_of(record: Record) -> Card:
    """The card a record asks for."""
    card = Card(
        kind=kind_of(record),
        name=record.name,
        uid=record.uid,
        generation=record.generation,
        created_by=record.created_by,
        required_roles=record.required_roles,
        acl=record.acl,
        replicas=record.replica_count,
        port=port_of(record),
    )
    if isinstance(record, Tool):
        definition = record.tool_definition
        card.path, card.timeout, card.tool = definition.path, record.timeout_seconds, definition.tool
    else:
        card.affinity = record.affinity
    return card


def card_of_router() -> Card:
    """The card of the tool router: one of the gateway's own services, in front of all tools. Its replicas are not ours to count."""
    return Card(kind="platform", name=ROUTER, uid=ROUTER, generation=1, created_by="")


def encode(card: Card) -> bytes:
    """The card as JSON. Raises Invalid, saying the size, above LIMIT."""
    text = msgspec.json.encode(card)
    if len(text) > LIMIT:
        members = msgspec.json.decode(text, type=dict[str, Raw])
        largest = max(members, key=lambda name: len(bytes(members[name])))
        field = "toolDefinition" if largest == "tool" else largest
        raise Invalid(f"{field}: the record's card would be {len(text):,} bytes; {LIMIT:,} are allowed.", field=field)
    return text


def decode(text: bytes | str) -> Card:
    """The card that `encode` wrote. Raises msgspec.DecodeError: whoever wrote it was not us."""
    return msgspec.json.decode(text, type=Card)
