"""The fixture's resources: one text, one binary, one template, one to watch."""

import json
import re

import mcp_types as types
from mcp.shared.exceptions import MCPError

from tests.conformance.everything.blobs import PNG
from tests.conformance.everything.tool import Context

TEXT = "test://static-text"
BINARY = "test://static-binary"
WATCHED = "test://watched-resource"
TEMPLATE = "test://template/{id}/data"


async def list_resources(ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
    """All but the template."""
    listed = ((TEXT, "text/plain"), (BINARY, "image/png"), (WATCHED, "text/plain"))
    return types.ListResourcesResult(
        resources=[
            types.Resource(uri=uri, name=uri.removeprefix("test://"), description="For testing", mime_type=mime)
            for uri, mime in listed
        ]
    )


async def list_templates(
    ctx: Context, params: types.PaginatedRequestParams | None
) -> types.ListResourceTemplatesResult:
    """The template."""
    template = types.ResourceTemplate(
        uri_template=TEMPLATE, name="template", description="For testing", mime_type="application/json"
    )
    return types.ListResourceTemplatesResult(resource_templates=[template])


async def read_resource(ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
    """One resource. Raises MCPError -32602 with the URI in its data where there is none."""
    uri = params.uri
    if uri == BINARY:
        return types.ReadResourceResult(contents=[types.BlobResourceContents(uri=uri, mime_type="image/png", blob=PNG)])
    if uri in (TEXT, WATCHED):
        return _text(uri, "text/plain", "This is the content of the static text resource.")
    if found := re.fullmatch(r"test://template/([^/]+)/data", uri):
        data = {"id": found[1], "templateTest": True, "data": f"Data for ID: {found[1]}"}
        return _text(uri, "application/json", json.dumps(data))
    raise MCPError(types.INVALID_PARAMS, "Resource not found", {"uri": uri})


async def subscribe(ctx: Context, params: types.SubscribeRequestParams) -> types.EmptyResult:
    """Accepted; nothing here ever changes."""
    return types.EmptyResult()


async def unsubscribe(ctx: Context, params: types.UnsubscribeRequestParams) -> types.EmptyResult:
    """Accepted."""
    return types.EmptyResult()


def _text(uri: str, mime_type: str, words: str) -> types.ReadResourceResult:
    return types.ReadResourceResult(contents=[types.TextResourceContents(uri=uri, mime_type=mime_type, text=words)])
