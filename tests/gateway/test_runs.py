"""Agents and sessions are read and written as their clients know them."""

import msgspec
import pytest

from gateway.errors import Invalid
from gateway.runs import AgentSpec, Message
from gateway.wire import decode, encode

_AGENT = {"name": "helper", "model": "gpt", "system": "Be brief.", "tools": ["mcp:weather", "builtin:bash"]}


def test_an_agent_needs_a_name_a_model_and_a_system_prompt_and_has_defaults_for_the_rest() -> None:
    agent = decode(encode(_AGENT), AgentSpec)
    assert (agent.skills, agent.description, agent.metadata, agent.required_roles) == ([], "", {}, [])
    assert agent.tools == ["mcp:weather", "builtin:bash"]


@pytest.mark.parametrize("field", ["name", "model", "system"])
@pytest.mark.parametrize("value", ["", "  ", None, 7])
def test_what_an_agent_needs_may_not_be_blank(field: str, value: object) -> None:
    with pytest.raises(Invalid) as refused:
        decode(encode({**_AGENT, field: value}), AgentSpec)
    assert refused.value.field == field


def test_a_message_keeps_its_nulls_for_the_clients_that_expect_the_members() -> None:
    written = msgspec.json.decode(encode(Message(role="Assistant", content="hi")))
    assert written == {"role": "Assistant", "content": "hi", "toolCallId": None, "toolName": None}
