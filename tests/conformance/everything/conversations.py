"""Tools that speak to the client before they answer: logs, progress, sampling, elicitation, a stream closed half-way.

Of the handshake revisions, where a server may send requests; 2026-07-28 does it in `rounds`. Logging and sampling are
deprecated since then; the revisions before have them, and so has the suite.
"""

from typing import Any

import anyio
import mcp_types as types
from mcp.shared.exceptions import MCPError

from tests.conformance.everything.tool import Context, Table, Tool, said, text

PAUSE = 0.05  # seconds; the suite's own figure

PROMPT = {"type": "object", "properties": {"prompt": {"type": "string"}}, "required": ["prompt"]}
MESSAGE = {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]}
PERSON = {
    "type": "object",
    "properties": {
        "username": {"type": "string", "description": "User's response"},
        "email": {"type": "string", "description": "User's email address"},
    },
    "required": ["username", "email"],
}
DEFAULTS = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": True},
    },
}
PLAIN = ["option1", "option2", "option3"]
CHOICES = [
    {"const": f"value{n}", "title": f"{title} Option"} for n, title in enumerate(("First", "Second", "Third"), 1)
]
ENUMS = {
    "type": "object",
    "properties": {
        "untitledSingle": {"type": "string", "enum": PLAIN},
        "titledSingle": {"type": "string", "oneOf": CHOICES},
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": PLAIN}},
        "titledMulti": {"type": "array", "items": {"anyOf": CHOICES}},
    },
}


async def logging(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
    """Three log messages."""
    for words in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await ctx.session.send_log_message("info", words, related_request_id=ctx.request_id)  # pyright: ignore[reportDeprecated] - see above
        await anyio.sleep(PAUSE)
    return said(text("Tool with logging executed successfully"))


async def progress(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
    """Progress at 0, 50 and 100."""
    for done in (0, 50, 100):
        await ctx.session.report_progress(done, 100)
        await anyio.sleep(PAUSE)
    return said(text("Tool with progress executed successfully"))


async def sampling(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
    """Lets the client's model answer a prompt."""
    question = types.TextContent(type="text", text=str((params.arguments or {}).get("prompt", "")))
    messages = [types.SamplingMessage(role="user", content=question)]
    asking = ctx.session.create_message(messages, max_tokens=100, related_request_id=ctx.request_id)  # pyright: ignore[reportDeprecated] - see above
    answer = await asking
    words = answer.content.text if isinstance(answer.content, types.TextContent) else ""
    return said(text(f"LLM response: {words}"))


async def elicitation(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
    """Asks the person, with the words of the caller."""
    return await _ask(ctx, str((params.arguments or {}).get("message", "")), PERSON, "User response")


async def defaults(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
    """A form with a default of every primitive type."""
    return await _ask(ctx, "Please review the values", DEFAULTS, "Elicitation completed")


async def enums(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
    """A form with every kind of choice."""
    return await _ask(ctx, "Please choose", ENUMS, "Elicitation completed")


async def reconnection(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
    """Closes its own stream; the client comes back for the result with Last-Event-ID."""
    if ctx.close_sse_stream is not None:
        # The SDK writes the stream's first event from another task and tells nobody when: closed at once, it may have none.
        await anyio.sleep(PAUSE)
        await ctx.close_sse_stream()
    await anyio.sleep(2 * PAUSE)
    return said(text("Reconnection test completed"))


async def missing_capability(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
    """Needs sampling; says so to those who did not declare it."""
    needed = types.ClientCapabilities(sampling=types.SamplingCapability())
    if not ctx.session.check_client_capability(needed):
        data = types.MissingRequiredClientCapabilityErrorData(required_capabilities=needed)
        raise MCPError(
            types.MISSING_REQUIRED_CLIENT_CAPABILITY,
            "This tool needs sampling",
            data.model_dump(by_alias=True, exclude_none=True),
        )
    return said(text("Sampling is declared"))


async def _ask(ctx: Context, message: str, schema: dict[str, Any], then: str) -> types.CallToolResult:
    answer = await ctx.session.elicit_form(message, schema, related_request_id=ctx.request_id)
    return said(text(f"{then}: action={answer.action}, content={answer.content}"))


CONVERSATIONS: Table = {
    "test_tool_with_logging": Tool("Logs while it works", logging),
    "test_logging_tool": Tool("Logs while it works", logging),
    "test_tool_with_progress": Tool("Reports progress", progress),
    "test_sampling": Tool("Asks the client's model", sampling, PROMPT),
    "test_elicitation": Tool("Asks the person", elicitation, MESSAGE),
    "test_elicitation_sep1034_defaults": Tool("Asks with default values", defaults),
    "test_elicitation_sep1330_enums": Tool("Asks with choices", enums),
    "test_reconnection": Tool("Closes its stream half-way", reconnection),
    "test_missing_capability": Tool("Needs the sampling capability", missing_capability),
}
