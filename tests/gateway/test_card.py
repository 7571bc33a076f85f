"""A card says what its record says, and fits into an annotation."""

import datetime

import pytest
from msgspec import Raw

from gateway.card import LIMIT, card_of, decode, encode
from gateway.errors import Invalid
from gateway.records import Adapter, Tool, ToolDefinition

_NOW = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)


def _tool(definition: bytes) -> Tool:
    return Tool(
        name="weather",
        image_name="weather-tool",
        image_version="1.0.0",
        required_roles=["mcp.dev"],
        timeout_seconds=7,
        tool_definition=ToolDefinition(tool=Raw(definition), port=9000, path="/v1"),
        id="weather",
        created_by="ana",
        created_at=_NOW,
        last_updated_at=_NOW,
        uid="u1",
        generation=3,
    )


def test_a_tools_card_carries_where_and_how_to_call_it_and_its_definition_to_the_byte() -> None:
    definition = b'{"name":"weather", "big": 123456789012345678901234567890}'
    card = card_of(_tool(definition))
    assert (card.kind, card.port, card.path, card.timeout) == ("tool", 9000, "/v1", 7)
    assert (card.uid, card.generation, card.created_by, card.required_roles) == ("u1", 3, "ana", ["mcp.dev"])
    read = decode(encode(card))
    assert read == card
    assert isinstance(read.tool, Raw)
    assert bytes(read.tool) == definition


def test_an_adapters_card_carries_its_affinity() -> None:
    adapter = Adapter(
        name="a",
        image_name="a",
        image_version="1",
        affinity="none",
        port=8080,
        replica_count=4,
        id="a",
        created_by="ana",
        created_at=_NOW,
        last_updated_at=_NOW,
        uid="u",
        generation=1,
    )
    card = card_of(adapter)
    assert (card.kind, card.affinity, card.port, card.replicas) == ("adapter", "none", 8080, 4)


def test_a_card_over_the_limit_is_refused_with_its_size() -> None:
    with pytest.raises(Invalid, match=r"toolDefinition: .* 20\d,\d{3} bytes"):
        encode(card_of(_tool(b'{"description":"' + b"x" * LIMIT + b'"}')))
