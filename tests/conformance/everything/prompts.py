"""The fixture's prompts: plain, with arguments, with other content, and one that asks first; and completion of their arguments."""

import mcp_types as types
from mcp.shared.exceptions import MCPError

from tests.conformance.everything.blobs import PNG
from tests.conformance.everything.tool import Context, text

PROMPTS = (
    types.Prompt(name="test_simple_prompt", description="A prompt without arguments"),
    types.Prompt(
        name="test_prompt_with_arguments",
        description="A prompt with two arguments",
        arguments=[
            types.PromptArgument(name="arg1", description="First test argument", required=True),
            types.PromptArgument(name="arg2", description="Second test argument", required=True),
        ],
    ),
    types.Prompt(
        name="test_prompt_with_embedded_resource",
        description="A prompt that embeds a resource",
        arguments=[types.PromptArgument(name="resourceUri", description="URI to embed", required=True)],
    ),
    types.Prompt(name="test_prompt_with_image", description="A prompt with an image"),
    types.Prompt(name="test_input_required_result_prompt", description="A prompt that asks for context first"),
)
CONTEXT = types.ElicitRequest(
    params=types.ElicitRequestFormParams(
        message="What context should the prompt use?",
        requested_schema={"type": "object", "properties": {"context": {"type": "string"}}, "required": ["context"]},
    )
)


async def list_prompts(ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
    """All of them."""
    return types.ListPromptsResult(prompts=list(PROMPTS))


async def get_prompt(
    ctx: Context, params: types.GetPromptRequestParams
) -> types.GetPromptResult | types.InputRequiredResult:
    """One prompt. Raises MCPError -32602 where there is none."""
    given = params.arguments or {}
    match params.name:
        case "test_simple_prompt":
            return _messages(text("This is a simple prompt for testing."))
        case "test_prompt_with_arguments":
            return _messages(
                text(f"Prompt with arguments: arg1='{given.get('arg1', '')}', arg2='{given.get('arg2', '')}'")
            )
        case "test_prompt_with_embedded_resource":
            contents = types.TextResourceContents(
                uri=given.get("resourceUri", ""), mime_type="text/plain", text="Embedded resource content for testing."
            )
            embedded = types.EmbeddedResource(type="resource", resource=contents)
            return _messages(embedded, text("Please process the embedded resource above."))
        case "test_prompt_with_image":
            image = types.ImageContent(type="image", data=PNG, mime_type="image/png")
            return _messages(image, text("Please analyze the image above."))
        case "test_input_required_result_prompt":
            return _asking(params)
        case _:
            raise MCPError(types.INVALID_PARAMS, f"Unknown prompt: {params.name}")


async def complete(ctx: Context, params: types.CompleteRequestParams) -> types.CompleteResult:
    """Words that begin like what was typed."""
    words = [word for word in ("paris", "park", "party", "testValue") if word.startswith(params.argument.value)]
    return types.CompleteResult(completion=types.Completion(values=words, total=len(words), has_more=False))


def _asking(params: types.GetPromptRequestParams) -> types.GetPromptResult | types.InputRequiredResult:
    answer = (params.input_responses or {}).get("user_context")
    if not isinstance(answer, types.ElicitResult):
        return types.InputRequiredResult(input_requests={"user_context": CONTEXT})
    return _messages(text(f"Use this context: {(answer.content or {}).get('context')}"))


def _messages(*content: types.ContentBlock) -> types.GetPromptResult:
    return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=one) for one in content])
