"""Tools of 2026-07-28 that need more than one round: each answers `input_required` until the client brings what was asked for."""

from collections.abc import Mapping

import mcp_types as types

from tests.conformance.everything.tool import Call, Context, Table, Tool, said, text

type Round = types.CallToolResult | types.InputRequiredResult

NAME = types.ElicitRequest(
    params=types.ElicitRequestFormParams(
        message="What is your name?",
        requested_schema={"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
    )
)
CONFIRM = types.ElicitRequest(
    params=types.ElicitRequestFormParams(
        message="Please confirm",
        requested_schema={"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]},
    )
)
COLOUR = types.ElicitRequest(
    params=types.ElicitRequestFormParams(
        message="Which colour?",
        requested_schema={"type": "object", "properties": {"color": {"type": "string"}}, "required": ["color"]},
    )
)
ROOTS = types.ListRootsRequest(params=types.RequestParams())
STATE = "round-one"
STATE_TWO = "round-two"


def sample(question: str, tokens: int = 100) -> types.CreateMessageRequest:
    """A question for the client's model."""
    message = types.SamplingMessage(role="user", content=text(question))
    return types.CreateMessageRequest(params=types.CreateMessageRequestParams(messages=[message], max_tokens=tokens))


def asks(wanted: Mapping[str, types.InputRequest], state: str | None = None, then: str = "Thank you") -> Call:
    """A tool that wants every one of `wanted`, with its state brought back, and then says `then`."""

    async def call(ctx: Context, params: types.CallToolRequestParams) -> Round:
        given = params.input_responses or {}
        if any(key not in given for key in wanted) or params.request_state != state:
            return types.InputRequiredResult(input_requests=dict(wanted), request_state=state)
        return said(text(then))

    return call


async def greet(ctx: Context, params: types.CallToolRequestParams) -> Round:
    """Greets by the name that the person gave."""
    answer = (params.input_responses or {}).get("user_name")
    if not isinstance(answer, types.ElicitResult):
        return types.InputRequiredResult(input_requests={"user_name": NAME})
    return said(text(f"Hello, {(answer.content or {}).get('name')}!"))


async def steps(ctx: Context, params: types.CallToolRequestParams) -> Round:
    """A name, then a colour, then the answer."""
    match params.request_state:
        case None:
            return types.InputRequiredResult(input_requests={"step1": NAME}, request_state=STATE)
        case state if state == STATE:
            return types.InputRequiredResult(input_requests={"step2": COLOUR}, request_state=STATE_TWO)
        case _:
            return said(text("Both steps done"))


async def capable(ctx: Context, params: types.CallToolRequestParams) -> Round:
    """Asks only what the client declared it can answer."""
    declared = ctx.session.client_capabilities or types.ClientCapabilities()
    wanted: dict[str, types.InputRequest] = {}
    if declared.sampling is not None:
        wanted["sample"] = sample("Generate a greeting")
    if declared.elicitation is not None:
        wanted["elicit"] = NAME
    if not wanted or params.input_responses:
        return said(text("Nothing left to ask"))
    return types.InputRequiredResult(input_requests=wanted)


_PREFIX = "test_input_required_result"
_ALL: Mapping[str, types.InputRequest] = {
    "user_name": NAME,
    "greeting": sample("Generate a greeting", 50),
    "client_roots": ROOTS,
}

ROUNDS: Table = {
    f"{_PREFIX}_elicitation": Tool("Asks for a name", greet),
    f"{_PREFIX}_sampling": Tool("Asks a model", asks({"capital_question": sample("What is the capital of France?")})),
    f"{_PREFIX}_list_roots": Tool("Asks for roots", asks({"client_roots": ROOTS})),
    f"{_PREFIX}_request_state": Tool("Brings its state back", asks({"confirm": CONFIRM}, STATE, "state-ok")),
    f"{_PREFIX}_multiple_inputs": Tool("Asks for three things", asks(_ALL, STATE)),
    f"{_PREFIX}_multi_round": Tool("Asks twice", steps),
    f"{_PREFIX}_tampered_state": Tool("Refuses a changed state", asks({"confirm": CONFIRM}, STATE)),
    f"{_PREFIX}_capabilities": Tool("Asks what can be answered", capable),
    "test_streaming_elicitation": Tool("Asks for a name", greet),
}
