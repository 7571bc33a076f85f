"""Tools that answer at once: one for each kind of content, one that fails, and those that only their schemas make interesting."""

import mcp_types as types

from tests.conformance.everything.blobs import PNG, TEXT, WAV
from tests.conformance.everything.tool import Context, Table, Tool, said, text

# What JSON Schema 2020-12 knows and earlier dialects do not: a gateway that re-models schemas loses some of it.
SCHEMA_2020_12 = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}
MIRRORED = {
    "type": "object",
    "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
}


async def simple_text(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
    """One text block."""
    return said(text(TEXT))


async def image(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
    """One image block."""
    return said(_image())


async def audio(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
    """One audio block."""
    return said(types.AudioContent(type="audio", data=WAV, mime_type="audio/wav"))


async def embedded(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
    """One embedded resource."""
    return said(_resource("test://embedded-resource", "text/plain", "This is an embedded resource content."))


async def mixed(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
    """Text, image and resource in one result."""
    data = _resource("test://mixed-content-resource", "application/json", '{"test":"data","value":123}')
    return said(text("Multiple content types test:"), _image(), data)


async def failing(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
    """A tool error: a result, not a protocol error."""
    why = "This tool intentionally returns an error for testing"
    return types.CallToolResult(content=[text(why)], is_error=True)


def _image() -> types.ImageContent:
    return types.ImageContent(type="image", data=PNG, mime_type="image/png")


def _resource(uri: str, mime_type: str, words: str) -> types.EmbeddedResource:
    contents = types.TextResourceContents(uri=uri, mime_type=mime_type, text=words)
    return types.EmbeddedResource(type="resource", resource=contents)


CONTENTS: Table = {
    "test_simple_text": Tool("Answers with a text", simple_text),
    "test_image_content": Tool("Answers with an image", image),
    "test_audio_content": Tool("Answers with a sound", audio),
    "test_embedded_resource": Tool("Answers with an embedded resource", embedded),
    "test_multiple_content_types": Tool("Answers with several kinds of content", mixed),
    "test_error_handling": Tool("Always fails", failing),
    "json_schema_2020_12_tool": Tool("Has a schema of JSON Schema 2020-12", simple_text, SCHEMA_2020_12),
    "test_x_mcp_header": Tool("Has an argument that clients mirror in a header", simple_text, MIRRORED),
}
