"""Agents and their sessions, as they are written and stored. Only shapes: the routes and the loop come with the agents room."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from gateway.records import Name, Role, Text

Written = Annotated[str, Meta(pattern=r"\S", max_length=262_144, description="not blank")]


class AgentSpec(msgspec.Struct, rename="camel", kw_only=True):
    """The body of POST and PUT on `/agents`. `tools` entries are `mcp:`, `agent:` or `builtin:` and a name."""

    name: Name
    model: Written
    system: Written
    tools: list[Text] = []
    skills: list[Text] = []
    description: Text = ""
    metadata: dict[Text, Text] = {}
    required_roles: list[Role] = []


class Agent(AgentSpec, kw_only=True):
    """A registered agent."""

    id: str
    created_by: str
    created_at: datetime
    last_updated_at: datetime
    uid: str
    generation: int
    etag: str = ""


class Message(msgspec.Struct, rename="camel", kw_only=True):
    """One entry of a session's transcript."""

    role: Literal["System", "User", "Assistant", "Tool"]
    content: str
    tool_call_id: str | None = None
    tool_name: str | None = None


class Session(msgspec.Struct, rename="camel", kw_only=True):
    """One run of an agent, with the agent as it was when the run began."""

    id: str
    agent_name: str
    input: str
    title: str
    required_roles: list[Role] = []
    agent_snapshot: Agent
    status: Literal["Pending", "Running", "Idle", "Completed", "Failed", "Terminated", "Cancelled", "AwaitingInput"]
    result: str | None = None
    error: str | None = None
    messages: list[Message] = []
    working_directory: str = ""
    parent_session_id: str | None = None
    created_by: str
    created_at: datetime
    last_updated_at: datetime
    etag: str = ""
