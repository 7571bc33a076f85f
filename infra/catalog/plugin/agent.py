"""What the writer of an agent decides: members as `/agents` takes them. Only their shapes; whether a tool exists the gateway says."""

from typing import Annotated

import msgspec
from msgspec import Meta

from gateway.records import Name, Role, Text

_Filled = Annotated[str, Meta(pattern=r"\S", max_length=262_144)]
_Called = Annotated[str, Meta(pattern=r"^(mcp:\S+|agent:\S+|builtin:(bash|read_file|write_file))\Z", max_length=64)]


class AgentSpec(msgspec.Struct, rename="camel", kw_only=True):
    """The body of POST and PUT on `/agents`."""

    name: Name
    model: _Filled
    system: _Filled
    tools: list[_Called] = []
    skills: list[Text] = []
    description: Text = ""
    metadata: dict[str, Text] = {}
    required_roles: Annotated[list[Role], Meta(max_length=64)] = []
